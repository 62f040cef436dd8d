/**
 * What occupies a place, and what is ours, in worlds that are less kind than a list: named cases with the number that is
 * right. Registrations are counted by what is really there.
 */
import { describe, expect, it } from 'vitest';
import type { Fleet, RunnerGroup, Scope } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { reconcile } from '#core/reconcile.ts';
import { fleet, group } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import type { Faults } from '#tools/simulator/faults.ts';
import type { Registered } from '#tools/simulator/registrations.ts';
import { World } from '#tools/simulator/world.ts';
import { expectNobodyKilled } from './invariants.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A world that keeps the most registrations that there ever were at once, by what `key` says of each. */
function watchedWorld(faults: Faults, key: (entry: Readonly<Registered>) => string = () => 'all') {
  const most: Record<string, number> = {};
  const world: World = new World({
    faults,
    listeners: {
      registered: (entry) => {
        const present = Array.from(world.bitbucket.registered).filter((other) => key(other) === key(entry));
        most[key(entry)] = Math.max(most[key(entry)] ?? 0, present.length);
      },
    },
  });
  return { world, most: (name = 'all') => most[name] ?? 0 };
}

function present(world: World, isFit: (entry: Readonly<Registered>) => boolean = () => true): readonly string[] {
  return Array.from(world.bitbucket.registered)
    .filter(isFit)
    .map(({ uuid }) => uuid);
}

function submit(world: World, scope: Scope, label: string, count: number, durationMs: number): void {
  const { workspace, repository = 'site' } = scope;
  for (let n = 0; n < count; n += 1) world.submit({ scope: { workspace, repository }, labels: [label], durationMs });
}

describe('a list that shows a registration late', () => {
  it.each([
    { lag: 15, every: 10, max: 3 },
    { lag: 20, every: 5, max: 6 },
    { lag: 60, every: 10, max: 3 },
    { lag: 61, every: 60, max: 3 },
    { lag: 110, every: 10, max: 3 },
  ])('by $lag s, with a look every $every s and max $max: never more than $max', async ({ lag, every, max }) => {
    const { world, most } = watchedWorld({ listLagMs: () => lag * 1000 });
    const config = fleet([group({ min: max, max })]);
    await runTicks(world, config, { count: (10 * 60) / every, everyMs: every * 1000 });
    expect(most()).toBe(max);
    expect(present(world)).toHaveLength(max);
  });

  it('and, by eventual consistency, an older state than the list before: never more than max', async () => {
    const ages = Array.from({ length: 200 }, (_, index) => (index % 3) * 25_000);
    const { world, most } = watchedWorld({ listAgeMs: () => ages.pop() ?? 0 });
    const config = fleet([group({ min: 3, max: 3 })]);
    await runTicks(world, config, { count: 120, everyMs: 10_000 });
    expect(most()).toBe(3);
    expect(present(world)).toHaveLength(3);
  });

  it('and then shows one again that is gone, while an add was not answered: never more than max', async () => {
    let ageMs = 0;
    let lagMs = 5_000;
    let isLost = false;
    const { world, most } = watchedWorld({ listLagMs: () => lagMs, listAgeMs: () => ageMs });
    const noBuffer = { kind: 'idleBuffer', idleCount: 0, scaleFactor: 0, scaleFactorLimit: 0 } as const;
    const builds = group({ max: 2, strategy: noBuffer, coolDownMs: 0 });
    const look = (min: number, count = 1) => runTicks(world, fleet([{ ...builds, min }]), { count, everyMs: 10_000 });
    await look(2, 6);
    for (let left = 60; left > 0 && present(world).length > 1; left -= 1) await look(1);
    expect(present(world)).toHaveLength(1);
    world.faults = {
      ...world.faults,
      mishap: ({ method }) => {
        if (method !== 'register' || isLost) return undefined;
        isLost = true;
        return { kind: 'unanswered', effectAfterMs: 3_000 };
      },
    };
    lagMs = 45_000;
    await look(2);
    expect(isLost).toBe(true);
    ageMs = 20_000;
    await look(2);
    ageMs = 0;
    await look(2, 10);
    expect(most()).toBe(2);
  });

  it('makes no runner twice when a tick dies after its registrations, and is whole again', async () => {
    const { world, most } = watchedWorld({ listLagMs: () => 60_000 });
    const config = fleet([group({ min: 3, max: 3 })]);
    world.faults = {
      ...world.faults,
      mishap: ({ method }) => (method === 'createJob' && world.now < start + MINUTE ? { kind: 'refused' } : undefined),
    };
    const start = world.now;
    await runTicks(world, config, { count: 90, everyMs: 10_000 });
    expect(most()).toBeLessThanOrEqual(3);
    expect(present(world, ({ status }) => status === 'ONLINE')).toHaveLength(3);
  });
});

