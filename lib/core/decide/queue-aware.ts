/** As many runners as there is work: where the waiting steps were counted nothing is guessed, and nothing doubles. */
import type { Counts } from '../model/decision.ts';
import { reason } from '../reasons.ts';
import { type Buffer, bufferOf, idleBuffer } from './idle-buffer.ts';
import { atLeast, type Wish } from './wish.ts';

/**
 * What the work asks for: a runner for every step that runs or waits, and the buffer on top for those that come next.
 * `waiting`: the steps that wait for this group; undefined when they were not, or could not be, counted.
 */
export function queueAware(strategy: Buffer, counts: Counts, min: number, waiting: number | undefined): Wish {
  if (waiting === undefined) return idleBuffer(strategy, counts, min);
  const { busy } = counts;
  const buffer = bufferOf(strategy, busy);
  const wanted = busy + waiting + buffer;
  return atLeast(min, counts, { working: wanted, reason: reason('queue-counted', { busy, waiting, buffer, wanted }) });
}
