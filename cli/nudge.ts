/** A sleep that others can end. */
import type { Clock } from './io.ts';

export type Nudge = {
  /** As that of the clock; it ends early, too, once somebody has nudged since the last sleep ended. */
  readonly sleep: Clock['sleep'];
  /** Ends the sleep in a moment, in which others may nudge as well. */
  readonly nudge: (signal: AbortSignal) => void;
};

/** Those who come at once are one. */
const MOMENT_MS = 250;

/** Makes one, awake by nobody yet. */
export function createNudge(clock: Clock): Nudge {
  let nudged = new AbortController();
  return {
    sleep: async (ms, signal) => {
      await clock.sleep(ms, AbortSignal.any([signal, nudged.signal]));
      nudged = new AbortController();
    },
    nudge: (signal) => void clock.sleep(MOMENT_MS, signal).then(() => nudged.abort()),
  };
}
