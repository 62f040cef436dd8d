import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addLook,
  allowance,
  holdBack,
  holdBackLook,
  type Importance,
  lookInterval,
  looksEvery,
  moreFrom,
} from '../../lib/budget/rule.ts';
import { addCalls, type BudgetState, EMPTY_BUDGET, usedCalls } from '../../lib/budget/state.ts';
import { NOON } from '../fixtures/fleet.ts';
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
      // 990 left − 250 − (620 − 10 that have been made)
      { removal: EVERYTHING, create: 890, look: 740, queue: 130 },
    ],
    [
      'once an hour of looking is behind, its calls come back by themselves',
      { ...calls([0, 400, 0], [30, 220, 0]), looks: looks({ acme: 10 }) },
      { removal: EVERYTHING, create: 280, look: 130, queue: 130 },
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
  const SPAN = 61 * MINUTE;

  it.each([
    ['one list is cheap', every(1), SPAN / 749],
    ['twelve fit into every minute', every(12), (SPAN * 12) / 738],
    ['twenty do not', every(20), (SPAN * 20) / 730],
    ['what has been created is missing', every(12, calls([5, 0, 400])), (SPAN * 12) / 338],
    [
      'what others use is missing, too',
      every(10, { ...EMPTY_BUDGET, word: { at: NOON, left: 400 } }),
      (SPAN * 10) / 140,
    ],
    ['calls for looking are what it is about', every(12, calls([5, 400, 0])), (SPAN * 12) / 738],
    ['two looks fit', every(374), (SPAN * 374) / 376],
    ['only one does', every(750), EVERYTHING],
    [
      'by the smaller limit of Bitbucket',
      every(10, { ...EMPTY_BUDGET, word: { at: NOON, limit: 100 } }),
      (SPAN * 10) / 65,
    ],
  ])('%s', (_, interval, expected) => {
    expect(interval).toBeCloseTo(expected, 6);
  });

  it('is nothing before anybody has looked', () => {
    expect(lookInterval(EMPTY_BUDGET, 1000, NOON)).toBe(0);
  });

  it('can be told beforehand', () => {
    expect(looksEvery(12, 1000)).toBe((SPAN * 12) / 738);
    expect(looksEvery(45, 60)).toBe(EVERYTHING);
    expect(looksEvery(44, 60)).toBe(SPAN * 44);
  });
});

