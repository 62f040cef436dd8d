/** Idle runners in proportion to the busy ones. */
import type { Counts, IdleBuffer } from '../model.ts';
import { reason } from '../reasons.ts';
import type { Wish } from './wish.ts';

/** What the buffer asks for: the busy runners, and as many idle ones as the buffer holds for them. */
export function idleBuffer(strategy: Omit<IdleBuffer, 'kind'>, { busy, idle, starting }: Counts, min: number): Wish {
  const { idleCount, scaleFactor, scaleFactorLimit } = strategy;
  const buffer = Math.min(scaleFactorLimit, Math.max(idleCount, Math.ceil(scaleFactor * busy)));
  const isSaturated = busy > 0 && idle === 0 && starting === 0;
  const working = Math.max(min, busy + buffer, isSaturated ? 2 * busy : 0);
  return { working, reason: reason('idle-buffer', { busy, buffer, wanted: working }) };
}
