/**
 * The stabilisation window: on the way down the highest target of the last minutes counts, so that a lull between two
 * bursts costs nobody a start-up. What is remembered is not every target but the falls between them: a new entry only
 * when the target changes, and never one that a later, higher one makes irrelevant. Pure.
 */
import type { Instant, RecentTarget } from '../model/observation.ts';

/**
 * The targets that count from this look on, highest first; the last one is the present target. Empty without a window.
 * A target that was seen at one look and no longer at the next counts as held until the latter.
 */
export function targetsWithin(
  windowMs: number,
  before: readonly RecentTarget[],
  target: number,
  at: Instant,
): readonly RecentTarget[] {
  if (windowMs === 0) return [];
  const recent = before.filter((_, index) => {
    const fellAt = before[index + 1]?.since ?? at;
    return fellAt > at - windowMs;
  });
  const higher = recent.filter((entry) => entry.target > target);
  const replaced = recent[higher.length];
  return [...higher, { target, since: replaced?.since ?? at }];
}

/** How long the highest target still counts; 0 when it is the present one. */
export function timeLeft(windowMs: number, targets: readonly RecentTarget[], at: Instant): number {
  const next = targets[1];
  return next === undefined ? 0 : next.since + windowMs - at;
}
