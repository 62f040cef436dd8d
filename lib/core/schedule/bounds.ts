/** The bounds in force: those of the open window, else the group's own. Everything else sees plain `min` and `max`. */
import type { RunnerGroup, Schedule } from '../model/configuration.ts';
import type { Instant } from '../model/observation.ts';
import { DAY_MS } from '../time.ts';
import { nextBoundary, openWindow } from './windows.ts';
import { formatWallTime } from './zone.ts';

/** The moment at which the open window changes: one opens, one closes, or another takes over. */
export type WindowChange = { readonly at: Instant; readonly before?: Schedule; readonly after?: Schedule };

/** The groups as they are at this moment: with the bounds in force, and the name of the window that sets them. */
export function groupsAt(groups: readonly RunnerGroup[], at: Instant): readonly RunnerGroup[] {
  return groups.map((group) => groupAt(group, at));
}

function groupAt(group: RunnerGroup, at: Instant): RunnerGroup {
  const window = openWindow(group.schedules, at);
  if (window === undefined) return group;
  const { name, min, max, timezone } = window;
  const end = nextChange(group.schedules, at)?.at;
  const until = end === undefined ? undefined : formatWallTime(timezone, end);
  return { ...group, min, max, window: { name, ...(until && { until }) } };
}

/** The most runners that a group may have at any time. */
export function highestMax({ max, schedules }: Pick<RunnerGroup, 'max' | 'schedules'>): number {
  return schedules.reduce((highest, window) => Math.max(highest, window.max), max);
}

/** Windows repeat by the week; what has not changed in two and a day never will. */
const FARTHEST_MS = 15 * DAY_MS;

/** The first change after this instant; undefined when the same holds for ever. */
export function nextChange(schedules: readonly Schedule[], after: Instant): WindowChange | undefined {
  const before = openWindow(schedules, after);
  let at = after;
  for (;;) {
    at = schedules.reduce((first, schedule) => Math.min(first, nextBoundary(schedule, at) ?? first), Infinity);
    // Stryker disable next-line EqualityOperator: nothing changes for the first time on the last millisecond.
    if (at > after + FARTHEST_MS) return undefined;
    const window = openWindow(schedules, at);
    if (window !== before) return { at, ...(before && { before }), ...(window && { after: window }) };
  }
}
