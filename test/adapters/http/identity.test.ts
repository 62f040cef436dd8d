import { describe, expect, it } from 'vitest';
import type { Exchange } from '#adapters/http/exchange.ts';
import { fixedIdentity, renewableIdentity } from '#adapters/http/identity.ts';

const REFUSED: Exchange = { kind: 'answer', status: 401, headers: {}, text: '' };
const FINE: Exchange = { ...REFUSED, status: 200 };

/** Tokens `1`, `2`, … each kept for ten milliseconds of a clock that is moved by hand. */
function tokens() {
  const asked = { times: 0, forgotten: 0, now: 0, failing: false };
  const identity = renewableIdentity({
    now: () => asked.now,
    isRefusal: (exchange) => exchange === REFUSED,
    onForget: () => {
      asked.forgotten += 1;
    },
    ask: () => {
      asked.times += 1;
      // At once, before there is a promise.
      if (asked.failing) throw new Error('nothing to be had');
      return Promise.resolve({ who: `${asked.times}`, until: asked.now + 10 });
    },
  });
  return { identity, asked };
}

describe('an identity', () => {
  it('is asked for once by all who need it at the same time, and kept as long as it may be', async () => {
    const { identity, asked } = tokens();
    expect(await Promise.all([identity.current(), identity.current(), identity.current()])).toEqual(['1', '1', '1']);
    asked.now = 9;
    expect(await identity.current()).toBe('1');
    asked.now = 10;
    expect(await Promise.all([identity.current(), identity.current()])).toEqual(['2', '2']);
  });

  it('is forgotten once for all requests that were refused with it', async () => {
    const { identity, asked } = tokens();
    const used = await identity.current();
    expect([identity.renew(used, REFUSED), identity.renew(used, REFUSED)]).toEqual([true, true]);
    expect(await identity.current()).toBe('2');
    expect(identity.renew(used, REFUSED)).toBe(true);
    expect([await identity.current(), asked.forgotten]).toEqual(['2', 1]);
  });

  it('stays when an exchange says nothing against it', async () => {
    const { identity } = tokens();
    expect(identity.renew(await identity.current(), FINE)).toBe(false);
    expect(await identity.current()).toBe('1');
  });

  it('that could not be had is asked for again', async () => {
    const { identity, asked } = tokens();
    asked.failing = true;
    await expect(identity.current()).rejects.toThrow('nothing to be had');
    asked.failing = false;
    expect(await identity.current()).toBe('2');
  });
});

it('one that never changes stays, whatever is refused', async () => {
  const identity = fixedIdentity('us');
  expect(identity.renew('us', REFUSED)).toBe(false);
  expect(await identity.current()).toBe('us');
});
