/** The client under the budget of its credential: what it asks, counts and passes on. */
import { describe, expect, it } from 'vitest';
import { createCallBudget } from '#adapters/budget/ledger.ts';
import { BudgetError } from '#core/errors.ts';
import { ACME, CREDENTIALS, NOON, RUNNER, setUp } from './setup.ts';

const MINUTE = 60_000;

async function setUpWithBudget(options: Parameters<typeof setUp>[0] & { readonly limit?: number } = {}) {
  const clock = { now: NOON };
  const { limit = 1000, ...rest } = options;
  const budget = createCallBudget({ credential: 'ci', key: 'budget/ci', limit: () => limit, now: () => clock.now });
  const setup = await setUp({ meter: budget, ...rest });
  const [runner] = setup.bitbucket.addRunners(ACME, 1);
  if (runner === undefined) throw new Error('no runner was added');
  return { ...setup, budget, clock, uuid: runner.uuid };
}

const spend = ({ count }: { count: (importance: 'create') => void }, calls: number) => {
  for (let call = 0; call < calls; call += 1) count('create');
};

describe('what calls are for', () => {
  it('lists and look-ups are looking, registrations are creates, the rest is for removals', async () => {
    const { api, budget, uuid } = await setUpWithBudget();
    await api.list(ACME);
    await api.identify(ACME);
    await api.register(ACME, RUNNER);
    await api.get(ACME, uuid);
    await api.disable(ACME, uuid);
    await api.remove(ACME, uuid);
    expect(budget.unsaved()?.value).toMatchObject({ calls: [{ look: 2, other: 4 }] });
  });

  it.each([
    ['little is left: no look, all else', 750, ['list', 'identify']],
    ['next to nothing is left: only removals', 900, ['list', 'identify', 'register']],
    ['nothing is left: removals all the same', 1200, ['list', 'identify', 'register']],
  ])('%s', async (_, spent, refused) => {
    const { api, budget, bitbucket, uuid } = await setUpWithBudget();
    spend(budget, spent);
    const calls = {
      list: () => api.list(ACME),
      identify: () => api.identify(ACME),
      register: () => api.register(ACME, RUNNER),
      get: () => api.get(ACME, uuid),
      disable: () => api.disable(ACME, uuid),
      remove: () => api.remove(ACME, uuid),
    };
    const held: string[] = [];
    for (const [name, call] of Object.entries(calls)) {
      await Promise.resolve(call()).catch((error: unknown) => {
        expect(error).toBeInstanceOf(BudgetError);
        held.push(name);
      });
    }
    expect(held).toEqual(refused);
    expect(bitbucket.requests).toHaveLength(6 - refused.length);
  });

  it('says which call was held back', async () => {
    const { api, budget } = await setUpWithBudget();
    spend(budget, 800);
    await expect(api.list(ACME)).rejects.toThrow(
      /^Listing the runners of acme was held back: .* credential ci .* in 1h/,
    );
  });
});

describe('what is counted', () => {
  it('every page, every repeat and every token', async () => {
    const { api, budget, bitbucket, calls } = await setUpWithBudget({ credential: CREDENTIALS.oauth });
    bitbucket.addRunners(ACME, 150);
    bitbucket.script({ method: 'GET', times: 2, reply: { status: 503 } });
    await api.list(ACME);
    expect(bitbucket.requests).toHaveLength(5);
    expect([budget.usage().used, calls()]).toEqual([5, 5]);
    expect(budget.unsaved()?.value).toMatchObject({ calls: [{ look: 4, other: 1 }] });
  });

  it('a list that runs out of calls half-way is broken off', async () => {
    const { api, budget, bitbucket } = await setUpWithBudget();
    bitbucket.addRunners(ACME, 350);
    spend(budget, 748);
    await expect(api.list(ACME)).rejects.toBeInstanceOf(BudgetError);
    expect(bitbucket.requests).toHaveLength(2);
  });
});

