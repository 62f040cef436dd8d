/**
 * What runs at once in a workspace. A build slot is used by a step that runs, and Bitbucket's Premium bills their highest
 * number of a month. A runner is in use when it is online, whether or not it is at work, or has a step; that is never less
 * than the steps that run. Pure.
 */
import { isOutOfService } from '../decide/classify.ts';
import type { Instant, MonthPeak, Runner } from '../model/observation.ts';
import { MINUTE_MS } from '../time.ts';

/** US dollars a month for one more slot, where the configuration names no other price. */
export const PRICE_PER_SLOT = 15;

/** Runners that are in use now. */
export function slotsInUse(runners: readonly Runner[]): number {
  return runners.filter(isInUse).length;
}

/** Steps that run now, as their runners show. */
export function stepsRunning(runners: readonly Runner[]): number {
  return runners.filter(({ hasStep }) => hasStep).length;
}

/** Runners that are in use, or may come to be so: those out of service without a step will not. */
export function slotsCommitted(runners: readonly Runner[]): number {
  return runners.filter(isCommitted).length;
}

/** No start takes longer; what is older and not online is dead, whoever made it. */
const LONGEST_START_MS = 15 * MINUTE_MS;

/** Runners that may still be starting. */
export function runnersComing(runners: readonly Runner[], at: Instant): number {
  return runners.filter((runner) => {
    const since = Math.max(runner.createdAt, runner.stateChangedAt);
    return isCommitted(runner) && !isInUse(runner) && at - since <= LONGEST_START_MS;
  }).length;
}

/** Whether the runner is in use, or may come to be so. */
export function isCommitted(runner: Runner): boolean {
  return isInUse(runner) || !isOutOfService(runner);
}

function isInUse({ status, hasStep }: Runner): boolean {
  return status === 'ONLINE' || hasStep;
}

/** The peaks of the month (UTC) of `at`, after so many were seen at once. */
export function nextPeak(
  before: MonthPeak | undefined,
  seen: { readonly runners: number; readonly steps: number },
  at: Instant,
): MonthPeak {
  const month = new Date(at).toISOString().slice(0, 7);
  if (before?.month !== month) return { month, ...seen };
  const { runners, steps = 0 } = before;
  return { month, runners: Math.max(runners, seen.runners), steps: Math.max(steps, seen.steps) };
}
