/** How long steps waited, in memory that does not grow with their number. */

/** One bin for each second of the longest time that Bitbucket lets a step wait, and one for all that is longer. */
const BINS = 9_001;

/** Waiting times, counted by whole seconds (rounded up); mean and longest are exact. */
export class WaitingHistogram {
  readonly #bins = new Float64Array(BINS + 1);
  #count = 0;
  #sumMs = 0;
  #longestMs = 0;

  add(waitedMs: number): void {
    const bin = Math.min(BINS, Math.ceil(waitedMs / 1000));
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
    this.#count += 1;
    this.#sumMs += waitedMs;
    this.#longestMs = Math.max(this.#longestMs, waitedMs);
  }

  get count(): number {
    return this.#count;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  get longestMs(): number {
    return this.#longestMs;
  }

  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  /** The time that this share of steps did not exceed, by nearest rank; at most a second too long. 0 without steps. */
  quantileMs(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let below = 0;
    for (let bin = 0; bin < BINS; bin += 1) {
      below += this.#bins[bin] ?? 0;
      if (below >= rank) return Math.min(this.#longestMs, bin * 1000);
    }
    return this.#longestMs;
  }

  /** The share of steps that waited for so long at the most, by whole seconds; 1 without steps. */
  shareWithin(ms: number): number {
    if (this.#count === 0) return 1;
    const last = Math.min(BINS, Math.floor(ms / 1000));
    return this.#bins.subarray(0, last + 1).reduce((sum, steps) => sum + steps, 0) / this.#count;
  }

  /** Every second with steps in it: those that waited longer than a second less, up to and including it. */
  get bins(): readonly { readonly seconds: number; readonly steps: number }[] {
    return Array.from(this.#bins, (steps, seconds) => ({ seconds, steps })).filter(({ steps }) => steps > 0);
  }
}
