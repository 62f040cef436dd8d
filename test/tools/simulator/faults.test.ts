/** The settings that make a simulated world less kind, one by one: what they show, and that the truth stays as it is. */
import { describe, expect, it } from 'vitest';
import type { Scope } from '#core/model/configuration.ts';
import { fleetAt } from '#kit/drive.ts';
import { fleet, group } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import type { Faults } from '#tools/simulator/faults.ts';
import { World } from '#tools/simulator/world.ts';

const MINUTE = 60_000;
const SCOPE: Scope = { workspace: 'acme' };
const LABELS = ['builds', 'linux', 'self.hosted'];

/** A world with so many runners, each with a process. */
async function worldWith(count: number, faults: Faults = {}) {
  const world = new World({ faults });
  const { runners } = world.ports();
  const uuids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { runner } = await runners.register(SCOPE, { name: 'builds', labels: LABELS });
    world.bitbucket.connect(runner.uuid);
    uuids.push(runner.uuid);
  }
  const shown = async () => (await runners.list(SCOPE)).map(({ uuid }) => uuids.indexOf(uuid));
  return { world, runners, uuids, shown };
}

describe('a list that lags', () => {
  it('shows a new registration when the lag is over, and get shows it at once', async () => {
    const { world, runners, uuids, shown } = await worldWith(1, { listLagMs: () => 15_000 });
    expect(await shown()).toEqual([]);
    expect((await runners.get(SCOPE, uuids[0] ?? ''))?.uuid).toBe(uuids[0]);
    world.advance(14_999);
    expect(await shown()).toEqual([]);
    world.advance(1);
    expect(await shown()).toEqual([0]);
  });

  it('still shows one that is gone for as long', async () => {
    const { world, runners, uuids, shown } = await worldWith(2, { listLagMs: () => 15_000 });
    world.advance(MINUTE);
    await runners.remove(SCOPE, uuids[0] ?? '');
    expect(await runners.get(SCOPE, uuids[0] ?? '')).toBeUndefined();
    world.advance(14_999);
    expect(await shown()).toEqual([1, 0]);
    world.advance(1);
    expect(await shown()).toEqual([1]);
  });

  it('has a lag of its own for each registration, by its scope', async () => {
    const lags = [30_000, 10_000];
    const { world, shown } = await worldWith(2, {
      listLagMs: ({ workspace }) => (workspace === 'acme' && lags.pop()) || 0,
    });
    world.advance(10_000);
    expect(await shown()).toEqual([0]);
    world.advance(20_000);
    expect(await shown()).toEqual([0, 1]);
  });
});

describe('a list that is older than the one before', () => {
  it('shows registrations, statuses and steps as they were', async () => {
    const ages = [0, 30_000, 0, 50_000, 0, 30_000];
    const { world, runners, uuids } = await worldWith(1, { listAgeMs: () => ages.shift() ?? 0 });
    world.advance(20_000);
    const list = async () => (await runners.list(SCOPE)).map(({ status, hasStep }) => [status, hasStep]);
    expect(await list()).toEqual([['ONLINE', false]]);
    expect(await list()).toEqual([]);
    world.submit({ scope: SCOPE, labels: [], durationMs: 20_000 });
    world.advance(10_000);
    await runners.disable(SCOPE, uuids[0] ?? '');
    world.advance(40_000);
    expect(await list()).toEqual([['DISABLED', false]]);
    expect(await list()).toEqual([['ONLINE', true]]);
    await runners.remove(SCOPE, uuids[0] ?? '');
    expect(await list()).toEqual([]);
    expect(await list()).toEqual([['DISABLED', false]]);
  });
});

describe('a list that is older than the death of a node', () => {
  it('shows the step that died with it, from when it ran on', async () => {
    const ages = [20_000, 80_000];
    const { world, runners, uuids } = await worldWith(1, { listAgeMs: () => ages.shift() ?? 0 });
    world.advance(MINUTE);
    world.submit({ scope: SCOPE, labels: [], durationMs: 10 * MINUTE });
    world.advance(30_000);
    world.bitbucket.disconnect(uuids[0] ?? '', 'lost');
    world.advance(30_000);
    const list = async () => (await runners.list(SCOPE)).map(({ status, hasStep }) => [status, hasStep]);
    expect(await list()).toEqual([['OFFLINE', true]]);
    expect(await list()).toEqual([['ONLINE', false]]);
  });
});

