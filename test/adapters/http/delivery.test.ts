import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type BackOff, createDelivery, effectOf, type Order, retryDelay } from '#adapters/http/delivery.ts';
import type { Exchange } from '#adapters/http/exchange.ts';
import { fixedIdentity } from '#adapters/http/identity.ts';

const BACK_OFF: BackOff = { firstMs: 250, longestMs: 4_000 };
const OK: Exchange = { kind: 'answer', status: 200, headers: {}, text: '' };
const LOST: Exchange = { kind: 'connection-lost', code: 'ECONNRESET' };
const busy = (retryAfterMs?: number): Exchange => ({ ...OK, status: 429, retryAfterMs });

/** Delivers over exchanges in their order; a wait moves the clock on, and so does an exchange by `takesMs`. */
async function play(exchanges: readonly Exchange[], order: Partial<Order<string>> = {}, takesMs = 0) {
  const waits: number[] = [];
  const left = [...exchanges];
  const clock = { now: 0 };
  const deliver = createDelivery({
    backOff: BACK_OFF,
    random: () => 0,
    now: () => clock.now,
    sleep: async (ms) => {
      waits.push(ms);
      clock.now += ms;
    },
  });
  const as: string[] = [];
  const delivery = await deliver({
    operation: 'read',
    identity: fixedIdentity('us'),
    send: async (who) => {
      as.push(who);
      clock.now += takesMs;
      return left.shift() ?? OK;
    },
    ...order,
  });
  return { ...delivery, waits, as };
}

describe('a delivery', () => {
  it.each([
    ['success', [OK], 1, false],
    ['success in the end', [LOST, busy(), OK], 3, true],
    ['trouble that lasts', [busy(), busy(), busy(), busy()], 4, false],
    ['a refusal after it may have happened', [LOST, { ...OK, status: 403 }], 2, true],
  ] as const)('ends with %s', async (_name, exchanges, attempts, mayHaveHappened) => {
    expect(await play(exchanges)).toMatchObject({ exchange: exchanges.at(-1), attempts, mayHaveHappened });
  });

  it.each([
    ['what Retry-After asks for is too long', [busy(15_001)], 0, []],
    ['it has waited for as long as it may', [busy(15_000), busy(1)], 0, [15_000]],
    ['the waits add up', [busy(6_000), busy(6_000), busy(6_000)], 0, [6_000, 6_000]],
    ['the attempts take long', [LOST, LOST, LOST], 8_000, [0]],
  ] as const)('gives up when %s', async (_name, exchanges, takesMs, waits) => {
    const { exchange, ...rest } = await play(exchanges, {}, takesMs);
    expect(exchange).not.toBe(OK);
    expect(rest.waits).toEqual(waits);
  });

  it('waits until the budget is spent to the millisecond', async () => {
    expect(await play([busy(15_000)])).toMatchObject({ waits: [15_000], attempts: 2, exchange: OK });
  });

  it('says when an identity took too long', async () => {
    const identity = {
      current: () => Promise.reject(new DOMException('too long', 'TimeoutError')),
      renew: () => false,
    };
    expect(await play([], { identity, operation: 'register' })).toMatchObject({
      exchange: { kind: 'timed-out' },
      mayHaveHappened: true,
    });
  });

  it('does not repeat a 409 that is no conflict', async () => {
    const exists: Exchange = { ...OK, status: 409 };
    const order = { operation: 'cluster-call', isConflict: () => false } as const;
    expect(await play([exists], order)).toMatchObject({ exchange: exists, attempts: 1 });
    expect(await play([exists], { operation: 'cluster-call' })).toMatchObject({ exchange: OK, attempts: 2 });
  });

  it('goes on as somebody else when refused, once, and does not count it', async () => {
    const names = ['us', 'us again', 'us at last'];
    const identity = {
      current: async () => names[0] ?? '',
      renew: (_used: string, exchange: Exchange) => exchange === refused && names.shift() !== undefined,
    };
    const refused: Exchange = { ...OK, status: 401 };
    const { as, attempts, exchange } = await play([refused, LOST, refused, OK], { identity });
    expect({ as, attempts, exchange }).toEqual({ as: ['us', 'us again', 'us again'], attempts: 2, exchange: refused });
  });

  it('without an identity is not sent', async () => {
    const error = new Error('no credentials');
    let asked = 0;
    const current = () => {
      asked += 1;
      return Promise.reject(error);
    };
    expect(await play([], { identity: { current, renew: () => true } })).toMatchObject({
      exchange: { kind: 'not-sent', error },
      mayHaveHappened: false,
      as: [],
    });
    expect(asked).toBe(1);
  });

  it('whose identity takes too long has timed out', async () => {
    const error = Object.assign(new Error('too slow'), { name: 'TimeoutError' });
    const identity = { current: () => Promise.reject(error), renew: () => false };
    const { exchange, as } = await play([], { operation: 'register', identity });
    expect({ exchange, as }).toEqual({ exchange: { kind: 'timed-out', code: 'ETIMEDOUT' }, as: [] });
  });

  it('whose identity fails with something that is no error says what', async () => {
    const identity = { current: () => Promise.reject('odd'), renew: () => false };
    expect((await play([], { identity })).exchange).toEqual({ kind: 'not-sent', error: new Error('odd') });
  });

  it('waits by the clock on the wall unless told otherwise', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const left = [LOST, OK];
    const send = vi.fn(async () => left.shift() ?? OK);
    const deliver = createDelivery({ backOff: BACK_OFF, random: () => 0.5 });
    const delivery = deliver({ operation: 'read', identity: fixedIdentity('us'), send });
    await vi.advanceTimersByTimeAsync(124);
    expect(send).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await delivery).toMatchObject({ exchange: OK, attempts: 2 });
  });
});

describe('the back-off', () => {
  it.each([
    { attempts: 1, random: 0, delay: 0 },
    { attempts: 1, random: 0.5, delay: 125 },
    { attempts: 3, random: 0.5, delay: 500 },
    { attempts: 20, random: 0.5, delay: 2_000 },
  ])('has full jitter: attempt $attempts at $random', ({ attempts, random, delay }) => {
    expect(retryDelay(attempts, { kind: 'timed-out', code: 'ETIMEDOUT' }, BACK_OFF, () => random)).toBe(delay);
  });
});

it.each([
  [{ kind: 'answer', status: 403, headers: {}, text: '' }, false, { outcome: 'refused', status: 403 }],
  [{ kind: 'answer', status: 502, headers: {}, text: '' }, true, { outcome: 'unknown', status: 502 }],
  [{ kind: 'timed-out', code: 'ETIMEDOUT' }, true, { outcome: 'unknown' }],
] as const)('an error after %j tells its effect', (exchange, mayHaveHappened, effect) => {
  expect(effectOf({ exchange, attempts: 1, mayHaveHappened })).toEqual(effect);
});
