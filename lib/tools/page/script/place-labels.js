/** Names beside points, so that none covers another name, a point or a line that matters. Pure. */
/** @import { Box, Named } from './types.ts' */

const CHARACTER_PX = 6.8;
const LINE_PX = 16;
const POINT_PX = 8;
/** Lines up or down from the point, the nearest first. */
const SHIFTS = [0, 1, -1, 1.5, -1.5, 2, -2, 3, -3, 4, -4, 5, -5, 6, 7, 8];

/**
 * A place for each name, in the order of the points; `taken` is what must stay visible besides.
 * @param {readonly Named[]} points @param {Box} room @param {readonly Box[]} taken
 */
export function placeLabels(points, room, taken) {
  const blocked = [...taken, ...points.map(({ x, y }) => around(x, y, POINT_PX))];
  const placed = new Map();
  for (const point of points.toSorted((a, b) => a.y - b.y)) {
    const box = candidates(point).find(
      (candidate) => isWithin(candidate, room) && !blocked.some((other) => overlaps(candidate, other)),
    );
    if (box !== undefined) blocked.push(box);
    placed.set(point, box && { box, isFar: Math.abs((box.top + box.bottom) / 2 - point.y) > LINE_PX * 1.6 });
  }
  return points.map((point) => placed.get(point));
}

/** Right, left, and centred, line by line away from the point. @param {Named} named */
function candidates({ x, y, text }) {
  const length = text.length * CHARACTER_PX;
  return SHIFTS.flatMap((shift) =>
    [x + 11, x - 11 - length, x - length / 2].map((left) => {
      const middle = y + shift * LINE_PX;
      return { left, right: left + length, top: middle - LINE_PX / 2, bottom: middle + LINE_PX / 2 };
    }),
  );
}

/** A square with this point in its middle. @param {number} x @param {number} y @param {number} reach */
function around(x, y, reach) {
  return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
}

/** @param {Box} box @param {Box} room */
function isWithin({ left, right, top, bottom }, room) {
  return left >= room.left && right <= room.right && top >= room.top && bottom <= room.bottom;
}

/** @param {Box} a @param {Box} b */
function overlaps(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
