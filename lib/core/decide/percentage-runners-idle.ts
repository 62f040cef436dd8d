/**
 * Atlassian's rule, by the share of online runners that are busy. Where nothing is starting or draining it gives what
 * theirs gives, their strict comparisons, ceil and floor included (also in binary floating point: ceil(50 × 1.1) is 56
 * there and here). Where theirs is known to be wrong it differs, on purpose: starting runners count, and a group below
 * `min` is filled up to `min`.
 */

import type { PercentageRunnersIdle } from '../model/configuration.ts';
import type { Counts } from '../model/decision.ts';
import { reason } from '../reasons.ts';
import type { Wish } from './wish.ts';

/** What the share of busy runners asks for. */
export function percentageRunnersIdle(strategy: PercentageRunnersIdle, counts: Counts, min: number): Wish {
  const { busy, idle, starting } = counts;
  const usable = busy + idle;
  const working = usable + starting;
  // Stryker disable next-line ConditionalExpression: 0 / 0 is above no threshold either, but nobody should have to know.
  const share = usable === 0 ? 0 : busy / usable;

  if (share > strategy.scaleUpThreshold) {
    const wanted = Math.max(min, Math.ceil(usable * strategy.scaleUpMultiplier));
    return wanted > working
      ? {
          working: wanted,
          reason: reason('busy-share-high', { busy, usable, share, threshold: strategy.scaleUpThreshold, wanted }),
        }
      : { working, reason: reason('starting-suffice', { starting, wanted, usable }) };
  }
  if (working < min) return { working: min, reason: reason('below-min', { min, usable, starting }) };
  if (usable === 0) return { working, reason: reason('nothing-usable', { starting, min }) };
  if (share >= strategy.scaleDownThreshold) {
    const limits = { lower: strategy.scaleDownThreshold, upper: strategy.scaleUpThreshold };
    return { working, reason: reason('steady', { busy, usable, share, ...limits }) };
  }
  if (idle <= min) return { working, reason: reason('idle-at-min', { idle, min }) };
  const keepIdle = Math.max(min, Math.floor(idle * strategy.scaleDownMultiplier));
  return {
    working: busy + keepIdle + starting,
    reason: reason('busy-share-low', { busy, usable, share, threshold: strategy.scaleDownThreshold, idle, keepIdle }),
  };
}
