import { describe, expect, it } from 'vitest';
import { createCallBudget } from '#adapters/budget/ledger.ts';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import type { CallBudget } from '#core/budget/call-budget.ts';
import type { Importance } from '#core/budget/hour.ts';
import { budgetsOf, followBudgets, type TickBudget } from '#core/budget/tick-budgets.ts';
import type { StateStore } from '#core/ports.ts';
import { group, NOON } from '#kit/fleet.ts';
import { calls, MINUTE } from '../../adapters/budget/states.ts';

const scope = (workspace: string, repository?: string) => ({ workspace, ...(repository && { repository }) });

function budgetNamed(credential: string, limit = 1000): CallBudget {
  return createCallBudget({ credential, key: `budget/${credential}`, limit: () => limit, now: () => NOON });
}

function spend(budget: CallBudget, count: number): void {
  for (let call = 0; call < count; call += 1) budget.count('create');
}

function attempt(budget: CallBudget, importance: Importance): void {
  try {
    budget.admit(importance, 'x');
  } catch {}
}

describe('the budgets of a tick', () => {
  it('are those of its workspaces, each once', () => {
    const [ci, other] = [budgetNamed('ci'), budgetNamed('other')];
    const groups = [
      group(),
      group({ name: 'site', scope: scope('acme', 'site') }),
      group({ name: 'labs', scope: scope('labs') }),
      group({ name: 'else', scope: scope('else') }),
    ];
    const budgetOf = (workspace: string) => (workspace === 'else' ? other : ci);
    const budgets = budgetsOf(groups, { budgetOf });
    expect(budgets.allow()).toMatchObject([
      { credential: ci.credential, workspaces: ['acme', 'labs'] },
      { credential: other.credential, workspaces: ['else'] },
    ]);
    expect(budgets.keys).toEqual([ci.key, other.key]);
    expect(budgetsOf(groups, {}).keys).toEqual([]);
  });
});

describe('planning the looks', () => {
  const scopes = [scope('acme'), scope('acme', 'a'), scope('labs')];
  const ci = (limit: number): readonly [TickBudget, CallBudget] => {
    const budget = budgetNamed('ci', limit);
    return [{ budget, workspaces: ['acme', 'labs'] }, budget];
  };

  it('takes up what is remembered, and holds nothing back when there is plenty', () => {
    const [entry, budget] = ci(1000);
    const held = followBudgets([entry]).planLooks(
      new Map([['budget/ci', { version: 3, value: calls([1, 5, 0]) }]]),
      scopes,
      NOON,
    );
    expect(held).toEqual(new Map());
    expect(budget.usage().used).toBe(5);
  });

  it('goes on with what the process knows when memory cannot be read', () => {
    const [entry, budget] = ci(1000);
    spend(budget, 5);
    followBudgets([entry]).planLooks(undefined, scopes, NOON);
    expect(budget.usage().used).toBe(5);
  });

  it('counts a list per scope for a workspace that it does not know, and gives the first one what there is', () => {
    const [entry, budget] = ci(60);
    spend(budget, 43);
    const held = followBudgets([entry]).planLooks(undefined, scopes, NOON);
    expect([...held]).toEqual([
      [
        'labs',
        {
          code: 'look-held-back',
          text: 'not looked at, to spare the hourly calls of credential ci (43 of 60 made here); the next look is in 1h 1m',
          values: { credential: 'ci', why: 'short', used: 43, limit: 60, waitMs: 61 * MINUTE },
        },
      ],
    ]);
  });

  it('holds back a workspace of many lists, and not one of few, where there is too little for the many', () => {
    const [entry, budget] = ci(60);
    spend(budget, 44);
    expect([...followBudgets([entry]).planLooks(undefined, scopes, NOON).keys()]).toEqual(['acme']);
  });

  it('counts as many calls as the look before took, if these were more', () => {
    const [entry, budget] = ci(1000);
    budget.looked('labs', 300, NOON - 60 * MINUTE);
    spend(budget, 452);
    expect([...followBudgets([entry]).planLooks(undefined, scopes, NOON).keys()]).toEqual(['labs']);
  });

  it('notes the looks that were made', () => {
    const [entry, budget] = ci(1000);
    followBudgets([entry]).noteLooks((workspace) => (workspace === 'acme' ? 4 : undefined), NOON);
    expect([budget.lastLook('acme'), budget.lastLook('labs')]).toEqual([4, undefined]);
  });

  it('keeps what it knows of a workspace that the tick left out', () => {
    const [entry, budget] = ci(1000);
    budget.looked('labs', 7, NOON - MINUTE);
    followBudgets([entry]).noteLooks((workspace) => (workspace === 'acme' ? 4 : undefined), NOON);
    expect(budget.lastLook('labs')).toBe(7);
  });
});

