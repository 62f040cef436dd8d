/** Results as a table that a person reads in a terminal: one line per policy. Pure. */
import { duration } from '../reasons.ts';
import { type Column, columnWidths, layRow } from '../text-layout.ts';
import type { Result } from './run.ts';

const COLUMNS: readonly Column[] = [
  { title: 'policy', align: 'left' },
  ...[
    'waiting',
    '50 %',
    '95 %',
    '99 %',
    'longest',
    'failed',
    'hours',
    'busy',
    'idle',
    'starting',
    'peak',
    'cost',
    'created',
    'removed',
    'calls',
  ].map((title): Column => ({ title, align: 'right' })),
];

/** Title row, then a row for each result. */
export function renderResults(results: readonly Result[]): readonly string[] {
  const rows = results.map(rowOf);
  const widths = columnWidths(COLUMNS, rows);
  return [COLUMNS.map(({ title }) => title), ...rows].flatMap((row) =>
    layRow(COLUMNS, widths, row).map((line) => line.trimEnd()),
  );
}

/** What the columns mean. */
export const COLUMN_NOTES: readonly string[] = [
  'waiting: from ready to taken by a runner (mean, then percentiles); failed: steps that found no runner online, waited too long, or lost theirs',
  'hours: registrations times time, and what they were at (the rest was out of service); peak: most registrations at once',
  'cost: runner-hours and slots at the scenario’s prices; calls: to Bitbucket and the cluster',
];

function rowOf({ policy, figures }: Result): readonly string[] {
  const { waiting, steps, runnerHours, peak, money, runners, calls } = figures;
  const failed = Object.values(steps.failed).reduce((sum, count) => sum + count, 0);
  const waits = [waiting.meanMs, waiting.p50Ms, waiting.p95Ms, waiting.p99Ms, waiting.longestMs];
  const hours = [runnerHours.registered, runnerHours.busy, runnerHours.idle, runnerHours.starting];
  return [
    policy,
    ...waits.map(duration),
    `${failed}`,
    ...hours.map((value) => value.toFixed(1)),
    `${peak}`,
    money.total.toFixed(2),
    `${runners.created}`,
    `${runners.removed}`,
    `${calls.bitbucket + calls.kubernetes}`,
  ];
}
