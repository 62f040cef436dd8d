/**
 * Whole runs under a small budget: what is held back, in which order, and that it all comes back. Every tick is a
 * process of its own, so that whatever it knows of the hour it has from memory.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServiceError } from '#core/errors.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import type { Ports } from '#core/ports.ts';
import { reconcile } from '#core/reconcile.ts';
import { hasFailed } from '#core/report.ts';
import { dieAt } from '#kit/die-at.ts';
import { tickIn } from '#kit/drive.ts';
import { failWhere } from '#kit/failing-calls.ts';
import { fleet, group } from '#kit/fleet.ts';
import { STRATEGIES } from '#kit/strategies.ts';
import { planIn, runTicks } from '#kit/ticks.ts';
import { type Interruption, undisturbed } from '#tools/simulator/interrupt.ts';
import { WORLD_START, World } from '#tools/simulator/world.ts';
import { expectHoldsHold, expectNobodyKilled, expectNothingLeftOver, expectWithinLimits } from './invariants.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Writes down when Bitbucket is called, and for what. */
function listening(
  world: World,
  then: Interruption = undisturbed,
): { readonly sent: { at: number; method: string }[]; readonly ports: () => Ports } {
  const sent: { at: number; method: string }[] = [];
  const listen: Interruption = (call, proceed) => {
    if (call.port === 'runners') sent.push({ at: world.now, method: call.method });
    return then(call, proceed);
  };
  return { sent, ports: () => world.ports(listen) };
}

function mostInAnHour(sent: readonly { at: number; method: string }[], methods?: readonly string[]): number {
  const counted = sent.filter(({ method }) => methods === undefined || methods.includes(method));
  return Math.max(0, ...counted.map(({ at }) => counted.filter((call) => call.at > at - HOUR && call.at <= at).length));
}

const heldBack = ({ groups }: Report) => groups.filter(({ decision }) => decision.reason.code === 'look-held-back');
const budgetOf = ({ budgets: [budget] = [] }: Report) => budget;

describe('a budget that is enough', () => {
  it('is counted, saved with the tick, and changes nothing', async () => {
    const config = fleet([group()]);
    const [counted, free] = [new World({ callsPerHour: 1000 }), new World()];
    const reports = await runTicks(counted, config, { count: 30 });
    const others = await runTicks(free, config, { count: 30 });
    expect(reports.map(({ groups }) => groups)).toEqual(others.map(({ groups }) => groups));
    // 30 lists, a look-up and a registration
    expect(budgetOf(reports.at(-1) as Report)).toEqual({
      credential: 'simulated',
      limit: 1000,
      used: 32,
      left: 968,
      throttled: 0,
      heldBack: [],
    });
    expect(others[0]).not.toHaveProperty('budgets');
  });

  it('is read and not written by a dry run', async () => {
    const config = fleet([group()]);
    const world = new World({ callsPerHour: 1000 });
    await tickIn(world, config);
    const before = await world.state.load(['budget/simulated']);
    const report = await planIn(world, config);
    expect(heldBack(report)).toEqual([]);
    expect(budgetOf(report)).toMatchObject({ used: 4 });
    await expect(world.state.load(['budget/simulated'])).resolves.toEqual(before);
  });

  it('takes one read and two writes a tick: the budget is read with the memory, and saved beside the record', async () => {
    const calls: string[] = [];
    const world = new World({ callsPerHour: 1000 });
    const listen: Interruption = (call, proceed) => {
      if (call.port === 'state') calls.push(call.method);
      return proceed();
    };
    const config = fleet([group({ min: 0 })]);
    await runTicks(world, config, { count: 2, ports: () => world.ports(listen) });
    expect(calls.slice(-5)).toEqual(['acquireLease', 'load', 'appendTick', 'save', 'releaseLease']);
  });
});

