import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitingHistogram } from '#tools/laboratory/histogram.ts';

function of(waits: readonly number[]): WaitingHistogram {
  const histogram = new WaitingHistogram();
  for (const wait of waits) histogram.add(wait);
  return histogram;
}

describe('waiting times', () => {
  it('are none without steps', () => {
    const { count, meanMs, longestMs, bins } = of([]);
    expect({ count, meanMs, longestMs, bins, p95: of([]).quantileMs(0.95) }).toEqual({
      count: 0,
      meanMs: 0,
      longestMs: 0,
      bins: [],
      p95: 0,
    });
  });

  it.each([
    ['nobody came', [], 1000, 1],
    ['none', [1001, 3000], 1000, 0],
    ['those of the last second', [0, 900, 1000, 1001], 1000, 0.75],
    ['a part of a second is none', [0, 900, 1000, 1001], 999, 0.25],
    ['all', [1, 2, 3], 9_000_000, 1],
    ['longer than any step may wait', [1, 20_000_000], 20_000_000, 1],
  ])('within so long: %s', (_name, waits, ms, share) => {
    expect(of(waits).shareWithin(ms)).toBe(share);
  });

  it.each([
    ['nobody waited', [0, 0, 0], 0.5, 0],
    ['half of them did', [0, 0, 1500, 2500], 0.5, 0],
    ['a little more than half', [0, 0, 1500, 2500], 0.51, 2000],
    ['all of them, never more than the longest', [0, 0, 1500, 2500], 1, 2500],
    ['exactly a second', [1000, 1000], 0.5, 1000],
    ['a moment more than a second', [1001, 5000], 0.5, 2000],
    ['longer than any step may wait', [20_000_000], 0.5, 20_000_000],
  ])('%s', (_name, waits, share, expected) => {
    expect(of(waits).quantileMs(share)).toBe(expected);
  });

  it('have an exact mean and longest, and percentiles that are at most a second too long', () => {
    const waits = fc.array(fc.nat(8_000_000), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(waits, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, share) => {
        const histogram = of(all);
        const sorted = all.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1] ?? Number.NaN;
        expect(histogram.meanMs).toBe(all.reduce((sum, wait) => sum + wait, 0) / all.length);
        expect(histogram.longestMs).toBe(sorted.at(-1));
        expect(histogram.quantileMs(share)).toBeGreaterThanOrEqual(exact);
        expect(histogram.quantileMs(share)).toBeLessThan(exact + 1000);
        expect(histogram.bins.reduce((sum, { steps }) => sum + steps, 0)).toBe(all.length);
      }),
    );
  });
});
