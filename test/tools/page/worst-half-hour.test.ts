import { describe, expect, it } from 'vitest';
import type { Mark } from '#tools/page/data.ts';
import type { DecisionsThen } from '#tools/page/decision-log.ts';
import { decisionsThen, type WaitingBucket, worstHalfHour, worstWindow } from '#tools/page/worst-half-hour.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 23, 9);

function buckets(
  waiting: readonly number[],
  widthMs: number,
  more: Partial<WaitingBucket> = {},
): readonly WaitingBucket[] {
  return waiting.map((average, index) => ({
    at: START + index * widthMs,
    busy: 2,
    idle: 0,
    starting: 0,
    waiting: average,
    most: { waiting: Math.ceil(average * 2) },
    ...more,
  }));
}

function mark(minute: number, more: Partial<Mark> = {}): Mark {
  return {
    at: START + minute * MINUTE,
    group: 'builds',
    action: 'scale-up',
    from: 2,
    to: 4,
    sentence: 'two wait',
    limits: [],
    ...more,
  };
}

/** Decisions of which all are kept. */
function decided(kept: readonly Mark[], more: Partial<DecisionsThen> = {}): DecisionsThen {
  return { changes: kept.length, limited: 0, kept, ...more };
}

describe('the worst half hour', () => {
  it('is where most waited, and says how much, with which runners, and what was decided', () => {
    const asked: (readonly number[])[] = [];
    const worst = worstHalfHour(buckets([0, 1, 5, 2, 0, 2], 15 * MINUTE), 15 * MINUTE, (...range) => {
      asked.push(range);
      return decided([mark(31)]);
    });
    expect(asked).toEqual([[START + 30 * MINUTE, START + 60 * MINUTE]]);
    expect(worst).toEqual({
      from: START + 30 * MINUTE,
      to: START + 60 * MINUTE,
      why: [
        'On average 3.5 steps waited, 10 at the most: 70\u00a0% of all waiting fell into these 30\u00a0min.',
        'It began with 2 runners busy, 0 idle and 0 starting, and ended with 2 runners busy, 0 idle and 0 starting.',
        'Fewer runners were starting (0 on average) than steps waited: the demand came faster than it was answered.',
        '09:31 builds: scale-up 2 → 4, since two wait.',
      ],
    });
  });

  it('is a bucket where buckets are longer', () => {
    const worst = worstHalfHour(buckets([1, 3], 60 * MINUTE), 60 * MINUTE, undefined);
    expect([worst?.from, worst?.to]).toEqual([START + 60 * MINUTE, START + 120 * MINUTE]);
    expect(worst?.why.at(-1)).toContain('This policy tells nothing of its decisions.');
  });

  const LIMITED = 'Limits held runners back in 3 decisions of this time, the last time for builds: max 4.';
  const ON_THEIR_WAY =
    'Runners were on their way (1 starting on average): what remained is the time that a start takes.';

  it.each([
    { name: 'alone', starting: 0.9, causes: [LIMITED] },
    { name: 'beside starts that were under way', starting: 1, causes: [LIMITED, ON_THEIR_WAY] },
  ])('names the limit that held runners back, $name', ({ starting, causes }) => {
    const limit = { group: 'builds', text: 'max 4' };
    const worst = worstHalfHour(buckets([2, 2], 15 * MINUTE, { starting }), 15 * MINUTE, () =>
      decided([], { limited: 3, limit }),
    );
    expect(worst?.why.slice(2)).toEqual(causes);
  });

  it.each([
    {
      starting: 1,
      cause: 'Runners were on their way (1 starting on average): what remained is the time that a start takes.',
    },
    {
      starting: 0.9,
      cause:
        'Fewer runners were starting (0.9 on average) than steps waited: the demand came faster than it was answered.',
    },
  ])('with $starting starting for 2 that wait, its cause is: $cause', ({ starting, cause }) => {
    const worst = worstHalfHour(buckets([2, 2], 15 * MINUTE, { starting }), 15 * MINUTE, () => decided([]));
    expect(worst?.why).toContain(cause);
  });

  it('is not there when nothing waited', () => {
    expect(worstHalfHour(buckets([0, 0, 0], 15 * MINUTE), 15 * MINUTE, undefined)).toBeUndefined();
    expect(worstHalfHour([], 15 * MINUTE, undefined)).toBeUndefined();
  });
});

describe('the window with the largest sum', () => {
  it.each([
    { name: 'at the beginning', values: [3, 2, 1, 0], width: 2, begin: 0 },
    { name: 'at the end', values: [0, 1, 2, 3], width: 2, begin: 2 },
    { name: 'the first of equals', values: [1, 0, 1, 0], width: 1, begin: 0 },
    { name: 'wider than everything', values: [0, 1], width: 6, begin: 0 },
    { name: 'nowhere', values: [0, 0], width: 1, begin: undefined },
  ])('begins $name', ({ values, width, begin }) => {
    expect(worstWindow(values, width)).toBe(begin);
  });
});

describe('decisions of a time', () => {
  const marks = (count: number) => Array.from({ length: count }, (_, minute) => mark(minute));

  it.each([
    { name: 'six', time: decided(marks(6)), last: '09:05 builds: scale-up 2 → 4, since two wait.' },
    {
      name: 'seven',
      time: decided(marks(7)),
      last: '1 more decision of this time changed no more than these.',
    },
    {
      name: 'some that are not kept',
      time: decided(marks(2), { changes: 4 }),
      last: '2 more decisions of this time changed no more than these.',
    },
  ])('are told up to six, and how many more there are: $name', ({ time, last }) => {
    expect(decisionsThen(time).at(-1)).toBe(last);
  });

  it('are told by what they changed, in order of time', () => {
    const kept = marks(7).map((each, minute) => (minute === 6 ? { ...each, to: 9 } : each));
    const told = decisionsThen(decided(kept)).slice(0, -1);
    expect(told.map((sentence) => sentence.slice(0, 5))).toEqual([
      '09:00',
      '09:01',
      '09:02',
      '09:03',
      '09:04',
      '09:06',
    ]);
  });

  it('are changes only', () => {
    expect(decisionsThen(decided([mark(1, { action: 'hold' })], { changes: 0 }))).toEqual([]);
  });
});
