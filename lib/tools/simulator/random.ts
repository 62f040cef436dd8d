/** Numbers that look random and are the same for the same seed: every simulated world can be played again. */

/** A generator with the draws that worlds need. */
export type Random = {
  /** Uniform in [0, 1). */
  readonly next: () => number;
  /** A whole number in [from, to], both included. */
  readonly between: (from: number, to: number) => number;
  /** Exponentially distributed with this mean: the time until the next of independent arrivals. */
  readonly exponential: (mean: number) => number;
};

/** mulberry32: 32 bits of state, one line, no bias that a queue would notice. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    between: (from, to) => from + Math.floor(next() * (to - from + 1)),
    exponential: (mean) => -mean * Math.log(1 - next()),
  };
}