describe('what Bitbucket says of its limit', () => {
  const page = { values: [], size: 0 };
  it.each([
    ['nothing', {}, { limit: 1000, left: 999 }],
    [
      'the limit and that it is near',
      { 'X-RateLimit-Limit': '900', 'X-RateLimit-NearLimit': 'true' },
      { limit: 900, left: 180 },
    ],
    [
      'that it is not near',
      { 'X-RateLimit-Limit': '900', 'X-RateLimit-NearLimit': 'false' },
      { limit: 900, left: 899 },
    ],
    ['what remains', { 'X-RateLimit-Limit': '1000', 'X-RateLimit-Remaining': '12' }, { limit: 1000, left: 12 }],
    ['that nothing remains', { 'X-RateLimit-Remaining': '0' }, { limit: 1000, left: 0 }],
    ['with capitals and blanks', { 'X-RateLimit-NearLimit': ' TRUE ' }, { limit: 1000, left: 200 }],
    [
      'nonsense',
      { 'X-RateLimit-Limit': 'many', 'X-RateLimit-Remaining': '-1', 'X-RateLimit-NearLimit': 'perhaps' },
      { limit: 1000, left: 999 },
    ],
    ['a limit of nothing', { 'X-RateLimit-Limit': '0' }, { limit: 1000, left: 999 }],
  ])('%s', async (_, headers, expected) => {
    const { api, budget, bitbucket } = await setUpWithBudget();
    bitbucket.script({ reply: { status: 200, headers, body: page } });
    await api.list(ACME);
    expect(budget.usage()).toMatchObject(expected);
  });

  it.each([
    ['for where queues are counted', ' API '],
    ['for something else', 'git'],
    ['for nobody knows what', ''],
  ])('a larger limit %s', async (name, resource) => {
    const { api, budget, bitbucket } = await setUpWithBudget();
    const headers = { 'X-RateLimit-Limit': '5000', 'X-RateLimit-Resource': resource };
    bitbucket.script({ reply: { status: 200, headers, body: page } });
    await api.list(ACME);
    budget.count('queue');
    expect(budget.usage().used).toBe(name === 'for where queues are counted' ? 1 : 2);
  });
});

describe('429', () => {
  it('that passes is repeated, counted, and holds nothing back', async () => {
    const { api, budget, bitbucket } = await setUpWithBudget();
    bitbucket.script({ times: 2, reply: { status: 429 } });
    await api.list(ACME);
    expect(budget.usage()).toMatchObject({ used: 3, throttledAnswers: 2 });
    expect(budget.usage()).not.toHaveProperty('throttledUntil');
  });

  it('that does not pass holds everything back, for a minute when it does not say', async () => {
    const { api, budget, bitbucket, clock, uuid } = await setUpWithBudget();
    bitbucket.script({ times: 4, reply: { status: 429 } });
    await expect(api.list(ACME)).rejects.toMatchObject({ status: 429 });
    expect(budget.usage()).toMatchObject({ throttledAnswers: 4, throttledUntil: NOON + MINUTE });
    bitbucket.forgetRequests();
    await expect(api.remove(ACME, uuid)).rejects.toThrow(/Bitbucket throttles the credential ci; it goes on in 1m/);
    expect(bitbucket.requests).toEqual([]);
    clock.now += MINUTE;
    await api.remove(ACME, uuid);
    expect(bitbucket.requests).toHaveLength(1);
  });

  it('that asks for more than a tick has is heeded at once', async () => {
    const { api, budget, bitbucket } = await setUpWithBudget();
    bitbucket.script({ reply: { status: 429, headers: { 'Retry-After': '300' } } });
    await expect(api.list(ACME)).rejects.toMatchObject({ status: 429 });
    expect(bitbucket.requests).toHaveLength(1);
    expect(budget.usage().throttledUntil).toBe(NOON + 5 * MINUTE);
  });

  it('of the token endpoint counts as well', async () => {
    const { api, budget, bitbucket } = await setUpWithBudget({ credential: CREDENTIALS.oauth });
    bitbucket.script({
      method: 'POST',
      path: 'access_token',
      reply: { status: 429, headers: { 'Retry-After': '60' } },
    });
    await expect(api.list(ACME)).rejects.toMatchObject({ status: 429 });
    await expect(api.list(ACME)).rejects.toBeInstanceOf(BudgetError);
    expect(budget.usage()).toMatchObject({ throttledAnswers: 1, unsent: 1 });
  });
});