describe('a budget that is too small to look every minute', () => {
  const config = fleet([
    group({ max: 6 }),
    ...['a', 'b', 'c'].map((name) => group({ name, scope: { workspace: 'acme', repository: name }, max: 4 })),
  ]);

  it('looks less often, evenly, says so, and fails nothing', async () => {
    const world = new World({ callsPerHour: 120 });
    const { sent, ports } = listening(world);
    const reports = await runTicks(world, config, { count: 240, ports });
    const looked = reports.flatMap((report, tick) => (heldBack(report).length === 0 ? [tick] : []));
    const gaps = looked.slice(1).map((tick, index) => tick - (looked[index] ?? 0));
    // 62 min × 4 / (90 − 4) = 2.9 minutes
    expect(Math.max(...gaps.slice(40))).toBe(3);
    expect(reports.filter(hasFailed)).toEqual([]);
    expect(mostInAnHour(sent)).toBeLessThanOrEqual(120);
    expect(mostInAnHour(sent, ['list', 'identify'])).toBeLessThanOrEqual(90);
    for (const report of reports) expectHoldsHold(report);

    const held = reports.find((report) => heldBack(report).length > 0);
    expect(held?.groups.map(({ decision, plan, problems }) => [decision.reason.code, plan, problems])).toEqual(
      config.groups.map(() => ['look-held-back', [], []]),
    );
    expect(held && budgetOf(held)?.heldBack).toEqual(['look']);
  });

  it('kills nobody, keeps to max, and tidies up, with builds coming and going', async () => {
    const world = new World({ callsPerHour: 120 });
    const { sent, ports } = listening(world);
    for (let minute = 5; minute < 180; minute += 9) {
      const target = config.groups[((minute / 9) % 4) | 0] ?? group();
      for (let step = 0; step < 3; step += 1) {
        const { scope, labels } = target;
        world.submit({ scope, labels, durationMs: (2 + step * 3) * MINUTE }, world.now + minute * MINUTE);
      }
    }
    for (let tick = 0; tick < 420; tick += 1) {
      await tickIn(world, config, ports());
      expectWithinLimits(world, config);
      world.advance(MINUTE);
    }
    expectNobodyKilled(world);
    expect(world.steps.filter(({ state }) => state === 'waiting' || state === 'running')).toEqual([]);
    expect(mostInAnHour(sent, ['list', 'identify', 'register'])).toBeLessThanOrEqual(120);
    expectNothingLeftOver(world, config);
  });
});

describe('a Bitbucket that allows more for counting queues', () => {
  const { strategy, stabilisationWindowMs } = STRATEGIES.queueAware;
  const named = { ...strategy, repositories: { kind: 'named', names: ['site'] } } as const;
  const config = fleet([group({ strategy: named, stabilisationWindowMs, max: 20 })]);

  /** Six long builds; gives how often something was asked of pipelines. */
  async function countsIn(world: World): Promise<number> {
    let counts = 0;
    const ports = () =>
      world.ports((call, proceed) => {
        if (call.port === 'pipelines') counts += 1;
        return proceed();
      });
    const build = { scope: { workspace: 'acme', repository: 'site' }, labels: group().labels, durationMs: 2 * HOUR };
    for (let step = 0; step < 6; step += 1) world.submit(build, world.now + 5 * MINUTE);
    await runTicks(world, config, { count: 60, ports });
    return counts;
  }

  it('is asked every minute, and what counting takes leaves the hour to everybody else', async () => {
    const [one, two] = [new World({ callsPerHour: 200 }), new World({ callsPerHour: 200, queueCallsPerHour: 1000 })];
    expect(await countsIn(one)).toBeLessThan(100);
    expect(await countsIn(two)).toBeGreaterThan(300);
    expect(two.mostCallsInAnHour).toBeLessThan(100);
  });
});

