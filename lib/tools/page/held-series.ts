/** Levels over time from looks at single moments: what one saw holds until the next, but not for ever. */
import type { Counts } from '#core/model/decision.ts';
import type { Instant } from '#core/model/observation.ts';
import type { TrackSeries, Values } from './data.ts';

const LEVELS = ['busy', 'idle', 'starting', 'draining', 'dead'] as const;

export class HeldSeries {
  readonly #from: Instant;
  readonly #widthMs: number;
  readonly #sums: Readonly<Record<keyof Counts, Float64Array>>;
  readonly #known: Float64Array;
  readonly #counted: { readonly sum: Float64Array; readonly times: Float64Array; readonly most: Float64Array };

  constructor(from: Instant, to: Instant, buckets: number) {
    this.#from = from;
    this.#widthMs = (to - from) / buckets;
    const zeros = () => new Float64Array(buckets);
    this.#sums = { busy: zeros(), idle: zeros(), starting: zeros(), draining: zeros(), dead: zeros() };
    this.#known = zeros();
    this.#counted = { sum: zeros(), times: zeros(), most: zeros() };
  }

  /** These counts held from one moment to another, both within the time of the series. */
  hold(counts: Counts, from: Instant, to: Instant): void {
    for (let at = from; at < to; ) {
      const bucket = this.#bucketAt(at);
      const end = Math.min(to, this.#from + (bucket + 1) * this.#widthMs);
      // Where rounding gives a bucket that ends here, the rest goes into it.
      const until = end > at ? end : to;
      for (const level of LEVELS) add(this.#sums[level], bucket, counts[level] * (until - at));
      add(this.#known, bucket, until - at);
      at = until;
    }
  }

  /** So many steps waited at that moment. */
  count(waiting: number, at: Instant): void {
    const bucket = this.#bucketAt(at);
    add(this.#counted.sum, bucket, waiting);
    add(this.#counted.times, bucket, 1);
    this.#counted.most[bucket] = Math.max(this.#counted.most[bucket] ?? 0, waiting);
  }

  /** Averages over the known part of each bucket, with so many neighbours made one. */
  close(merged: number): TrackSeries {
    const known = sums(this.#known, merged);
    const times = sums(this.#counted.times, merged);
    const average = (values: Float64Array, weights: readonly number[]): Values => {
      const totals = sums(values, merged);
      return weights.map((weight, index) => (weight === 0 ? null : round((totals[index] ?? 0) / weight)));
    };
    const level = (name: keyof Counts) => average(this.#sums[name], known);
    const most = inGroups(this.#counted.most, merged).map((group) => Math.max(...group));
    return {
      widthMs: this.#widthMs * merged,
      levels: {
        busy: level('busy'),
        idle: level('idle'),
        starting: level('starting'),
        draining: level('draining'),
        dead: level('dead'),
      },
      ...(times.some((count) => count > 0) && {
        waiting: {
          average: average(this.#counted.sum, times),
          most: times.map((count, index) => (count === 0 ? null : (most[index] ?? 0))),
        },
      }),
    };
  }

  #bucketAt(at: Instant): number {
    return Math.min(this.#known.length - 1, Math.floor((at - this.#from) / this.#widthMs));
  }
}

/** The sum of several series of the same buckets; null where none knows anything. Waiting steps are not added up. */
export function addSeries(all: readonly TrackSeries[]): TrackSeries {
  const [first] = all;
  const sum = (level: keyof Counts): Values =>
    (first?.levels[level] ?? []).map((_, index) =>
      all.reduce<number | null>((total, { levels }) => {
        const value = levels[level]?.[index] ?? null;
        return value === null ? total : round((total ?? 0) + value);
      }, null),
    );
  return {
    widthMs: first?.widthMs ?? 1,
    levels: {
      busy: sum('busy'),
      idle: sum('idle'),
      starting: sum('starting'),
      draining: sum('draining'),
      dead: sum('dead'),
    },
  };
}

function sums(values: Float64Array, merged: number): readonly number[] {
  return inGroups(values, merged).map((group) => group.reduce((sum, value) => sum + value, 0));
}

/** Neighbours together, `size` at a time. */
function inGroups(values: Float64Array, size: number): readonly (readonly number[])[] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) => [
    ...values.subarray(index * size, (index + 1) * size),
  ]);
}

function add(sums: Float64Array, index: number, value: number): void {
  sums[index] = (sums[index] ?? 0) + value;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
