import { describe, expect, it } from 'vitest';
import { createCallBudget } from '#adapters/budget/ledger.ts';
import { EMPTY_BUDGET, parseBudget } from '#adapters/budget/state.ts';
import type { CallBudget } from '#core/budget/call-budget.ts';
import { BudgetError, ServiceError } from '#core/errors.ts';
import { NOON } from '#kit/fleet.ts';
import { calls, HOUR, MINUTE } from './states.ts';

function setUp(limit = 1000) {
  const clock = { now: NOON };
  const budget = createCallBudget({ credential: 'ci', key: 'budget/ci', limit: () => limit, now: () => clock.now });
  return { clock, budget };
}

function spend(budget: CallBudget, look: number, other = 0): void {
  for (let call = 0; call < look; call += 1) budget.count('look');
  for (let call = 0; call < other; call += 1) budget.count('create');
}

function refusal(budget: CallBudget, importance: Parameters<CallBudget['admit']>[0]): unknown {
  try {
    return budget.admit(importance, 'Listing');
  } catch (error) {
    return error;
  }
}

describe('a budget', () => {
  it('nobody has used yet admits everything', () => {
    const { budget } = setUp();
    for (const importance of ['removal', 'create', 'look', 'queue'] as const) {
      expect(refusal(budget, importance)).toBeUndefined();
    }
    expect(budget.usage()).toEqual({
      limit: 1000,
      used: 0,
      left: 1000,
      leftForQueues: 0,
      creates: 900,
      moreAt: NOON + HOUR,
      throttledAnswers: 0,
      unsent: 0,
      refused: { removal: 0, create: 0, look: 0, queue: 0 },
    });
    expect(budget.unsaved()).toBeUndefined();
  });

  it('refuses with a sentence and the facts that a report needs, and counts the refusals', () => {
    const { budget, clock } = setUp();
    spend(budget, 500, 250);
    clock.now += 30_000;
    const error = refusal(budget, 'look');
    expect(error).toBeInstanceOf(BudgetError);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({
      name: 'BudgetError',
      outcome: 'refused',
      message:
        'Listing was held back: what is left of the hourly calls of the credential ci is kept for what is more important; it goes on in 1h 30s.',
      facts: { credential: 'ci', why: 'short', used: 750, limit: 1000, waitMs: 60 * MINUTE + 30_000 },
    });
    expect(refusal(budget, 'create')).toBeUndefined();
    expect(budget.usage()).toMatchObject({ used: 750, left: 250, unsent: 0, refused: { look: 1, create: 0 } });
    expect(budget.usage()).toMatchObject({ creates: 150, moreAt: NOON + 61 * MINUTE });
  });

  it('counts what is not for looking apart', () => {
    const { budget } = setUp();
    for (const importance of ['removal', 'create', 'look', 'queue'] as const) budget.count(importance);
    expect(parseBudget(budget.unsaved()?.value)).toEqual(calls([0, 1, 3]));
  });

  it('follows a limit that the configuration changes', () => {
    let limit = 1000;
    const budget = createCallBudget({ credential: 'ci', key: 'k', limit: () => limit, now: () => NOON });
    spend(budget, 50);
    limit = 60;
    expect(budget.usage()).toMatchObject({ limit: 60, left: 10, creates: 4 });
  });
});

describe('what Bitbucket says', () => {
  it.each([
    ['how many are left', { limit: 1000, remaining: 120 }, { limit: 1000, left: 120 }],
    ['how many are left, without a limit', { remaining: 7 }, { limit: 1000, left: 7 }],
    ['that few are left: a fifth of the limit at most', { limit: 900, nearLimit: true }, { limit: 900, left: 180 }],
    ['that few are left, without a limit', { nearLimit: true }, { limit: 1000, left: 200 }],
    ['that enough are left', { limit: 900, nearLimit: false }, { limit: 900, left: 899 }],
    ['more than we allow ourselves', { limit: 5000, remaining: 4000 }, { limit: 1000, left: 999 }],
    ['nothing', {}, { limit: 1000, left: 999 }],
  ])('counts: %s', (_, rateLimit, expected) => {
    const { budget } = setUp();
    spend(budget, 1);
    budget.heard({ status: 200, rateLimit });
    expect(budget.usage()).toMatchObject(expected);
  });

  it('is replaced by what it says next, and not by an answer that says nothing', () => {
    const { budget } = setUp();
    budget.heard({ status: 200, rateLimit: { limit: 1000, nearLimit: true } });
    budget.heard({ status: 200, rateLimit: {} });
    budget.heard({ status: 200 });
    expect(budget.usage().left).toBe(200);
    expect(budget.usage().throttledAnswers).toBe(0);
    budget.heard({ status: 200, rateLimit: { limit: 1000, nearLimit: false } });
    expect(budget.usage().left).toBe(1000);
  });
});

