/** What the schedules of groups will do: the changes to come, and their table. Pure. */

import { type Column, columnWidths, layRow, paint, type TextOptions } from '#text/layout.ts';
import type { Instant, RunnerGroup, Schedule } from '../model.ts';
import { nextChanges } from './bounds.ts';
import { describeWallTime } from './zone.ts';

/** The bounds of a group for a while, and the window that sets them; without one they are the group's own. */
export type BoundsForAWhile = { readonly window?: string; readonly min: number; readonly max: number };

/** Other bounds for a group, from an instant on. */
export type PlannedChange = {
  readonly at: Instant;
  readonly group: string;
  /** Of the window that opens, or else of the one that closes. */
  readonly timezone: string;
  readonly before: BoundsForAWhile;
  readonly after: BoundsForAWhile;
};

/** The next changes over all groups after an instant, in the order of time, then of the groups; at most so many. */
export function plannedChanges(
  groups: readonly RunnerGroup[],
  after: Instant,
  count: number,
): readonly PlannedChange[] {
  return groups
    .flatMap((group) =>
      nextChanges(group.schedules, after, count).map((change) => ({
        at: change.at,
        group: group.name,
        timezone: (change.after ?? change.before)?.timezone ?? 'UTC',
        before: boundsOf(group, change.before),
        after: boundsOf(group, change.after),
      })),
    )
    .sort((a, b) => a.at - b.at)
    .slice(0, count);
}

function boundsOf({ min, max }: RunnerGroup, window: Schedule | undefined): BoundsForAWhile {
  return window === undefined ? { min, max } : { window: window.name, min: window.min, max: window.max };
}

const COLUMNS: readonly Column[] = [
  { title: 'UTC', align: 'left' },
  { title: 'LOCAL TIME', align: 'left' },
  { title: 'GROUP', align: 'left', maxWidth: 28 },
  { title: 'WINDOW', align: 'left', maxWidth: 40 },
  { title: 'MIN', align: 'right' },
  { title: 'MAX', align: 'right' },
];

/** The changes as a table. */
export function renderChanges(changes: readonly PlannedChange[], options: TextOptions): readonly string[] {
  const rows = changes.map(({ at, group, timezone, before, after }) => [
    describeWallTime('UTC', at),
    `${describeWallTime(timezone, at)} ${timezone}`,
    group,
    describe(before.window, after.window),
    `${before.min} → ${after.min}`,
    `${before.max} → ${after.max}`,
  ]);
  const widths = columnWidths(COLUMNS, rows);
  const titles = COLUMNS.map(({ title }) => title);
  const [heading = '', ...lines] = [titles, ...rows]
    .flatMap((cells) => layRow(COLUMNS, widths, cells))
    .map((line) => line.trimEnd());
  return [paint(options, 'heading', heading), ...lines];
}

function describe(closes: string | undefined, opens: string | undefined): string {
  if (opens === undefined) return `${closes} closes`;
  return closes === undefined ? `${opens} opens` : `${opens} after ${closes}`;
}