describe('where the budgets stand', () => {
  it('is observed with what they pay for', () => {
    const budget = budgetNamed('ci');
    spend(budget, 850);
    expect(followBudgets([{ budget, workspaces: ['acme'] }]).allow()).toEqual([
      { credential: 'ci', workspaces: ['acme'], limit: 1000, left: 150, creates: 50, moreAt: NOON + 61 * MINUTE },
    ]);
  });

  it('is observed with what Bitbucket allows for queues alone', () => {
    const budget = budgetNamed('ci');
    budget.heard({ status: 200, rateLimit: { resource: 'api', limit: 1700 } });
    expect(followBudgets([{ budget, workspaces: ['acme'] }]).allow()).toMatchObject([
      { left: 1000, leftForQueues: 700 },
    ]);
  });

  it('is reported with what happened since, and not before', () => {
    const budget = budgetNamed('ci');
    spend(budget, 760);
    attempt(budget, 'look');
    budget.heard({ status: 429 });
    const follow = followBudgets([{ budget, workspaces: ['acme'] }]);
    expect(follow.report()).toEqual([
      { credential: 'ci', limit: 1000, used: 760, left: 240, throttled: 0, heldBack: [] },
    ]);
    budget.heard({ status: 429 });
    budget.turnedAway(60_000);
    attempt(budget, 'look');
    attempt(budget, 'removal');
    expect(follow.report()).toEqual([
      {
        credential: 'ci',
        limit: 1000,
        used: 760,
        left: 240,
        throttled: 3,
        throttledUntil: new Date(NOON + 60_000).toISOString(),
        heldBack: ['removal', 'look'],
      },
    ]);
  });

  it('is reported with all that was held back, most important first, but not with what was not sent before', () => {
    const budget = budgetNamed('ci');
    budget.turnedAway(60_000);
    attempt(budget, 'look');
    const follow = followBudgets([{ budget, workspaces: ['acme'] }]);
    for (const importance of ['queue', 'look', 'create', 'removal'] as const) attempt(budget, importance);
    expect(follow.report()).toMatchObject([{ throttled: 4, heldBack: ['removal', 'create', 'look', 'queue'] }]);
  });
});

describe('saving', () => {
  const entry = (budget: CallBudget): TickBudget => ({ budget, workspaces: ['acme'] });
  const usedIn = async (store: StateStore) => {
    const budget = budgetNamed('ci');
    budget.restore((await store.load(['budget/ci'])).get('budget/ci'));
    return budget.usage().used;
  };

  it('adds up what shards add at the same moment', async () => {
    const store = createMemoryStateStore();
    const shards = [1, 2, 3, 4, 5, 6].map((count) => {
      const budget = budgetNamed('ci');
      spend(budget, count);
      return budget;
    });
    const problems = await Promise.all(shards.map((budget) => followBudgets([entry(budget)]).save(store, NOON)));
    expect(problems.flat()).toEqual([]);
    await expect(usedIn(store)).resolves.toBe(21);
  });

  it('writes nothing when nothing was added', async () => {
    const store: StateStore = { ...createMemoryStateStore(), save: () => Promise.reject(new Error('not asked')) };
    await expect(followBudgets([entry(budgetNamed('ci'))]).save(store, NOON)).resolves.toEqual([]);
  });

  it.each([
    ['the store as a whole', () => Promise.reject(new Error('no table'))],
    ['the document', async () => [{ key: 'budget/ci', failure: 'no table' }]],
  ])('says what kept it from being saved (%s), and keeps it for the next tick', async (_, save) => {
    const store = createMemoryStateStore();
    const budget = budgetNamed('ci');
    spend(budget, 4);
    await expect(followBudgets([entry(budget)]).save({ ...store, save }, NOON)).resolves.toEqual([
      'The calls of credential ci could not be saved: no table',
    ]);
    await expect(followBudgets([entry(budget)]).save(store, NOON)).resolves.toEqual([]);
    await expect(usedIn(store)).resolves.toBe(4);
  });

  it('leaves to the next tick what others never stop changing', async () => {
    let tries = 0;
    const store: StateStore = {
      ...createMemoryStateStore(),
      save: async ([change]) => {
        tries += 1;
        return change === undefined ? [] : [{ key: change.key }];
      },
    };
    const budget = budgetNamed('ci');
    spend(budget, 4);
    await expect(followBudgets([entry(budget)]).save(store, NOON)).resolves.toEqual([]);
    expect(tries).toBe(8);
    expect(budget.unsaved()).toBeDefined();
  });
});
