/** `scale` with `pollEvery`: several ticks in one invocation, with a loopback Bitbucket and Kubernetes. */
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Mode, Report } from '#core/model/report.ts';
import type { createHandler } from '../../functions/handler.ts';
import { configuration } from '../doors/world.ts';
import { type FunctionWorld, startFunctionWorld } from './world.ts';

/** So many calls an hour that every tick may look, however soon it follows. */
const POLLING = `pollEvery: 10s\nworkspaces: { acme: { callsPerHour: 1000000 } }\n${configuration({ min: 2 })}`;
const FAR = Date.UTC(2100, 0, 1);

let world: FunctionWorld;
let output: string[];

beforeEach(async () => {
  world = await startFunctionWorld(POLLING);
  output = [];
  for (const [name, value] of Object.entries(world.environment)) vi.stubEnv(name, value);
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'autoscaler-prod');
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => output.push(String(chunk)) > 0);
  }
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await world.close();
});

const lines = (): readonly Record<string, unknown>[] =>
  output.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
const emitted = (metric: string) => lines().flatMap((line) => (metric in line ? [line[metric]] : []));
const ticks = () => world.store().listTicks({ from: 0, to: FAR });

/**
 * The function in a process of its own, and in a time that passes only while it sleeps: 75 s for each invocation.
 * `during` happens in the sleep with this index.
 */
async function start(during: (sleep: number) => unknown = () => undefined, mode: Mode = 'apply') {
  vi.resetModules();
  const { createHandler: create }: { createHandler: typeof createHandler } = await import('../../functions/handler.ts');
  let remaining = 0;
  const sleeps: number[] = [];
  const handler = create(() => mode, {
    sleep: async (ms) => {
      remaining -= ms;
      await during(sleeps.push(ms) - 1);
    },
  });
  const invoke = async (event: unknown = {}): Promise<Report> => {
    remaining = 75_000;
    sleeps.length = 0;
    const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => remaining } as Context;
    return await (handler as (event: unknown, context: Context) => Promise<Report>)(event, context);
  };
  return { invoke, sleeps };
}

describe('an invocation', () => {
  it('ticks every 10 s; each tick is logged, measured and recorded, and the last one is the answer', async () => {
    const { invoke, sleeps } = await start();
    const report = await invoke({ 'detail-type': 'Scheduled Event', source: 'aws.scheduler', detail: '{}' });

    expect(sleeps).toEqual([expect.any(Number), 10_000, 10_000, 10_000, 10_000, 10_000]);
    const records = await ticks();
    expect(records).toHaveLength(6);
    expect(new Set(records.map(({ id }) => id)).size).toBe(6);
    expect(records.map((record) => record.report.groups[0]?.decision.action)).toEqual([
      'scale-up',
      ...Array(5).fill('hold'),
    ]);
    const told = lines().filter(({ tick }) => tick !== undefined);
    expect(told.map(({ tickId }) => tickId)).toEqual(records.map(({ id }) => id));
    expect(emitted('TicksSucceeded')).toEqual([1, 1, 1, 1, 1, 1]);
    expect(emitted('InvocationsSucceeded')).toEqual([1]);
    expect(report.tick.id).toBe(records.at(-1)?.id);
    expect(world.runners()).toHaveLength(2);
  });

  it('says of which shard it is that it has succeeded', async () => {
    const { invoke } = await start();
    await invoke({ shard: { index: 0, of: 1 } });
    expect(lines().filter((line) => 'InvocationsSucceeded' in line)).toMatchObject([
      { shard: '0', service: 'autoscaler-prod', InvocationsSucceeded: 1 },
    ]);
    expect(lines().filter((line) => 'TicksSucceeded' in line && 'shard' in line)).toEqual([]);
  });

  it('begins at a moment that belongs to its stack and shard', async () => {
    const shiftOf = async (stack: string, event: unknown = {}) => {
      vi.stubEnv('POWERTOOLS_SERVICE_NAME', stack);
      const { invoke, sleeps } = await start();
      await invoke(event);
      return sleeps[0];
    };
    const shifts = [
      await shiftOf('autoscaler-prod'),
      await shiftOf('autoscaler-test'),
      await shiftOf('autoscaler-prod', { shard: { index: 0, of: 2 } }),
      await shiftOf('autoscaler-prod', { shard: { index: 1, of: 2 } }),
    ];
    expect(new Set(shifts).size).toBe(4);
    expect(shifts.every((shift) => shift !== undefined && shift < 5_000)).toBe(true);
    expect(await shiftOf('autoscaler-prod')).toBe(shifts[0]);
  });

  it.each([
    ['names groups', { groups: ['linux-large'] }, 'apply'],
    ['is a dry run', {}, 'plan'],
  ] as const)('ticks once, at once, when it %s', async (_, event, mode) => {
    const { invoke, sleeps } = await start(undefined, mode);
    expect((await invoke(event)).tick.mode).toBe(mode);
    expect(sleeps).toEqual([]);
    expect(world.bitbucket.trace().filter((line) => line.includes('/runners?'))).toHaveLength(1);
  });

  it('goes on after a tick that failed, and fails in the end', async () => {
    const { invoke, sleeps } = await start((sleep) => {
      if (sleep === 2) world.bitbucket.script({ path: '/runners', reply: { status: 403, body: {} } });
    });
    await expect(invoke()).rejects.toThrow(/^The tick failed in 1 of 1 groups \(linux-large\)/);
    expect(sleeps).toHaveLength(6);
    expect(emitted('TicksFailed')).toEqual([0, 0, 1, 0, 0, 0]);
    expect(emitted('InvocationsSucceeded')).toEqual([1]);
  });

  it('goes on after a tick that came to no report, and fails in the end', async () => {
    const { client } = world.dynamoDb;
    const { invoke } = await start(async (sleep) => {
      const place = { pk: { S: 'lease#tick' }, sk: { S: 'lease' } };
      if (sleep === 1) await client.send(new PutItemCommand({ TableName: world.table, Item: place }));
      if (sleep === 2) await client.send(new DeleteItemCommand({ TableName: world.table, Key: place }));
    });
    await expect(invoke()).rejects.toThrow(/^Item "lease#tick" .+/);
    expect(emitted('TicksFailed')).toEqual([0, 1, 0, 0, 0, 0]);
    expect(emitted('InvocationsSucceeded')).toEqual([1]);
  });

  it('reads the configuration once, and anew the next time', async () => {
    const { invoke } = await start(async (sleep) => {
      if (sleep === 1) await world.write('runners_config.yaml', POLLING.replace('min: 2', 'min: 4'));
    });
    await invoke();
    expect(world.runners()).toHaveLength(2);
    await invoke();
    expect(world.runners()).toHaveLength(4);
  });
});

