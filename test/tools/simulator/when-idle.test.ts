/** Pods of idle runners that ask for little: what they reserve, what nodes for them cost, and what becomes of resizes that fail. */
import { expect, it } from 'vitest';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { fleet, group } from '#kit/fleet.ts';
import { runTicks, tickIn } from '#tools/simulator/drive.ts';
import { createRandom } from '#tools/simulator/random.ts';
import { createRunStateStore } from '#tools/simulator/state.ts';
import { World, type WorldOptions } from '#tools/simulator/world.ts';
import { expectNobodyKilled, expectNothingLeftOver } from './invariants.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const BUFFER = { kind: 'idleBuffer', idleCount: 2, scaleFactor: 0, scaleFactorLimit: 2 } as const;
const STEP = { scope: { workspace: 'acme', repository: 'site' }, labels: ['self.hosted'] };

const plain = group({ strategy: BUFFER, min: 3, max: 8 });
const thrifty: RunnerGroup = {
  ...plain,
  pod: { ...plain.pod, whenIdle: { requests: { cpu: '50m', memory: '256Mi' } } },
};

/** Shares of what a size of 1x reserves: 1 CPU and 4 GiB. */
const LITTLE = { cpu: 0.05, memory: 0.0625 };
const ALL = { cpu: 1, memory: 1 };
/** The runner container beside it: 250m and 512Mi. */
const BESIDE = { cpu: 0.25, memory: 0.125 };
/** A node of 8 CPU and 32 GiB, and what it costs an hour. */
const NODE = { cpu: 7.5, memory: 7.5, dollars: 0.384 };

type Amounts = { readonly cpu: number; readonly memory: number };

/** How many nodes these pods take, each put on the first node that has room. */
function nodesFor(pods: readonly Amounts[]): number {
  const nodes: { cpu: number; memory: number }[] = [];
  for (const { cpu, memory } of pods.toSorted((a, b) => b.cpu - a.cpu)) {
    let node = nodes.find((one) => one.cpu >= cpu && one.memory >= memory);
    if (node === undefined) {
      node = { cpu: NODE.cpu, memory: NODE.memory };
      nodes.push(node);
    }
    node.cpu -= cpu;
    node.memory -= memory;
  }
  return nodes.length;
}

/** Some days with steps in office hours. What idle runners reserve, as a share; what nodes cost a month; when steps began. */
async function days(config: RunnerGroup, count: number) {
  const world = new World({ state: createRunStateStore() });
  const random = createRandom(7);
  for (let day = 0; day < count; day += 1) {
    for (let step = 0; step < 40; step += 1) {
      const at = world.now + day * DAY + 8 * 60 * MINUTE + random.between(0, 10 * 60) * MINUTE;
      world.submit(
        { ...STEP, durationMs: MINUTE + random.exponential(5 * MINUTE) },
        Math.max(at, world.now + 5 * MINUTE),
      );
    }
  }
  const idle = { minutes: 0, cpu: 0, memory: 0 };
  let nodeMinutes = 0;
  const copies = 6;
  for (const end = world.now + count * DAY; world.now < end; world.advance(MINUTE)) {
    await tickIn(world, fleet([config]));
    const atWork = new Map(
      Array.from(world.bitbucket.registered, ({ uuid, step }) => [uuid.slice(1, -1), step !== undefined]),
    );
    const running = world.cluster.list(config).filter(({ pod }) => pod?.phase === 'Running');
    const pods = running.map(({ runnerUuid, pod }) => {
      const asks = pod?.resize?.asks === 'idle' ? LITTLE : ALL;
      if (atWork.get(runnerUuid) === false) {
        idle.minutes += 1;
        idle.cpu += asks.cpu;
        idle.memory += asks.memory;
      }
      return { cpu: asks.cpu + BESIDE.cpu, memory: asks.memory + BESIDE.memory };
    });
    // Groups that are alike share the nodes.
    nodeMinutes += nodesFor(Array.from({ length: copies }, () => pods).flat());
  }
  return {
    world,
    idleShare: { cpu: idle.cpu / idle.minutes, memory: idle.memory / idle.minutes },
    dollarsAMonth: (nodeMinutes / 60 / count) * 30 * NODE.dollars,
    began: world.steps.map(({ startedAt }) => startedAt),
  };
}

it('idle hours reserve at most 8 % of what they do without, nodes cost less, and no step begins later', async () => {
  const [without, with_] = [await days(plain, 1), await days(thrifty, 1)];
  expect(without.idleShare).toEqual({ cpu: 1, memory: 1 });
  expect(with_.idleShare.cpu).toBeLessThan(0.08);
  expect(with_.idleShare.memory).toBeLessThan(0.08);
  expect(with_.began).toEqual(without.began);
  expect(with_.dollarsAMonth).toBeLessThan(0.5 * without.dollarsAMonth);
  expectNobodyKilled(with_.world);
});

/** A minute with a runner at work whose node gives it no more; then calm. */
async function workUnder(why: 'Deferred' | 'Infeasible', options: WorldOptions = {}) {
  const refused = new Set<string>();
  const world = new World({
    ...options,
    resizing: (uuid, { cpu }) => (refused.has(uuid) && cpu !== '50m' ? why : undefined),
  });
  const config = { ...thrifty, min: 2, strategy: { ...BUFFER, idleCount: 1 } };
  const reports: Report[] = [...(await runTicks(world, fleet([config]), { count: 5 }))];
  const [first] = Array.from(world.bitbucket.registered, ({ uuid }) => uuid);
  refused.add(first ?? '');
  world.submit({ ...STEP, durationMs: 30 * MINUTE });
  const pods = () =>
    new Map(world.cluster.list(config).map(({ runnerUuid, pod }) => [`{${runnerUuid}}`, pod?.resize?.asks]));
  const look = async (count: number) => reports.push(...(await runTicks(world, fleet([config]), { count })));
  return { world, config, first, reports, pods, look };
}

it.each(['Deferred', 'Infeasible'] as const)(
  'a runner whose resize stays %s ends its step and is replaced by one that asks for all',
  async (why) => {
    const { world, config, first, reports, pods, look } = await workUnder(why);
    await look(1);
    expect(pods().get(first ?? '')).toBe('full');
    await look(9);
    const codes = reports
      .flatMap(({ groups }) => groups.flatMap(({ bounds, plan }) => [...bounds, ...plan.map(({ reason }) => reason)]))
      .map(({ code }) => code);
    expect(codes).toContain('resize-pending');
    expect(codes.filter((code) => code === 'resize-stuck').length).toBeGreaterThan(0);
    const out = world.bitbucket.list(config.scope).find(({ uuid }) => uuid === first);
    expect(out).toMatchObject({ status: 'DISABLED', hasStep: true });
    await look(60);
    expectNobodyKilled(world);
    expect(world.steps.every(({ state }) => state === 'finished')).toBe(true);
    expect(world.bitbucket.list(config.scope).some(({ uuid }) => uuid === first)).toBe(false);
    expectNothingLeftOver(world, fleet([config]));
  },
);

it('a pod that starts anew asks for little again, and for all at the next look that sees it busy', async () => {
  const { world, config, first, pods, look } = await workUnder('Deferred', {});
  await look(3);
  world.cluster.crash(first ?? '', false);
  expect(pods().get(first ?? '')).toBe('idle');
  await look(5);
  expect(world.cluster.list(config).every(({ pod }) => pod?.phase === 'Running')).toBe(true);
});
