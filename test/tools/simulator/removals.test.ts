/**
 * Runners on their way out, in worlds in which Bitbucket says late, wrongly or not at all what they are at. Each row is a
 * case that once went wrong, with its right value.
 */
import { describe, expect, it } from 'vitest';
import type { Outcome } from '#core/model/decision.ts';
import type { Runner, RunnerJob } from '#core/model/observation.ts';
import type { Report } from '#core/model/report.ts';
import { tickIn } from '#kit/drive.ts';
import { fleet, group } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import type { Interruption, PortCall } from '#tools/simulator/interrupt.ts';
import { World, type WorldOptions } from '#tools/simulator/world.ts';
import { expectNobodyKilled, expectNothingLeftOver, registrationsOf } from './invariants.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Wants its `min`, or one idle runner beside those at work. */
const strategy = { kind: 'idleBuffer', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 1 } as const;
const builds = group({ min: 1, max: 6, strategy, coolDownMs: 0, drainGraceMs: 90 * SECOND });
const scope = builds.scope;
const labels = ['self.hosted'];
const NOBODY = fleet([{ ...builds, min: 0, strategy: { ...strategy, idleCount: 0, scaleFactorLimit: 0 } }]);
const WANTED = (min: number) => fleet([{ ...builds, min }]);

/** The actions that change who there is. */
const ALIVE: readonly Outcome['action'][] = ['add', 'enable', 'disable', 'remove'];

/** What was done to runners, in order. */
const actionsOf = (reports: readonly Report[], status = 'done') =>
  reports.flatMap(({ groups }) =>
    groups.flatMap(({ outcomes }) =>
      outcomes.filter((entry) => entry.status === status && ALIVE.includes(entry.action)).map(({ action }) => action),
    ),
  );

/** A world with so many idle runners of the group. */
async function idleWorld(count: number, options: WorldOptions = {}): Promise<World> {
  const world = new World(options);
  await runTicks(world, WANTED(count), { count: 2 });
  return world;
}

/** Shows runners of every list and look as this says. */
const showing =
  (change: (runner: Runner) => Runner): Interruption =>
  async (call, proceed) => {
    const answer = await proceed();
    if (call.port !== 'runners') return answer;
    if (call.method === 'list') return (answer as readonly Runner[]).map(change);
    return call.method === 'get' && answer !== undefined ? change(answer as Runner) : answer;
  };

const withoutMark = showing((runner) => ({ ...runner, hasStep: false }));

describe('the grace counts from the first look that sees the runner out of service', () => {
  it('a look every 10 s, a disable that takes effect 32 s into its tick, a busy mark a minute late: nobody is killed', async () => {
    const world = await idleWorld(2, { stepLagMs: MINUTE });
    const late: Interruption = (call, proceed) => {
      if (call.method === 'disable') {
        world.advance(32 * SECOND);
        world.submit({ scope, labels, durationMs: 20 * MINUTE });
        world.submit({ scope, labels, durationMs: 20 * MINUTE });
      }
      return proceed();
    };
    await tickIn(world, WANTED(1), world.ports(late));
    await runTicks(world, WANTED(1), { count: 150, everyMs: 10 * SECOND });
    expectNobodyKilled(world);
    expect(world.steps.map(({ state }) => state)).toEqual(['finished', 'finished']);
  });

  it('the list of the look that sees it waits 30 s, and marks are 89 s late: nobody is killed', async () => {
    const world = await idleWorld(2);
    world.faults = {
      stepHidden: () => [{ from: 0, to: 89 * SECOND }],
      mishap: ({ method }) => (method === 'disable' ? { kind: 'deferred', effectAfterMs: 15 * SECOND } : undefined),
    };
    let lists = 0;
    const waiting: Interruption = (call, proceed) => {
      if (call.port === 'runners' && call.method === 'list') {
        lists += 1;
        if (lists === 2) world.advance(30 * SECOND);
      }
      return proceed();
    };
    for (let step = 0; step < 2; step += 1) {
      world.clock.schedule(
        world.now + 14 * SECOND,
        () => void world.submit({ scope, labels, durationMs: 20 * MINUTE }),
      );
    }
    await runTicks(world, WANTED(1), { count: 30, everyMs: 10 * SECOND, ports: () => world.ports(waiting) });
    expect(world.steps.map(({ state }) => state)).toEqual(['running', 'running']);
  });

  it('a start that timed out gets its node in the seconds in which it is taken away: its step is not lost', async () => {
    let nodes = 1;
    const world = await idleWorld(1, { capacity: () => nodes, startupMs: () => 2 * SECOND });
    for (const minutes of [60, 20]) world.submit({ scope, labels, durationMs: minutes * MINUTE });
    const isLate = ({ method }: PortCall) => ['disable', 'remove', 'deleteJob'].includes(method);
    world.faults = {
      mishap: (call) => (isLate(call) ? { kind: 'deferred', effectAfterMs: 10 * SECOND } : undefined),
    };
    const nodeComes: Interruption = (call, proceed) => {
      if (isLate(call)) nodes = 2;
      world.cluster.nodesChanged();
      return proceed();
    };
    await runTicks(world, WANTED(2), { count: 40, ports: () => world.ports(nodeComes) });
    expectNobodyKilled(world);
    expect(world.steps.map(({ state }) => state)).toEqual(['running', 'finished']);
  });

  it('with a look a minute a surplus is gone at the third look after it', async () => {
    const world = await idleWorld(2);
    const left: number[] = [];
    for (let look = 0; look < 4; look += 1) {
      await tickIn(world, WANTED(1));
      left.push(registrationsOf(world, builds));
      world.advance(MINUTE);
    }
    expect(left).toEqual([2, 2, 2, 1]);
  });
});

