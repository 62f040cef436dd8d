/**
 * One track over time: steps that wait, decisions, and runners by class, one above the other on one axis of time. Where
 * nothing is known there is a gap.
 */
import type { LevelDefinition, Mark, PageData, Track } from '../data.ts';
import { formatClock, formatCount, formatDay, formatLevel, formatRange } from '../format.ts';
import { linear, roundTicks, roundUp, type Scale, timeTicks } from './scale.ts';
import { drawing, element, label, line, px } from './svg.ts';
import { type Column, columnsOf, reachOf, type View } from './view.ts';

/** What the axes reach, so that charts beside each other can be compared. */
export type Reach = { readonly runners: number; readonly waiting: number };

export type TimeChart = {
  readonly data: PageData;
  readonly track: Track;
  readonly view: View;
  /** In pixels. */
  readonly width: number;
  readonly reach: Reach;
};

/** Where the plot begins and how much is left free at its right. */
export const PLOT = { left: 44, right: 10 } as const;

const WAITING_HEIGHT = 84;
const DECISIONS_HEIGHT = 30;
const RUNNERS_HEIGHT = 140;
const AXIS_HEIGHT = 24;
const TITLE_HEIGHT = 27;
const MARK_WIDTH = 8;

/** A lane of the drawing, from top to bottom. */
type Lane = { readonly top: number; readonly bottom: number };

/** The columns that a chart of this width draws. */
export function drawnColumns({ data, track, view, width }: Omit<TimeChart, 'reach'>): readonly Column[] {
  return columnsOf(data, track, view, Math.max(24, Math.floor((width - PLOT.left - PLOT.right) / 2)));
}

/** The axes that several tracks share. */
export function sharedReach(charts: readonly Omit<TimeChart, 'reach'>[]): Reach {
  const reaches = charts.map((chart) => reachOf(drawnColumns(chart)));
  return {
    runners: Math.max(1, ...reaches.map(({ runners }) => runners)),
    waiting: Math.max(1, ...reaches.map(({ waiting }) => waiting)),
  };
}

/** Draws it. */
export function timeChart(chart: TimeChart): string {
  const { data, track, view, width } = chart;
  const span = data.to - data.from;
  const time = linear([data.from + view.from * span, data.from + view.to * span], [PLOT.left, width - PLOT.right]);
  const lanes = layOut(track);
  const columns = drawnColumns(chart);
  const content = [
    ...(lanes.waiting === undefined ? [] : waitingLane(chart, columns, time, lanes.waiting)),
    ...(lanes.decisions === undefined ? [] : decisionLane(chart, time, lanes.decisions)),
    ...runnersLane(chart, columns, time, lanes.runners),
    ...timeAxis(chart, time, lanes),
  ];
  return drawing({ width, height: lanes.height }, describe(chart, columns), content);
}

function layOut({ series, decisions }: Track) {
  let y = 0;
  const lane = (height: number): Lane => {
    const top = y + TITLE_HEIGHT;
    y = top + height;
    return { top, bottom: y };
  };
  const waiting = series.waiting === undefined ? undefined : lane(WAITING_HEIGHT);
  const marks = decisions === undefined ? undefined : lane(DECISIONS_HEIGHT);
  const runners = lane(RUNNERS_HEIGHT);
  return { waiting, decisions: marks, runners, height: y + AXIS_HEIGHT };
}

