/** Waiting against cost, a point for each policy: to the left and below is better. Pure. */
import type { PageData, Track } from '../data.ts';
import { formatNumber, formatStretch } from '../format.ts';
import { inkOf, shapeOf } from './inks.ts';
import { linear, roundTicks, roundUp } from './scale.ts';
import { drawing, element, label, line, px } from './svg.ts';

/** Which waiting is drawn. */
export type CostChart = {
  readonly data: PageData;
  readonly waiting: 'waitingMean' | 'waitingP95';
  readonly width: number;
};

type Point = { readonly track: Track; readonly index: number; readonly cost: number; readonly waiting: number };

/** A point in the drawing. */
type Place = { readonly point: Point; readonly x: number; readonly y: number };

/** Where a label lies. */
type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

const MARGIN = { left: 62, right: 16, top: 16, bottom: 44 } as const;
const CHARACTER_PX = 6.6;
const LINE_PX = 15;

/** Draws it. Axes begin at 0 unless all costs are close to each other. */
export function costChart({ data, waiting, width }: CostChart): string {
  const height = Math.round(Math.min(380, Math.max(280, width * 0.62)));
  const points = data.tracks.map((track, index) => ({
    track,
    index,
    cost: track.figures.moneyTotal ?? 0,
    waiting: track.figures[waiting] ?? 0,
  }));
  const costs = costAxis(points);
  const most = Math.max(1000, ...points.map((point) => point.waiting));
  const waits = waitingTicks(most);
  const x = linear([costs.from, costs.to], [MARGIN.left, width - MARGIN.right]);
  const y = linear([0, waits.at(-1) ?? most], [height - MARGIN.bottom, MARGIN.top]);
  const places = points.map((point) => ({ point, x: x(point.cost), y: y(point.waiting) }));
  const bottom = height - MARGIN.bottom;
  return drawing({ width, height }, describe(points), [
    ...waits.flatMap((value) => [
      line(MARGIN.left, y(value), width - MARGIN.right, y(value), value === 0 ? 'axis' : 'grid'),
      label(MARGIN.left - 6, y(value) + 4, formatStretch(value), { class: 'tick', anchor: 'end' }),
    ]),
    ...roundTicks([costs.from, costs.to], width < 480 ? 3 : 5).flatMap((value) => [
      line(x(value), MARGIN.top, x(value), bottom, 'grid'),
      label(x(value), bottom + 17, formatNumber(value, value % 1 === 0 ? 0 : 2), { class: 'tick', anchor: 'middle' }),
    ]),
    label((MARGIN.left + width - MARGIN.right) / 2, height - 6, 'Money →', { class: 'lane', anchor: 'middle' }),
    frontierLine(points, x, y),
    ...placeLabels(places, { width, height: bottom }),
    ...places.map(({ point: { track, index }, ...place }) =>
      element('path', {
        class: `point ${inkOf(index)}`,
        d: shapeOf(track.role),
        transform: `translate(${px(place.x)} ${px(place.y)})`,
      }),
    ),
  ]);
}

/** Policies than which none is both cheaper and quicker, by cost; the bound is not among them, since nobody can run it. */
export function frontierOf(data: PageData, waiting: CostChart['waiting']): readonly Track[] {
  return frontier(
    data.tracks.map((track, index) => ({
      track,
      index,
      cost: track.figures.moneyTotal ?? 0,
      waiting: track.figures[waiting] ?? 0,
    })),
  ).map(({ track }) => track);
}

function frontier(points: readonly Point[]): readonly Point[] {
  let best = Number.POSITIVE_INFINITY;
  return points
    .filter(({ track }) => track.role !== 'oracle')
    .toSorted((a, b) => a.cost - b.cost || a.waiting - b.waiting)
    .filter(({ waiting }) => {
      const isBetter = waiting < best;
      best = Math.min(best, waiting);
      return isBetter;
    });
}

function frontierLine(points: readonly Point[], x: (value: number) => number, y: (value: number) => number): string {
  const best = frontier(points);
  if (best.length < 2) return '';
  const d = best.map(({ cost, waiting }, index) =>
    index === 0 ? `M${px(x(cost))} ${px(y(waiting))}` : `H${px(x(cost))}V${px(y(waiting))}`,
  );
  return element('path', { class: 'frontier', d: d.join('') });
}

function costAxis(points: readonly Point[]): { readonly from: number; readonly to: number } {
  const costs = points.map(({ cost }) => cost);
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  if (most === 0) return { from: 0, to: 1 };
  if (least < most * 0.6) return { from: 0, to: roundUp(most, 5) };
  const step = roundUp((most - least) / 3 || most / 10, 1);
  return { from: Math.max(0, Math.floor(least / step - 0.5) * step), to: Math.ceil(most / step + 0.2) * step };
}

const WAITING_STEPS_S = [0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200];

/** Round stretches of time up to beyond the largest. */
function waitingTicks(mostMs: number): readonly number[] {
  const step = (WAITING_STEPS_S.find((seconds) => mostMs / (seconds * 1000) <= 5) ?? 14_400) * 1000;
  return Array.from({ length: Math.ceil(mostMs / step) + 1 }, (_, index) => index * step);
}

/** A name beside each point, where it covers neither another name nor a point; a thin line leads to one farther away. */
function placeLabels(places: readonly Place[], size: { readonly width: number; readonly height: number }) {
  const taken: Box[] = places.map(({ x, y }) => ({ left: x - 8, right: x + 8, top: y - 8, bottom: y + 8 }));
  return places
    .toSorted((a, b) => a.y - b.y)
    .map((place) => {
      const text = `${place.point.index + 1} ${shorten(place.point.track.name)}`;
      const box = candidates(place, text.length * CHARACTER_PX, size).find((candidate) =>
        taken.every((other) => !overlaps(candidate, other)),
      );
      if (box === undefined)
        return label(place.x, place.y - 10, String(place.point.index + 1), { class: 'name', anchor: 'middle' });
      taken.push(box);
      const isFar = Math.abs((box.top + box.bottom) / 2 - place.y) > LINE_PX;
      const lead = isFar ? line(place.x, place.y, nearest(place.x, box), (box.top + box.bottom) / 2, 'lead') : '';
      return lead + label(box.left, box.bottom - 4, text, { class: 'name' });
    });
}

function nearest(x: number, { left, right }: Box): number {
  return Math.max(left - 2, Math.min(right + 2, x));
}

function candidates({ x, y }: Place, length: number, size: { readonly width: number; readonly height: number }) {
  const shifts = [0, 1, -1, 1.5, -1.5, 2, -2, 3, -3, 4, -4, 5, -5, 6, 7, 8];
  return shifts
    .flatMap((shift) =>
      [x + 11, x - 11 - length, x - length / 2].map((left) => ({ left, middle: y + shift * LINE_PX })),
    )
    .map(({ left, middle }) => ({
      left,
      right: left + length,
      top: middle - LINE_PX / 2,
      bottom: middle + LINE_PX / 2,
    }))
    .filter(
      ({ left, right, top, bottom }) =>
        left >= MARGIN.left + 2 && right <= size.width - 2 && top >= 0 && bottom <= size.height,
    );
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function shorten(name: string): string {
  return name.length > 30 ? `${name.slice(0, 29)}…` : name;
}

function describe(points: readonly Point[]): string {
  const all = points.map(
    ({ track, cost, waiting }) => `${track.name} waits ${formatStretch(waiting)} and costs ${formatNumber(cost, 2)}`,
  );
  return `Waiting against cost: ${all.join('; ')}`;
}
