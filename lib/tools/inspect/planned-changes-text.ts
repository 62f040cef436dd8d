/** What the schedules of groups will do, as a table. */
import { describeWallTime } from '#core/schedule/zone.ts';
import { type Column, columnWidths, layRow, paint, type TextOptions } from '#text/layout.ts';
import type { PlannedChange } from './planned-changes.ts';

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
