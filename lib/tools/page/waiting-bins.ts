/** Waiting times in few bins: each second for itself at first, then ever wider, so that a curve of them looks the same. */
import type { WaitingBin } from './data.ts';

const GROWTH = 1.02;

/** Merges bins of single seconds, in their order, so that there are some three hundred at most. */
export function mergeBins(bins: Iterable<WaitingBin>): readonly WaitingBin[] {
  const merged: { seconds: number; steps: number }[] = [];
  let limit = 0;
  for (const { seconds, steps } of bins) {
    const last = merged.at(-1);
    if (last !== undefined && seconds <= limit) {
      last.seconds = seconds;
      last.steps += steps;
    } else {
      merged.push({ seconds, steps });
      limit = Math.floor(seconds * GROWTH);
    }
  }
  return merged;
}
