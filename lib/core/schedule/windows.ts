/**
 * When windows are open. A window opens and closes by the clock of its zone; it belongs to the day on which it opens,
 * so one that runs past midnight is governed by the day before. Pure.
 */
import type { Schedule, Weekday } from '../model/configuration.ts';
import type { Instant } from '../model/observation.ts';
import { DAY_MS, MINUTE_MS } from '../time.ts';
import { instantOf, wallTimeAt } from './zone.ts';

/** The days of a week, in the order in which people write ranges of them. */
export const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** The epoch was a Thursday. */
const WEEKDAY_OF_THE_EPOCH = 3;

/** From the first instant of a window to the first after it. */
type Opening = { readonly opensAt: Instant; readonly closesAt: Instant };

/** Of the windows that are open, the one that holds: the last. */
export function openWindow(schedules: readonly Schedule[], at: Instant): Schedule | undefined {
  return schedules.findLast((schedule) => isOpen(schedule, at));
}

/** Whether the window is open. */
export function isOpen(schedule: Schedule, at: Instant): boolean {
  const today = dayAt(schedule, at);
  // Tomorrow's too: where clocks are put back across midnight, a day that has begun is left once more.
  return [today - 1, today, today + 1].some((day) => {
    const opening = openingOn(schedule, day);
    return opening !== undefined && opening.opensAt <= at && at < opening.closesAt;
  });
}

/** The first instant after this one at which the window opens or closes; undefined if there is none in two weeks. */
export function nextBoundary(schedule: Schedule, after: Instant): Instant | undefined {
  const today = dayAt(schedule, after);
  for (let day = today - 1; day <= today + FARTHEST_DAYS; day += 1) {
    const opening = openingOn(schedule, day);
    if (opening !== undefined && opening.opensAt > after) return opening.opensAt;
    if (opening !== undefined && opening.closesAt > after) return opening.closesAt;
  }
  return undefined;
}

/** The same weekday again, and once more if daylight saving swallows the window there. */
const FARTHEST_DAYS = 14;

/** Days since the epoch, on the calendar of the window's zone. */
function dayAt({ timezone }: Schedule, at: Instant): number {
  return Math.floor(wallTimeAt(timezone, at) / DAY_MS);
}

/** The window of this day, if it has one and daylight saving does not swallow it. */
function openingOn({ days, from, to, timezone }: Schedule, day: number): Opening | undefined {
  if (!days.some((name) => WEEKDAYS.indexOf(name) === weekdayOf(day))) return undefined;
  const closingDay = to <= from ? day + 1 : day;
  const opensAt = instantOf(timezone, day * DAY_MS + from * MINUTE_MS);
  const closesAt = instantOf(timezone, closingDay * DAY_MS + to * MINUTE_MS);
  return opensAt < closesAt ? { opensAt, closesAt } : undefined;
}

/** The weekday of a day since the epoch; 0 is Monday. */
export function weekdayOf(day: number): number {
  // Also before the epoch, where the remainder is negative.
  return (((day + WEEKDAY_OF_THE_EPOCH) % 7) + 7) % 7;
}
