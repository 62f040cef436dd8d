/** Times of day at which many steps come again and again, as windows of a schedule. */
import type { Schedule } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { WEEKDAYS, weekdayOf } from '#core/schedule/windows.ts';
import { DAY_MS, MINUTE_MS } from '#core/time.ts';
import type { Scenario } from '../laboratory/scenario.ts';
import { type Turns, turnAt } from '../laboratory/turns.ts';

/** A window, and its days as the configuration has them. */
export type Repeat = { readonly days: string; readonly schedule: Omit<Schedule, 'max'> };

/** Steps are counted by the quarter of an hour, in UTC. */
const SLOT_MIN = 15;
const SLOTS = DAY_MS / (SLOT_MIN * MINUTE_MS);

/** A window opens so long before its steps come, so that its runners are online by then. */
const AHEAD_MIN = 15;

/** "Again and again": so many steps at least, on this share of at least so many days. Fewer steps are what a buffer is for. */
const [FEWEST_STEPS, USUAL_SHARE, FEWEST_DAYS] = [4, 0.8, 3];

/** "Many": so many times what comes in an average quarter of an hour of these days. */
const TIMES_THE_AVERAGE = 3;

/** More windows nobody wants to keep up. */
const MOST_WINDOWS = 3;

/** Days that may be alike, by their places in the week: working days, weekends, and each day by itself. */
const KINDS_OF_DAYS: readonly (readonly [name: string, weekdays: readonly number[]])[] = [
  ['mon-fri', [0, 1, 2, 3, 4]],
  ['sat-sun', [5, 6]],
  ...WEEKDAYS.map((name, index) => [name, [index]] as const),
];

/** Takes down when steps come in the first of the turns. */
export class Diary {
  readonly #days = new Map<number, number[]>();

  constructor(turns: Turns, { start, span }: Pick<Scenario, 'start' | 'span'>) {
    for (let day = Math.ceil(start / DAY_MS); (day + 1) * DAY_MS <= start + span; day += 1) {
      const isWhole = turnAt(turns, day * DAY_MS) === 0 && turnAt(turns, (day + 1) * DAY_MS - 1) === 0;
      if (isWhole) this.#days.set(day, new Array<number>(SLOTS).fill(0));
    }
  }

  /** A step comes at this time. */
  note(at: Instant): void {
    const slots = this.#days.get(Math.floor(at / DAY_MS));
    const slot = Math.floor((at % DAY_MS) / (SLOT_MIN * MINUTE_MS));
    if (slots !== undefined) slots[slot] = (slots[slot] ?? 0) + 1;
  }

  /** The windows of most steps; each as wide as steps keep coming, with as many runners as usually come in a quarter of an hour. */
  repeats(): readonly Repeat[] {
    const found: Repeat[] = [];
    for (const [kind, weekdays] of KINDS_OF_DAYS) {
      found.push(
        ...this.#windowsOf(kind, weekdays).filter((window) => !found.some((other) => includes(other, window))),
      );
    }
    return found.sort((a, b) => b.schedule.min - a.schedule.min).slice(0, MOST_WINDOWS);
  }

  #windowsOf(kind: string, weekdays: readonly number[]): readonly Repeat[] {
    const days = [...this.#days].flatMap(([day, slots]) => (weekdays.includes(weekdayOf(day)) ? [slots] : []));
    if (days.length < FEWEST_DAYS) return [];
    const average = days.flat().reduce((sum, steps) => sum + steps, 0) / (days.length * SLOTS);
    const windows: { first: number; last: number; steps: number }[] = [];
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const steps = usual(days.map((slots) => slots[slot] ?? 0));
      if (steps < Math.max(FEWEST_STEPS, TIMES_THE_AVERAGE * average)) continue;
      const before = windows.at(-1);
      if (before?.last === slot - 1) Object.assign(before, { last: slot, steps: Math.max(before.steps, steps) });
      else windows.push({ first: slot, last: slot, steps });
    }
    return windows.map(({ first, last, steps }) => {
      const from = Math.max(0, first * SLOT_MIN - AHEAD_MIN);
      const schedule = { from, to: (last + 1) * SLOT_MIN, timezone: 'UTC', min: steps };
      const name = `${kind}-${clock(from).replace(':', '')}`;
      return { days: kind, schedule: { name, days: weekdays.flatMap((index) => WEEKDAYS[index] ?? []), ...schedule } };
    });
  }
}

/** A window as the configuration has it. */
export function renderWindow({ days, schedule }: Repeat, max: number): string {
  const { name, from, to, timezone, min } = schedule;
  const times = `from: "${clock(from)}", to: "${clock(to)}", timezone: ${timezone}`;
  return `{ name: ${name}, days: [${days}], ${times}, min: ${Math.min(min, max)}, max: ${max} }`;
}

/** What most of the days reach. */
function usual(steps: readonly number[]): number {
  return steps.toSorted((a, b) => b - a)[Math.ceil(USUAL_SHARE * steps.length) - 1] ?? 0;
}

/** Whether the first window makes the second one needless. */
function includes({ schedule: wide }: Repeat, { schedule: narrow }: Repeat): boolean {
  return (
    narrow.days.every((day) => wide.days.includes(day)) &&
    wide.from <= narrow.from &&
    narrow.to <= wide.to &&
    narrow.min <= wide.min
  );
}

function clock(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
