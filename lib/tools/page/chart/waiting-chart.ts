/** How long steps waited: for each policy the share of its steps that waited no longer than a time. Pure. */
import type { PageData, Track, WaitingBin } from '../data.ts';
import { formatShare, formatTick } from '../format.ts';
import { dashOf, inkOf } from './inks.ts';
import { linear, logarithmic, type Scale } from './scale.ts';
import { drawing, element, label, line, px } from './svg.ts';

const MARGIN = { left: 48, right: 14, top: 10, bottom: 44 } as const;
const TICKS_S = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 9000, 18_000, 43_200, 86_400];

/** Draws it; time on a scale of orders of magnitude, from a second. */
export function waitingChart(data: PageData, width: number): string {
  const height = Math.round(Math.min(360, Math.max(260, width * 0.4)));
  const drawn = data.tracks.map((track, index) => ({ track, index, waits: track.waits ?? [] }));
  const longest = Math.max(60, ...drawn.map(({ waits }) => waits.at(-1)?.seconds ?? 0));
  const end = TICKS_S.find((seconds) => seconds >= longest) ?? longest;
  const x = logarithmic([1, end], [MARGIN.left, width - MARGIN.right]);
  const y = linear([0, 1], [height - MARGIN.bottom, MARGIN.top]);
  return drawing({ width, height }, describe(data.tracks), [
    ...[0, 0.25, 0.5, 0.75, 0.95, 1].flatMap((share) => [
      line(MARGIN.left, y(share), width - MARGIN.right, y(share), share === 0 ? 'axis' : 'grid'),
      ...(share === 1
        ? []
        : [label(MARGIN.left - 6, y(share) + 4, formatShare(share), { class: 'tick', anchor: 'end' })]),
    ]),
    ...timeTicks(end, x).flatMap((seconds) => [
      line(x(seconds), MARGIN.top, x(seconds), height - MARGIN.bottom, 'grid'),
      label(x(seconds), height - MARGIN.bottom + 17, formatTick(seconds * 1000), {
        class: 'tick',
        anchor: seconds === end ? 'end' : 'middle',
      }),
    ]),
    label((MARGIN.left + width - MARGIN.right) / 2, height - 6, 'Waited no longer than →', {
      class: 'lane',
      anchor: 'middle',
    }),
    ...drawn.map(({ waits, index }) =>
      element('path', {
        class: `curve ${inkOf(index)}`,
        'stroke-dasharray': dashOf(index),
        d: curve(waits, x, y, end),
      }),
    ),
  ]);
}

/** The share of steps that waited no longer than so many seconds; 0 without steps. */
export function shareWithin(waits: readonly WaitingBin[], seconds: number): number {
  const all = waits.reduce((sum, { steps }) => sum + steps, 0);
  const within = waits.filter((bin) => bin.seconds <= seconds).reduce((sum, { steps }) => sum + steps, 0);
  return all === 0 ? 0 : within / all;
}

/** A step up at the end of every bin. */
function curve(waits: readonly WaitingBin[], x: Scale, y: Scale, end: number): string {
  const all = waits.reduce((sum, { steps }) => sum + steps, 0);
  if (all === 0) return '';
  let sum = 0;
  const path = [`M${px(x(1))} ${px(y(0))}`];
  for (const { seconds, steps } of waits) {
    sum += steps;
    path.push(`H${px(x(seconds))}V${px(y(sum / all))}`);
  }
  return `${path.join('')}H${px(x(end))}`;
}

/** As many round times as have room. */
function timeTicks(end: number, x: Scale): readonly number[] {
  let last = Number.NEGATIVE_INFINITY;
  const ticks = TICKS_S.filter((seconds) => seconds < end && x(end) - x(seconds) > 64).filter((seconds) => {
    if (x(seconds) - last < 56) return false;
    last = x(seconds);
    return true;
  });
  return [...ticks, end];
}

function describe(tracks: readonly Track[]): string {
  const all = tracks.map(
    ({ name, waits = [] }) =>
      `${name} ${formatShare(shareWithin(waits, 60))} within a minute, ${formatShare(shareWithin(waits, 300))} within five`,
  );
  return `Share of steps by how long they waited: ${all.join('; ')}`;
}
