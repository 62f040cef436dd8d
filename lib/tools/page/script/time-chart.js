/**
 * One track over time: steps that wait, decisions, and runners by class, one above the other on one axis of time. Where
 * nothing is known there is a gap.
 */
/** @import { LevelDefinition, Track, Mark } from '../data.ts' */
/** @import { Scale, ChartColumn, TimeChart, Lane } from './types.ts' */

import { DAY_MS, formatClock, formatCount, formatDay, formatLevel, formatRange } from './format.js';
import { linear, roundTicks, roundUp, timeTicks } from './scale.js';
import { drawing, element, label, line, px } from './svg.js';
import { columnsOf, reachOf, sumOf } from './view.js';

/** Where the plot begins and how much is left free at its right. */
export const PLOT = { left: 44, right: 10 };

const WAITING_HEIGHT = 84;
const DECISIONS_HEIGHT = 30;
const RUNNERS_HEIGHT = 140;
const AXIS_HEIGHT = 24;
const TITLE_HEIGHT = 27;
const MARK_WIDTH = 8;

/** The columns that a chart of this width draws. @param {Omit<TimeChart, 'reach'>} given */
export function drawnColumns({ data, track, view, width }) {
  return columnsOf(data, track, view, Math.max(24, Math.floor((width - PLOT.left - PLOT.right) / 2)));
}

/** The axes that several tracks share. @param {readonly Omit<TimeChart, 'reach'>[]} charts */
export function sharedReach(charts) {
  const reaches = charts.map((chart) => reachOf(drawnColumns(chart)));
  return {
    runners: Math.max(1, ...reaches.map(({ runners }) => runners)),
    waiting: Math.max(1, ...reaches.map(({ waiting }) => waiting)),
  };
}

/** Draws it. @param {TimeChart} chart */
export function timeChart(chart) {
  const { data, track, view, width } = chart;
  const span = data.to - data.from;
  const time = linear([data.from + view.from * span, data.from + view.to * span], [PLOT.left, width - PLOT.right]);
  const lanes = layOut(track);
  const columns = drawnColumns(chart);
  const content = [
    ...outageBands(chart, time, lanes),
    ...(lanes.waiting === undefined ? [] : waitingLane(chart, columns, time, lanes.waiting)),
    ...(lanes.decisions === undefined ? [] : decisionLane(chart, time, lanes.decisions)),
    ...runnersLane(chart, columns, time, lanes.runners),
    ...timeAxis(chart, time, lanes),
  ];
  return drawing({ width, height: lanes.height }, describeTime(chart, columns), content);
}

/** @param {Track} track */
function layOut({ series, decisions }) {
  let y = 0;
  /** @param {number} height @returns {Lane} */
  const lane = (height) => {
    const top = y + TITLE_HEIGHT;
    y = top + height;
    return { top, bottom: y };
  };
  const waiting = series.waiting === undefined ? undefined : lane(WAITING_HEIGHT);
  const marks = decisions === undefined ? undefined : lane(DECISIONS_HEIGHT);
  const runners = lane(RUNNERS_HEIGHT);
  return { waiting, decisions: marks, runners, height: y + AXIS_HEIGHT };
}

/** @param {TimeChart} chart @param {readonly ChartColumn[]} columns @param {Scale} time @param {Lane} lane */
function waitingLane({ reach, width }, columns, time, lane) {
  const top = roundUp(reach.waiting, 3, true);
  const y = linear([0, top], [lane.bottom, lane.top]);
  const runs = runsOf(columns, ({ waiting }) => waiting !== null);
  return [
    laneTitle('Steps that wait', lane),
    ...valueAxis(roundTicks([0, top], 3, true), y, width),
    ...runs.map((run) =>
      area(
        run,
        time,
        () => y(0),
        ({ mostWaiting }) => y(mostWaiting ?? 0),
        'most',
      ),
    ),
    ...runs.map((run) => element('path', { class: 'average', d: steps(run, time, ({ waiting }) => y(waiting ?? 0)) })),
  ];
}

/** @param {TimeChart} chart @param {readonly ChartColumn[]} columns @param {Scale} time @param {Lane} lane */
function runnersLane({ data, reach, width }, columns, time, lane) {
  const top = roundUp(reach.runners, 5, true);
  const y = linear([0, top], [lane.bottom, lane.top]);
  const runs = runsOf(columns, ({ levels }) => levels.some((value) => value !== null));
  return [
    laneTitle('Runners', lane),
    ...valueAxis(roundTicks([0, top], 5, true), y, width),
    ...runs.flatMap((run) => data.levels.map((level, place) => layer(run, time, y, level, place))),
  ];
}

/**
 * @param {readonly ChartColumn[]} run @param {Scale} time @param {Scale} y @param {LevelDefinition} level
 * @param {number} place
 */
function layer(run, time, y, { id }, place) {
  /** @param {number} count @returns {(column: ChartColumn) => number} */
  const upTo = (count) => (column) => y(sumOf(column.levels.slice(0, count)));
  return area(run, time, upTo(place), upTo(place + 1), `level ${id}`);
}

/**
 * Rising decisions point up in the upper half, falling ones down in the lower; of many in one place the largest.
 * @param {TimeChart} chart @param {Scale} time @param {Lane} lane
 */
