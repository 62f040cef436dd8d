/**
 * The program is killed after (and before) every single port call of a scale-up and of a scale-down. Whatever it leaves
 * half-done, the following ticks finish or undo, on both sides, Secrets included, and no build is lost.
 */
import { describe, expect, it } from 'vitest';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { dieAt } from '#kit/die-at.ts';
import { tickIn } from '#kit/drive.ts';
import { fleet, group } from '#kit/fleet.ts';
import { STRATEGIES } from '#kit/strategies.ts';
import { runTicks } from '#kit/ticks.ts';
import type { PortCall } from '#tools/simulator/interrupt.ts';
import { World } from '#tools/simulator/world.ts';
import { expectNobodyKilled, expectNothingLeftOver, expectWithinLimits, registrationsOf } from './invariants.ts';

type Story = {
  readonly name: string;
  readonly group: RunnerGroup;
  /** Brings the world to just before the tick that is killed. */
  readonly prepare: (world: World, config: Fleet) => Promise<void>;
  /** A call by which the tick is known to be the one that the story tells of. */
  readonly does: PortCall['method'];
  /** Registrations once everything has settled: the numbers at which the group may come to rest. */
  readonly settled: readonly number[];
};

const MINUTE = 60_000;
const fast = { coolDownMs: 2 * MINUTE, startTimeoutMs: 5 * MINUTE, drainGraceMs: 45_000 } as const;

const STORIES: readonly Story[] = [
  {
    name: 'scale-up from zero',
    does: 'register',
    group: group({ ...fast, min: 3 }),
    prepare: async () => undefined,
    settled: [3],
  },
  {
    name: 'scale-up under load',
    does: 'register',
    group: group({ ...fast, min: 2 }),
    prepare: (world, config) => busyFleet(world, config, 2),
    // 2 of 2 busy want 3, 2 of 3 want 5, and 2 of 5 is below the threshold. A runner that was lost on the way is a failed
    // start, after which they come one by one, and 2 of 4 is not above the threshold either.
    settled: [4, 5],
  },
  {
    name: 'scale-up to a queue that is counted',
    does: 'waitingSteps',
    group: group({
      ...fast,
      min: 2,
      strategy: {
        kind: 'queueAware',
        idleCount: 0,
        scaleFactor: 0,
        scaleFactorLimit: 0,
        repositories: { kind: 'query' },
      },
    }),
    prepare: async (world, config) => {
      await runTicks(world, config, { count: 2 });
      for (let step = 0; step < 5; step += 1) {
        const scope = { workspace: 'acme', repository: `repository-${step % 2}` };
        world.submit({ scope, labels: ['self.hosted'], durationMs: 200 * MINUTE });
      }
    },
    settled: [5],
  },
  {
    name: 'scale-down: disabling',
    does: 'disable',
    group: group({ ...fast, min: 1 }),
    prepare: (world, config) => idleFleet(world, config, 3),
    settled: [1],
  },
  {
    name: 'scale-down: deleting',
    does: 'remove',
    group: group({ ...fast, min: 1 }),
    prepare: (world, config) => idleFleet(world, config, 5),
    settled: [1],
  },
  ...[STRATEGIES.idleBuffer, STRATEGIES.queueAware].flatMap((over): readonly Story[] => [
    {
      name: `scale-up under load, ${over.strategy.kind}`,
      does: over.strategy.kind === 'queueAware' ? 'waitingSteps' : 'register',
      group: group({ ...fast, ...over, min: 2 }),
      prepare: (world, config) => busyFleet(world, config, 5),
      // Half of the five busy ones, rounded up, are kept idle.
      settled: [8],
    },
    {
      name: `scale-down: disabling, ${over.strategy.kind}`,
      does: 'disable',
      group: group({ ...fast, ...over, min: 1 }),
      prepare: (world, config) => idleFleet(world, config, 6),
      settled: [1],
    },
    {
      name: `scale-down: deleting, ${over.strategy.kind}`,
      does: 'remove',
      group: group({ ...fast, ...over, min: 1 }),
      prepare: (world, config) => idleFleet(world, config, 8),
      settled: [1],
    },
  ]),
];

/** The group at its min, and so many steps that have just become ready. */
async function busyFleet(world: World, config: Fleet, steps: number): Promise<void> {
  await runTicks(world, config, { count: 2 });
  for (let step = 0; step < steps; step += 1) {
    const scope = { workspace: 'acme', repository: 'site' };
    world.submit({ scope, labels: ['self.hosted'], durationMs: 200 * MINUTE });
  }
}

/** Four runners that have been idle for some ticks, of which the configuration now wants one. */
async function idleFleet(world: World, config: Fleet, idleTicks: number): Promise<void> {
  const wide: Fleet = { ...config, groups: config.groups.map((entry) => ({ ...entry, min: 4 })) };
  await runTicks(world, wide, { count: 2 });
  await runTicks(world, config, { count: idleTicks - 1 });
}

/** The calls of the tick in question when nobody disturbs it. */
async function callsOf(story: Pick<Story, 'group' | 'prepare'>): Promise<readonly PortCall[]> {
  const world = new World();
  const config = fleet([story.group]);
  await story.prepare(world, config);
  const calls: PortCall[] = [];
  await tickIn(
    world,
    config,
    world.ports((call, proceed) => {
      calls.push(call);
      return proceed();
    }),
  );
  return calls;
}

describe.each(STORIES)('killed during $name', (story) => {
  it('has calls on every port, so that there is something to kill', async () => {
    const calls = await callsOf(story);
    expect([...new Set(calls.map(({ port }) => port))]).toEqual(expect.arrayContaining(['runners', 'jobs', 'state']));
    expect(calls.map(({ method }) => method)).toContain(story.does);
    expect(calls.length).toBeGreaterThanOrEqual(8);
  });

  it.each(['before', 'after'] as const)('%s each call: the next ticks repair everything', async (when) => {
    const calls = await callsOf(story);
    for (const { index, port, method } of calls) {
      const world = new World();
      const config = fleet([story.group]);
      await story.prepare(world, config);
      await tickIn(world, config, world.ports(dieAt(index, when))).catch(() => undefined);
      for (let minute = 0; minute < 20; minute += 1) {
        world.advance(MINUTE);
        await tickIn(world, config);
        expectWithinLimits(world, config);
      }
      const place = `${when} call ${index}, ${port}.${method}`;
      expect(story.settled, place).toContain(registrationsOf(world, story.group));
      expectNothingLeftOver(world, config);
      expectNobodyKilled(world);
    }
  });
});

describe.each([3, 6])('killed while it adds 3 of at most %i', (max) => {
  const whole = group({ ...fast, min: 3, max });
  const config = fleet([whole]);

  it.each(['before', 'after'] as const)(
    '%s each call: two ticks are enough, where pods show what is missing',
    async (when) => {
      const calls = await callsOf({ group: whole, prepare: async () => undefined });
      for (const { index, port, method } of calls) {
        const world = new World();
        await tickIn(world, config, world.ports(dieAt(index, when))).catch(() => undefined);
        let ticks = 0;
        while (ticks < 2) {
          world.advance(MINUTE);
          // The lease of the one that died keeps others away for two minutes.
          if ((await tickIn(world, config)).tick.skipped === undefined) ticks += 1;
        }
        world.advance(MINUTE);
        const online = Array.from(world.bitbucket.registered).filter(({ status }) => status === 'ONLINE');
        expect(online, `${when} call ${index}, ${port}.${method}`).toHaveLength(3);
      }
    },
  );
});