describe('a look', () => {
  const ask = (state: BudgetState, over: { calls?: number; planned?: number; at?: number; limit?: number } = {}) =>
    holdBackLook(
      { workspace: 'acme', calls: over.calls ?? 20, planned: over.planned ?? 0 },
      state,
      over.limit ?? 1000,
      over.at ?? NOON,
    );
  const looked: BudgetState = { ...EMPTY_BUDGET, looks: looks({ acme: 20 }) };
  // 61 min × 20 / (750 − 20)
  const interval = (61 * MINUTE * 20) / 730;

  it('waits for its turn, from the minute on that it comes in', () => {
    expect(ask(looked, { at: NOON + interval - 1 })).toEqual({ why: 'short', until: NOON + 2 * MINUTE });
    expect(ask(looked, { at: NOON + interval })).toBeUndefined();
    expect(ask(looked, { at: NOON + 5 })).toEqual({ why: 'short', until: NOON + 2 * MINUTE });
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

  it('is spaced by slots: one that comes late does not put off the next', () => {
    const state = { ...EMPTY_BUDGET, looks: { acme: { at: NOON, slot: NOON, calls: 20 } } };
    const late = NOON + 2 * MINUTE;
    expect(addLook('acme', 20, state, 1000, late)).toEqual({ acme: { at: late, slot: NOON + interval, calls: 20 } });
  });

  it('does not make up for slots that were missed', () => {
    const state = { ...EMPTY_BUDGET, looks: { acme: { at: NOON, slot: NOON, calls: 20 } } };
    const late = NOON + HOUR;
    expect(addLook('acme', 20, state, 1000, late).acme?.slot).toBeCloseTo(late - interval, 6);
  });

  it('begins its slots anew where nothing is known, or nothing can be foreseen', () => {
    expect(addLook('acme', 20, EMPTY_BUDGET, 1000, NOON)).toEqual({ acme: { at: NOON, slot: NOON, calls: 20 } });
    const state = { ...EMPTY_BUDGET, looks: { acme: { at: NOON - HOUR, slot: NOON - HOUR, calls: 80 } } };
    expect(addLook('acme', 80, state, 100, NOON)).toEqual({ acme: { at: NOON, slot: NOON, calls: 80 } });
  });
});

/** Hours of ticks: whoever wants to look asks, creates come as they like, and every call is written down. */
function live(world: {
  readonly limit: number;
  readonly costs: Readonly<Record<string, number>>;
  readonly everyMs: number;
  readonly hours: number;
  readonly creates: (tick: number) => number;
  readonly queue: boolean;
}) {
  let state = EMPTY_BUDGET;
  const sent: { at: number; calls: number; importance: Importance }[] = [];
  const looked: number[] = [];
  const send = (importance: Importance, amount: number, at: number) => {
    if (amount === 0) return;
    sent.push({ at, calls: amount, importance });
    state = addCalls(state, importance === 'look' ? 'look' : 'other', amount, at);
  };
  for (let tick = 0; tick * world.everyMs < world.hours * HOUR; tick += 1) {
    const at = NOON + 17_000 + tick * world.everyMs;
    let planned = 0;
    for (const [workspace, cost] of Object.entries(world.costs)) {
      if (holdBackLook({ workspace, calls: cost, planned }, state, world.limit, at)) continue;
      planned += cost;
      state = { ...state, looks: { ...state.looks, ...addLook(workspace, cost, state, world.limit, at) } };
      if (workspace === 'acme') looked.push(at);
    }
    // The client asks again before each call, so that a look that is too dear is broken off.
    send('look', Math.min(planned, allowance('look', state, world.limit, at)), at);
    send('create', Math.min(world.creates(tick), allowance('create', state, world.limit, at)), at);
    if (world.queue) send('queue', Math.min(500, allowance('queue', state, world.limit, at)), at);
  }
  const inHourBefore = (at: number, which: readonly Importance[]) =>
    sent
      .filter((call) => call.at > at - HOUR && call.at <= at && which.includes(call.importance))
      .reduce((sum, call) => sum + call.calls, 0);
  return { sent, looked, inHourBefore, used: () => usedCalls(state, NOON + world.hours * HOUR) };
}

describe('hours of ticks', () => {
  it('never more calls in any hour than the limit, nor for looking and the queue than their part', () => {
    fc.assert(
      fc.property(
        fc.record({
          limit: fc.integer({ min: 60, max: 2000 }),
          costs: fc.record({ acme: fc.integer({ min: 1, max: 40 }), labs: fc.integer({ min: 1, max: 60 }) }),
          everyMs: fc.constantFrom(10_000, 60_000, 90_000, 300_000),
          burst: fc.integer({ min: 0, max: 60 }),
          queue: fc.boolean(),
        }),
        ({ burst, ...world }) => {
          const { sent, inHourBefore } = live({ ...world, hours: 3, creates: (tick) => (tick % 7 === 0 ? burst : 0) });
          for (const { at } of sent) {
            expect(inHourBefore(at, ['create', 'look', 'queue'])).toBeLessThanOrEqual(world.limit);
            expect(inHourBefore(at, ['look', 'queue'])).toBeLessThanOrEqual(world.limit - Math.ceil(world.limit / 4));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['plenty: at every tick', 10, 1000, 60],
    ['just enough: at every tick', 12, 1000, 60],
    ['a little too dear: nearly at every tick', 13, 1000, 55],
    ['twice too dear: at every second tick', 24, 1000, 29],
    ['a small budget', 4, 60, 10],
  ])('%s', (_, cost, limit, looksPerHour) => {
    const { looked } = live({
      limit,
      costs: { acme: cost },
      everyMs: MINUTE,
      hours: 5,
      creates: () => 0,
      queue: false,
    });
    const perHour = [1, 2, 3, 4].map(
      (hour) => looked.filter((at) => at >= NOON + hour * HOUR && at < NOON + (hour + 1) * HOUR).length,
    );
    for (const count of perHour) expect(Math.abs(count - looksPerHour)).toBeLessThanOrEqual(1);
  });

  it('looks are spread: no gap is longer than the interval and a tick, whatever the queue uses', () => {
    const world = { limit: 1000, costs: { acme: 24 }, everyMs: MINUTE, hours: 4, creates: () => 0, queue: true };
    const { looked } = live(world);
    const gaps = looked.slice(1).map((at, index) => at - (looked[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(looksEvery(24, 1000) + MINUTE);
  });

  it('the queue gets what an hour of looking every minute leaves, and no more', () => {
    const world = { limit: 1000, costs: { acme: 5 }, everyMs: MINUTE, hours: 3, creates: () => 0, queue: true };
    const { looked, inHourBefore } = live(world);
    expect(looked).toHaveLength(180);
    const end = NOON + 3 * HOUR;
    expect(inHourBefore(end, ['look'])).toBe(300);
    expect(inHourBefore(end, ['queue'])).toBeGreaterThan(400);
  });

  it('creates go on while looking is thinned out', () => {
    const world = { limit: 1000, costs: { acme: 10 }, everyMs: MINUTE, hours: 2, queue: true };
    const { looked, sent } = live({ ...world, creates: (tick) => (tick < 30 ? 20 : 0) });
    const created = sent.filter(({ importance }) => importance === 'create');
    expect(created.reduce((sum, call) => sum + call.calls, 0)).toBe(600);
    const gaps = looked.slice(1).map((at, index) => at - (looked[index] ?? 0));
    expect(Math.max(...gaps)).toBeGreaterThan(2 * MINUTE);
    expect(gaps.slice(-10)).toEqual(Array.from({ length: 10 }, () => MINUTE));
  });
});
