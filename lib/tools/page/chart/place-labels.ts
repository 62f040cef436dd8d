/** Names beside points, so that none covers another name, a point or a line that matters. Pure. */

/** A rectangle of the drawing, in pixels. */
export type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** A point and what is to be written beside it. */
export type Named = { readonly x: number; readonly y: number; readonly text: string };

/** Where a name goes; `isFar`: a line should lead to it. Undefined: there is no room for it. */
export type Placed = { readonly box: Box; readonly isFar: boolean } | undefined;

const CHARACTER_PX = 6.8;
const LINE_PX = 16;
const POINT_PX = 8;
/** Lines up or down from the point, the nearest first. */
const SHIFTS = [0, 1, -1, 1.5, -1.5, 2, -2, 3, -3, 4, -4, 5, -5, 6, 7, 8];

/** A place for each name, in the order of the points; `taken` is what must stay visible besides. */
export function placeLabels(points: readonly Named[], room: Box, taken: readonly Box[]): readonly Placed[] {
  const blocked = [...taken, ...points.map(({ x, y }) => around(x, y, POINT_PX))];
  const placed = new Map<Named, Placed>();
  for (const point of points.toSorted((a, b) => a.y - b.y)) {
    const box = candidates(point).find(
      (candidate) => isWithin(candidate, room) && !blocked.some((other) => overlaps(candidate, other)),
    );
    if (box !== undefined) blocked.push(box);
    placed.set(point, box && { box, isFar: Math.abs((box.top + box.bottom) / 2 - point.y) > LINE_PX * 1.6 });
  }
  return points.map((point) => placed.get(point));
}

/** Right, left, and centred, line by line away from the point. */
function candidates({ x, y, text }: Named): readonly Box[] {
  const length = text.length * CHARACTER_PX;
  return SHIFTS.flatMap((shift) =>
    [x + 11, x - 11 - length, x - length / 2].map((left) => {
      const middle = y + shift * LINE_PX;
      return { left, right: left + length, top: middle - LINE_PX / 2, bottom: middle + LINE_PX / 2 };
    }),
  );
}

/** A square with this point in its middle. */
function around(x: number, y: number, reach: number): Box {
  return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
}

function isWithin({ left, right, top, bottom }: Box, room: Box): boolean {
  return left >= room.left && right <= room.right && top >= room.top && bottom <= room.bottom;
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
