/**
 * Starts that fail, hang or are refused, played in whole worlds: each failure counts once, and a group is served again
 * soon after what was wrong is over.
 */
import { describe, expect, it } from 'vitest';
import { ServiceError } from '#core/errors.ts';
import type { PodSettings, RunnerGroup } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { dieAt } from '#kit/die-at.ts';
import { tickIn } from '#kit/drive.ts';
import { failWhere } from '#kit/failing-calls.ts';
import { fleet, GUIDE, group } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import type { Interruption, PortCall } from '#tools/simulator/interrupt.ts';
import { World, type WorldOptions } from '#tools/simulator/world.ts';
import { expectNobodyKilled, registrationsOf } from './invariants.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STARTUP = 45 * SECOND;
const SCOPE = { workspace: 'acme', repository: 'site' };
const STEP = { scope: SCOPE, labels: ['self.hosted'] };
const BUFFER = { kind: 'idleBuffer', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 1 } as const;

/** A world in which the nth pod that starts never connects. */
function worldWhereHangs(nth: number, options: WorldOptions = {}): World {
  let started = 0;
  const startupMs = () => {
    started += 1;
    return started === nth ? 1000 * HOUR : STARTUP;
  };
  return new World({ ...options, startupMs });
}

/** A template that differs in its image alone. */
function withImage(image: string): PodSettings {
  const text = BUILT_IN_TEMPLATE.text.replace(/image: .*/, `image: ${image}`);
  return { ...group().pod, template: { name: 'ours', origin: 'ours.yaml', text } };
}

/** How many failures in a row the reports say, each change once. */
function failuresIn(reports: readonly Report[]): readonly number[] {
  const said = reports.flatMap(({ groups }) =>
    groups.flatMap(({ bounds }) =>
      bounds.flatMap((bound) => (bound.code === 'quarantine' ? [bound.values.failures] : [])),
    ),
  );
  return said.filter((failures, index) => failures !== said[index - 1]);
}

function online(world: World, { scope }: RunnerGroup): number {
  return world.bitbucket.list(scope).filter(({ status }) => status === 'ONLINE').length;
}

const refuseRemovals: Interruption = failWhere(({ method }) => method === 'remove', 'refused');

describe('a start that hangs, and whose DELETE is refused', () => {
  it.each([
    { everyMs: MINUTE, name: 'a minute' },
    { everyMs: 10 * SECOND, name: '10 s' },
  ])('counts once, with a look every $name: the next one is at work two minutes later', async ({ everyMs }) => {
    const world = worldWhereHangs(1);
    const builds = group();
    const reports = await runTicks(world, fleet([builds]), {
      count: HOUR / everyMs,
      everyMs,
      ports: () => world.ports(refuseRemovals),
    });
    expect(failuresIn(reports)).toEqual([1]);
    expect(world.bitbucket.everRegistered).toBe(2);
    const atWork = reports.findIndex(({ groups }) => groups[0]?.counts.idle === 1) * everyMs;
    // It is given up after its start time-out, clocks a minute apart.
    expect(atWork).toBeLessThanOrEqual(builds.startTimeoutMs + MINUTE + 2 * everyMs + MINUTE + STARTUP);
  });

  it('for 20 hours: no step waits for long', async () => {
    const world = worldWhereHangs(3, { queueLimitMs: 20 * MINUTE });
    const builds = group({ strategy: BUFFER, min: 1, max: 6 });
    for (let step = 0; step < 367; step += 1) {
      world.submit({ ...STEP, durationMs: 5 * MINUTE }, world.now + 5 * MINUTE + (step * 19 * HOUR) / 367);
    }
    const ports = () => world.ports(refuseRemovals);
    const reports = await runTicks(world, fleet([builds]), { count: 20 * 60, ports });
    expect(failuresIn(reports)).toEqual([]);
    expect(world.steps.filter(({ failure }) => failure !== undefined)).toEqual([]);
    const waits = world.steps.map(({ readyAt, startedAt = Infinity }) => startedAt - readyAt);
    expect(Math.max(...waits)).toBeLessThan(10 * MINUTE);
  });
});

describe('60 s of 503 with a look every 10 s', () => {
  const storm = (world: World, proceeds: boolean): Interruption => {
    const until = world.now + MINUTE;
    return async ({ method }, proceed) => {
      if (method !== 'register' || world.now >= until) return proceed();
      if (proceeds) await proceed();
      throw new ServiceError('503', { service: 'bitbucket', outcome: 'unknown', status: 503 });
    };
  };

  it.each([
    // A 503 says nothing of what happened: what may have been registered takes its place for two minutes.
    { name: 'that has no effect', proceeds: false, withinMs: 2 * MINUTE + 20 * SECOND + STARTUP },
    // What may have been registered is taken back after 30 s, clocks a minute apart.
    { name: 'after the effect', proceeds: true, withinMs: 100 * SECOND + STARTUP },
  ])('$name: the runners are there as soon as they can be', async ({ proceeds, withinMs }) => {
    const world = new World();
    const builds = group({ min: 3 });
    const interruption = storm(world, proceeds);
    const ports = () => world.ports(interruption);
    const looks = withinMs / (5 * SECOND);
    const reports = await runTicks(world, fleet([builds]), {
      count: Math.ceil(looks / 2),
      everyMs: 10 * SECOND,
      ports,
    });
    expect(online(world, builds)).toBe(3);
    expect(failuresIn(reports)).toEqual([]);
  });
});

