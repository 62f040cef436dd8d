/**
 * Ticks that need not be played, since they come to what the one before them came to. Most of a history is nights and
 * weekends in which nobody does anything; a look at them each minute would be most of the work.
 *
 * A tick is a function of what the ports answer and of the time. The answers are the same while the world is (`changes`).
 * The time is in a decision in two ways: as an age, compared with a limit that the configuration or a rule sets, and as
 * the calendar (windows of schedules, the month of a peak). An age that has passed every limit there is passes none
 * later, so once nothing has changed for longer than the longest of them, only the calendar is left, and its next page
 * is known. A plan that is not empty is never passed over: what it could not do then is tried anew, and told with ages.
 */
import { CLOCK_SKEW_MS, ORPHAN_GRACE_MS } from '#core/decide/age.ts';
import { LONGEST_QUARANTINE_MS } from '#core/decide/quarantine.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Calls, GroupReport, Report } from '#core/model/report.ts';
import { MARKS_TRUSTED_FOR_MS } from '#core/observe/step-marks.ts';
import { nextChange } from '#core/schedule/bounds.ts';
import { HOUR_MS } from '#core/time.ts';
import type { World } from '../simulator/world.ts';

/** A tick that was played, and the calls that it made. */
export type Played = { readonly report: Report; readonly calls: Calls };

type Rest = {
  /** The tick that the one of now would repeat; undefined when it has to be played. */
  readonly repeated: () => Played | undefined;
  /** Takes the tick that was played now. */
  readonly note: (played: Played) => void;
};

/**
 * Watches a world in which the shipped line alone acts, every `tickMs`, besides what happens there by itself. Where an
 * hour of ticks takes more than half of the hour's calls, what a tick does depends on those before it, and none is known.
 */
export function watchRest(fleet: Fleet, world: World, tickMs: number): Rest {
  const affordable = ({ bitbucket }: Calls) => (bitbucket * HOUR_MS) / tickMs <= world.callsPerHour / 2;
  const longestMs = Math.max(longestLimitOf(fleet), world.faults.settlesAfterMs ?? 0);
  let changes = Number.NaN;
  let since: Instant = Number.POSITIVE_INFINITY;
  let known: (Played & { readonly until: Instant }) | undefined;
  return {
    repeated: () => (known !== undefined && world.changes === changes && world.now < known.until ? known : undefined),
    note: (played) => {
      // What has changed since the last look may have done so just now.
      if (world.changes !== changes) since = world.now;
      changes = world.changes;
      const isAtRest = world.now - since > longestMs && affordable(played.calls) && played.report.groups.every(isQuiet);
      known = isAtRest ? { ...played, until: nextPage(fleet, world.now) } : undefined;
    },
  };
}

/** A plan is tried anew, calls that are short come back with time, and what steps have waited is told for an hour. */
function isQuiet({ plan, decision, waiting }: GroupReport): boolean {
  return plan.length === 0 && decision.reason.code !== 'look-held-back' && (waiting?.steps ?? 0) === 0;
}

/** No age is compared with more than this. */
function longestLimitOf({ groups }: Fleet): number {
  const limits = groups.flatMap(({ coolDownMs, startTimeoutMs, drainGraceMs, stabilisationWindowMs }) => [
    // Step marks are trusted for twice the cool-down at the most.
    2 * coolDownMs,
    startTimeoutMs,
    drainGraceMs,
    stabilisationWindowMs,
  ]);
  // Ages by foreign clocks are reckoned younger by the skew.
  return Math.max(LONGEST_QUARANTINE_MS, ORPHAN_GRACE_MS, MARKS_TRUSTED_FOR_MS, ...limits) + CLOCK_SKEW_MS;
}

/** When a schedule's window opens or closes, or the month ends that a peak is of: whatever comes first. */
function nextPage({ groups }: Fleet, now: Instant): Instant {
  const month = endOfMonth(now);
  return Math.min(month, ...groups.map(({ schedules }) => nextChange(schedules, now)?.at ?? month));
}

/** When the month (UTC) ends that this moment is in. */
function endOfMonth(at: Instant): Instant {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
