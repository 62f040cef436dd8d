import { describe, expect, it } from 'vitest';
import { addLook, allowance, holdBack, holdBackLook, lookInterval, moreFrom } from '#adapters/budget/priority.ts';
import { type BudgetState, EMPTY_BUDGET } from '#adapters/budget/state.ts';
import { type Importance, isCheapLook, looksEvery } from '#core/budget/hour.ts';
import { NOON } from '#kit/fleet.ts';
import { calls, HOUR, looks, MINUTE } from './states.ts';

const EVERYTHING = Number.POSITIVE_INFINITY;
const throttled: BudgetState = { ...EMPTY_BUDGET, throttle: { at: NOON, until: NOON + 90_000, strikes: 1 } };

describe('who may spend what', () => {
  const spent = (other: number) => calls([1, 0, other]);
  it.each<[string, BudgetState, Readonly<Record<Importance, number>>]>([
    ['nothing is spent', EMPTY_BUDGET, { removal: EVERYTHING, create: 900, look: 750, queue: 750 }],
    ['one call is left for looking', spent(749), { removal: EVERYTHING, create: 151, look: 1, queue: 1 }],
    ['none is', spent(750), { removal: EVERYTHING, create: 150, look: 0, queue: 0 }],
    ['the last create', spent(899), { removal: EVERYTHING, create: 1, look: 0, queue: 0 }],
    ['only removals', spent(900), { removal: EVERYTHING, create: 0, look: 0, queue: 0 }],
    ['even beyond the limit', spent(1100), { removal: EVERYTHING, create: 0, look: 0, queue: 0 }],
    ['nobody while Bitbucket throttles', throttled, { removal: 0, create: 0, look: 0, queue: 0 }],
    [
      'the queue leaves an hour of looking every minute',
      { ...calls([0, 10, 0]), looks: looks({ acme: 10 }) },
      // 990 left − 250 − (630 − 10 that have been made)
      { removal: EVERYTHING, create: 890, look: 740, queue: 120 },
    ],
    [
      'once an hour of looking is behind, its calls come back by themselves',
      { ...calls([0, 400, 0], [30, 230, 0]), looks: looks({ acme: 10 }) },
      { removal: EVERYTHING, create: 270, look: 120, queue: 120 },
    ],
  ])('%s', (_, state, expected) => {
    const actual = Object.fromEntries(
      (['removal', 'create', 'look', 'queue'] as const).map((importance) => [
        importance,
        allowance(importance, state, 1000, NOON),
      ]),
    );
    expect(actual).toEqual(expected);
  });

  it('reserves are rounded in favour of what is more important', () => {
    expect(allowance('create', EMPTY_BUDGET, 61, NOON)).toBe(54);
    expect(allowance('look', EMPTY_BUDGET, 61, NOON)).toBe(45);
  });
});

describe('a larger limit for where queues are counted', () => {
  const larger = (other: number, limit = 2000): BudgetState => ({
    ...calls([1, 0, other]),
    larger: { at: NOON, limit },
  });

  it.each([
    ['pays for counting them with all that it has above the configuration’s', larger(0), 1000],
    ['when the configuration’s is used up', larger(900), 1000],
    ['or the configuration’s pays for more', larger(0, 1100), 750],
  ])('%s', (_, state, left) => {
    expect(allowance('queue', state, 1000, NOON)).toBe(left);
  });

  it('pays for nothing else, nor while Bitbucket throttles', () => {
    expect(allowance('create', larger(900), 1000, NOON)).toBe(0);
    expect(allowance('look', larger(900), 1000, NOON)).toBe(0);
    expect(allowance('queue', { ...throttled, larger: { at: NOON, limit: 2000 } }, 1000, NOON)).toBe(0);
  });
});