function decisionLane({ track, data, view, width }, time, lane) {
  const span = data.to - data.from;
  const [from, to] = [data.from + view.from * span, data.from + view.to * span];
  const middle = (lane.top + lane.bottom) / 2;
  const marks = (track.decisions?.shown ?? []).filter(({ at }) => at >= from && at < to);
  return [
    laneTitle('Decisions', lane),
    line(PLOT.left, middle, width - PLOT.right, middle, 'grid'),
    ...thin(marks, time).map(({ x, mark }) => {
      const isUp = mark.action === 'scale-up';
      const [base, tip] = isUp ? [middle - 2, lane.top + 2] : [middle + 2, lane.bottom - 2];
      return element('path', {
        class: isUp ? 'mark up' : 'mark down',
        d: `M${px(x - MARK_WIDTH / 2)} ${px(base)}h${MARK_WIDTH}L${px(x)} ${px(tip)}z`,
      });
    }),
  ];
}

/** @param {readonly Mark[]} marks @param {Scale} time */
function thin(marks, time) {
  const largest = new Map();
  for (const mark of marks) {
    if (mark.action === 'hold') continue;
    const x = time(mark.at);
    const place = `${mark.action} ${Math.floor(x / MARK_WIDTH)}`;
    const before = largest.get(place);
    if (before === undefined || sizeOf(mark) > sizeOf(before.mark)) largest.set(place, { x, mark });
  }
  return [...largest.values()];
}

/** @param {Mark} mark */
function sizeOf({ from, to }) {
  return Math.abs(to - from);
}

/** @param {TimeChart} chart @param {Scale} time @param {ReturnType<typeof layOut>} given2 */
function timeAxis({ data, view, width }, time, { runners, waiting, decisions }) {
  const span = data.to - data.from;
  const { stepMs, times } = timeTicks(
    data.from + view.from * span,
    data.from + view.to * span,
    Math.max(2, Math.floor((width - PLOT.left) / 84)),
  );
  const top = (waiting ?? decisions ?? runners).top;
  return times.flatMap((at) => {
    const isDay = at % DAY_MS === 0;
    const text = isDay || stepMs >= DAY_MS ? formatDay(at) : formatClock(at);
    const x = time(at);
    return [
      line(x, top, x, runners.bottom, isDay ? 'grid day' : 'grid'),
      label(x, runners.bottom + 16, text, { class: 'tick', anchor: anchorAt(x, width) }),
    ];
  });
}

/** @param {TimeChart} chart @param {Scale} time @param {ReturnType<typeof layOut>} given2 */
function outageBands({ data, width }, time, { runners, waiting, decisions }) {
  const top = (waiting ?? decisions ?? runners).top;
  return (data.outages ?? []).flatMap(({ from, to }) => {
    const [left, right] = [Math.max(PLOT.left, time(from)), Math.min(width - PLOT.right, time(to))];
    // An hour of a month would be no pixel.
    return right < left
      ? []
      : [
          element('rect', {
            class: 'outage',
            x: left,
            y: top,
            width: Math.max(1, right - left),
            height: runners.bottom - top,
          }),
        ];
  });
}

/** Labels at the ends stay inside the drawing. @param {number} x @param {number} width */
function anchorAt(x, width) {
  if (x < PLOT.left + 24) return 'start';
  return x > width - PLOT.right - 24 ? 'end' : 'middle';
}

/** @param {readonly number[]} values @param {Scale} y @param {number} width */
function valueAxis(values, y, width) {
  return values.flatMap((value) => [
    line(PLOT.left, y(value), width - PLOT.right, y(value), value === 0 ? 'axis' : 'grid'),
    label(PLOT.left - 6, y(value) + 4, formatLevel(value), { class: 'tick', anchor: 'end' }),
  ]);
}

/** @param {string} text @param {Lane} lane */
function laneTitle(text, { top }) {
  return label(PLOT.left, top - 6, text, { class: 'lane' });
}

/**
 * Columns one after the other of which something is known.
 * @param {readonly ChartColumn[]} columns @param {(column: ChartColumn) => boolean} isKnown
 */
function runsOf(columns, isKnown) {
  /** @type {ChartColumn[][]} */
  const runs = [];
  let isRun = false;
  for (const column of columns) {
    if (isKnown(column) && !isRun) runs.push([column]);
    else if (isKnown(column)) runs.at(-1)?.push(column);
    isRun = isKnown(column);
  }
  return runs;
}

/**
 * A line of steps: averages hold over their whole column.
 * @param {readonly ChartColumn[]} run @param {Scale} time @param {(column: ChartColumn) => number} y
 */
function steps(run, time, y) {
  return run
    .map(
      (column, index) => `${index === 0 ? `M${px(time(column.from))} ` : 'V'}${px(y(column))}H${px(time(column.to))}`,
    )
    .join('');
}

/**
 * @param {readonly ChartColumn[]} run @param {Scale} time @param {(column: ChartColumn) => number} below
 * @param {(column: ChartColumn) => number} above @param {string} name
 */
function area(run, time, below, above, name) {
  const back = run
    .toReversed()
    .map((column) => `V${px(below(column))}H${px(time(column.from))}`)
    .join('');
  return element('path', { class: name, d: `${steps(run, time, above)}${back}z` });
}

/** The drawing in words, for those who do not see it. @param {TimeChart} chart @param {readonly ChartColumn[]} columns */
function describeTime({ data, track, view }, columns) {
  const span = data.to - data.from;
  const { runners, waiting } = reachOf(columns);
  const time = formatRange(data.from + view.from * span, data.from + view.to * span);
  return [
    `${track.name}, ${time} UTC: up to ${formatLevel(runners)} runners`,
    ...(track.series.waiting === undefined ? [] : [`up to ${formatCount(waiting, 'step')} waiting`]),
    ...(track.decisions === undefined ? [] : [formatCount(track.decisions.total, 'decision')]),
  ].join(', ');
}