describe('a larger limit that Bitbucket names', () => {
  const queues = (budget: CallBudget, count: number) => {
    for (let call = 0; call < count; call += 1) budget.count('queue');
  };

  it('for where queues are counted pays for that, and leaves the rest to others', () => {
    const { budget } = setUp();
    budget.heard({ status: 200, rateLimit: { resource: 'api', limit: 2000 } });
    queues(budget, 1000);
    expect(budget.usage()).toMatchObject({ limit: 1000, used: 0, left: 1000 });
    expect(refusal(budget, 'queue')).toBeUndefined();
    queues(budget, 750);
    expect(budget.usage()).toMatchObject({ used: 750, left: 250 });
    expect(refusal(budget, 'queue')).toBeInstanceOf(BudgetError);
    budget.count('create');
    expect(budget.usage().used).toBe(751);
  });

  it('pays for nothing but counting queues', () => {
    const { budget } = setUp();
    budget.heard({ status: 200, rateLimit: { resource: 'api', limit: 2000 } });
    for (const importance of ['removal', 'create', 'look', 'queue'] as const) budget.count(importance);
    expect(budget.usage().used).toBe(3);
  });

  it('ends when Bitbucket names no larger one any more', () => {
    const { budget } = setUp();
    budget.heard({ status: 200, rateLimit: { resource: 'api', limit: 2000 } });
    budget.heard({ status: 200, rateLimit: { resource: 'api', limit: 1000 } });
    queues(budget, 5);
    expect(budget.usage().used).toBe(5);
  });

  it.each([
    ['something else', { resource: 'git', limit: 2000 }],
    ['nobody says what', { limit: 2000 }],
    ['queues, and is none', { resource: 'api', limit: 1000 }],
    ['queues, without a number', { resource: 'api' }],
  ])('for %s raises nothing', (_, rateLimit) => {
    const { budget } = setUp();
    budget.heard({ status: 200, rateLimit });
    queues(budget, 5);
    expect(budget.usage()).toMatchObject({ limit: 1000, used: 5 });
  });
});

describe('a call that Bitbucket turned away', () => {
  it('stops every other, removals too, for as long as it asks', () => {
    const { budget, clock } = setUp();
    budget.heard({ status: 429 });
    budget.turnedAway(90_000);
    expect(refusal(budget, 'removal')).toMatchObject({
      message: 'Listing was held back: Bitbucket throttles the credential ci; it goes on in 1m 30s.',
      facts: { why: 'throttled', waitMs: 90_000 },
    });
    expect(budget.usage()).toMatchObject({ throttledUntil: NOON + 90_000, throttledAnswers: 1, unsent: 1, creates: 0 });
    clock.now += 90_000;
    expect(refusal(budget, 'queue')).toBeUndefined();
    expect(budget.usage()).not.toHaveProperty('throttledUntil');
  });

  it('that does not say how long waits twice as long each time, up to a quarter of an hour', () => {
    const { budget, clock } = setUp();
    const waits = [1, 2, 3, 4, 5, 6].map(() => {
      budget.heard({ status: 429 });
      budget.turnedAway(undefined);
      const until = budget.usage().throttledUntil ?? 0;
      const wait = until - clock.now;
      clock.now = until;
      return wait / MINUTE;
    });
    expect(waits).toEqual([1, 2, 4, 8, 15, 15]);
  });

  it.each([
    ['within a quarter of an hour counts on, whatever was answered in between', 15 * MINUTE - 1, 2],
    ['after a quarter of an hour is the first one again', 15 * MINUTE, 1],
  ])('%s', (_, laterMs, minutes) => {
    const { budget, clock } = setUp();
    budget.turnedAway(undefined);
    clock.now += MINUTE + laterMs;
    budget.heard({ status: 200 });
    budget.turnedAway(undefined);
    expect(budget.usage().throttledUntil).toBe(clock.now + minutes * MINUTE);
  });

  it('is one of many that went out together: one strike, and the longest wait', () => {
    const { budget, clock } = setUp();
    for (const wait of [undefined, 90_000, 30_000, undefined]) budget.turnedAway(wait);
    expect(budget.usage().throttledUntil).toBe(NOON + 90_000);
    clock.now += 90_000;
    budget.turnedAway(undefined);
    expect(budget.usage().throttledUntil).toBe(clock.now + 2 * MINUTE);
  });

  it('never asks for more than an hour', () => {
    const { budget } = setUp();
    budget.turnedAway(86_400_000);
    expect(budget.usage().throttledUntil).toBe(NOON + HOUR);
  });
});

