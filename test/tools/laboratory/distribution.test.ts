import { describe, expect, it } from 'vitest';
import { type Distribution, distribution, draw } from '#tools/laboratory/distribution.ts';
import { createRandom } from '#tools/simulator/random.ts';

function draws(from: Distribution, count = 20_000): readonly number[] {
  const random = createRandom(7);
  return Array.from({ length: count }, () => draw(from, random)).sort((a, b) => a - b);
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

describe('what a file may say', () => {
  it.each([
    ['a span', '1m30s', { kind: 'constant', ms: 90_000 }],
    ['seconds', 45, { kind: 'constant', ms: 45_000 }],
    ['two ends', { kind: 'uniform', from: '10s', to: '1m' }, { kind: 'uniform', from: 10_000, to: 60_000 }],
    ['a mean', { kind: 'exponential', mean: '5m' }, { kind: 'exponential', mean: 300_000 }],
    [
      'a median and a tail',
      { kind: 'lognormal', median: '40s', p95: '2m' },
      { kind: 'lognormal', median: 40_000, p95: 120_000 },
    ],
  ])('%s', (_name, input, expected) => {
    expect(distribution.parse(input)).toEqual(expected);
  });

  it.each([
    ['a span that is none', 'soon'],
    ['an end before the beginning', { kind: 'uniform', from: '2m', to: '1m' }],
    ['a tail before the median', { kind: 'lognormal', median: '2m', p95: '1m' }],
    [
      'shares that fall',
      {
        kind: 'percentiles',
        points: [
          [0.5, '20s'],
          [0.4, '30s'],
          [1, '40s'],
        ],
      },
    ],
    [
      'times that fall',
      {
        kind: 'percentiles',
        points: [
          [0.5, '20s'],
          [1, '10s'],
        ],
      },
    ],
    [
      'no longest time',
      {
        kind: 'percentiles',
        points: [
          [0.5, '20s'],
          [0.9, '30s'],
        ],
      },
    ],
    ['a key that nobody knows', { kind: 'exponential', mean: '5m', p95: '9m' }],
  ])('refuses %s', (_name, input) => {
    expect(distribution.safeParse(input).success).toBe(false);
  });
});

describe('drawing', () => {
  it('gives the constant, whatever the seed', () => {
    expect(new Set(draws({ kind: 'constant', ms: 45_000 }, 10))).toEqual(new Set([45_000]));
  });

  it('has the mean of an exponential', () => {
    const all = draws({ kind: 'exponential', mean: 300_000 });
    expect(all.reduce((sum, ms) => sum + ms, 0) / all.length / 300_000).toBeCloseTo(1, 1);
  });

  it('has the median and the 95th percentile of a log-normal', () => {
    const all = draws({ kind: 'lognormal', median: 40_000, p95: 120_000 });
    expect(at(all, 0.5) / 40_000).toBeCloseTo(1, 1);
    expect(at(all, 0.95) / 120_000).toBeCloseTo(1, 1);
  });

  it('interpolates between percentiles, and lies neither below the first nor above the last', () => {
    const all = draws({
      kind: 'percentiles',
      points: [
        [0.5, 30_000],
        [0.9, 60_000],
        [1, 90_000],
      ],
    });
    expect(at(all, 0.001)).toBe(30_000);
    expect(at(all, 0.5) / 30_000).toBeCloseTo(1, 1);
    expect(at(all, 0.7) / 45_000).toBeCloseTo(1, 1);
    expect(at(all, 0.9) / 60_000).toBeCloseTo(1, 1);
    expect(at(all, 1)).toBeLessThanOrEqual(90_000);
  });

  it('is the same for the same seed', () => {
    const from: Distribution = { kind: 'lognormal', median: 40_000, p95: 120_000 };
    expect(draws(from, 100)).toEqual(draws(from, 100));
  });
});

describe('times between two', () => {
  it('are all equally likely', () => {
    const sorted = draws({ kind: 'uniform', from: 10_000, to: 60_000 });
    expect(sorted[0]).toBeGreaterThanOrEqual(10_000);
    expect(sorted.at(-1)).toBeLessThanOrEqual(60_000);
    expect(at(sorted, 0.5) / 35_000).toBeCloseTo(1, 1);
    expect(at(sorted, 0.9) / 55_000).toBeCloseTo(1, 1);
  });
});