describe('the lease', () => {
  const taken = (holder: string) =>
    world.store().acquireLease({ name: 'tick', holder, now: Date.now(), ttlMs: 600_000 });
  const isFree = async () => (await taken('a test')).acquired;

  it('is taken for each tick, and free in between', async () => {
    const free: boolean[] = [];
    const { invoke } = await start(async () => {
      free.push(await isFree());
      await world.store().releaseLease({ name: 'tick', holder: 'a test' });
    });
    await invoke();
    expect(free).toEqual(Array(6).fill(true));
    expect(await isFree()).toBe(true);
  });

  it('in other hands from the start ends the invocation: somebody else is at it', async () => {
    await taken('somebody');
    const { invoke, sleeps } = await start();
    expect((await invoke()).tick.skipped).toBe('lease held by tick somebody');
    expect(sleeps).toHaveLength(1);
    expect(emitted('TicksSkipped')).toEqual([1]);
    expect(emitted('InvocationsSucceeded')).toEqual([]);
  });

  it('in other hands later ends it too, as a success', async () => {
    const { invoke, sleeps } = await start(async (sleep) => {
      if (sleep === 2) await taken('somebody');
    });
    expect((await invoke()).tick.skipped).toBe('lease held by tick somebody');
    expect(sleeps).toHaveLength(3);
    expect(emitted('InvocationsSucceeded')).toEqual([1]);
  });

  it('in other hands lets a woken look wait for its turn, and then look once', async () => {
    await taken('somebody');
    const { invoke, sleeps } = await start(async (sleep) => {
      if (sleep === 3) await world.store().releaseLease({ name: 'tick', holder: 'somebody' });
    });
    const report = await invoke({ wake: 'acme' });
    expect(report.groups.map(({ name }) => name)).toEqual(['linux-large']);
    expect(sleeps).toEqual([250, 2_000, 2_000, 2_000]);
    // That somebody wakes groups says nothing about the schedule.
    expect(emitted('InvocationsSucceeded')).toEqual([]);
  });

  it('is no matter to a look at a workspace that has no groups any more', async () => {
    const { invoke } = await start();
    expect((await invoke({ wake: 'gone' })).groups).toEqual([]);
  });
});
