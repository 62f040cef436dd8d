/** How long steps waited: for each policy the share of its steps that waited no longer than a time. Pure. */
/** @import { PageData, Track, WaitingBin } from '../data.ts' */
/** @import { Scale } from './types.ts' */

import { formatShare, formatTick } from './format.js';
import { dashOf, inkOf } from './inks.js';
import { linear, logarithmic } from './scale.js';
import { drawing, element, label, line, px } from './svg.js';

const WAITS_MARGIN = { left: 48, right: 14, top: 10, bottom: 44 };
const TICKS_S = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 9000, 18_000, 43_200, 86_400];

/** Draws it; time on a scale of orders of magnitude, from a second. @param {PageData} data @param {number} width */
export function waitingChart(data, width) {
  const height = Math.round(Math.min(360, Math.max(260, width * 0.4)));
  const drawn = data.tracks.map((track, index) => ({ track, index, bins: track.waitingBins ?? [] }));
  const longest = Math.max(60, ...drawn.map(({ bins }) => bins.at(-1)?.seconds ?? 0));
  const end = TICKS_S.find((seconds) => seconds >= longest) ?? longest;
  const x = logarithmic([1, end], [WAITS_MARGIN.left, width - WAITS_MARGIN.right]);
  const y = linear([0, 1], [height - WAITS_MARGIN.bottom, WAITS_MARGIN.top]);
  return drawing({ width, height }, describeWaits(data.tracks), [
    ...[0, 0.25, 0.5, 0.75, 0.95, 1].flatMap((share) => [
      line(WAITS_MARGIN.left, y(share), width - WAITS_MARGIN.right, y(share), share === 0 ? 'axis' : 'grid'),
      ...(share === 1
        ? []
        : [label(WAITS_MARGIN.left - 6, y(share) + 4, formatShare(share), { class: 'tick', anchor: 'end' })]),
    ]),
    ...waitTicks(end, x).flatMap((seconds) => [
      line(x(seconds), WAITS_MARGIN.top, x(seconds), height - WAITS_MARGIN.bottom, 'grid'),
      label(x(seconds), height - WAITS_MARGIN.bottom + 17, formatTick(seconds * 1000), {
        class: 'tick',
        anchor: seconds === end ? 'end' : 'middle',
      }),
    ]),
    label((WAITS_MARGIN.left + width - WAITS_MARGIN.right) / 2, height - 6, 'Waited no longer than →', {
      class: 'lane',
      anchor: 'middle',
    }),
    ...drawn.map(({ bins, index }) =>
      element('path', {
        class: `curve ${inkOf(index)}`,
        'stroke-dasharray': dashOf(index),
        d: curve(bins, x, y, end),
      }),
    ),
  ]);
}

/**
 * The share of steps that waited no longer than so many seconds; 0 without steps.
 * @param {readonly WaitingBin[]} bins @param {number} seconds
 */
export function shareWithin(bins, seconds) {
  const all = bins.reduce((sum, { steps }) => sum + steps, 0);
  const within = bins.filter((bin) => bin.seconds <= seconds).reduce((sum, { steps }) => sum + steps, 0);
  return all === 0 ? 0 : within / all;
}

/**
 * A step up at the end of every bin.
 * @param {readonly WaitingBin[]} bins @param {Scale} x @param {Scale} y @param {number} end
 */
function curve(bins, x, y, end) {
  const all = bins.reduce((sum, { steps }) => sum + steps, 0);
  if (all === 0) return '';
  let sum = 0;
  const path = [`M${px(x(1))} ${px(y(0))}`];
  for (const { seconds, steps } of bins) {
    sum += steps;
    path.push(`H${px(x(seconds))}V${px(y(sum / all))}`);
  }
  return `${path.join('')}H${px(x(end))}`;
}

/** As many round times as have room. @param {number} end @param {Scale} x */
function waitTicks(end, x) {
  let last = Number.NEGATIVE_INFINITY;
  const ticks = TICKS_S.filter((seconds) => seconds < end && x(end) - x(seconds) > 64).filter((seconds) => {
    if (x(seconds) - last < 56) return false;
    last = x(seconds);
    return true;
  });
  return [...ticks, end];
}

/** @param {readonly Track[]} tracks */
function describeWaits(tracks) {
  const all = tracks.map(
    ({ name, waitingBins = [] }) =>
      `${name} ${formatShare(shareWithin(waitingBins, 60))} within a minute, ${formatShare(shareWithin(waitingBins, 300))} within five`,
  );
  return `Share of steps by how long they waited: ${all.join('; ')}`;
}
