import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGoal, renderGoal, renderShare, renderSpan, withMargin } from '#tools/tune/goal.ts';
import { parseDuration } from '#yaml/quantity.ts';

describe('parseGoal', () => {
  it.each([
    ['95 % of steps wait less than 60 s', 0.95, 60_000],
    ['95% of the steps wait less than 1 minute', 0.95, 60_000],
    ['95%<60s', 0.95, 60_000],
    ['95 % < 60 s', 0.95, 60_000],
    ['  p95<60s  ', 0.95, 60_000],
    ['P99.9 < 1m30s', 0.999, 90_000],
    ['99.5 % less than 2 min 30 sec', 0.995, 150_000],
    ['50%<2 hours', 0.5, 7_200_000],
    ['100%<1h', 1, 3_600_000],
  ])('%s', (text, share, withinMs) => {
    expect(parseGoal(text)).toEqual({ share, withinMs });
  });

  it.each([
    ['nothing', ''],
    ['no unit', '95%<60'],
    ['no share', '<60s'],
    ['no comparison', '95% 60s'],
    ['the other direction', '95%>60s'],
    ['a share of nobody', '0%<60s'],
    ['more than all', '101%<60s'],
    ['no time at all', '95%<0s'],
    ['a unit that nobody knows', '95%<60 fortnights'],
    ['something behind it', '95%<60s please'],
    ['units in a wrong order', '95%<30s1m'],
  ])('refuses %s', (_, text) => {
    expect(() => parseGoal(text)).toThrow(
      `Goal "${text}" is not understood; write it like "95 % of steps wait less than 60 s", 95%<60s or p99<2m`,
    );
  });

  it('reads what it writes', () => {
    const goals = fc.record({
      share: fc.integer({ min: 1, max: 100_000 }).map((thousandths) => thousandths / 100_000),
      withinMs: fc.integer({ min: 1, max: 20_000 }).map((seconds) => seconds * 1000),
    });
    fc.assert(
      fc.property(goals, (goal) => {
        const { share, withinMs } = parseGoal(renderGoal(goal));
        expect(share).toBeCloseTo(goal.share, 9);
        expect(withinMs).toBe(goal.withinMs);
      }),
    );
  });
});

describe('renderSpan', () => {
  it.each([
    [0, '0s'],
    [1_500, '1.5s'],
    [60_000, '1m'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [3_661_000, '1h1m1s'],
  ])('%i ms is %s', (ms, text) => expect(renderSpan(ms)).toBe(text));

  it('is what the configuration reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (s) => parseDuration(renderSpan(s * 1000)) === s * 1000),
    );
  });
});

it('writes shares without the traces of arithmetic', () => {
  expect([0.95, 0.07, 0.999, 1 / 3].map(renderShare)).toEqual(['95 %', '7 %', '99.9 %', '33.333 %']);
});

it.each([
  [0.95, 0.96],
  [0.9, 0.92],
  [1, 1],
])('%f is searched for as %f', (share, searched) => {
  expect(withMargin({ share, withinMs: 60_000 })).toEqual({ share: searched, withinMs: 60_000 });
});
