/** Ages by clocks that are not ours. Pure. */
import type { Instant } from '../model/observation.ts';

/**
 * How far Bitbucket's and a cluster's clock may be off ours. Ages by a foreign clock are reckoned this much younger:
 * being late with a clean-up costs a minute, being early costs a build.
 */
export const CLOCK_SKEW_MS = 60_000;

/**
 * How old a registration without a Job, or a Job without a registration or its Secret, must be before it counts as left
 * over: longer than the tick that may be half-way through making it can live.
 */
export const ORPHAN_GRACE_MS = 120_000;

/**
 * How old a runner must be that lacks its Job or its Secret and has never connected. The lease keeps away every other
 * tick that could be about to add them, and nothing can have run: this is for a dry run and for a pod's late word.
 */
export const UNFINISHED_GRACE_MS = 30_000;

/**
 * Bitbucket ends a step after its `max-time`, of 120 minutes unless its file says more: 720 at the most, also on a runner of
 * one's own (support.atlassian.com/bitbucket-cloud/kb, "exceeded build time limit"). A minute more for clocks and late marks.
 */
export const LONGEST_STEP_MS = 721 * 60_000;

/** How old something is that carries a time by somebody else's clock, at the least. */
export function ageOf(foreign: Instant, at: Instant): number {
  return Math.max(0, at - foreign - CLOCK_SKEW_MS);
}