describe('a registration that was sent', () => {
  it.each([5, 30, 60])('and arrives %i s after the call failed is counted all the while', async (seconds) => {
    const { world, most } = watchedWorld({
      listLagMs: () => 30_000,
      mishap: ({ method }) =>
        method === 'register' && world.now === start
          ? { kind: 'unanswered', effectAfterMs: seconds * 1000 }
          : undefined,
    });
    const start = world.now;
    await runTicks(world, fleet([group({ min: 3, max: 3 })]), { count: 60, everyMs: 10_000 });
    expect(most()).toBeLessThanOrEqual(3);
  });
});

describe('labels that Bitbucket adds', () => {
  it.each([
    ['one more', (asked: readonly string[]) => [...asked, 'linux.amd64']],
    ['one less', (asked: readonly string[]) => asked.filter((label) => label !== 'linux')],
    ['in capitals', (asked: readonly string[]) => asked.map((label) => (label === 'linux' ? 'Linux' : label))],
  ])('%s: the runner counts, and no other is created for it', async (_, labelsGiven) => {
    const { world, most } = watchedWorld({ labelsGiven });
    const config = fleet([group({ min: 3, max: 5 })]);
    const reports = await runTicks(world, config, { count: 30 });
    expect(most()).toBe(3);
    expect(countsOf(reports.at(-1))).toEqual({ busy: 0, idle: 3, starting: 0, draining: 0, dead: 0 });
  });
});

describe('a list between whose pages one registration goes and one comes', () => {
  it('leads to no runner above max', async () => {
    let calls = 0;
    const slips: Faults = {
      slippedPlace: (length) => {
        calls += 1;
        return length > 0 && calls % 3 === 0 ? calls % length : undefined;
      },
    };
    const { world, most } = watchedWorld(slips, ({ name }) => name);
    const config = fleet([group({ min: 4, max: 4 })]);
    for (let minute = 0; minute < 60; minute += 1) {
      // A runner of somebody else's comes and goes, so that there is something that is gone.
      const { runner } = world.bitbucket.register({ workspace: 'acme' }, { name: 'other', labels: ['linux'] });
      await runTicks(world, config, { count: 1, everyMs: 30_000 });
      world.bitbucket.remove({ workspace: 'acme' }, runner.uuid);
      await runTicks(world, config, { count: 1, everyMs: 30_000 });
    }
    expect(most('builds')).toBe(4);
    expect(present(world, ({ name }) => name === 'builds')).toHaveLength(4);
  });
});

describe('a cap of 20 and a list that fails', () => {
  it('while the max of its group is lowered: no more than 20', async () => {
    const { world, most } = watchedWorld({});
    const site = { workspace: 'acme', repository: 'site' };
    const wide = group({ name: 'wide', scope: site, min: 15, max: 15 });
    const other = group({ name: 'other', min: 5, max: 20 });
    await runTicks(world, fleet([wide, other], 20), { count: 5 });
    expect(present(world)).toHaveLength(20);

    submit(world, site, 'wide', 15, 3 * HOUR);
    await runTicks(world, fleet([wide, other], 20), { count: 2 });
    world.faults = {
      mishap: ({ method, arguments: [scope] }) =>
        method === 'list' && (scope as Scope).repository === 'site' ? { kind: 'refused', status: 503 } : undefined,
    };
    const narrow = { ...wide, min: 5, max: 5 };
    await runTicks(world, fleet([narrow, { ...other, min: 15 }], 20), { count: 30 });
    expect(most()).toBe(20);
    expectNobodyKilled(world);
  });

  it('for good (404), of 3 repositories of 11 under a cap of 100: the other eight get the places', async () => {
    const { world } = watchedWorld({});
    const groups = Array.from({ length: 11 }, (_, index) =>
      group({
        name: `group-${index}`,
        scope: { workspace: 'acme', repository: `site-${index}` },
        min: 12,
        max: 30,
        startTimeoutMs: 5 * MINUTE,
      }),
    );
    const gone = ['site-0', 'site-1', 'site-2'];
    world.faults = { isNotFound: ({ repository }) => gone.includes(repository ?? '') };
    await runTicks(world, fleet(groups, 100), { count: 30 });
    expect(present(world)).toHaveLength(8 * 12);
  });
});