describe('what was taken out of service as a surplus and is wanted again', () => {
  /** Six idle runners, of which five are taken out of service, and the burst that comes a minute later. */
  async function burst(options: WorldOptions = {}) {
    const world = await idleWorld(6, options);
    await runTicks(world, WANTED(1), { count: 1 });
    expect(world.bitbucket.list(scope).filter(({ status }) => status === 'DISABLED')).toHaveLength(5);
    const reports = await runTicks(world, WANTED(6), { count: 1 });
    return { world, reports };
  }

  it('is enabled again: five that are online still, and nobody is created or deleted', async () => {
    const { world, reports } = await burst();
    expect(reports[0]?.groups[0]?.decision).toMatchObject({ action: 'scale-up', from: 1, to: 6 });
    const later = await runTicks(world, WANTED(6), { count: 10 });
    expect(actionsOf([...reports, ...later])).toEqual(Array.from({ length: 5 }, () => 'enable'));
    expect(world.bitbucket.everRegistered).toBe(6);
    expect(world.bitbucket.totals.idle).toBe(6);
  });

  it('where Bitbucket refuses, is replaced, and goes: a refusal is no failure', async () => {
    const { world, reports } = await burst({ enables: false });
    expect(actionsOf(reports, 'skipped')).toEqual(['enable', 'enable', 'enable', 'enable', 'enable']);
    const later = await runTicks(world, WANTED(6), { count: 8 });
    // max is 6, so that the disabled ones go first; nobody tries twice.
    expect(actionsOf([...reports, ...later], 'skipped')).toHaveLength(5);
    expect(actionsOf(later).filter((action) => action === 'remove')).toHaveLength(5);
    expect(world.bitbucket.totals).toMatchObject({ idle: 6, unavailable: 0 });
    expectNothingLeftOver(world, WANTED(6));
  });

  it('and is no surplus again later, is read by GET before it is deleted', async () => {
    const { world } = await burst();
    await runTicks(world, WANTED(6), { count: 3 });
    const calls: PortCall[] = [];
    const listen: Interruption = (call, proceed) => {
      if (call.port === 'runners') calls.push(call);
      return proceed();
    };
    await runTicks(world, WANTED(1), { count: 6, ports: () => world.ports(listen) });
    const methods = calls.map(({ method }) => method);
    expect(methods.filter((method) => method === 'get')).toHaveLength(5);
    expect(methods.filter((method) => method === 'remove')).toHaveLength(5);
  });
});

