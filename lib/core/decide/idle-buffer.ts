/**
 * Idle runners in proportion to the busy ones. While every runner is busy nobody knows how much waits, so the group
 * doubles until somebody is idle again; runners that start count towards it, so that it doubles once per start-up.
 */

import type { IdleBuffer } from '../model/configuration.ts';
import type { Counts } from '../model/decision.ts';
import { reason } from '../reasons.ts';
import { atLeast, type Wish } from './wish.ts';

/** The part of a strategy that says how many runners to keep idle. */
export type Buffer = Omit<IdleBuffer, 'kind'>;

/** What the buffer asks for: the busy runners, and as many idle ones as the buffer holds for them. */
export function idleBuffer(strategy: Buffer, counts: Counts, min: number): Wish {
  const { busy } = counts;
  const buffer = bufferOf(strategy, busy);
  const buffered = busy + buffer;
  const doubled = 2 * busy;
  if (isSaturated(counts) && doubled > buffered) {
    return atLeast(min, counts, { working: doubled, reason: reason('saturated', { busy, wanted: doubled }) });
  }
  return atLeast(min, counts, {
    working: buffered,
    reason: reason('idle-buffer', { busy, buffer, wanted: buffered }),
  });
}

/** The number of runners to keep idle beside so many busy ones. */
export function bufferOf({ idleCount, scaleFactor, scaleFactorLimit }: Buffer, busy: number): number {
  return Math.min(scaleFactorLimit, Math.max(idleCount, Math.ceil(scaleFactor * busy)));
}

/** Whether every runner that is online works, so that the next step waits: the moment to ask how many do. */
export function isSaturated({ busy, idle }: Counts): boolean {
  return busy > 0 && idle === 0;
}