it('a shortage of nodes for 4 hours: few are tried, and what waits is served 10 minutes and two start-ups after it', async () => {
  let nodes = 2;
  const world = new World({ capacity: () => nodes });
  const strategy = { ...BUFFER, kind: 'queueAware', idleCount: 0, repositories: { kind: 'query' } } as const;
  const config = fleet([group({ strategy, min: 2, max: 40 })]);
  await runTicks(world, config, { count: 5 });
  for (let step = 0; step < 10; step += 1) world.submit({ ...STEP, durationMs: 10 * HOUR });
  await runTicks(world, config, { count: 240 });
  // The two at work, eight that were wanted, at most one more at a time in their 12 minutes, and a probe each 20 minutes.
  expect(world.bitbucket.everRegistered).toBeLessThanOrEqual(2 + 8 + 4 + 12);
  const back = world.now;
  nodes = 40;
  world.cluster.nodesChanged();
  await runTicks(world, config, { count: 20 });
  const served = Math.max(...world.steps.map(({ startedAt = Infinity }) => startedAt));
  expect(served - back).toBeLessThanOrEqual(10 * MINUTE + 2 * (STARTUP + MINUTE));
});

it('one refused registration of 30 is asked for again by the next look', async () => {
  const world = new World();
  const builds = group({ min: 30, max: 30 });
  let asked = 0;
  const refuseTheTenth = ({ method }: PortCall) => {
    asked += method === 'register' ? 1 : 0;
    return method === 'register' && asked === 10;
  };
  const ports = () => world.ports(failWhere(refuseTheTenth, 'refused'));
  const reports = await runTicks(world, fleet([builds]), { count: 2, everyMs: 10 * SECOND, ports });
  expect(registrationsOf(world, builds)).toBe(30);
  expect(failuresIn(reports)).toEqual([]);
});

it.each<{ readonly name: string; readonly mended: Partial<RunnerGroup> }>([
  { name: 'image', mended: { pod: withImage('runner:1') } },
  { name: 'namespace', mended: { namespace: 'with-a-quota' } },
  { name: 'cluster', mended: { cluster: 'with-nodes' } },
])('another $name in the configuration ends the quarantine', async ({ mended }) => {
  let isBroken = true;
  const world = new World({ startupMs: () => (isBroken ? 1000 * HOUR : STARTUP) });
  const broken = group({ min: 3, pod: withImage('runner:typo') });
  const before = await runTicks(world, fleet([broken]), { count: 90 });
  expect(failuresIn(before).at(-1)).toBeGreaterThan(3);
  // To a moment in which none is tried.
  while (world.bitbucket.totals.starting > 0) await runTicks(world, fleet([broken]), { count: 1 });
  isBroken = false;
  const [report] = await runTicks(world, fleet([{ ...broken, ...mended }]), { count: 1 });
  expect(report?.groups[0]?.bounds).toEqual([]);
  expect(report?.groups[0]?.outcomes.map(({ action, status }) => `${action} ${status}`)).toEqual(
    Array(3).fill('add done'),
  );
});

describe('a start that hangs in a small group', () => {
  it.each([
    { name: 'idleBuffer', strategy: BUFFER },
    { name: 'percentageRunnersIdle', strategy: GUIDE },
  ])('$name: another one takes its place after three times the usual start-up', async ({ strategy }) => {
    const world = worldWhereHangs(2);
    const config = fleet([group({ strategy, min: 1, max: 4 })]);
    await runTicks(world, config, { count: 5 });
    world.submit({ ...STEP, durationMs: HOUR });
    world.submit({ ...STEP, durationMs: HOUR });
    const reports = await runTicks(world, config, { count: 30 });
    expectNobodyKilled(world);
    const [, waiting] = world.steps;
    // Clocks may be a minute apart, and a look comes every minute.
    const waitedMs = (waiting?.startedAt ?? Infinity) - (waiting?.readyAt ?? 0);
    expect(waitedMs).toBeLessThanOrEqual(3 * STARTUP + MINUTE + MINUTE + STARTUP);
    expect(failuresIn(reports)).toEqual([]);
    const told = reports.flatMap(({ groups }) => groups[0]?.bounds.filter(({ code }) => code === 'slow-start') ?? []);
    expect(told[0]?.values).toEqual({ runners: 1, usualMs: STARTUP, withheld: 0 });
  });
});

describe('a tick that is killed in the middle of its creates', () => {
  it.each([
    { when: 'before', max: 10, ticks: 2 },
    { when: 'after', max: 10, ticks: 2 },
    // What was lost keeps its place until it is deleted.
    { when: 'after', max: 3, ticks: 3 },
  ] as const)('$when any call, max $max: all is made after $ticks ticks', async ({ when, max, ticks }) => {
    const config = fleet([group({ min: 3, max })]);
    const calls: PortCall[] = [];
    const intact = new World();
    const noting: Interruption = (call, proceed) => {
      calls.push(call);
      return proceed();
    };
    await tickIn(intact, config, intact.ports(noting));
    expect(calls.filter(({ method }) => method === 'createSecret')).toHaveLength(3);
    for (const { index, port, method } of calls) {
      const world = new World();
      await tickIn(world, config, world.ports(dieAt(index, when))).catch(() => undefined);
      world.advance(MINUTE);
      const reports = await runTicks(world, config, { count: ticks });
      const place = `${when} call ${index}, ${port}.${method}`;
      expect(online(world, group()), place).toBe(3);
      expect(failuresIn(reports), place).toEqual([]);
    }
  });
});
