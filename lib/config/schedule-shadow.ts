/** Windows that other windows leave no time for. Pure. */
import type { Schedule } from '#core/model/configuration.ts';
import { WEEKDAYS } from '#core/schedule/windows.ts';

const DAY_MINUTES = 1440;
const WEEK_MINUTES = 7 * DAY_MINUTES;

/**
 * The windows that are never in force, because later ones are open whenever they are. Told by the clock on the wall: of
 * windows of different zones only one that is always open hides another.
 */
export function shadowed<Window extends Pick<Schedule, 'days' | 'from' | 'to' | 'timezone'>>(
  windows: readonly Window[],
): readonly Window[] {
  const taken = new Map<string, Set<number>>();
  return windows.toReversed().filter((window) => {
    const own = taken.get(window.timezone) ?? new Set();
    const minutes = minutesOf(window);
    const isHidden = isAlwaysTaken(taken) || minutes.every((minute) => own.has(minute));
    taken.set(window.timezone, new Set([...own, ...minutes]));
    return isHidden;
  });
}

function isAlwaysTaken(taken: ReadonlyMap<string, ReadonlySet<number>>): boolean {
  return [...taken.values()].some(({ size }) => size === WEEK_MINUTES);
}

/** The minutes of a week, counted from Monday, during which it is open. */
function minutesOf({ days, from, to }: Pick<Schedule, 'days' | 'from' | 'to'>): readonly number[] {
  const length = to <= from ? to + DAY_MINUTES - from : to - from;
  return days.flatMap((day) => {
    const start = WEEKDAYS.indexOf(day) * DAY_MINUTES + from;
    return Array.from({ length }, (_, minute) => (start + minute) % WEEK_MINUTES);
  });
}