describe('creates that the hour does not pay for', () => {
  const config: Fleet = fleet(
    [
      group({ min: 60, max: 100 }),
      group({ name: 'tests', min: 30, max: 100, labels: ['autoscaler.created', 'linux', 'self.hosted', 'tests'] }),
    ],
    500,
  );

  it('are held back with numbers, shared fairly, and made up for when the hour has passed', async () => {
    const world = new World({ callsPerHour: 60 });
    const [first] = await runTicks(world, config, { count: 1 });
    // 60 − 6 for removals − 2 for the look
    expect(first?.groups.map(({ decision }) => decision.to)).toEqual([26, 26]);
    expect(first?.groups[0]?.bounds).toContainEqual(
      expect.objectContaining({
        code: 'api-budget',
        text: 'credential simulated has 58 of 60 calls an hour left, which withholds 24; more in 1h 1m',
        values: { credential: 'simulated', limit: 60, left: 58, withheld: 24, moreInMs: 61 * MINUTE },
      }),
    );
    expect(first && budgetOf(first)).toMatchObject({ used: 54, left: 6, heldBack: ['create'] });
    expect(first && hasFailed(first)).toBe(false);

    world.advance(MINUTE);
    const quiet = await runTicks(world, config, { count: 59 });
    expect(quiet.every((report) => heldBack(report).length === 2)).toBe(true);
    await runTicks(world, config, { count: 130 });
    expect(world.bitbucket.list({ workspace: 'acme' })).toHaveLength(90);
    expectWithinLimits(world, config);
  });

  it('are counted by the shards of one credential together', async () => {
    const world = new World({ callsPerHour: 60 });
    const sharded = fleet([
      group({ min: 60, max: 60 }),
      group({ name: 'labs', scope: { workspace: 'labs' }, min: 60, max: 60 }),
    ]);
    const tick = (name: string) =>
      reconcile(
        {
          fleet: sharded,
          groups: [name],
          mode: 'apply',
          now: world.now,
          tickId: world.nextTickId(),
          elapsedMs: () => 0,
        },
        world.ports(),
      );
    const first = await tick('builds');
    const second = await tick('labs');
    expect(budgetOf(first)).toMatchObject({ used: 52 });
    expect(heldBack(second).map(({ name }) => name)).toEqual(['labs']);
    expect(budgetOf(second)).toMatchObject({ used: 52, heldBack: ['look'] });
  });
});

describe('removals', () => {
  it('go on when nothing is left for anything else', async () => {
    const world = new World({ callsPerHour: 60 });
    const config = fleet([group({ min: 1, max: 22, coolDownMs: 0 })]);
    const crowded = fleet([group({ min: 22, max: 22, coolDownMs: 0 })]);
    await tickIn(world, crowded);
    world.advance(2 * MINUTE);
    const reports = await runTicks(world, config, { count: 60 });
    expect(world.bitbucket.list({ workspace: 'acme' }).length).toBeLessThan(22);
    const removals = reports.flatMap(({ groups }) => groups.flatMap(({ outcomes }) => outcomes));
    expect(removals.filter(({ status }) => status !== 'done')).toEqual([]);
    const most = Math.max(...reports.map((report) => budgetOf(report)?.used ?? 0));
    // Two calls for a removal are few, so that little is spent beyond what looks and creates leave.
    expect(most).toBeGreaterThan(55);
    await runTicks(world, config, { count: 200 });
    expect(world.bitbucket.list({ workspace: 'acme' })).toHaveLength(1);
    expectNothingLeftOver(world, config);
  });
});