describe('a list whose pages slip', () => {
  it('leaves out one that is there for one that is gone, with the right size', async () => {
    const { world, runners, uuids, shown } = await worldWith(3, { slippedPlace: (length) => length - 1 });
    expect(await shown()).toEqual([0, 1, 2]);
    await runners.remove(SCOPE, uuids[0] ?? '');
    expect(await shown()).toEqual([1, 0]);
    const known = { staying: [], leaving: [], isLastChance: true };
    const again = await runners.list(SCOPE, async () => known);
    expect(again.map(({ uuid }) => uuids.indexOf(uuid))).toEqual([1, 2]);
    world.faults = {};
    expect(await shown()).toEqual([1, 2]);
  });
});

describe('labels', () => {
  it('are those that Bitbucket gives, in the answer and in lists, and steps ask for these', async () => {
    const { world, runners } = await worldWith(0, { labelsGiven: (asked) => [...asked, 'big'] });
    const { runner } = await runners.register(SCOPE, { name: 'builds', labels: LABELS });
    expect(runner.labels).toEqual(['big', ...LABELS]);
    expect((await runners.list(SCOPE)).map(({ labels }) => labels)).toEqual([runner.labels]);
    expect(Array.from(world.bitbucket.registered, ({ asked }) => asked)).toEqual([LABELS]);
  });
});

describe('marks', () => {
  it.each([
    ['late', [{ from: 0, to: 60_000 }], [false, false, true, true]],
    ['falling away in mid-step', [{ from: 30_000, to: 90_000 }], [true, false, false, true]],
    ['that show once and never again', [{ from: 30_000, to: Infinity }], [true, false, false, false]],
  ])('%s', async (_, hidden, marks) => {
    const { world, runners, uuids } = await worldWith(1, { stepHidden: () => hidden });
    world.submit({ scope: SCOPE, labels: [], durationMs: 10 * MINUTE });
    const seen: unknown[] = [];
    for (let look = 0; look < 4; look += 1) {
      seen.push((await runners.get(SCOPE, uuids[0] ?? ''))?.hasStep);
      world.advance(30_000);
    }
    expect(seen).toEqual(marks);
  });
});

describe('a scope that is not found', () => {
  it('answers 404 to everything, and what is gone is no failure; its runners go on', async () => {
    const { world, runners, uuids, shown } = await worldWith(1);
    world.faults = { isNotFound: ({ workspace }) => workspace === 'acme' };
    const failure = { outcome: 'refused', status: 404 };
    await expect(runners.list(SCOPE)).rejects.toMatchObject(failure);
    await expect(runners.identify(SCOPE)).rejects.toMatchObject(failure);
    await expect(runners.register(SCOPE, { name: 'builds', labels: LABELS })).rejects.toMatchObject(failure);
    expect(await runners.get(SCOPE, uuids[0] ?? '')).toBeUndefined();
    await runners.disable(SCOPE, uuids[0] ?? '');
    await runners.remove(SCOPE, uuids[0] ?? '');
    world.faults = {};
    expect(await shown()).toEqual([0]);
    expect((await runners.get(SCOPE, uuids[0] ?? ''))?.status).toBe('ONLINE');
  });

  it('is gone for good when it is deleted, with its registrations', async () => {
    const { world, shown } = await worldWith(2);
    world.submit({ scope: SCOPE, labels: [], durationMs: MINUTE });
    world.bitbucket.deleteScope(SCOPE);
    expect(await shown()).toEqual([]);
    expect(world.steps.map(({ failure }) => failure)).toEqual(['crashed']);
  });

  it('is one under its names and its uuids', async () => {
    const { runners } = await worldWith(1);
    expect(await runners.list(await uuidScope())).toHaveLength(1);

    async function uuidScope(): Promise<Scope> {
      return { workspace: (await runners.identify(SCOPE)).workspaceUuid };
    }
  });
});

