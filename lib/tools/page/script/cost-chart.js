/** Waiting against cost, a point for each policy: to the left and below is better. Pure. */
/** @import { PageBound } from '../data.ts' */
/** @import { Box, Point, CostChart, Place, WaitingFigure } from './types.ts' */

import { formatNumber, formatStretch, formatTick } from './format.js';
import { pointsOf, worthChoosing } from './frontier.js';
import { inkOf, shapeOf } from './inks.js';
import { placeLabels } from './place-labels.js';
import { linear, roundTicks, roundUp } from './scale.js';
import { drawing, element, label, line, px } from './svg.js';

const COST_MARGIN = { left: 54, right: 16, top: 16, bottom: 44 };
/** A narrower chart has room for the numbers of policies only. */
const NAMES_FROM_PX = 440;
const NAME_CHARACTERS = 30;
const CROSS = 'M-4 0h8M0-4v8';

/** Draws it. Axes begin at 0 unless all costs are close to each other. @param {CostChart} chart */
export function costChart({ data, waiting, width }) {
  const height = Math.round(Math.min(380, Math.max(280, width * 0.62)));
  const points = pointsOf(data, waiting);
  const dearest = Math.max(...points.map(({ cost }) => cost));
  const bounds = (data.bounds ?? []).map((bound) =>
    boundPoints(bound, waiting).filter(({ cost }) => cost <= 1.5 * dearest),
  );
  const costs = costAxis([...points, ...bounds.flat()].map(({ cost }) => cost));
  const levels = waitingTicks(Math.max(1000, ...points.map(({ waitedMs }) => waitedMs)));
  const highest = levels.at(-1) ?? 1;
  const plot = {
    left: COST_MARGIN.left,
    right: width - COST_MARGIN.right,
    top: COST_MARGIN.top,
    bottom: height - COST_MARGIN.bottom,
  };
  const x = linear([costs.from, costs.to], [plot.left, plot.right]);
  const y = linear([0, highest], [plot.bottom, plot.top]);
  /** @param {Point} point @returns {Place} */
  const place = (point) => ({ point, x: x(point.cost), y: y(point.waitedMs) });
  const places = points.map(place);
  const frontier = worthChoosing(points).map(place);
  return drawing({ width, height }, describeCosts(points), [
    ...levels.flatMap((value) => [
      line(plot.left, y(value), plot.right, y(value), value === 0 ? 'axis' : 'grid'),
      label(plot.left - 6, y(value) + 4, formatTick(value), { class: 'tick', anchor: 'end' }),
    ]),
    ...roundTicks([costs.from, costs.to], width < NAMES_FROM_PX ? 3 : 5).flatMap((value) => [
      line(x(value), plot.top, x(value), plot.bottom, 'grid'),
      label(x(value), plot.bottom + 17, formatNumber(value, Number.isInteger(value) ? 0 : 2), {
        class: 'tick',
        anchor: x(value) > plot.right - 20 ? 'end' : 'middle',
      }),
    ]),
    label((plot.left + plot.right) / 2, height - 6, data.currency === undefined ? 'Money →' : `${data.currency} →`, {
      class: 'lane',
      anchor: 'middle',
    }),
    frontierLine(frontier),
    ...bounds.flatMap((some) => {
      const seen = some.filter(({ waitedMs }) => waitedMs <= highest);
      const d = seen.map(({ cost, waitedMs }, index) => `${index === 0 ? 'M' : 'L'}${px(x(cost))} ${px(y(waitedMs))}`);
      return [
        element('path', { class: 'bound', d: d.join('') }),
        ...seen.flatMap(({ name, cost, waitedMs }) => [
          element('path', { class: 'bound', d: CROSS, transform: `translate(${px(x(cost))} ${px(y(waitedMs))})` }),
          label(x(cost) + 6, y(waitedMs) - 5, name, { class: 'tick' }),
        ]),
      ];
    }),
    ...names(places, frontier, { plot, width }),
    ...places.map(mark),
  ]);
}