describe('calls to Bitbucket in the life of a runner', () => {
  const alone = { ...builds, strategy: { ...strategy, idleCount: 0, scaleFactorLimit: 0 }, max: 1 };

  /** The calls about the one runner of a group, from the first look on, lists aside. */
  async function life(disturb: (world: World) => Interruption): Promise<readonly string[]> {
    const world = new World();
    const trace: string[] = [];
    const disturbed = disturb(world);
    const ports = () =>
      world.ports(async (call, proceed) => {
        if (call.port === 'runners' && call.method !== 'list' && call.method !== 'identify') trace.push(call.method);
        return disturbed(call, proceed);
      });
    await runTicks(world, fleet([alone]), { count: 4, ports });
    world.submit({ scope, labels, durationMs: 5 * MINUTE });
    await runTicks(world, fleet([alone]), { count: 20, ports });
    await runTicks(world, fleet([{ ...alone, min: 0 }]), { count: 8, ports });
    expect(registrationsOf(world, builds)).toBe(0);
    expectNobodyKilled(world);
    expectNothingLeftOver(world, fleet([alone]));
    return trace;
  }

  it('are three: to register it, to disable it, to delete it', async () => {
    expect(await life(() => (_call, proceed) => proceed())).toEqual(['register', 'disable', 'remove']);
  });

  it('a look that is older than 15 s costs the reading that it needs', async () => {
    const slow =
      (world: World): Interruption =>
      async (call, proceed) => {
        const answer = await proceed();
        if (call.port === 'jobs' && call.method === 'list') world.advance(16 * SECOND);
        return answer;
      };
    // Once before its pod may leave its node, after each of its two rests, and once before it goes.
    expect(await life(slow)).toEqual(['register', 'get', 'get', 'disable', 'get', 'remove']);
  });

  it('a list that was seen to lag costs the reading that it needs', async () => {
    const lagging = (world: World): Interruption => {
      const disabledAt = new Map<string, number>();
      return async (call, proceed) => {
        const answer = await proceed();
        const uuid = String(call.arguments[1]);
        if (call.method === 'disable' && !disabledAt.has(uuid)) disabledAt.set(uuid, world.now);
        if (call.port !== 'runners' || call.method !== 'list') return answer;
        return (answer as readonly Runner[]).map((runner) =>
          world.now - (disabledAt.get(runner.uuid) ?? 0) <= MINUTE
            ? { ...runner, status: 'ONLINE', statusText: 'ONLINE' }
            : runner,
        );
      };
    };
    // A runner that is shown in service is taken out of it once more.
    expect(await life(lagging)).toEqual(['register', 'disable', 'disable', 'get', 'remove']);
  });
});

describe("the runner's own log is the second witness", () => {
  /** A runner is taken out of service in the middle of a step whose mark falls away for five minutes. */
  async function fallenMark(options: WorldOptions) {
    const world = await idleWorld(1, options);
    world.submit({ scope, labels, durationMs: 20 * MINUTE });
    const fallen = await runTicks(world, NOBODY, { count: 5, ports: () => world.ports(withoutMark) });
    const later = await runTicks(world, NOBODY, { count: 25 });
    return { world, reports: [...fallen, ...later] };
  }

  it('where it may be read, the build is not lost', async () => {
    const { world, reports } = await fallenMark({ podsLog: true });
    expect(world.steps.map(({ state }) => state)).toEqual(['finished']);
    expect(reports.flatMap(({ groups }) => groups[0]?.outcomes.map(({ error }) => error) ?? [])).toContain(
      'its log shows a step that began and did not end',
    );
    expect(reports.flatMap(({ notes }) => notes)).toEqual([]);
    expect(registrationsOf(world, builds)).toBe(0);
  });

  it('where it may not, the report says so once at each removal, and only the grace protects', async () => {
    const { world, reports } = await fallenMark({});
    expect(world.steps.map(({ failure }) => failure)).toEqual(['killed']);
    expect(reports.flatMap(({ notes }) => notes)).toEqual([expect.stringContaining('pods/log is missing')]);
  });

  it('a step that it shows begin and never end keeps a runner for as long as any step may take, and no longer', async () => {
    const world = await idleWorld(1, { podsLog: true });
    const never: Interruption = async (call, proceed) => (call.method === 'stepInLog' ? 'running' : proceed());
    const ports = () => world.ports(never);
    await runTicks(world, NOBODY, { count: 723, ports });
    expect(registrationsOf(world, builds)).toBe(1);
    await runTicks(world, NOBODY, { count: 1, ports });
    expect(registrationsOf(world, builds)).toBe(0);
  });

  it('a log that cannot be read keeps a runner for as long as any step may take, and no longer', async () => {
    const world = await idleWorld(1, { podsLog: true });
    const broken: Interruption = async (call, proceed) => {
      if (call.method === 'stepInLog') throw new Error('The kubelet does not answer.');
      return proceed();
    };
    const config = NOBODY;
    const gone = async () => registrationsOf(world, builds) === 0;
    await runTicks(world, config, { count: 723, ports: () => world.ports(broken) });
    expect(await gone()).toBe(false);
    await runTicks(world, config, { count: 1, ports: () => world.ports(broken) });
    expect(await gone()).toBe(true);
  });
});