describe('memory', () => {
  it('is what was recalled and what was added to it, saved over the version that was read', () => {
    const { budget } = setUp();
    budget.restore({ version: 7, value: calls([1, 10, 0]) });
    spend(budget, 2, 1);
    const change = budget.unsaved();
    expect(change).toMatchObject({ key: 'budget/ci', expectedVersion: 7 });
    expect(budget.usage().used).toBe(13);
    budget.saved();
    expect(budget.unsaved()).toBeUndefined();
    expect(budget.usage().used).toBe(13);
    spend(budget, 1);
    expect(budget.unsaved()).toMatchObject({ expectedVersion: 8 });
  });

  it('keeps on top of what it recalls what could not be saved', () => {
    const { budget } = setUp();
    budget.restore(undefined);
    spend(budget, 3);
    expect(budget.unsaved()).toMatchObject({ expectedVersion: 0 });
    budget.restore({ version: 2, value: calls([0, 0, 40]) });
    expect(budget.usage().used).toBe(43);
    expect(budget.unsaved()).toMatchObject({ expectedVersion: 2, value: calls([0, 3, 40]) });
  });

  it('keeps what comes while it is being saved for the next time', () => {
    const { budget } = setUp();
    budget.restore({ version: 1, value: EMPTY_BUDGET });
    spend(budget, 0, 1);
    expect(budget.unsaved()).toMatchObject({ expectedVersion: 1, value: calls([0, 0, 1]) });
    budget.count('queue');
    expect(budget.usage().used).toBe(2);
    budget.saved();
    expect(budget.unsaved()).toMatchObject({ expectedVersion: 2, value: calls([0, 0, 2]) });
    expect(budget.usage().used).toBe(2);
  });

  it('does not grow: what has no effect any more is neither kept nor saved', () => {
    const { budget, clock } = setUp();
    for (let minute = 0; minute < 300; minute += 1) {
      clock.now = NOON + minute * MINUTE;
      budget.restore({ version: 1, value: EMPTY_BUDGET });
      spend(budget, 1);
      budget.looked(`workspace-${minute}`, 1, clock.now);
    }
    const { value } = budget.unsaved() ?? {};
    expect(parseBudget(value).calls).toHaveLength(61);
    expect(Object.keys(parseBudget(value).looks)).toHaveLength(120);
  });

  it('that cannot be read starts anew, over the version that is there', () => {
    const { budget } = setUp();
    budget.restore({ version: 3, value: 'nonsense' });
    spend(budget, 1);
    expect(budget.unsaved()).toMatchObject({ expectedVersion: 3, value: calls([0, 1, 0]) });
  });
});

describe('looking', () => {
  it('remembers what a look took, and holds back the next until its turn', () => {
    const { budget } = setUp();
    expect(budget.lastLook('acme')).toBeUndefined();
    expect(budget.holdBackLook({ workspace: 'acme', calls: 100, planned: 0 }, NOON)).toBeUndefined();
    budget.looked('acme', 100, NOON);
    expect(budget.lastLook('acme')).toBe(100);
    const held = budget.holdBackLook({ workspace: 'acme', calls: 100, planned: 0 }, NOON + MINUTE);
    expect(held).toEqual({ why: 'short', until: NOON + 9 * MINUTE });
    expect(budget.usage()).toMatchObject({ refused: { look: 100 }, unsent: 0 });
  });

  /** A look of so many calls that goes ahead at NOON + 5 min although looking has had its part by then. */
  function lookAllowed(cost = 3) {
    const { budget, clock } = setUp();
    budget.looked('acme', cost, NOON);
    spend(budget, 0, 760);
    clock.now += 5 * MINUTE;
    expect(budget.holdBackLook({ workspace: 'acme', calls: cost, planned: 0 }, clock.now)).toBeUndefined();
    return { budget, clock };
  }

  it('that is cheap may make all of its calls, and no more, once it has begun', () => {
    const { budget } = lookAllowed();
    const admitted = Array.from({ length: 5 }, () => refusal(budget, 'look') === undefined);
    expect(admitted).toEqual([true, true, true, false, false]);
  });

  it('that is cheap leaves its calls to nobody else', () => {
    const { budget } = lookAllowed(1);
    expect(refusal(budget, 'create')).toBeUndefined();
    expect(refusal(budget, 'queue')).toBeInstanceOf(BudgetError);
    expect(refusal(budget, 'look')).toBeUndefined();
    expect(refusal(budget, 'look')).toBeInstanceOf(BudgetError);
  });

  it('that is cheap stops all the same while Bitbucket throttles, and goes on then', () => {
    const { budget, clock } = lookAllowed();
    budget.turnedAway(60_000);
    expect(refusal(budget, 'look')).toMatchObject({ facts: { why: 'throttled' } });
    clock.now += 60_000;
    expect(refusal(budget, 'look')).toBeUndefined();
  });

  it('that is cheap has nothing left over for the next tick', () => {
    const { budget } = lookAllowed();
    budget.restore({ version: 1, value: calls([1, 0, 760]) });
    expect(refusal(budget, 'look')).toBeInstanceOf(BudgetError);
  });

  it('that takes much of the hour keeps to the part of looking, however it began', () => {
    const { budget } = setUp();
    expect(budget.holdBackLook({ workspace: 'acme', calls: 100, planned: 0 }, NOON)).toBeUndefined();
    spend(budget, 0, 749);
    expect(refusal(budget, 'look')).toBeUndefined();
    spend(budget, 1);
    expect(refusal(budget, 'look')).toBeInstanceOf(BudgetError);
  });
});