/** @param {PageBound} bound @param {WaitingFigure} waiting */
function boundPoints({ points }, waiting) {
  return points.map(({ label: name, money, waitingMeanMs, waitingP95Ms }) => {
    return { name, cost: money, waitedMs: waiting === 'waitingP95' ? waitingP95Ms : waitingMeanMs };
  });
}

/** @param {Place} place */
function mark({ point: { track, index }, x, y }) {
  return element('path', {
    class: `point ${inkOf(index)}`,
    d: shapeOf(track.role),
    transform: `translate(${px(x)} ${px(y)})`,
  });
}

/** Right and down: nobody is cheaper and as quick until the next one. @param {readonly Place[]} frontier */
function frontierLine(frontier) {
  if (frontier.length < 2) return '';
  const d = frontier.map(({ x, y }, index) => (index === 0 ? `M${px(x)} ${px(y)}` : `H${px(x)}V${px(y)}`));
  return element('path', { class: 'frontier', d: d.join('') });
}

/**
 * @param {readonly Place[]} places @param {readonly Place[]} frontier
 * @param {{ readonly plot: Box; readonly width: number }} given2
 */
function names(places, frontier, { plot, width }) {
  const named = places.map(({ point, x, y }) => ({ x, y, text: nameOf(point, width) }));
  const lines = frontier.slice(1).flatMap((place, index) => segments(frontier[index] ?? place, place));
  return placeLabels(named, { ...plot, top: 0, right: width }, lines).map((placed, index) => {
    const { x = 0, y = 0, text = '' } = named[index] ?? {};
    if (placed === undefined) return '';
    const { box, isFar } = placed;
    const lead = isFar
      ? line(x, y, Math.max(box.left - 2, Math.min(box.right + 2, x)), (box.top + box.bottom) / 2, 'lead')
      : '';
    return lead + label(box.left, box.bottom - 4, text, { class: 'name' });
  });
}

/**
 * The two lines from one point of the frontier to the next, as boxes that names stay out of.
 * @param {Place} from @param {Place} to
 */
function segments(from, to) {
  return [
    { left: from.x, right: to.x, top: from.y - 2, bottom: from.y + 2 },
    { left: to.x - 2, right: to.x + 2, top: from.y, bottom: to.y },
  ];
}

/** @param {Point} point @param {number} width */
function nameOf({ track, index, failed }, width) {
  if (width < NAMES_FROM_PX) return String(index + 1);
  const name = track.name.length > NAME_CHARACTERS ? `${track.name.slice(0, NAME_CHARACTERS - 1)}…` : track.name;
  return failed === 0 ? `${index + 1} ${name}` : `${index + 1} ${name}, ${formatNumber(failed, 0)} failed`;
}

/** @param {readonly number[]} costs */
function costAxis(costs) {
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  if (most === 0) return { from: 0, to: 1 };
  if (least < most * 0.6) return { from: 0, to: roundUp(most * 1.02, 5) };
  const step = roundUp(Math.max(most - least, most / 20), 3) / 3;
  return { from: Math.max(0, Math.floor(least / step - 0.5) * step), to: Math.ceil(most / step + 0.2) * step };
}

const WAITING_STEPS_S = [0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Round stretches of time up to beyond the largest. @param {number} mostMs */
function waitingTicks(mostMs) {
  const step = (WAITING_STEPS_S.find((seconds) => mostMs / (seconds * 1000) <= 5) ?? 14_400) * 1000;
  return Array.from({ length: Math.ceil(mostMs / step) + 1 }, (_, index) => index * step);
}

/** @param {readonly Point[]} points */
function describeCosts(points) {
  const all = points.map(
    ({ track, cost, waitedMs }) => `${track.name} waits ${formatStretch(waitedMs)} and costs ${formatNumber(cost, 2)}`,
  );
  return `Waiting against cost: ${all.join('; ')}`;
}
