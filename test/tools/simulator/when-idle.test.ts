/** Pods of idle runners that ask for little: what becomes of resizes that fail. What they cost: test/tools/laboratory/nodes.test.ts. */
import { expect, it } from 'vitest';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { fleet, group } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import { World, type WorldOptions } from '#tools/simulator/world.ts';
import { expectNobodyKilled, expectNothingLeftOver } from './invariants.ts';

const MINUTE = 60_000;
const BUFFER = { kind: 'idleBuffer', idleCount: 2, scaleFactor: 0, scaleFactorLimit: 2 } as const;
const NO_BUFFER = {
  kind: 'queueAware',
  ...{ idleCount: 0, scaleFactor: 0, scaleFactorLimit: 0 },
  repositories: { kind: 'named', names: ['site'] },
} as const;
const STEP = { scope: { workspace: 'acme', repository: 'site' }, labels: ['self.hosted'] };

const plain = group({ strategy: BUFFER, min: 3, max: 8 });
const thrifty: RunnerGroup = {
  ...plain,
  pod: { ...plain.pod, whenIdle: { requests: { cpu: '50m', memory: '256Mi' } } },
};

/** A minute with a runner at work whose node gives it no more; then calm. */
async function workUnder(why: 'Deferred' | 'Infeasible', options: WorldOptions = {}, over: Partial<RunnerGroup> = {}) {
  const refused = new Set<string>();
  const world = new World({
    ...options,
    resizing: (uuid, { cpu }) => (refused.has(uuid) && cpu !== '50m' ? why : undefined),
  });
  const config = { ...thrifty, min: 2, strategy: { ...BUFFER, idleCount: 1 }, ...over };
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

it('the replacement of the last one online asks for all from its beginning', async () => {
  const { first, pods, look } = await workUnder('Infeasible', {}, { min: 1, strategy: NO_BUFFER });
  await look(1);
  expect([...pods()]).toEqual([[first, 'full']]);
  await look(1);
  expect([...pods()].filter(([uuid]) => uuid !== first).map(([, asks]) => asks)).toEqual(['full']);
});

it('a pod that starts anew asks for little again, and for all at the next look that sees it busy', async () => {
  const { world, config, first, pods, look } = await workUnder('Deferred', {});
  await look(3);
  world.cluster.crash(first ?? '', false);
  expect(pods().get(first ?? '')).toBe('idle');
  await look(5);
  expect(world.cluster.list(config).every(({ pod }) => pod?.phase === 'Running')).toBe(true);
});
