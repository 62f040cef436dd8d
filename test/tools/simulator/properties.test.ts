/**
 * Random worlds: steps come in bursts, pods are slow or find no node, runners die, clocks are apart, busy marks arrive
 * late, calls fail with and without effect, the program dies half-way. Whatever happens, the limits hold, nothing busy
 * is touched, and once the world is calm everything is tidy again.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply } from '#core/apply.ts';
import { budgetsOf } from '#core/budget/tick-budgets.ts';
import type { Fleet, Strategy } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { makePlan } from '#core/plan.ts';
import { lookAndDecide } from '#core/reconcile.ts';
import { dieAt } from '#kit/die-at.ts';
import { tickIn } from '#kit/drive.ts';
import { failWhere } from '#kit/failing-calls.ts';
import { fleet, group } from '#kit/fleet.ts';
import { STRATEGIES } from '#kit/strategies.ts';
import { runTicks } from '#kit/ticks.ts';
import type { Interruption, PortCall } from '#tools/simulator/interrupt.ts';
import { createRandom } from '#tools/simulator/random.ts';
import { World } from '#tools/simulator/world.ts';
import {
  expectClassesAddUp,
  expectHoldsHold,
  expectMadeRoom,
  expectNobodyKilled,
  expectNothingLeftOver,
  expectNotTouchingBusy,
  expectWithinLimits,
  registrations,
} from './invariants.ts';

const MINUTE = 60_000;

type Event =
  | { readonly kind: 'steps'; readonly count: number; readonly minutes: number; readonly group: number }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'tick' }
  | { readonly kind: 'tick-fails'; readonly every: number; readonly outcome: 'refused' | 'unknown' }
  | { readonly kind: 'tick-dies'; readonly index: number; readonly when: 'before' | 'after' }
  | { readonly kind: 'tick-drags'; readonly seconds: number }
  | { readonly kind: 'crash'; readonly nth: number; readonly forGood: boolean }
  | { readonly kind: 'status'; readonly nth: number; readonly status: 'UNHEALTHY' | 'UNKNOWN' | 'DISABLED' };

const events: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('steps' as const),
      count: fc.integer({ min: 1, max: 12 }),
      minutes: fc.integer({ min: 1, max: 15 }),
      group: fc.nat(2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 400 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('tick' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('tick-fails' as const),
      every: fc.integer({ min: 1, max: 9 }),
      outcome: fc.constantFrom('refused', 'unknown'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('tick-dies' as const),
      index: fc.integer({ min: 1, max: 40 }),
      when: fc.constantFrom('before', 'after'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('tick-drags' as const), seconds: fc.integer({ min: 1, max: 20 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), nth: fc.nat(20), forGood: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      nth: fc.nat(20),
      status: fc.constantFrom('UNHEALTHY', 'UNKNOWN', 'DISABLED'),
    }),
  },
);

const worlds = fc.record({
  seed: fc.nat(),
  capacity: fc.constantFrom(3, 8, 1000),
  startupSeconds: fc.constantFrom(5, 45, 180),
  stepLagMs: fc.constantFrom(0, 30_000, 60_000),
  bitbucketSkewMs: fc.constantFrom(-MINUTE, 0, MINUTE),
  clusterSkewMs: fc.constantFrom(-MINUTE, 0, MINUTE),
  cap: fc.constantFrom(6, 15, 100),
  coolDownMinutes: fc.constantFrom(0, 1, 5),
  events: fc.array(events, { minLength: 5, maxLength: 60 }),
});

type Setting = typeof worlds extends fc.Arbitrary<infer S> ? S : never;

function configure({ cap, coolDownMinutes }: Setting, kind: Strategy['kind']): Fleet {
  const times = {
    ...STRATEGIES[kind],
    coolDownMs: coolDownMinutes * MINUTE,
    startTimeoutMs: 5 * MINUTE,
    drainGraceMs: 90_000,
  };
  return fleet(
    [
      group({ name: 'builds', min: 1, max: 6, ...times }),
      group({ name: 'big', min: 2, max: 9, labels: ['autoscaler.created', 'big', 'linux', 'self.hosted'], ...times }),
      group({ name: 'repo', scope: { workspace: 'acme', repository: 'site' }, min: 0, max: 3, ...times }),
    ],
    cap,
  );
}

function build({ seed, capacity, startupSeconds, stepLagMs, bitbucketSkewMs, clusterSkewMs }: Setting): World {
  const random = createRandom(seed);
  const startupMs = () => startupSeconds * 1000 * (0.5 + random.next());
  return new World({ capacity, startupMs, stepLagMs, bitbucketSkewMs, clusterSkewMs });
}

/** Plays one event; a tick gives its report, unless it died. */
async function play(
  world: World,
  config: Fleet,
  event: Event,
  watch: (call: PortCall) => void,
): Promise<Report | undefined> {
  const tick = (interruption: Interruption) =>
    tickIn(
      world,
      config,
      world.ports((call, proceed) =>
        interruption(call, () => {
          watch(call);
          return proceed();
        }),
      ),
    );
  switch (event.kind) {
    case 'steps': {
      const target = config.groups[event.group];
      const scope = { workspace: 'acme', repository: 'site' };
      for (let n = 0; n < event.count; n += 1) {
        world.submit({ scope, labels: target?.labels ?? [], durationMs: event.minutes * MINUTE });
      }
      return undefined;
    }
    case 'pass':
      world.advance(event.seconds * 1000);
      return undefined;
    case 'tick':
      return tick((_call, proceed) => proceed());
    case 'tick-fails':
      return tick(failWhere(({ index }) => index % event.every === 0, event.outcome)).catch(() => undefined);
    case 'tick-dies':
      await tick(dieAt(event.index, event.when)).catch(() => undefined);
      // The dead process's lease runs out before anybody ticks again.
      world.advance(2 * MINUTE);
      return undefined;
    case 'tick-drags':
      return tick((_call, proceed) => {
        world.advance((event.seconds * 1000) / 10);
        return proceed();
      });
    case 'crash':
    case 'status': {
      const runners = config.groups.flatMap((entry) => world.bitbucket.list(entry.scope));
      const victim = runners[event.nth % Math.max(1, runners.length)];
      if (victim === undefined) return undefined;
      if (event.kind === 'crash') world.cluster.crash(victim.uuid, event.forGood);
      else world.bitbucket.setStatus(victim.uuid, event.status, event.status === 'UNKNOWN' ? 'HIBERNATING' : undefined);
      return undefined;
    }
  }
}

