/** Doing something again and again at a steady pace until told to stop. */

/** `now` and `sleep` are the clock; `sleep` ends early when the signal aborts. */
export type Pace = {
  /** From the start of one round to the start of the next; a round that takes longer delays the next, never overlaps. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Runs rounds until the signal aborts; a round that is running then finishes. Rejects when a round does. */
export async function repeat(round: () => Promise<void>, { everyMs, signal, now, sleep }: Pace): Promise<void> {
  while (!signal.aborted) {
    const start = now();
    await round();
    if (!signal.aborted) await sleep(Math.max(0, everyMs - (now() - start)), signal);
  }
}
