/** Results as tables for a terminal: one line per policy, tables side by side as far as the width allows. Pure. */
import { duration, percent } from '#core/words.ts';
import { cellWidth } from '#text/cells.ts';
import { wrap } from '#text/layout.ts';
import { layColumns, type TableColumn } from '#text/table.ts';
import type { Figures } from './figures.ts';
import type { Result } from './run.ts';

type Cell = { readonly title: string; readonly of: (figures: Figures) => string };

/** Columns that belong together, and so stay together; `goal` is the time that steps should not wait longer than. */
const partsFor = (goal: string): readonly (readonly Cell[])[] => [
  [
    { title: 'mean', of: ({ waiting }) => duration(waiting.meanMs) },
    { title: 'p50', of: ({ waiting }) => duration(waiting.p50Ms) },
    { title: 'p95', of: ({ waiting }) => duration(waiting.p95Ms) },
    { title: 'p99', of: ({ waiting }) => duration(waiting.p99Ms) },
    { title: 'longest', of: ({ waiting }) => duration(waiting.longestMs) },
  ],
  [
    { title: `≤ ${goal}`, of: ({ waiting }) => percent(waiting.withinGoal) },
    { title: 'pick-up', of: ({ pickUp }) => duration(pickUp.meanMs) },
    { title: 'no runner', of: ({ steps }) => `${steps.failed.noRunner}` },
    { title: 'lost', of: ({ steps: { failed } }) => `${failed.expired + failed.killed + failed.crashed}` },
  ],
  [
    { title: 'hours', of: ({ runnerHours }) => runnerHours.registered.toFixed(1) },
    { title: 'busy', of: ({ runnerHours }) => runnerHours.busy.toFixed(1) },
    { title: 'idle', of: ({ runnerHours }) => runnerHours.idle.toFixed(1) },
    { title: 'starting', of: ({ runnerHours }) => runnerHours.starting.toFixed(1) },
  ],
  [
    { title: 'peak', of: ({ peak }) => `${peak}` },
    { title: 'added', of: ({ runners }) => `${runners.created}` },
    { title: 'removed', of: ({ runners }) => `${runners.removed}` },
    { title: 'cost', of: ({ money }) => money.total.toFixed(2) },
    { title: 'calls', of: ({ calls }) => `${calls.bitbucket + calls.kubernetes}` },
  ],
];

/** What the columns mean. */
const notesFor = (goal: string): readonly string[] => [
  'mean, p50, p95, p99, longest: how long steps waited, from ready until a free runner was there for them',
  `≤ ${goal}: the share of steps that waited for ${goal} at the most; pick-up: how long the free runner then took, on average`,
  'no runner: steps that failed because no runner was online; lost: that waited for too long, or lost their runner',
  'hours: registrations times time, and what they were at (the rest was out of service); peak: most registrations at once',
  'cost: runner-hours and slots at the scenario’s prices; calls: to Bitbucket and the cluster',
  'oracle: pays for no idle runner, so steps wait for its starts: a lower bound of cost, not of waiting',
];

/** What a table is for: its width, and the time that steps should not wait longer than. */
export type ResultsLayout = { readonly width: number; readonly goalMs: number };

/**
 * Title row, then a row for each result: one table if its lines fit into `width`, else as many as it takes, each with the
 * policies' names; then what the columns mean.
 */
export function renderResults(results: readonly Result[], { width, goalMs }: ResultsLayout): readonly string[] {
  const goal = duration(goalMs);
  return [
    ...tablesOf(results, partsFor(goal), width).flatMap((table) => [...table, '']),
    ...notesFor(goal).flatMap((note) => wrap(note, width)),
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