describe('what a changed configuration leaves behind', () => {
  const builds = group({ min: 18, max: 18, coolDownMs: 2 * MINUTE });
  const labels = ['autoscaler.created', 'builds-2', 'linux', 'self.hosted'];
  const other = group({ name: 'other', min: 1 });

  it.each<[string, readonly RunnerGroup[]]>([
    ['the repository', [{ ...builds, scope: { workspace: 'acme', repository: 'shop' } }]],
    ['the workspace', [{ ...builds, scope: { workspace: 'beta' } }]],
    ['the labels', [{ ...builds, labels }]],
    ['the group, which is removed', [other]],
    ['the repository and the labels', [{ ...builds, labels, scope: { workspace: 'acme', repository: 'shop' } }]],
    ['the namespace and the labels', [{ ...builds, labels, namespace: 'elsewhere' }]],
    ['the cluster and the labels', [{ ...builds, labels, cluster: 'second' }]],
  ])('%s: 18 of 18 are out of service at the next look, and gone ten minutes after', async (_, groups) => {
    const { world, old, config, jobsOf } = await changed(groups);
    await runTicks(world, config, { count: 2 });
    expect(present(world, ({ uuid, status }) => old.includes(uuid) && status === 'ONLINE')).toEqual([]);
    await runTicks(world, config, { count: 11 });
    expect(present(world, ({ uuid }) => old.includes(uuid))).toEqual([]);
    expect(jobsOf(old)).toEqual([]);
  });

  it.each<[string, readonly RunnerGroup[]]>([
    ['the namespace', [{ ...builds, namespace: 'elsewhere' }]],
    ['the cluster', [{ ...builds, cluster: 'second' }]],
  ])('%s: 18 of 18 are replaced in a quarter of an hour, and never are there more than 18', async (_, groups) => {
    const { world, old, config, jobsOf, most } = await changed(groups);
    await runTicks(world, config, { count: 15 });
    expect(present(world, ({ uuid }) => old.includes(uuid))).toEqual([]);
    expect(jobsOf(old)).toEqual([]);
    expect(most()).toBe(18);
    expect(present(world, ({ status }) => status === 'ONLINE')).toHaveLength(18);
  });

  it('with builds that run: each goes after its last step, and none is killed', async () => {
    const { world, old, config, jobsOf } = await changed([other], 6);
    await runTicks(world, config, { count: 13 });
    expect(present(world, ({ uuid }) => old.includes(uuid))).toHaveLength(6);
    await runTicks(world, config, { count: 30 });
    expect(present(world, ({ uuid }) => old.includes(uuid))).toEqual([]);
    expect(jobsOf(old)).toEqual([]);
    expectNobodyKilled(world);
    expect(world.steps.map(({ state }) => state)).toEqual(Array(6).fill('finished'));
  });

  const clusters: Fleet['clusters'] = {
    main: { kind: 'kubeconfig', context: 'main' },
    second: { kind: 'kubeconfig', context: 'second' },
  };

  /** The configuration changes when all 18 are there, some of them at work for half an hour. */
  async function changed(groups: readonly RunnerGroup[], busy = 0) {
    const { world, most } = watchedWorld({});
    await runTicks(world, { ...fleet([builds]), clusters }, { count: 5 });
    submit(world, builds.scope, 'builds', busy, 30 * MINUTE);
    const old = present(world);
    expect(old).toHaveLength(18);
    const config: Fleet = { ...fleet([...groups]), clusters };
    const jobsOf = (uuids: readonly string[]) =>
      world.cluster.objects.jobs.filter((name) => uuids.some((uuid) => name.includes(uuid.slice(1, -1))));
    return { world, old, config, jobsOf, most };
  }
});

