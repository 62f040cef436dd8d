/** What happened over time, in a fixed number of buckets: enough for a picture of an hour or of a year. */
import type { Instant } from '#core/model/observation.ts';

/** Numbers that hold over a stretch of time. */
export type Levels = {
  readonly busy: number;
  readonly idle: number;
  readonly starting: number;
  readonly unavailable: number;
  readonly waiting: number;
};

/** One bucket: levels on average over it, and the most steps that ever waited in it. */
export type Bucket = Levels & { readonly at: Instant; readonly lengthMs: number; readonly mostWaiting: number };

const LEVELS = ['busy', 'idle', 'starting', 'unavailable', 'waiting'] as const;

/** Levels are added in order of time. */
export class Series {
  readonly #start: Instant;
  readonly #spanMs: number;
  readonly #count: number;
  readonly #sums: { readonly [Level in keyof Levels]: Float64Array };
  readonly #mostWaiting: Float64Array;
  #bucket = 0;

  constructor(start: Instant, spanMs: number, buckets: number) {
    this.#start = start;
    this.#spanMs = spanMs;
    // None is shorter than a millisecond, the smallest time there is.
    this.#count = Math.max(1, Math.min(buckets, spanMs));
    const zeros = () => new Float64Array(this.#count);
    this.#sums = { busy: zeros(), idle: zeros(), starting: zeros(), unavailable: zeros(), waiting: zeros() };
    this.#mostWaiting = zeros();
  }

  /** These levels held from one moment to another, both within the span and not before those of the last call. */
  add(from: Instant, to: Instant, levels: Levels): void {
    for (let at = from; at < to; ) {
      while (this.#bucket < this.#count - 1 && this.#beginOf(this.#bucket + 1) <= at) this.#bucket += 1;
      const bucket = this.#bucket;
      const end = bucket === this.#count - 1 ? to : Math.min(to, this.#beginOf(bucket + 1));
      for (const level of LEVELS) {
        const sums = this.#sums[level];
        sums[bucket] = (sums[bucket] ?? 0) + levels[level] * (end - at);
      }
      this.#mostWaiting[bucket] = Math.max(this.#mostWaiting[bucket] ?? 0, levels.waiting);
      at = end;
    }
  }

  get buckets(): readonly Bucket[] {
    return Array.from(this.#mostWaiting, (mostWaiting, index) => {
      const at = this.#beginOf(index);
      const lengthMs = this.#beginOf(index + 1) - at;
      const average = (level: keyof Levels) => (this.#sums[level][index] ?? 0) / lengthMs;
      return {
        at,
        lengthMs,
        busy: average('busy'),
        idle: average('idle'),
        starting: average('starting'),
        unavailable: average('unavailable'),
        waiting: average('waiting'),
        mostWaiting,
      };
    });
  }

  /** Whole milliseconds, so that every bucket ends where the next one begins. */
  #beginOf(bucket: number): Instant {
    return this.#start + Math.round((bucket * this.#spanMs) / this.#count);
  }
}
