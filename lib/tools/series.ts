/** Levels over time in a fixed number of equal buckets: enough for a picture of an hour or of a year. */
import type { Instant } from '#core/model/observation.ts';

/** One bucket: levels on average over it, and the most that each ever was. */
export type Bucket<Level extends string> = Readonly<Record<Level, number>> & {
  readonly at: Instant;
  readonly lengthMs: number;
  readonly most: Readonly<Record<Level, number>>;
};

export class Series<Level extends string> {
  readonly #levels: readonly Level[];
  readonly #from: Instant;
  readonly #spanMs: number;
  readonly #count: number;
  /** By level: values times what they weigh, and the largest value. */
  readonly #sums: readonly Float64Array[];
  readonly #most: readonly Float64Array[];
  /** What all values of a bucket weigh. */
  readonly #weights: Float64Array;

  constructor(levels: readonly Level[], from: Instant, spanMs: number, buckets: number) {
    this.#levels = levels;
    this.#from = from;
    this.#spanMs = spanMs;
    // None is shorter than a millisecond, the smallest time there is.
    this.#count = Math.max(1, Math.min(buckets, spanMs));
    this.#sums = levels.map(() => new Float64Array(this.#count));
    this.#most = levels.map(() => new Float64Array(this.#count));
    this.#weights = new Float64Array(this.#count);
  }

  /** These values held from one moment to another, both within the span. */
  add(from: Instant, to: Instant, values: Readonly<Record<Level, number>>): void {
    for (let at = from; at < to; ) {
      const bucket = this.#bucketAt(at);
      const end = bucket === this.#count - 1 ? to : Math.min(to, this.#beginOf(bucket + 1));
      this.#put(bucket, values, end - at);
      at = end;
    }
  }

  /** These values were seen at one moment; all such moments weigh the same. */
  addAt(at: Instant, values: Readonly<Record<Level, number>>): void {
    this.#put(this.#bucketAt(at), values, 1);
  }

  /** Values times what they weigh, for each bucket. */
  sums(level: Level): readonly number[] {
    return [...this.#valuesOf(this.#sums, level)];
  }

  /** Averages over what is known, with so many neighbours made one; null where nothing is. */
  averages(level: Level, merged = 1): readonly (number | null)[] {
    const weights = inGroups(this.#weights, merged).map(total);
    const sums = inGroups(this.#valuesOf(this.#sums, level), merged).map(total);
    return weights.map((weight, index) => (weight === 0 ? null : round((sums[index] ?? 0) / weight)));
  }

  /** The largest values, with so many neighbours made one; null where nothing is known. */
  most(level: Level, merged = 1): readonly (number | null)[] {
    const weights = inGroups(this.#weights, merged).map(total);
    const most = inGroups(this.#valuesOf(this.#most, level), merged).map((group) => Math.max(...group));
    return weights.map((weight, index) => (weight === 0 ? null : (most[index] ?? 0)));
  }

  get buckets(): readonly Bucket<Level>[] {
    return Array.from(this.#weights, (_, index) => {
      const at = this.#beginOf(index);
      const lengthMs = this.#beginOf(index + 1) - at;
      const averages = this.#record((place) => (this.#sums[place]?.[index] ?? 0) / lengthMs);
      return { ...averages, at, lengthMs, most: this.#record((place) => this.#most[place]?.[index] ?? 0) };
    });
  }

  get widthMs(): number {
    return this.#spanMs / this.#count;
  }

  #put(bucket: number, values: Readonly<Record<Level, number>>, weight: number): void {
    this.#weights[bucket] = (this.#weights[bucket] ?? 0) + weight;
    // Once for every change of a simulated year.
    for (let place = 0; place < this.#levels.length; place += 1) {
      const value = values[this.#levels[place] as Level];
      const [sums, most] = [this.#sums[place] as Float64Array, this.#most[place] as Float64Array];
      sums[bucket] = (sums[bucket] ?? 0) + value * weight;
      if (value > (most[bucket] ?? 0)) most[bucket] = value;
    }
  }

  #valuesOf(all: readonly Float64Array[], level: Level): Float64Array {
    return all[this.#levels.indexOf(level)] ?? new Float64Array(this.#count);
  }

  #record(valueAt: (place: number) => number): Record<Level, number> {
    return Object.fromEntries(this.#levels.map((level, place) => [level, valueAt(place)])) as Record<Level, number>;
  }

  #bucketAt(at: Instant): number {
    const guess = Math.floor(((at - this.#from) * this.#count) / this.#spanMs);
    const bucket = Math.min(this.#count - 1, guess);
    // Buckets begin at whole milliseconds.
    if (at < this.#beginOf(bucket)) return bucket - 1;
    return bucket < this.#count - 1 && at >= this.#beginOf(bucket + 1) ? bucket + 1 : bucket;
  }

  /** Whole milliseconds, so that every bucket ends where the next one begins. */
  #beginOf(bucket: number): Instant {
    return this.#from + Math.round((bucket * this.#spanMs) / this.#count);
  }
}

/** Neighbours together, `size` at a time. */
function inGroups(values: Float64Array, size: number): readonly Float64Array[] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.subarray(index * size, (index + 1) * size),
  );
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** As precisely as a chart can show it. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}
