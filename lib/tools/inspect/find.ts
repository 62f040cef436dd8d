/** Which tick records an explanation is made of. */

import { InputError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { TickRecord } from '#core/model/report.ts';
import type { StateStore } from '#core/ports.ts';
import { timeText } from '#core/time.ts';

/** How far back the tick in force at some time is looked for. */
const LOOK_BACK_MS = 3_600_000;

/**
 * The tick that last looked at the group, at or before `at`. Throws `InputError` when there was none within the hour,
 * with what there was instead.
 */
export async function findTick(state: StateStore, name: string, at: Instant): Promise<TickRecord> {
  const records = await state.listTicks({ from: at - LOOK_BACK_MS, to: at + 1 });
  const found = records.findLast((record) => hasGroup(record, name));
  if (found !== undefined) return found;
  throw new InputError(
    `No tick looked at group "${name}" in the hour before ${timeText(at)} UTC; ${whatThereWas(records)}`,
  );
}

/** The ticks of a time that looked at the group, oldest first. Throws `InputError` when there was none. */
export async function findTicks(
  state: StateStore,
  name: string,
  range: { readonly from: Instant; readonly to: Instant },
): Promise<readonly TickRecord[]> {
  const records = await state.listTicks(range);
  const found = records.filter((record) => hasGroup(record, name));
  if (found.length > 0) return found;
  const time = `between ${timeText(range.from)} UTC and ${timeText(range.to)} UTC`;
  throw new InputError(`No tick looked at group "${name}" ${time}; ${whatThereWas(records)}`);
}

function hasGroup({ report }: TickRecord, name: string): boolean {
  return report.groups.some((group) => group.name === name);
}

function whatThereWas(records: readonly TickRecord[]): string {
  const names = [...new Set(records.flatMap(({ report }) => report.groups.map((group) => group.name)))].sort();
  if (records.length === 0) {
    return 'the state store has no tick of that time at all: give another time (records are kept for 14 days), or the --state that the ticks use';
  }
  return `the ticks of that time looked at ${names.map((other) => `"${other}"`).join(', ')}`;
}
