import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addBudgets,
  addCalls,
  type BudgetState,
  EMPTY_BUDGET,
  extraCalls,
  forgetOld,
  leftCalls,
  limitNow,
  lookCost,
  parseBudget,
  throttledUntil,
  usedCalls,
} from '#adapters/budget/state.ts';
import { NOON } from '#kit/fleet.ts';
import { calls, HOUR, looks, MINUTE } from './states.ts';

describe('the calls of the past hour', () => {
  it.each([
    ['none', EMPTY_BUDGET, { look: 0, other: 0 }],
    ['those of this minute', calls([0, 3, 2]), { look: 3, other: 2 }],
    [
      'those of the minute that began an hour ago, of which some second may count',
      calls([60, 3, 2]),
      { look: 3, other: 2 },
    ],
    ['not those before', calls([61, 3, 2], [60, 1, 1]), { look: 1, other: 1 }],
    ['those of several minutes together', calls([0, 1, 2], [30, 10, 20]), { look: 11, other: 22 }],
  ])('%s', (_, state, used) => {
    expect(usedCalls(state, NOON)).toEqual(used);
    expect(usedCalls(state, NOON + MINUTE - 1)).toEqual(used);
  });

  it('grow by what is added in the minute that it is added in', () => {
    const state = addCalls(addCalls(calls([0, 1, 1]), 'look', 2, NOON + 59_999), 'other', 5, NOON + 60_000);
    expect([...state.calls].sort((a, b) => a.minute - b.minute)).toEqual([
      { minute: NOON / MINUTE, look: 3, other: 1 },
      { minute: NOON / MINUTE + 1, look: 0, other: 5 },
    ]);
  });
});

describe('what is left', () => {
  const word = (over: object, ago = 0): BudgetState => ({ ...calls([0, 10, 0]), word: { at: NOON - ago, ...over } });

  it.each([
    ['all of it', EMPTY_BUDGET, 1000],
    ['what was not used', calls([5, 100, 20]), 880],
    ['never less than nothing', calls([5, 1000, 20]), 0],
    ['what Bitbucket says if that is less', word({ limit: 1000, left: 50 }), 50],
    ['not what Bitbucket says if that is more', word({ limit: 5000, left: 4000 }), 990],
    ['of the limit that Bitbucket says', word({ limit: 300 }), 290],
    [
      "Bitbucket's word, less what followed it",
      { ...word({ left: 50 }, 2 * MINUTE), calls: calls([2, 9, 9], [1, 7, 3]).calls },
      40,
    ],
    ['never less than nothing by its word either', { ...word({ left: 5 }, MINUTE), calls: calls([0, 9, 0]).calls }, 0],
    ['its word for ten minutes', word({ left: 50 }, 10 * MINUTE - 1), 40],
    ['and no longer', word({ limit: 300, left: 50 }, 10 * MINUTE), 990],
  ])('%s', (_, state, left) => {
    expect(leftCalls(state, 1000, NOON)).toBe(left);
  });

  it.each([
    ['the configuration', EMPTY_BUDGET, 1000],
    ['Bitbucket, if it allows less', word({ limit: 999 }), 999],
    ['the configuration, if Bitbucket allows more', word({ limit: 1001 }), 1000],
    ['the configuration, once the word is old', word({ limit: 999 }, 10 * MINUTE), 1000],
  ])('the limit is that of %s', (_, state, limit) => {
    expect(limitNow(state, 1000, NOON)).toBe(limit);
  });
});

describe('calls that a larger limit pays for', () => {
  const larger = (ago = 0): BudgetState => ({ ...calls([0, 100, 50]), larger: { at: NOON - ago, limit: 5000 } });
  const spent = (extra: number, ago = 1): BudgetState => ({
    ...larger(),
    calls: [...larger().calls, { minute: NOON / MINUTE - ago, look: 0, other: 0, extra }],
  });

  it.each([
    ['none without it', calls([0, 1, 1]), 0],
    ['all that is above the configuration’s', larger(), 4000],
    ['less those that it paid', spent(850, 1), 3150],
    ['of the past hour', spent(850, 60), 3150],
    ['and no longer', spent(850, 61), 4000],
    ['never less than none', spent(5000), 0],
    ['no more than Bitbucket says', { ...larger(), word: { at: NOON, left: 1070 } }, 70],
    ['less what followed', { ...spent(30, 0), word: { at: NOON - MINUTE, left: 1200 } }, 20],
    ['none while others need what is left', { ...larger(), word: { at: NOON, left: 300 } }, 0],
    ['for an hour', larger(HOUR - 1), 4000],
    ['and not for longer', larger(HOUR), 0],
  ])('%s', (_, state, left) => {
    expect(extraCalls(state, 1000, NOON)).toBe(left);
  });

  it('are added up, kept for as long as they count, and no part of the others', () => {
    const sum = addBudgets(addCalls(spent(3), 'extra', 2, NOON), addCalls(larger(), 'extra', 4, NOON));
    expect(sum.calls).toContainEqual({ minute: NOON / MINUTE, look: 200, other: 100, extra: 6 });
    expect(usedCalls(sum, NOON)).toEqual({ look: 200, other: 100 });
    expect(addBudgets(sum, calls([0, 1, 1])).larger).toEqual(sum.larger);
    expect(forgetOld(sum, NOON + HOUR - 1).larger).toEqual(sum.larger);
    expect(forgetOld(sum, NOON + HOUR)).not.toHaveProperty('larger');
    expect(parseBudget(JSON.parse(JSON.stringify(sum)))).toEqual(sum);
    expect(addBudgets(calls([0, 1, 1]), calls([0, 1, 1])).calls[0]).not.toHaveProperty('extra');
  });
});

