/**
 * Bounds that change under everything: windows open and close, with steps running, starts failing and calls lost. The
 * limits in force hold for whatever is created, nothing busy is touched, and caps of the workspace are never exceeded.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fleet, RunnerGroup, Schedule, Strategy } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { slotsCommitted, slotsInUse } from '#core/observe/slots.ts';
import { groupsAt, highestMax } from '#core/schedule/bounds.ts';
import { WEEKDAYS } from '#core/schedule/windows.ts';
import { tickIn } from '#kit/drive.ts';
import { failWhere } from '#kit/failing-calls.ts';
import { fleet, GUIDE, group } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import { type Interruption, undisturbed } from '#tools/simulator/interrupt.ts';
import { World } from '#tools/simulator/world.ts';
import {
  expectHoldsHold,
  expectMadeRoom,
  expectNobodyKilled,
  expectNothingLeftOver,
  expectNotTouchingBusy,
  registrationsOf,
} from './invariants.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SCOPE = { workspace: 'acme' };

const OFFICE: Schedule = {
  name: 'office',
  days: WEEKDAYS,
  from: 7 * 60,
  to: 19 * 60,
  timezone: 'Europe/Berlin',
  min: 4,
  max: 8,
};

describe('a day with office hours', () => {
  const builds = group({ min: 1, max: 3, coolDownMs: 5 * MINUTE, schedules: [OFFICE] });
  const config = fleet([builds]);

  async function worldAt(time: string): Promise<World> {
    const world = new World({ start: Date.parse(time) });
    await runTicks(world, config, { count: 10 });
    return world;
  }

  it.each([
    ['in winter', '2026-11-23T05:50Z'],
    ['in summer', '2026-07-01T04:50Z'],
    ['on the day on which clocks are put forward', '2026-03-29T04:50Z'],
    ['on the day on which clocks are put back', '2026-10-25T05:50Z'],
  ])('fills up to the window’s min with the tick at which it opens, %s', async (_, time) => {
    const world = await worldAt(time);
    expect(registrationsOf(world, builds)).toBe(1);
    const report = await tickIn(world, config);
    expect(report.groups[0]?.decision).toMatchObject({ action: 'scale-up', from: 1, to: 4 });
    expect(report.groups[0]?.bounds.map(({ code, values }) => [code, values])).toEqual([
      ['schedule', { window: 'office', min: 4, max: 8, until: expect.stringMatching(/T19:00\+0[12]:00$/) }],
    ]);
  });

  it('lets what is busy finish when the window closes, and then comes down to the bounds outside of it', async () => {
    const world = await worldAt('2026-11-23T17:20Z');
    for (let step = 0; step < 12; step += 1)
      world.submit({
        scope: { workspace: 'acme', repository: 'site' },
        labels: builds.labels,
        durationMs: 60 * MINUTE,
      });
    await runTicks(world, config, { count: 30 });
    expect(world.now).toBe(Date.parse('2026-11-23T18:00Z'));
    expect(registrationsOf(world, builds)).toBe(8);
    const [closing] = await runTicks(world, config, { count: 1 });
    expect(closing?.groups[0]?.decision).toMatchObject({ action: 'hold', from: 8, to: 8 });
    expect(closing?.groups[0]?.counts.busy).toBe(8);
    await runTicks(world, config, { count: 300 });
    expectNobodyKilled(world);
    expect(new Set(world.steps.map(({ state }) => state))).toEqual(new Set(['finished']));
    expect(registrationsOf(world, builds)).toBe(1);
    expectNothingLeftOver(world, config);
  });
});

type Event =
  | { readonly kind: 'steps'; readonly count: number; readonly minutes: number; readonly group: number }
  | { readonly kind: 'pass'; readonly minutes: number }
  | { readonly kind: 'tick' }
  | { readonly kind: 'tick-fails'; readonly every: number; readonly outcome: 'refused' | 'unknown' }
  | { readonly kind: 'crash'; readonly nth: number };

const events: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('steps' as const),
      count: fc.integer({ min: 1, max: 15 }),
      minutes: fc.integer({ min: 1, max: 90 }),
      group: fc.nat(2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 200 }) }),
  },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant('tick' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('tick-fails' as const),
      every: fc.integer({ min: 2, max: 9 }),
      outcome: fc.constantFrom('refused', 'unknown'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), nth: fc.nat(20) }) },
);

const windows: fc.Arbitrary<Schedule> = fc
  .record({
    days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }),
    from: fc.nat(1439),
    to: fc.integer({ min: 0, max: 1440 }),
    timezone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'),
    min: fc.nat(5),
    more: fc.nat(9),
  })
  .map(({ more, ...window }) => ({ ...window, name: 'window', max: window.min + more }));

const BUFFER = { idleCount: 1, scaleFactor: 0.5, scaleFactorLimit: 5 };
const strategies = fc.constantFrom<Strategy>(
  GUIDE,
  { kind: 'idleBuffer', ...BUFFER },
  { kind: 'queueAware', ...BUFFER, repositories: { kind: 'named', names: ['site'] } },
);

const worlds = fc.record({
  // Days on which clocks change somewhere, and one on which they do not.
  start: fc.constantFrom('2026-03-28T20:00Z', '2026-10-24T12:00Z', '2026-11-01T00:00Z', '2026-11-23T00:00Z'),
  startupMs: fc.constantFrom(45_000, 180_000),
  capacity: fc.constantFrom(5, 1000),
  maxRunners: fc.constantFrom(7, 15, 100),
  maxConcurrentRunners: fc.constantFrom(5, 12, undefined),
  groups: fc.array(
    fc.record({
      schedules: fc.array(windows, { maxLength: 3 }),
      strategy: strategies,
      weight: fc.constantFrom(0.5, 1, 3),
      coolDownMs: fc.constantFrom(0, 5 * MINUTE),
    }),
    { minLength: 3, maxLength: 3 },
  ),
  events: fc.array(events, { minLength: 5, maxLength: 50 }),
});

type Setting = typeof worlds extends fc.Arbitrary<infer S> ? S : never;

function configure({ groups, maxRunners, maxConcurrentRunners }: Setting): Fleet {
  const config = fleet(
    groups.map((over, index) =>
      group({ name: `g${index}`, min: 1, max: 4 + index, startTimeoutMs: 5 * MINUTE, ...over }),
    ),
  );
  const caps = { maxRunners, ...(maxConcurrentRunners !== undefined && { maxConcurrentRunners }) };
  return { ...config, workspaces: { acme: { api: 'internal', ...caps } } };
}

describe('in every random world with windows and caps', () => {
  it('what is created keeps to the bounds in force and to the caps, and nothing busy is touched', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (setting) => {
        const { start, startupMs, capacity } = setting;
        const world = new World({ start: Date.parse(start), startupMs: () => startupMs, capacity });
        const config = configure(setting);
        for (const event of setting.events) await play(world, config, event);
        world.advance(3 * HOUR);
        await runTicks(world, config, { count: 20 });
        expectNobodyKilled(world);
      }),
      { numRuns: 80 },
    );
  });
});

async function play(world: World, config: Fleet, event: Event): Promise<void> {
  switch (event.kind) {
    case 'steps':
      for (let step = 0; step < event.count; step += 1) {
        world.submit({
          scope: { workspace: 'acme', repository: 'site' },
          labels: config.groups[event.group]?.labels ?? [],
          durationMs: event.minutes * MINUTE,
        });
      }
      return;
    case 'pass':
      world.advance(event.minutes * MINUTE);
      return;
    case 'tick':
      await tick(world, config, undisturbed);
      return;
    case 'tick-fails':
      await tick(
        world,
        config,
        failWhere(({ index }) => index % event.every === 0, event.outcome),
      );
      return;
    case 'crash': {
      const runners = world.bitbucket.list(SCOPE);
      const victim = runners[event.nth % Math.max(1, runners.length)];
      if (victim !== undefined) world.cluster.crash(victim.uuid, false);
      return;
    }
  }
}

/** A tick, and what it may not have done. */
async function tick(world: World, config: Fleet, interruption: Interruption): Promise<void> {
  const ceilings = new Map(config.groups.map((entry) => [entry.name, highestMax(entry)]));
  const before = lookAt(world, config.groups);
  const given: string[] = [];
  const ports = world.ports((call, proceed) =>
    interruption(call, () => {
      expectNotTouchingBusy(world, call, given);
      return proceed();
    }),
  );
  const report = await tickIn(world, config, ports).catch(() => undefined);
  const after = lookAt(world, config.groups);
  for (const now of groupsAt(config.groups, world.now)) {
    const [had = 0, has = 0] = [before.byGroup.get(now.name), after.byGroup.get(now.name)];
    expect(has, `registrations of ${now.name}`).toBeLessThanOrEqual(Math.max(had, now.max));
    expect(has, `registrations of ${now.name} at any time`).toBeLessThanOrEqual(ceilings.get(now.name) ?? 0);
  }
  const { maxRunners = 0, maxConcurrentRunners = 1000 } = config.workspaces.acme ?? {};
  expect(after.registrations, 'registrations of the workspace').toBeLessThanOrEqual(maxRunners);
  expect(after.committed, 'runners that are or will be in use').toBeLessThanOrEqual(maxConcurrentRunners);
  if (report === undefined) return;
  expectMadeRoom(report, given);
  expectReport(report, before.inUse);
}

