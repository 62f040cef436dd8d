/** Finds the tick records that an explanation needs. */
import { InputError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { TickRecord } from '#core/model/report.ts';
import type { StateStore } from '#core/ports.ts';
import { HOUR_MS } from '#core/time.ts';
import { timeText } from '#text/time.ts';

/**
 * The tick that last looked at the group, in the hour up to `at`. Throws `InputError` when there was none, with what
 * there was instead.
 */
export async function findTick(state: StateStore, name: string, at: Instant): Promise<TickRecord> {
  const range = { from: at - HOUR_MS, to: at + 1 };
  return (await ticksOf(state, name, range, `in the hour before ${timeText(at)} UTC`)).last;
}

/** The ticks of a time that looked at the group, oldest first. Throws `InputError` when there was none. */
export async function findTicks(state: StateStore, name: string, range: Range): Promise<readonly TickRecord[]> {
  return (await ticksOf(state, name, range, `between ${timeText(range.from)} UTC and ${timeText(range.to)} UTC`)).all;
}

type Range = { readonly from: Instant; readonly to: Instant };

async function ticksOf(state: StateStore, name: string, range: Range, time: string) {
  const records = await state.listTicks(range);
  const all = records.filter(({ report }) => report.groups.some((group) => group.name === name));
  const last = all.at(-1);
  if (last !== undefined) return { all, last };
  throw new InputError(`No tick looked at group "${name}" ${time}; ${whatThereWas(records)}`);
}

function whatThereWas(records: readonly TickRecord[]): string {
  const names = [...new Set(records.flatMap(({ report }) => report.groups.map((group) => group.name)))].sort();
  if (records.length === 0) {
    return 'the state store has no tick of that time at all: give another time (records are kept for 14 days), or the --state that the ticks use';
  }
  return `the ticks of that time looked at ${names.map((other) => `"${other}"`).join(', ')}`;
}