describe('two states added up', () => {
  const one: BudgetState = {
    ...calls([1, 1, 2], [0, 4, 0]),
    word: { at: NOON - 1, left: 7 },
    throttle: { at: NOON - 5, until: NOON + 5, strikes: 1 },
    looks: { ...looks({ acme: 2 }, NOON - 10), ...looks({ labs: 3 }, NOON) },
  };
  const other: BudgetState = {
    ...calls([0, 1, 1], [3, 9, 9]),
    word: { at: NOON, left: 9 },
    throttle: { at: NOON - 6, until: NOON + 60, strikes: 4 },
    looks: looks({ acme: 5 }, NOON - 9),
  };

  it('hold the calls of both, and of what can be known once the later', () => {
    const sum = addBudgets(one, other);
    expect(usedCalls(sum, NOON)).toEqual({ look: 15, other: 12 });
    expect(sum.calls).toHaveLength(3);
    expect(sum).toMatchObject({ word: other.word, throttle: one.throttle, looks: { ...one.looks, ...other.looks } });
    expect(addBudgets(other, one).looks).toEqual(sum.looks);
    expect(addBudgets(one, EMPTY_BUDGET)).toEqual(one);
    expect(addBudgets(EMPTY_BUDGET, one)).toEqual(one);
  });

  it('of the same time hold what the second one knows', () => {
    const known = (left: number) => ({ ...EMPTY_BUDGET, word: { at: NOON, left }, looks: looks({ acme: left }) });
    expect(addBudgets(known(1), known(2))).toEqual(known(2));
  });

  it('are the same in any order and grouping', () => {
    const minute = fc.record({ minute: fc.integer({ min: 0, max: 5 }), look: fc.nat(9), other: fc.nat(9) });
    const state = fc.record({
      calls: fc.uniqueArray(minute, { selector: (entry) => entry.minute }),
      looks: fc.constant({}),
    });
    const sorted = (value: BudgetState) => [...value.calls].sort((a, b) => a.minute - b.minute);
    fc.assert(
      fc.property(state, state, state, (a, b, c) => {
        const left = sorted(addBudgets(addBudgets(a, b), c));
        expect(sorted(addBudgets(a, addBudgets(b, c)))).toEqual(left);
        expect(sorted(addBudgets(c, addBudgets(b, a)))).toEqual(left);
      }),
    );
  });
});

describe('what is old', () => {
  it('is forgotten when it has no effect any more', () => {
    const state: BudgetState = {
      ...calls([60, 1, 1], [61, 1, 1]),
      word: { at: NOON - 10 * MINUTE, left: 1 },
      throttle: { at: NOON - HOUR, until: NOON - 15 * MINUTE, strikes: 2 },
      looks: { ...looks({ gone: 1 }, NOON - 2 * HOUR), ...looks({ acme: 1 }, NOON - 2 * HOUR + 1) },
    };
    expect(forgetOld(state, NOON)).toEqual({
      ...calls([60, 1, 1]),
      looks: looks({ acme: 1 }, NOON - 2 * HOUR + 1),
    });
  });

  it('is kept as long as it has', () => {
    const state: BudgetState = {
      ...calls([60, 1, 1]),
      word: { at: NOON - 10 * MINUTE + 1, left: 1 },
      throttle: { at: NOON - HOUR, until: NOON - 15 * MINUTE + 1, strikes: 2 },
      looks: looks({ acme: 1 }, NOON),
    };
    expect(forgetOld(state, NOON)).toEqual(state);
  });

  it('costs nothing as a look', () => {
    expect(lookCost({ ...EMPTY_BUDGET, looks: looks({ acme: 3, labs: 4 }) }, NOON)).toBe(7);
    expect(lookCost({ ...EMPTY_BUDGET, looks: looks({ acme: 3 }, NOON - 2 * HOUR) }, NOON)).toBe(0);
  });
});

describe('throttling', () => {
  const state: BudgetState = { ...EMPTY_BUDGET, throttle: { at: NOON - 1, until: NOON, strikes: 1 } };
  it.each([
    [NOON - 1, NOON],
    [NOON, undefined],
  ])('at %i lasts until %s', (now, until) => {
    expect(throttledUntil(state, now)).toBe(until);
  });
});

describe('a document', () => {
  it('gives the state that was saved', () => {
    const state: BudgetState = {
      ...calls([0, 1, 2]),
      word: { at: NOON, limit: 1000, left: 10 },
      throttle: { at: NOON, until: NOON + 1, strikes: 1 },
      looks: looks({ acme: 1 }),
    };
    expect(parseBudget(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  it.each([
    ['nothing', undefined],
    ['another shape', { calls: 3 }],
    ['a negative count', { ...calls([0, -1, 0]) }],
    ['half a look', { ...EMPTY_BUDGET, looks: { acme: { at: 1 } } }],
  ])('of %s starts an hour without calls', (_, value) => {
    expect(parseBudget(value)).toEqual(EMPTY_BUDGET);
  });
});