/** The uuids of runners that have a step. */
function workingIn(world: World, { groups }: Fleet): ReadonlySet<string> {
  const all = groups.flatMap(({ scope }) => world.bitbucket.list(scope));
  return new Set(all.filter(({ hasStep }) => hasStep).map(({ uuid }) => uuid));
}

/** A runner connects and takes a step after a look has found it never online, and before it is taken out of service. */
const CONNECTS_WHILE_A_TICK_DRAGS: Setting = {
  seed: 0,
  capacity: 3,
  startupSeconds: 5,
  stepLagMs: 0,
  bitbucketSkewMs: -MINUTE,
  clusterSkewMs: -MINUTE,
  cap: 6,
  coolDownMinutes: 0,
  events: [
    { kind: 'tick' },
    { kind: 'pass', seconds: 301 },
    { kind: 'steps', count: 2, minutes: 6, group: 0 },
    { kind: 'tick' },
    { kind: 'tick-dies', index: 7, when: 'before' },
    { kind: 'pass', seconds: 61 },
    { kind: 'tick-dies', index: 11, when: 'before' },
    { kind: 'crash', nth: 0, forGood: false },
    { kind: 'tick-drags', seconds: 5 },
    { kind: 'steps', count: 1, minutes: 1, group: 0 },
    { kind: 'tick' },
  ],
};