describe('what is held back', () => {
  it.each([
    ['nothing, with exactly as many calls as it takes', calls([0, 0, 740]), 10, undefined],
    ['one call too many, until the calls of some minute are an hour old', calls([40, 0, 741]), 10, 21],
    ['until enough of them are', calls([50, 0, 300], [20, 0, 600]), 500, 41],
    ['what never fits, for an hour', EMPTY_BUDGET, 751, 60],
  ])('%s', (_, state, amount, minutes) => {
    const held = minutes === undefined ? undefined : { why: 'short', until: NOON + minutes * MINUTE };
    expect(holdBack('look', amount, state, 1000, NOON)).toEqual(held);
  });

  it('everything, as long as Bitbucket throttles', () => {
    for (const importance of ['removal', 'create', 'look', 'queue'] as const) {
      expect(holdBack(importance, 1, throttled, 1000, NOON)).toEqual({ why: 'throttled', until: NOON + 90_000 });
      expect(holdBack(importance, 1, throttled, 1000, NOON + 90_000)).toBeUndefined();
    }
  });

  it('more may be created from when the oldest calls are an hour old', () => {
    expect(moreFrom('create', calls([58, 0, 10], [0, 0, 980]), 1000, NOON)).toBe(NOON + 61 * MINUTE);
    expect(moreFrom('create', calls([58, 0, 200], [0, 0, 780]), 1000, NOON)).toBe(NOON + 3 * MINUTE);
    expect(moreFrom('create', throttled, 1000, NOON)).toBe(NOON + 90_000);
    expect(moreFrom('create', EMPTY_BUDGET, 1000, NOON)).toBe(NOON + HOUR);
  });
});

describe('the time between two looks', () => {
  const every = (cost: number, state: BudgetState = EMPTY_BUDGET, limit = 1000) =>
    lookInterval({ ...state, looks: looks({ acme: cost }) }, limit, NOON);
  const SPAN = 62 * MINUTE;

  it.each([
    ['one list is cheap: 15 % of the calls', () => every(1), SPAN / 149],
    ['eleven fit into every minute, and no more than that is looked', () => every(11), MINUTE],
    ['twenty do not', () => every(20), (SPAN * 20) / 730],
    ['what has been created is missing', () => every(12, calls([5, 0, 400])), (SPAN * 12) / 338],
    [
      'what others use is missing, too',
      () => every(10, { ...EMPTY_BUDGET, word: { at: NOON, left: 400 } }),
      (SPAN * 10) / 140,
    ],
    ['calls for looking are what it is about', () => every(12, calls([5, 400, 0])), (SPAN * 12) / 738],
    ['two looks fit', () => every(374), (SPAN * 374) / 376],
    ['only one does', () => every(750), EVERYTHING],
    ['not even one does', () => every(751), EVERYTHING],
    [
      'by the smaller limit of Bitbucket',
      () => every(10, { ...EMPTY_BUDGET, word: { at: NOON, limit: 100 } }),
      (SPAN * 10) / 65,
    ],
  ])('%s', (_, interval, expected) => {
    expect(interval()).toBeCloseTo(expected, 6);
  });

  it('is nothing before anybody has looked', () => {
    expect(lookInterval(EMPTY_BUDGET, 1000, NOON)).toBe(0);
    expect(lookInterval(calls([0, 0, 1000]), 1000, NOON)).toBe(0);
  });

  it('can be told beforehand', () => {
    expect(looksEvery(12, 1000)).toBe((SPAN * 12) / 738);
    expect(looksEvery(45, 60)).toBe(EVERYTHING);
    expect(looksEvery(44, 60)).toBe(SPAN * 44);
  });
});

const SPAN_OF_LOOKS = 62 * MINUTE;

