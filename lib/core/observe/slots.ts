/**
 * Build slots of a workspace: the runners that are in use at once, which some of Bitbucket's plans bill by the highest
 * number of a month. Nobody outside of Bitbucket knows what exactly it counts; here it is every runner that is online,
 * whether or not it is at work, and every one with a step. That is never less than the builds that run. Pure.
 */
import { isOutOfService } from '../decide/classify.ts';
import type { Instant, MonthPeak, Runner } from '../model/observation.ts';

/** US dollars a month for one more slot, where the configuration names no other price. */
export const PRICE_PER_SLOT = 15;

/** Runners that are in use now. */
export function slotsInUse(runners: readonly Runner[]): number {
  return runners.filter(isInUse).length;
}

/** Runners that are in use, or may come to be so: those out of service without a step will not. */
export function slotsCommitted(runners: readonly Runner[]): number {
  return runners.filter(isCommitted).length;
}

/** Whether the runner is in use, or may come to be so. */
export function isCommitted(runner: Runner): boolean {
  return isInUse(runner) || !isOutOfService(runner);
}

function isInUse({ status, hasStep }: Runner): boolean {
  return status === 'ONLINE' || hasStep;
}

/** The peak of the month (UTC) of `at`, after so many were seen in use. */
export function nextPeak(before: MonthPeak | undefined, inUse: number, at: Instant): MonthPeak {
  const month = monthOf(at);
  return { month, runners: before?.month === month ? Math.max(before.runners, inUse) : inUse };
}

function monthOf(at: Instant): string {
  return new Date(at).toISOString().slice(0, 7);
}
