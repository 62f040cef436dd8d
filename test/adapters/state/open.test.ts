import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openStateStore } from '#adapters/state/open.ts';
import { awsEnvironment, json, scriptedService } from '#kit/loopback.ts';

const lease = { name: 'tick', holder: 'a', now: 0, ttlMs: 1 };

describe('openStateStore', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('memory: every opening is a store of its own', async () => {
    await (await openStateStore('memory')).acquireLease(lease);
    expect(await (await openStateStore('memory')).acquireLease({ ...lease, holder: 'b' })).toEqual({ acquired: true });
  });

  it('file:PATH keeps its state there', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'state-'));
    await (await openStateStore(`file:${join(directory, 'my:state.json')}`)).acquireLease(lease);
    expect(await readdir(directory)).toEqual(['my:state.json']);
    await rm(directory, { recursive: true });
  });

  it.each(['runner-state', 'arn:aws:dynamodb:eu-west-1:123456789012:table/runner-state'])(
    'dynamodb:%s talks to that table and counts',
    async (table) => {
      const service = await scriptedService(() => json(200, {}));
      for (const [name, value] of Object.entries(awsEnvironment(service.url))) vi.stubEnv(name, value);
      const onCall = vi.fn();
      const store = await openStateStore(`dynamodb:${table}`, { onCall });
      expect(onCall).not.toHaveBeenCalled();
      await store.acquireLease(lease);
      expect(service.seen.map(({ body }) => JSON.parse(body).TableName)).toEqual([table]);
      expect(onCall).toHaveBeenCalledTimes(1);
      await service.close();
    },
  );

  it.each(['', 'memory:', 'file', 'file:', 'dynamodb', 'dynamodb:', 'dynamodb:no/table', 'dynamodb:ab', 'redis:x'])(
    'refuses "%s"',
    async (location) => {
      await expect(openStateStore(location)).rejects.toMatchObject({
        name: 'InputError',
        message: `State store "${location}" is not one that exists; use dynamodb:TABLE with a table's name, file:PATH or memory (option --state or STATE_STORE)`,
      });
    },
  );
});