describe('the public surface', () => {
  const config = (min: number) => fleet([{ ...builds, min }], 100, 'public');

  it('says once in a report how runners are taken out of service', async () => {
    const world = new World();
    await runTicks(world, config(3), { count: 2 });
    world.submit({ scope, labels, durationMs: 30 * MINUTE });
    const [report, next] = await runTicks(world, config(1), { count: 2 });
    expect(actionsOf([report as Report])).toEqual(['disable']);
    expect(report?.notes).toEqual([expect.stringContaining("through Bitbucket's internal API")]);
    expect(next?.notes).toEqual([]);
  });

  it('marks that show once and never again: after an hour nobody is taken out of service any more', async () => {
    const world = new World();
    await runTicks(world, config(3), { count: 2 });
    world.submit({ scope, labels, durationMs: MINUTE });
    await runTicks(world, config(3), { count: 1 });
    world.advance(HOUR);
    for (let step = 0; step < 3; step += 1) world.submit({ scope, labels, durationMs: 6 * HOUR });
    const reports = await runTicks(world, config(1), { count: 200, ports: () => world.ports(withoutMark) });
    expect(actionsOf(reports)).not.toContain('disable');
    expect(reports.at(-1)?.groups[0]?.decision.reason.code).toBe('idle-unproven');
    expectNobodyKilled(world);
  });

  it.each([
    { name: 'where logs may be read', podsLog: true, afterMs: 0 },
    { name: 'where they may not, once the mark is an hour old', podsLog: false, afterMs: HOUR },
  ])('marks that show once and never again, $name: 0 of 264 builds are killed', async ({ podsLog, afterMs }) => {
    const onlyOnce = ({ id }: { readonly id: number }) => (id > 1 ? [{ from: 0, to: Infinity }] : []);
    const world = new World({ podsLog, faults: { stepHidden: onlyOnce } });
    await runTicks(world, config(3), { count: 2 });
    world.submit({ scope, labels, durationMs: MINUTE });
    await runTicks(world, config(3), { count: 1 });
    await runTicks(world, config(3), { count: afterMs / MINUTE });
    for (let step = 0; step < 264; step += 1) {
      world.submit({ scope, labels, durationMs: (1 + (step % 7) * 2) * MINUTE }, world.now + step * 2 * MINUTE);
    }
    // What is wanted goes up and down, so that runners have to go all the while.
    for (let part = 0; part < 28; part += 1) await runTicks(world, config(1 + (part % 3) * 2), { count: 20 });
    expectNobodyKilled(world);
    expect(world.steps.filter(({ state }) => state === 'finished')).toHaveLength(265);
  });

  it('marks that are seen again are trusted again', async () => {
    const world = new World();
    await runTicks(world, config(3), { count: 2 });
    for (let hour = 0; hour < 3; hour += 1) {
      world.submit({ scope, labels, durationMs: 30 * MINUTE });
      await runTicks(world, config(3), { count: 60 });
    }
    await runTicks(world, config(1), { count: 10 });
    expect(registrationsOf(world, builds)).toBe(1);
  });

  it('a runner that was idle while marks were trusted is deleted although they are no longer', async () => {
    const world = new World();
    await runTicks(world, config(3), { count: 2 });
    world.submit({ scope, labels, durationMs: MINUTE });
    await runTicks(world, config(3), { count: 1 });
    world.advance(59 * MINUTE);
    await runTicks(world, config(1), { count: 5 });
    expect(registrationsOf(world, builds)).toBe(1);
  });
});