function expectReport(report: Report, inUse: number): void {
  expectHoldsHold(report);
  const wasListed = report.groups.every(({ problems }) => problems.length === 0);
  const [workspace] = report.workspaces ?? [];
  if (workspace === undefined || !wasListed) return;
  expect(workspace.inUse, 'runners in use').toBe(inUse);
  expect(workspace.peak.runners, 'peak of the month').toBeGreaterThanOrEqual(inUse);
}

function lookAt(world: World, groups: readonly RunnerGroup[]) {
  const runners = world.bitbucket.list(SCOPE);
  return {
    byGroup: new Map(groups.map((entry) => [entry.name, registrationsOf(world, entry)])),
    registrations: runners.length,
    inUse: slotsInUse(runners),
    committed: slotsCommitted(runners),
  };
}

describe('groups that want more than a workspace may have', () => {
  it('all get their share, by weight, and none starves, however long the others work', async () => {
    const groups = [1, 1, 2].map((weight, index) =>
      group({
        name: `g${index}`,
        min: 0,
        max: 50,
        weight,
        coolDownMs: 0,
        strategy: { kind: 'idleBuffer', ...BUFFER, idleCount: 9, scaleFactorLimit: 20 },
      }),
    );
    const config = fleet(groups, 8);
    const world = new World();
    for (const entry of groups)
      for (let step = 0; step < 40; step += 1)
        world.submit(
          { scope: { workspace: 'acme', repository: 'site' }, labels: entry.labels, durationMs: 20 * MINUTE },
          world.now + 10 * MINUTE,
        );
    await runTicks(world, config, { count: 1 });
    expect(groups.map((entry) => registrationsOf(world, entry))).toEqual([2, 2, 4]);
    await runTicks(world, config, { count: 60 });
    expect(groups.map((entry) => registrationsOf(world, entry))).toEqual([2, 2, 4]);
  });
});
