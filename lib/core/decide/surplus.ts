/**
 * How many runners are too many, and what keeps those that stay all the same: the stabilisation window, and that a label
 * set never loses its last usable runner while any is wanted. Which ones go is chosen in retirement.ts. Pure.
 */
import type { RunnerGroup } from '../model/configuration.ts';
import type { Instant, RecentTarget } from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import { type ClassifiedGroup, stayingOnline, workingIn } from './classify.ts';
import type { Surplus } from './retirement.ts';
import { timeLeft } from './stabilisation.ts';

/**
 * The surplus of a group that wants `target` runners (at most its `max`), given the targets of its stabilisation window.
 * A strategy never gives up a runner that is still starting; only `max` does, and these before any idle one.
 */
export function surplusOf(
  { max, stabilisationWindowMs: windowMs }: RunnerGroup,
  { classified, counts, expected }: Pick<ClassifiedGroup, 'classified' | 'counts' | 'expected'>,
  target: number,
  recentTargets: readonly RecentTarget[],
  at: Instant,
): { readonly surplus: Surplus; readonly bounds: readonly Reason[] } {
  const { idle, starting } = expected;
  const working = workingIn(expected);
  const slow = counts.starting - starting;
  const excessStarting = Math.min(counts.starting, Math.max(0, working + slow - max));
  // Slow ones go first, and nobody counts on them.
  const left = working - Math.max(0, excessStarting - slow);
  const idleAbove = (kept: number) => Math.min(idle, Math.max(0, left - kept));
  const highest = Math.min(max, recentTargets[0]?.target ?? target);
  const unneeded = idleAbove(target);
  const unneededForLong = idleAbove(highest);
  const bounds: Reason[] = [];
  if (unneededForLong < unneeded) {
    const values = { surplus: unneeded - unneededForLong, highest, windowMs };
    bounds.push(reason('stabilisation-window', { ...values, leftMs: timeLeft(windowMs, recentTargets, at) }));
  }
  // One that finishes its only step counts as busy and is out of service.
  const isBusyStaying = stayingOnline(classified).some((entry) => entry.class === 'busy');
  const takesLast = !isBusyStaying && unneededForLong > 0 && unneededForLong === idle && target > 0;
  if (takesLast) bounds.push(reason('last-usable', { starting }));
  return { surplus: { starting: excessStarting, idle: unneededForLong - (takesLast ? 1 : 0) }, bounds };
}
