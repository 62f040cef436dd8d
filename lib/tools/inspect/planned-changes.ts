/** What the schedules of groups will do: the changes to come. */
import type { RunnerGroup, Schedule } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { nextChange, type WindowChange } from '#core/schedule/bounds.ts';

/** The bounds of a group for a while, and the window that sets them; without one they are the group's own. */
type BoundsForAWhile = { readonly window?: string; readonly min: number; readonly max: number };

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
        // Stryker disable next-line OptionalChaining,StringLiteral: a change has a window before it or after it.
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

/** The next changes, at most so many. */
export function nextChanges(schedules: readonly Schedule[], after: Instant, count: number): readonly WindowChange[] {
  const changes: WindowChange[] = [];
  for (let at = after; changes.length < count; ) {
    const change = nextChange(schedules, at);
    if (change === undefined) return changes;
    changes.push(change);
    at = change.at;
  }
  return changes;
}
