/** What the schedules of groups will do, as a table. */
import { describeWallTime } from '#core/schedule/zone.ts';
import { paint, type TextOptions } from '#text/layout.ts';
import { layColumns, type TableColumn } from '#text/table.ts';
import type { PlannedChange } from './planned-changes.ts';

const COLUMNS: readonly TableColumn[] = [
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
  const [heading = '', ...lines] = layColumns(COLUMNS, rows).map((line) => line.trimEnd());
  return [paint(options, 'heading', heading), ...lines];
}

function describe(closes: string | undefined, opens: string | undefined): string {
  if (opens === undefined) return `${closes} closes`;
  return closes === undefined ? `${opens} opens` : `${opens} after ${closes}`;
}