describe('a Bitbucket that allows less than the budget says', () => {
  /** Turns away what exceeds so many calls of the past hour, over all processes. */
  function enforcing(world: World, limit: number) {
    const accepted: number[] = [];
    const turnedAway: number[] = [];
    const enforce: Interruption = (call, proceed) => {
      if (call.port !== 'runners') return proceed();
      if (accepted.filter((at) => at > world.now - HOUR).length >= limit) {
        turnedAway.push(world.now);
        throw new ServiceError('Bitbucket answered 429.', { service: 'bitbucket', outcome: 'refused', status: 429 });
      }
      accepted.push(world.now);
      return proceed();
    };
    return { turnedAway, ports: () => world.ports(async (call, proceed) => enforce(call, proceed)) };
  }

  it('is left alone for longer and longer, and everything recovers', async () => {
    const config = fleet([group({ max: 8 }), group({ name: 'labs', scope: { workspace: 'labs' }, max: 8 })]);
    const world = new World({ callsPerHour: 1000 });
    const { turnedAway, ports } = enforcing(world, 50);
    for (let minute = 3; minute < 150; minute += 7) {
      for (const { scope, labels } of config.groups) {
        world.submit({ scope, labels, durationMs: (3 + (minute % 20)) * MINUTE }, world.now + minute * MINUTE);
      }
    }
    const reports: Report[] = [];
    for (let tick = 0; tick < 480; tick += 1) {
      reports.push(await tickIn(world, config, ports()));
      expectWithinLimits(world, config);
      world.advance(MINUTE);
    }
    expectNobodyKilled(world);
    expectNothingLeftOver(world, config);
    // Looking costs 120 calls an hour, so that without waiting half the calls would be turned away: about 560.
    expect(turnedAway.length).toBeGreaterThan(0);
    expect(turnedAway.length).toBeLessThan(150);
    const throttled = reports.filter((report) => budgetOf(report)?.throttledUntil !== undefined);
    expect(throttled.every((report) => (budgetOf(report)?.throttled ?? 0) > 0)).toBe(true);
    // Only the tick that was turned away fails; those that wait do not.
    expect(throttled.filter((report) => !hasFailed(report)).length).toBeGreaterThan(throttled.length / 2);
  });
});

describe('random worlds under a small budget', () => {
  it('nobody is killed, no limit is passed, and in the end all is tidy', async () => {
    const burst = fc.record({
      minute: fc.nat(120),
      steps: fc.integer({ min: 1, max: 6 }),
      minutes: fc.integer({ min: 1, max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          callsPerHour: fc.integer({ min: 60, max: 240 }),
          bursts: fc.array(burst, { maxLength: 12 }),
          failEvery: fc.integer({ min: 5, max: 40 }),
          stepLagMs: fc.constantFrom(0, 40_000),
        }),
        async ({ callsPerHour, bursts, failEvery, stepLagMs }) => {
          const config = fleet(
            [group({ max: 7 }), group({ name: 'site', scope: { workspace: 'acme', repository: 'site' }, max: 5 })],
            10,
          );
          const world = new World({ callsPerHour, stepLagMs });
          bursts.forEach(({ minute, steps, minutes }, index) => {
            const { scope, labels } = config.groups[index % 2] ?? group();
            for (let step = 0; step < steps; step += 1) {
              world.submit({ scope, labels, durationMs: minutes * MINUTE }, world.now + minute * MINUTE);
            }
          });
          const fails = failWhere(
            (call) => world.now < WORLD_START + 2 * HOUR && call.index % failEvery === 0,
            'unknown',
          );
          const { sent, ports } = listening(world, fails);
          for (let tick = 0; tick < 420; tick += 1) {
            await tickIn(world, config, ports()).catch(() => undefined);
            expectWithinLimits(world, config);
            world.advance(MINUTE);
          }
          expectNobodyKilled(world);
          expectNothingLeftOver(world, config);
          // Every process is a new one here, so that a save that fails loses the calls of its tick.
          expect(mostInAnHour(sent, ['list', 'identify', 'register'])).toBeLessThanOrEqual(callsPerHour + failEvery);
        },
      ),
      { numRuns: 5 },
    );
  });
});

describe('a tick that dies', () => {
  it('has spent what nobody counts, and the next goes on from what was saved', async () => {
    const world = new World({ callsPerHour: 1000 });
    const config = fleet([group()]);
    await tickIn(world, config);
    world.advance(3 * MINUTE);
    await tickIn(world, config, world.ports(dieAt(4, 'after'))).catch(() => undefined);
    world.advance(3 * MINUTE);
    const report = await tickIn(world, config);
    expect(budgetOf(report)).toMatchObject({ used: 4 });
    expectNobodyKilled(world);
  });
});
