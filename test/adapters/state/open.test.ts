import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { type OpenDatabase, openStateStore } from '#adapters/state/open.ts';
import { awsEnvironment, json, scriptedService } from '#kit/loopback.ts';

const lease = { name: 'tick', holder: 'a', now: 0, ttlMs: 1 };

describe('openStateStore', () => {
  const openDatabase = vi.fn<OpenDatabase>();
  const options = { openDatabase };

  afterEach(() => vi.unstubAllEnvs());

  it('memory: every opening is a store of its own', async () => {
    await (await openStateStore('memory', options)).acquireLease(lease);
    expect(await (await openStateStore('memory', options)).acquireLease({ ...lease, holder: 'b' })).toEqual({
      acquired: true,
    });
  });

  it.each([
    ['sqlite:my:state.sqlite', ['my:state.sqlite']],
    ['file:my:state.json', ['my:state.json.sqlite', 'my:state.json']],
  ])('%s is a database', async (location, place) => {
    const database = createMemoryStateStore();
    openDatabase.mockResolvedValueOnce(database);
    expect(await openStateStore(location, options)).toBe(database);
    expect(openDatabase.mock.lastCall).toEqual(place);
  });

  it.each(['runner-state', 'arn:aws:dynamodb:eu-west-1:123456789012:table/runner-state'])(
    'dynamodb:%s talks to that table and counts',
    async (table) => {
      const service = await scriptedService(() => json(200, {}));
      for (const [name, value] of Object.entries(awsEnvironment(service.url))) vi.stubEnv(name, value);
      const onCall = vi.fn();
      const store = await openStateStore(`dynamodb:${table}`, { ...options, onCall });
      expect(onCall).not.toHaveBeenCalled();
      await store.acquireLease(lease);
      expect(service.seen.map(({ body }) => JSON.parse(body).TableName)).toEqual([table]);
      expect(onCall).toHaveBeenCalledTimes(1);
      await service.close();
    },
  );

  it.each([
    '',
    'memory:',
    'file',
    'file:',
    'sqlite',
    'sqlite:',
    'dynamodb',
    'dynamodb:',
    'dynamodb:no/table',
    'dynamodb:ab',
    'redis:x',
  ])('refuses "%s"', async (location) => {
    await expect(openStateStore(location, options)).rejects.toMatchObject({
      name: 'InputError',
      message: `State store "${location}" is not one that exists; use dynamodb:TABLE with a table's name, sqlite:PATH or memory (option --state or STATE_STORE)`,
    });
  });
});