describe('Jobs that are not listed any more while Bitbucket shows their runners at work', () => {
  it("the kubeconfig's context means another cluster: no build is killed", async () => {
    const world = await idleWorld(3);
    for (let step = 0; step < 3; step += 1) world.submit({ scope, labels, durationMs: HOUR });
    await runTicks(world, WANTED(3), { count: 2 });
    const old = world.bitbucket.list(scope).map(({ uuid }) => uuid.slice(1, -1));
    const another: Interruption = async (call, proceed) => {
      const answer = await proceed();
      if (call.port !== 'jobs' || call.method !== 'list') return answer;
      return (answer as readonly RunnerJob[]).filter(({ runnerUuid }) => !old.includes(runnerUuid));
    };
    const ports = () => world.ports(another);
    await runTicks(world, WANTED(3), { count: 50, ports });
    expect(world.steps.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
    expect(world.bitbucket.list(scope).filter(({ status }) => status === 'DISABLED')).toHaveLength(3);
    await runTicks(world, WANTED(3), { count: 15, ports });
    expectNobodyKilled(world);
    expect(world.bitbucket.list(scope).filter(({ uuid }) => old.includes(uuid.slice(1, -1)))).toEqual([]);
  });
});

describe('runners whose process is gone', () => {
  it('a node that dies in the middle of a step: the group gets another, and the place is free after startTimeout', async () => {
    const one = fleet([{ ...builds, min: 1, max: 1, startTimeoutMs: 10 * MINUTE }]);
    const world = new World();
    await runTicks(world, one, { count: 2 });
    const [lost] = world.bitbucket.list(scope);
    world.submit({ scope, labels, durationMs: 6 * HOUR });
    world.cluster.crash(lost?.uuid ?? '', true);
    const stillShown = showing((runner) => (runner.uuid === lost?.uuid ? { ...runner, hasStep: true } : runner));
    const reports = await runTicks(world, one, { count: 16, ports: () => world.ports(stillShown) });
    expect(reports[5]?.groups[0]).toMatchObject({
      counts: { busy: 0, idle: 0, draining: 1 },
      bounds: expect.arrayContaining([expect.objectContaining({ code: 'offline-at-work' })]),
    });
    expect(
      reports.flatMap(({ groups }) => groups[0]?.plan ?? []).find(({ action }) => action === 'remove'),
    ).toMatchObject({
      runner: lost?.uuid,
      reason: { code: 'job-ended' },
    });
    expect(world.bitbucket.totals).toMatchObject({ idle: 1, unavailable: 0 });
  });

  it('a Job that failed while Bitbucket says ONLINE: not usable at once, replaced, and gone after the grace', async () => {
    const world = await idleWorld(1);
    const [lost] = world.bitbucket.list(scope);
    world.cluster.crash(lost?.uuid ?? '', true);
    const stillOnline = showing((runner) =>
      runner.uuid === lost?.uuid ? { ...runner, status: 'ONLINE', statusText: 'ONLINE' } : runner,
    );
    const reports = await runTicks(world, WANTED(1), { count: 4, ports: () => world.ports(stillOnline) });
    expect(reports[0]?.groups[0]?.counts).toMatchObject({ idle: 0, draining: 1 });
    expect(actionsOf(reports)).toEqual(['add', 'remove']);
    expect(reports[2]?.groups[0]?.plan.map(({ reason }) => reason.code)).toEqual(['job-ended']);
    expect(registrationsOf(world, builds)).toBe(1);
  });
});

it('the whole life of a runner costs three calls beside the lists: the list after its removal asks for nobody', async () => {
  const world = await idleWorld(1);
  const reports = [
    ...(await runTicks(world, WANTED(2), { count: 5 })),
    ...(await runTicks(world, WANTED(1), { count: 6 })),
  ];
  expect(actionsOf(reports)).toEqual(['add', 'disable', 'remove']);
  const beside = reports.map(({ tick }) => tick.calls.bitbucket - 1);
  expect(beside.reduce((sum, calls) => sum + calls, 0)).toBe(3);
});
