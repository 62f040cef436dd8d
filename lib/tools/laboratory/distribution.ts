/** Times that vary: how long a pod takes to start, how long a step runs. As data, drawn from with a seed. */
import * as z from 'zod';
import type { Random } from '../simulator/random.ts';
import { span } from './span.ts';

const FORMS =
  'must be a time like 45s, or a distribution like {"kind":"lognormal","median":"40s","p95":"2m"} (or uniform, exponential, percentiles)';

/**
 * A time that is always the same (`45s`), uniform between two, exponential around a mean, log-normal through its median and 95th percentile,
 * or given by percentiles between which it is interpolated (each a pair of share and time; shares rise to 1).
 */
export const distribution = z.union(
  [
    span.transform((ms) => ({ kind: 'constant' as const, ms })),
    z
      .strictObject({ kind: z.literal('uniform'), from: span, to: span })
      .refine(({ from, to }) => from <= to, '`to` must not lie below `from`'),
    z.strictObject({ kind: z.literal('exponential'), mean: span }),
    z
      .strictObject({ kind: z.literal('lognormal'), median: span, p95: span })
      .refine(({ median, p95 }) => 0 < median && median <= p95, 'the 95th percentile must not lie below the median'),
    z.strictObject({
      kind: z.literal('percentiles'),
      points: z
        .array(z.tuple([z.number().gt(0).max(1), span]))
        .min(1)
        .refine(isRising, 'shares and times must rise')
        .refine((points) => points.at(-1)?.[0] === 1, 'the last share must be 1: the longest time there is'),
    }),
  ],
  { error: FORMS },
);

/** A distribution of times in milliseconds. */
export type Distribution = z.output<typeof distribution>;

/** The 95th percentile of the standard normal distribution. */
const Z95 = 1.6448536269514722;

/** One time, in whole milliseconds. */
export function draw(from: Distribution, random: Random): number {
  switch (from.kind) {
    case 'constant':
      return from.ms;
    case 'uniform':
      return Math.round(from.from + (from.to - from.from) * random.next());
    case 'exponential':
      return Math.round(random.exponential(from.mean));
    case 'lognormal':
      return Math.round(from.median * (from.p95 / from.median) ** (normal(random) / Z95));
    case 'percentiles':
      return Math.round(interpolate(from.points, random.next()));
  }
}

/** Standard normal, by Box and Muller's transform. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** The time at a share. Below the first point everything takes as long as it. */
function interpolate(points: readonly (readonly [number, number])[], share: number): number {
  const above = Math.max(
    0,
    points.findIndex(([at]) => share <= at),
  );
  const [highShare, highMs] = points[above] ?? [1, 0];
  const [lowShare, lowMs] = points[above - 1] ?? [0, highMs];
  return lowMs + ((highMs - lowMs) * (share - lowShare)) / (highShare - lowShare);
}

function isRising(points: readonly (readonly [number, number])[]): boolean {
  return points.every(([share, ms], index) => {
    const before = points[index - 1];
    return before === undefined || (before[0] < share && before[1] <= ms);
  });
}