describe('a look', () => {
  const ask = (state: BudgetState, over: { calls?: number; planned?: number; at?: number; limit?: number } = {}) =>
    holdBackLook(
      { workspace: 'acme', calls: over.calls ?? 20, planned: over.planned ?? 0 },
      state,
      over.limit ?? 1000,
      over.at ?? NOON,
    );
  const looked: BudgetState = { ...EMPTY_BUDGET, looks: looks({ acme: 20 }) };
  // 62 min × 20 / (750 − 20)
  const interval = (62 * MINUTE * 20) / 730;

  it('waits for its turn, a minute before which it may come', () => {
    expect(ask(looked, { at: NOON + interval - MINUTE - 1 })).toEqual({ why: 'short', until: NOON + MINUTE });
    expect(ask(looked, { at: NOON + interval - MINUTE })).toBeUndefined();
    const later = { ...looked, looks: { acme: { at: NOON, slot: NOON + 50_000, calls: 20 } } };
    expect(ask(later, { at: NOON + 5 })).toEqual({ why: 'short', until: NOON + 2 * MINUTE });
  });

  it('may come a few times in a row where calls are plentiful, and then at its pace', () => {
    let state: BudgetState = EMPTY_BUDGET;
    const allowedAt = (at: number) => {
      const isAllowed = ask(state, { at, calls: 1 }) === undefined;
      if (isAllowed) state = { ...state, looks: addLook('acme', 1, state, 1000, at) };
      return isAllowed;
    };
    const seconds = Array.from({ length: 40 }, (_, index) => index * 10);
    const looks = seconds.filter((second) => allowedAt(NOON + second * 1000));
    expect(looks.slice(0, 16)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 150, 170, 200]);
  });

  it('that takes few calls may follow the last one at once', () => {
    expect(ask({ ...EMPTY_BUDGET, looks: looks({ acme: 11 }) }, { calls: 11 })).toBeUndefined();
  });

  it('may come three minutes before its turn where every minute can have one, exactly', () => {
    const ahead = { ...EMPTY_BUDGET, looks: { acme: { at: NOON - 1, slot: NOON + 2 * MINUTE, calls: 11 } } };
    expect(lookInterval(ahead, 1000, NOON)).toBe(MINUTE);
    expect(ask(ahead, { calls: 11, at: NOON - 1 })).toEqual({ why: 'short', until: NOON });
    expect(ask(ahead, { calls: 11, at: NOON })).toBeUndefined();
  });

  it('at a workspace that nobody has looked at yet does not wait', () => {
    expect(ask({ ...EMPTY_BUDGET, looks: looks({ other: 20 }) })).toBeUndefined();
  });

  it('leaves to other looks of the same tick what these are going to take', () => {
    expect(ask(EMPTY_BUDGET, { planned: 730 })).toBeUndefined();
    expect(ask(EMPTY_BUDGET, { planned: 731 })).toMatchObject({ why: 'short' });
  });

  it('that is more than the hour can pay for begins when all of the hour is there', () => {
    expect(ask(EMPTY_BUDGET, { calls: 90, limit: 60 })).toBeUndefined();
    expect(ask(calls([10, 0, 1]), { calls: 90, limit: 60 })).toEqual({ why: 'short', until: NOON + 51 * MINUTE });
  });

  it('is spaced by slots: one that comes early puts off the next', () => {
    const state = { ...EMPTY_BUDGET, looks: { acme: { at: NOON, slot: NOON, calls: 20 } } };
    const early = NOON + MINUTE;
    expect(addLook('acme', 20, state, 1000, early)).toEqual({ acme: { at: early, slot: NOON + interval, calls: 20 } });
  });

  it('that takes at most a twelfth of the hour is never more than five minutes after the last, as long as it costs no removals', () => {
    const spent = { ...calls([5, 0, 860]), looks: { acme: { at: NOON, slot: NOON, calls: 20 } } };
    expect(ask(spent, { at: NOON + 5 * MINUTE - 1 })).toEqual({ why: 'short', until: NOON + 5 * MINUTE });
    expect(ask(spent, { at: NOON + 5 * MINUTE })).toBeUndefined();
    expect(ask(spent, { at: NOON + 5 * MINUTE, planned: 20 })).toBeUndefined();
    expect(ask(spent, { at: NOON + 5 * MINUTE, planned: 21 })).toMatchObject({ why: 'short' });
    expect(ask(EMPTY_BUDGET, { calls: 20, limit: 20 * 12, planned: 200 })).toMatchObject({ why: 'short' });
  });

  it('is cheap up to a twelfth of the hour', () => {
    expect([isCheapLook(20, 240), isCheapLook(21, 240)]).toEqual([true, false]);
    expect([looksEvery(83, 1000), looksEvery(84, 1000)]).toEqual([5 * MINUTE, (SPAN_OF_LOOKS * 84) / (750 - 84)]);
  });

  it('that comes before its turn does not move the turns away', () => {
    const state = { ...calls([5, 0, 700]), looks: { acme: { at: NOON, slot: NOON, calls: 20 } } };
    const at = NOON + 5 * MINUTE;
    expect(addLook('acme', 20, state, 1000, at)).toEqual({ acme: { at, slot: at + MINUTE, calls: 20 } });
  });

  it('does not make up for slots that were missed', () => {
    const state = { ...EMPTY_BUDGET, looks: { acme: { at: NOON, slot: NOON, calls: 20 } } };
    const late = NOON + HOUR;
    expect(addLook('acme', 20, state, 1000, late)).toEqual({ acme: { at: late, slot: late, calls: 20 } });
  });

  it('begins its slots anew where nothing is known, or nothing can be foreseen', () => {
    expect(addLook('acme', 20, EMPTY_BUDGET, 1000, NOON)).toEqual({ acme: { at: NOON, slot: NOON, calls: 20 } });
    const state = { ...EMPTY_BUDGET, looks: { acme: { at: NOON - HOUR, slot: NOON - HOUR, calls: 80 } } };
    expect(addLook('acme', 80, state, 100, NOON)).toEqual({ acme: { at: NOON, slot: NOON, calls: 80 } });
  });
});
