/** Results as tables for a terminal: one line per policy, tables side by side as far as the width allows. Pure. */
import { cellWidth } from '#text/cells.ts';
import { wrap } from '#text/layout.ts';
import { layColumns, type TableColumn } from '#text/table.ts';
import { formatNumber, formatShare, formatStretch, NBSP } from '../page/script/format.js';
import type { Bound } from './bounds.ts';
import type { Figures } from './figures.ts';
import type { Result } from './run.ts';

type Cell = { readonly title: string; readonly of: (figures: Figures) => string };

/** Columns that belong together, and so stay together; `goal` is the time that steps should not wait longer than. */
const partsFor = (goal: string): readonly (readonly Cell[])[] => [
  [
    { title: 'mean', of: ({ waiting }) => stretch(waiting.meanMs) },
    { title: 'p50', of: ({ waiting }) => stretch(waiting.p50Ms) },
    { title: 'p95', of: ({ waiting }) => stretch(waiting.p95Ms) },
    { title: 'p99', of: ({ waiting }) => stretch(waiting.p99Ms) },
    { title: 'longest', of: ({ waiting }) => stretch(waiting.longestMs) },
  ],
  [
    { title: `≤ ${goal}`, of: ({ waiting }) => plain(formatShare(waiting.withinGoal)) },
    { title: 'pick-up', of: ({ pickUp }) => stretch(pickUp.meanMs) },
    { title: 'no runner', of: ({ steps }) => `${steps.failed.noRunner}` },
    { title: 'lost', of: ({ steps: { failed } }) => `${failed.expired + failed.killed + failed.crashed}` },
  ],
  [
    { title: 'hours', of: ({ runnerHours }) => formatNumber(runnerHours.registered, 1) },
    { title: 'busy', of: ({ runnerHours }) => formatNumber(runnerHours.busy, 1) },
    { title: 'idle', of: ({ runnerHours }) => formatNumber(runnerHours.idle, 1) },
    { title: 'starting', of: ({ runnerHours }) => formatNumber(runnerHours.starting, 1) },
  ],
  [
    { title: 'peak', of: ({ peak }) => `${peak}` },
    { title: 'added', of: ({ runners }) => `${runners.created}` },
    { title: 'removed', of: ({ runners }) => `${runners.removed}` },
    { title: 'cost', of: ({ money }) => formatNumber(money.total, 2) },
    { title: 'calls', of: ({ calls }) => `${calls.bitbucket + calls.kubernetes}` },
  ],
];

/** Where a policy lets the pods of idle runners reserve less, what that comes to. */
const NODES: readonly Cell[] = [
  { title: 'nodes', of: ({ nodes }) => (nodes ? formatNumber(nodes.aMonth, 2) : '–') },
  { title: 'of it idle', of: ({ nodes }) => (nodes ? formatNumber(nodes.idleAMonth, 2) : '–') },
];

/** What the columns mean. */
const notesFor = (goal: string, currency: string): readonly string[] => [
  'mean, p50, p95, p99, longest: how long steps waited, from ready until a free runner was there for them',
  `≤ ${goal}: the share of steps that waited for ${goal} at the most; pick-up: how long the free runner then took, on average`,
  'no runner: steps that failed because no runner was online; lost: that waited for too long, or lost their runner',
  'hours: registrations times time, and what they were at (the rest was out of service); peak: most registrations at once',
  `cost: runner-hours and slots at the scenario’s prices, in ${currency}; calls: to Bitbucket and the cluster`,
  'oracle: pays for no idle runner, so steps wait for its starts: a lower bound of cost, not of waiting',
];

const NODES_NOTE =
  'nodes: what the nodes that the pods’ requests take cost in 30 days; of it idle: what they would cost less without idle runners';

/** What a table is for: its width, the time that steps should not wait longer than, and what money is in. */
type ResultsLayout = { readonly width: number; readonly goalMs: number; readonly currency: string };

/**
 * Title row, then a row for each result: one table if its lines fit into `width`, else as many as it takes, each with the
 * policies' names; then what the columns mean.
 */
export function renderResults(
  results: readonly Result[],
  { width, goalMs, currency }: ResultsLayout,
): readonly string[] {
  const goal = stretch(goalMs);
  const hasNodes = results.some(({ figures: { nodes } }) => nodes && Math.min(...Object.values(nodes.idleShare)) < 1);
  const parts = [...partsFor(goal), ...(hasNodes ? [NODES] : [])];
  const notes = [...notesFor(goal, currency), ...(hasNodes ? [NODES_NOTE] : [])];
  return [
    ...tablesOf(results, parts, width).flatMap((table) => [...table, '']),
    ...notes.flatMap((note) => wrap(note, width)),
  ];
}

function tablesOf(
  results: readonly Result[],
  parts: readonly (readonly Cell[])[],
  width: number,
): readonly (readonly string[])[] {
  const tables: (readonly string[])[] = [];
  let columns: readonly Cell[] = [];
  for (const part of parts) {
    const more = [...columns, ...part];
    const isTooWide = Math.max(...layTable(more, results).map(cellWidth)) > width;
    if (isTooWide && columns.length > 0) tables.push(layTable(columns, results));
    columns = isTooWide ? part : more;
  }
  return [...tables, layTable(columns, results)];
}

function layTable(cells: readonly Cell[], results: readonly Result[]): readonly string[] {
  const columns: readonly TableColumn[] = [
    { title: 'policy', align: 'left' },
    ...cells.map(({ title }): TableColumn => ({ title, align: 'right' })),
  ];
  const rows = results.map(({ policy, figures }) => [policy, ...cells.map(({ of }) => of(figures))]);
  return layColumns(columns, rows);
}

/** How far any policy can get, a line for each bound, and where it is from. */
export function renderBounds(bounds: readonly Bound[], { width }: Pick<ResultsLayout, 'width'>): readonly string[] {
  return bounds.flatMap(({ name, source, points }) => {
    const told = points.map(
      ({ label, waitingMeanMs, waitingP95Ms, runnerHours, money }) =>
        `${label === name ? '' : `${label}: `}${stretch(waitingMeanMs)} on average, 95 % within ${stretch(waitingP95Ms)}, ${formatNumber(runnerHours, 1)} hours, cost ${formatNumber(money, 2)}`,
    );
    return wrap(`${name}: ${told.join('; ')}. ${source}`, width);
  });
}

/** As the page rounds. */
function stretch(ms: number): string {
  return plain(formatStretch(ms));
}

function plain(text: string): string {
  return text.replaceAll(NBSP, ' ');
}
