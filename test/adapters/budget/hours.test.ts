/** Budgets over hours: what the rule comes to when everybody keeps to it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addLook, allowance, holdBackLook } from '#adapters/budget/priority.ts';
import { addCalls, EMPTY_BUDGET } from '#adapters/budget/state.ts';
import { type Importance, isCheapLook, looksEvery } from '#core/budget/hour.ts';
import { NOON } from '#kit/fleet.ts';
import { HOUR, MINUTE } from './states.ts';

/** What a cheap look may use although looking has had its part. */
function grantOf(cost: number, limit: number): number {
  return isCheapLook(cost, limit) ? cost : 0;
}

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
    let granted = 0;
    for (const [workspace, cost] of Object.entries(world.costs)) {
      if (holdBackLook({ workspace, calls: cost, planned }, state, world.limit, at)) continue;
      planned += cost;
      granted += grantOf(cost, world.limit);
      state = { ...state, looks: { ...state.looks, ...addLook(workspace, cost, state, world.limit, at) } };
      if (workspace === 'acme') looked.push(at);
    }
    // The client asks again before each call, so that a look that is too dear is broken off.
    send('look', Math.min(planned, Math.max(granted, allowance('look', state, world.limit, at))), at);
    send('create', Math.min(world.creates(tick), allowance('create', state, world.limit, at)), at);
    if (world.queue) send('queue', Math.min(500, allowance('queue', state, world.limit, at)), at);
  }
  const inHourBefore = (at: number, which: readonly Importance[]) =>
    sent
      .filter((call) => call.at > at - HOUR && call.at <= at && which.includes(call.importance))
      .reduce((sum, call) => sum + call.calls, 0);
  return { sent, looked, inHourBefore };
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
          const most = (which: readonly Importance[]) => Math.max(0, ...sent.map(({ at }) => inHourBefore(at, which)));
          expect(most(['create', 'look', 'queue'])).toBeLessThanOrEqual(world.limit);
          // Cheap looks go on every five minutes, also when they have had their part.
          const cheap = Object.values(world.costs).filter((cost) => cost <= world.limit / 12);
          const least = 13 * cheap.reduce((sum, cost) => sum + cost, 0);
          expect(most(['look', 'queue'])).toBeLessThanOrEqual(world.limit - Math.ceil(world.limit / 4) + least);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['plenty: at every tick', 10, 1000, 60],
    ['just enough: at every tick', 11, 1000, 60],
    ['a little too dear: nearly at every tick', 13, 1000, 55],
    ['twice too dear: at every second tick', 24, 1000, 29],
    ['a small budget: every five minutes', 4, 60, 12],
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