describe('effects', () => {
  it('come after the answer', async () => {
    const { world, runners, uuids } = await worldWith(1, {
      mishap: ({ method }) => (method === 'disable' ? { kind: 'deferred', effectAfterMs: 10_000 } : undefined),
    });
    await runners.disable(SCOPE, uuids[0] ?? '');
    expect((await runners.get(SCOPE, uuids[0] ?? ''))?.status).toBe('ONLINE');
    world.advance(10_000);
    expect((await runners.get(SCOPE, uuids[0] ?? ''))?.status).toBe('DISABLED');
  });

  it.each([
    ['although the call failed', 10_000, [0, 1]],
    ['never', undefined, [0, 0]],
  ])('come %s', async (_, effectAfterMs, counts) => {
    const { world, runners, shown } = await worldWith(0, {
      mishap: ({ method }) =>
        method === 'register' ? { kind: 'unanswered', ...(effectAfterMs && { effectAfterMs }) } : undefined,
    });
    const call = runners.register(SCOPE, { name: 'builds', labels: LABELS });
    await expect(call).rejects.toMatchObject({ outcome: 'unknown' });
    const before = await shown();
    world.advance(10_000);
    expect([before.length, (await shown()).length]).toEqual(counts);
  });

  it('come late within the call, and calls at one time take theirs together', async () => {
    const { world, runners, uuids } = await worldWith(2);
    const began = world.now;
    world.faults = { mishap: () => ({ kind: 'slow', until: began + 32_000 }) };
    await Promise.all(uuids.map((uuid) => runners.disable(SCOPE, uuid)));
    expect(world.now - began).toBe(32_000);
  });

  it('do not come of a call that is refused', async () => {
    const { runners, uuids, shown, world } = await worldWith(1, {
      mishap: ({ method }) => (method === 'remove' ? { kind: 'refused', status: 503 } : undefined),
    });
    await expect(runners.remove(SCOPE, uuids[0] ?? '')).rejects.toMatchObject({ outcome: 'refused', status: 503 });
    world.advance(MINUTE);
    expect(await shown()).toEqual([0]);
  });
});

describe('nodes', () => {
  async function busyFleet() {
    const world = new World();
    const config = fleet([group({ min: 2 })]);
    await runTicks(world, config, { count: 2 });
    world.submit({ scope: SCOPE, labels: ['builds'], durationMs: 30 * MINUTE });
    const [busy, idle] = world.bitbucket.list(SCOPE);
    return { world, busy: busy?.uuid ?? '', idle: idle?.uuid ?? '' };
  }

  it('that die in mid-step leave a runner OFFLINE with its step, and a failed Job', async () => {
    const { world, busy } = await busyFleet();
    world.cluster.fail(busy, 'lost');
    expect(world.bitbucket.get(SCOPE, busy)).toMatchObject({ status: 'OFFLINE', hasStep: true });
    expect(world.steps.map(({ failure }) => failure)).toEqual(['crashed']);
    const jobs = world.cluster.list({ cluster: 'main', namespace: 'runners' });
    expect(jobs.map(({ status }) => status)).toEqual(['failed', 'active']);
  });

  it('leave a failed Job while Bitbucket says ONLINE, and nobody takes its steps', async () => {
    const { world, busy, idle } = await busyFleet();
    world.cluster.fail(idle, 'unnoticed');
    expect(world.bitbucket.get(SCOPE, idle)).toMatchObject({ status: 'ONLINE', hasStep: false });
    world.submit({ scope: SCOPE, labels: ['builds'], durationMs: MINUTE });
    expect(world.steps.map(({ state, runner }) => [state, runner])).toEqual([
      ['running', busy],
      ['waiting', undefined],
    ]);
  });
});

describe('a configuration that changes in mid-flight', () => {
  const before = fleet([group({ min: 1 })]);
  const after = fleet([group({ min: 3 })]);

  it('holds from its moment on, the first one also before', () => {
    const schedule = [
      { from: 100, fleet: before },
      { from: 200, fleet: after },
    ] as const;
    expect([0, 100, 199, 200, 300].map((at) => fleetAt(schedule, at) === after)).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it('is what each tick goes by', async () => {
    const world = new World();
    const reports = await runTicks(
      world,
      [
        { from: world.now, fleet: before },
        { from: world.now + 2 * MINUTE, fleet: after },
      ],
      { count: 3 },
    );
    expect(reports.map((report) => report.groups[0]?.decision.to)).toEqual([1, 1, 3]);
  });
});