describe.each(Object.values(STRATEGIES))('in every random world, $strategy.kind', ({ strategy: { kind } }) => {
  it('the limits hold, nothing busy is touched, classes add up, holds hold, and calm brings order', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (setting) => {
        const world = build(setting);
        const config = configure(setting, kind);
        for (const event of setting.events) {
          const before = registrations(world, config);
          const working = workingIn(world, config);
          const given: string[] = [];
          const report = await play(world, config, event, (call) => expectNotTouchingBusy(world, call, given));
          expectWithinLimits(world, config);
          expectNobodyKilled(world);
          if (report !== undefined) {
            expectHoldsHold(report);
            // Disabling one that has taken a step since the look began interrupts nothing.
            expectMadeRoom(
              report,
              given.filter((uuid) => working.has(uuid)),
            );
            if (event.kind === 'tick') expectClassesAddUp(report, before);
          }
        }
        await expectCalm(world, config);
      }),
      { numRuns: 70, examples: [[CONNECTS_WHILE_A_TICK_DRAGS]] },
    );
  });

  it('applying a plan twice is applying it once', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (setting) => {
        const world = build(setting);
        const config = configure(setting, kind);
        for (const event of setting.events) await play(world, config, event, () => undefined);
        const ports = world.ports();
        const request = {
          fleet: config,
          groups: config.groups,
          at: world.now,
          budgets: budgetsOf(config.groups, ports),
        };
        const { observation, decisions } = await lookAndDecide(request, ports);
        const plan = makePlan(observation, decisions);
        await apply(plan, world.ports());
        const once = snapshot(world, config);
        const again = await apply(plan, world.ports());
        expect(snapshot(world, config)).toEqual(once);
        expect([...again.outcomes.values()].flat().filter(({ status }) => status !== 'skipped')).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('a partial observation never scales', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, fc.constantFrom('list', 'load', 'identify'), async (setting, method) => {
        const world = build(setting);
        const config = configure(setting, kind);
        for (const event of setting.events) await play(world, config, event, () => undefined);
        world.advance(2 * MINUTE);
        const before = registrations(world, config);
        const effects: string[] = [];
        const report = await tickIn(
          world,
          config,
          world.ports((call, proceed) => {
            if (call.method === method) return failWhere(() => true, 'refused')(call, proceed);
            if (['register', 'disable', 'remove', 'createJob', 'createSecret', 'deleteJob'].includes(call.method))
              effects.push(call.method);
            return proceed();
          }),
        );
        const partial = report.groups.filter((entry) => entry.problems.length > 0);
        if (method !== 'identify') expect(partial.length).toBe(config.groups.length);
        if (partial.length === config.groups.length) {
          expect(effects).toEqual([]);
          expect(registrations(world, config)).toEqual(before);
        }
        for (const entry of partial) expect(entry.decision.reason.code).toBe('partial-observation');
      }),
      { numRuns: 25 },
    );
  });
});

/** Everything that a plan can change, on both sides. */
function snapshot(world: World, config: Fleet): unknown {
  const runners = config.groups.map((entry) => world.bitbucket.list(entry.scope));
  return { runners, objects: world.cluster.objects };
}

/** An hour of quiet ticks after the last event: every group is at its min, and nothing is left over on any side. */
async function expectCalm(world: World, config: Fleet): Promise<void> {
  for (const entry of config.groups) {
    // Somebody repairs what only a person can: statuses that nobody knows.
    for (const found of world.bitbucket.list(entry.scope)) {
      if (found.status === 'UNKNOWN') world.bitbucket.setStatus(found.uuid, 'DISABLED');
    }
  }
  world.advance(20 * 60 * MINUTE);
  await runTicks(world, config, { count: 60 });
  expectNothingLeftOver(world, config);
  expectWithinLimits(world, config);
  expectNobodyKilled(world);
}