function waitingLane({ reach, width }: TimeChart, columns: readonly Column[], time: Scale, lane: Lane) {
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

function runnersLane({ data, reach, width }: TimeChart, columns: readonly Column[], time: Scale, lane: Lane) {
  const top = roundUp(reach.runners, 5, true);
  const y = linear([0, top], [lane.bottom, lane.top]);
  const runs = runsOf(columns, ({ levels }) => levels.some((value) => value !== null));
  return [
    laneTitle('Runners', lane),
    ...valueAxis(roundTicks([0, top], 5, true), y, width),
    ...runs.flatMap((run) => data.levels.map((level, place) => layer(run, time, y, level, place))),
  ];
}

function layer(run: readonly Column[], time: Scale, y: Scale, { id }: LevelDefinition, place: number): string {
  const upTo = (count: number) => (column: Column) =>
    y(column.levels.slice(0, count).reduce<number>((sum, value) => sum + (value ?? 0), 0));
  return area(run, time, upTo(place), upTo(place + 1), `level ${id}`);
}

/** Rising decisions point up in the upper half, falling ones down in the lower; of many in one place the largest. */
function decisionLane({ track, data, view, width }: TimeChart, time: Scale, lane: Lane) {
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

function thin(marks: readonly Mark[], time: Scale): readonly { readonly x: number; readonly mark: Mark }[] {
  const largest = new Map<string, { x: number; mark: Mark }>();
  for (const mark of marks) {
    if (mark.action === 'hold') continue;
    const x = time(mark.at);
    const place = `${mark.action} ${Math.floor(x / MARK_WIDTH)}`;
    const before = largest.get(place);
    if (before === undefined || sizeOf(mark) > sizeOf(before.mark)) largest.set(place, { x, mark });
  }
  return [...largest.values()];
}

function sizeOf({ from, to }: Mark): number {
  return Math.abs(to - from);
}

function timeAxis(
  { data, view, width }: TimeChart,
  time: Scale,
  { runners, waiting, decisions }: ReturnType<typeof layOut>,
): readonly string[] {
  const span = data.to - data.from;
  const { stepMs, times } = timeTicks(
    data.from + view.from * span,
    data.from + view.to * span,
    Math.max(2, Math.floor((width - PLOT.left) / 84)),
  );
  const top = (waiting ?? decisions ?? runners).top;
  return times.flatMap((at) => {
    const isDay = at % 86_400_000 === 0;
    const text = isDay || stepMs >= 86_400_000 ? formatDay(at) : formatClock(at);
    const x = time(at);
    return [
      line(x, top, x, runners.bottom, isDay ? 'grid day' : 'grid'),
      label(x, runners.bottom + 16, text, { class: 'tick', anchor: anchorAt(x, width) }),
    ];
  });
}

/** Labels at the ends stay inside the drawing. */
function anchorAt(x: number, width: number): 'start' | 'middle' | 'end' {
  if (x < PLOT.left + 24) return 'start';
  return x > width - PLOT.right - 24 ? 'end' : 'middle';
}

function valueAxis(values: readonly number[], y: Scale, width: number): readonly string[] {
  return values.flatMap((value) => [
    line(PLOT.left, y(value), width - PLOT.right, y(value), value === 0 ? 'axis' : 'grid'),
    label(PLOT.left - 6, y(value) + 4, formatLevel(value), { class: 'tick', anchor: 'end' }),
  ]);
}

function laneTitle(text: string, { top }: Lane): string {
  return label(PLOT.left, top - 6, text, { class: 'lane' });
}

/** Columns one after the other of which something is known. */
function runsOf(columns: readonly Column[], isKnown: (column: Column) => boolean): readonly (readonly Column[])[] {
  const runs: Column[][] = [];
  let run: Column[] | undefined;
  for (const column of columns) {
    if (!isKnown(column)) {
      run = undefined;
      continue;
    }
    if (run === undefined) {
      run = [];
      runs.push(run);
    }
    run.push(column);
  }
  return runs;
}

/** A line of steps: averages hold over their whole column. */
function steps(run: readonly Column[], time: Scale, y: (column: Column) => number): string {
  return run
    .map(
      (column, index) => `${index === 0 ? `M${px(time(column.from))} ` : 'V'}${px(y(column))}H${px(time(column.to))}`,
    )
    .join('');
}

function area(
  run: readonly Column[],
  time: Scale,
  below: (column: Column) => number,
  above: (column: Column) => number,
  name: string,
): string {
  const back = run
    .toReversed()
    .map((column) => `V${px(below(column))}H${px(time(column.from))}`)
    .join('');
  return element('path', { class: name, d: `${steps(run, time, above)}${back}z` });
}

/** The drawing in words, for those who do not see it. */
function describe({ data, track, view }: TimeChart, columns: readonly Column[]): string {
  const span = data.to - data.from;
  const { runners, waiting } = reachOf(columns);
  const time = formatRange(data.from + view.from * span, data.from + view.to * span);
  return [
    `${track.name}, ${time} UTC: up to ${formatLevel(runners)} runners`,
    ...(track.series.waiting === undefined ? [] : [`up to ${formatCount(waiting, 'step')} waiting`]),
    ...(track.decisions === undefined ? [] : [formatCount(track.decisions.total, 'decision')]),
  ].join(', ');
}
