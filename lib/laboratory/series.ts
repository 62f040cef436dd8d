/** What happened over time, in a fixed number of buckets: enough for a picture of an hour or of a year. */
import type { Instant } from '../model.ts';

/** Numbers that hold over a stretch of time. */
export type Levels = {
  readonly busy: number;
  readonly idle: number;
  readonly starting: number;
  readonly unavailable: number;
  readonly waiting: number;
};

/** One bucket: levels on average over it, and the most steps that ever waited in it. */
export type Bucket = Levels & { readonly at: Instant; readonly mostWaiting: number };

const LEVELS = ['busy', 'idle', 'starting', 'unavailable', 'waiting'] as const;

export class Series {
  readonly #start: Instant;
  readonly #widthMs: number;
  readonly #sums: { readonly [Level in keyof Levels]: Float64Array };
  readonly #mostWaiting: Float64Array;

  constructor(start: Instant, spanMs: number, buckets: number) {
    this.#start = start;
    this.#widthMs = spanMs / buckets;
    const zeros = () => new Float64Array(buckets);
    this.#sums = { busy: zeros(), idle: zeros(), starting: zeros(), unavailable: zeros(), waiting: zeros() };
    this.#mostWaiting = zeros();
  }

  /** These levels held from one moment to another, both within the span. */
  add(from: Instant, to: Instant, levels: Levels): void {
    const last = this.#mostWaiting.length - 1;
    for (let at = from; at < to; ) {
      const bucket = Math.min(last, Math.floor((at - this.#start) / this.#widthMs));
      const end = bucket === last ? to : Math.min(to, this.#start + (bucket + 1) * this.#widthMs);
      for (const level of LEVELS) {
        const sums = this.#sums[level];
        sums[bucket] = (sums[bucket] ?? 0) + levels[level] * (end - at);
      }
      this.#mostWaiting[bucket] = Math.max(this.#mostWaiting[bucket] ?? 0, levels.waiting);
      at = end;
    }
  }

  get buckets(): readonly Bucket[] {
    const average = (level: keyof Levels, index: number) => (this.#sums[level][index] ?? 0) / this.#widthMs;
    return Array.from(this.#mostWaiting, (mostWaiting, index) => ({
      at: Math.round(this.#start + index * this.#widthMs),
      busy: average('busy', index),
      idle: average('idle', index),
      starting: average('starting', index),
      unavailable: average('unavailable', index),
      waiting: average('waiting', index),
      mostWaiting,
    }));
  }
}