describe('a group that goes back and forth between two repositories', () => {
  const at = (repository: string, min: number) =>
    fleet([group({ scope: { workspace: 'acme', repository }, min, max: 5, coolDownMs: 2 * MINUTE })]);

  it.each<[string, readonly number[]]>([
    ['for the first time', []],
    ['again, and each had been empty', [60, 60]],
    ['again, before the old runners had gone', [1, 1]],
  ])('%s: what it has just left counts also while its list fails', async (_, looks) => {
    const { world, most } = watchedWorld({});
    await runTicks(world, at('site', looks.length > 0 ? 1 : 5), { count: 10 });
    const [away, back] = looks;
    if (away !== undefined) await runTicks(world, at('shop', 1), { count: away });
    if (back !== undefined) await runTicks(world, at('site', 5), { count: back });
    await runTicks(world, at('site', 5), { count: 15 });
    world.faults = {
      mishap: ({ method, arguments: [scope] }) =>
        method === 'list' && (scope as Scope).repository === 'site' ? { kind: 'refused', status: 503 } : undefined,
    };
    await runTicks(world, at('shop', 5), { count: 10 });
    expect(most()).toBe(5);
    world.faults = {};
    await runTicks(world, at('shop', 5), { count: 30 });
    expect(Array.from(world.bitbucket.registered).map(({ scope }) => scope.repository)).toEqual(Array(5).fill('shop'));
    expect(most()).toBe(5);
  });
});

describe('a renamed group with three builds running', () => {
  it('keeps its runners, and nobody is told to delete anything', async () => {
    const { world } = watchedWorld({});
    const builds = group({ min: 5, max: 5 });
    await runTicks(world, fleet([builds]), { count: 5 });
    submit(world, builds.scope, 'builds', 3, 40 * MINUTE);
    const before = present(world);
    const reports = await runTicks(world, fleet([{ ...builds, name: 'compile' }]), { count: 60 });
    expect(present(world)).toEqual(before);
    expectNobodyKilled(world);
    const told = reports.flatMap((report) => [...report.notes, ...report.problems]);
    expect(told.filter((sentence) => /delete (it|them)/i.test(sentence))).toEqual([]);
  });
});

describe('a workspace that is named by its uuid from now on', () => {
  it('is the same: the group goes on with its runners', async () => {
    const { world, most } = watchedWorld({});
    const builds = group({ min: 3, max: 6 });
    await runTicks(world, fleet([builds]), { count: 5 });
    submit(world, { workspace: 'acme' }, 'builds', 1, 40 * MINUTE);
    const before = present(world);
    const { workspaceUuid } = world.bitbucket.identify({ workspace: 'acme' });
    const named = { ...builds, scope: { workspace: workspaceUuid } };
    const reports = await runTicks(world, fleet([named]), { count: 60 });
    expect(present(world)).toEqual(before);
    expect(most()).toBe(3);
    expect(reports.flatMap(({ leftovers = [] }) => leftovers)).toEqual([]);
    expectNobodyKilled(world);
  });
});

describe('one workspace under slug and uuid, in two of three shards, with a cap of 3', () => {
  it('has 3 registered once its uuid is known, not as many for each name', async () => {
    const { world, most } = watchedWorld({});
    const uuid = world.bitbucket.identify({ workspace: 'acme' }).workspaceUuid;
    const groups = ['acme', uuid].flatMap((workspace, name) =>
      [1, 2].map((number) =>
        group({
          name: `group-${name}-${number}`,
          scope: { workspace, repository: `site-${name}-${number}` },
          min: 0,
          max: 3,
        }),
      ),
    );
    const told: string[] = [];
    const look = async (min: number) => {
      const config = fleet(
        groups.map((entry) => ({ ...entry, min })),
        3,
      );
      const reports = await Promise.all(
        [0, 1, 2].map((index) => {
          const request = { fleet: config, mode: 'apply', now: world.now, tickId: world.nextTickId() } as const;
          return reconcile({ ...request, shard: { index, of: 3 }, elapsedMs: () => 0 }, world.ports());
        }),
      );
      told.push(...reports.flatMap(({ notes }) => notes));
      world.advance(MINUTE);
    };
    for (let minute = 0; minute < 3; minute += 1) await look(0);
    for (let minute = 0; minute < 20; minute += 1) await look(3);
    expect(most()).toBe(3);
    expect(told.filter((sentence) => /delete (it|them)/i.test(sentence))).toEqual([]);
  });
});

function countsOf(report: Report | undefined) {
  return report?.groups[0]?.counts;
}
