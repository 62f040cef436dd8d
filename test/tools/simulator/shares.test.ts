/**
 * Two groups under one cap. The one that came first has all of it; the other must come to its share once the longest step
 * of the first has ended, and no step is interrupted for it.
 */
import { describe, expect, it } from 'vitest';
import type { Fleet, RunnerGroup, Schedule } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';
import { fleet, group } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import { WORLD_START, World, type WorldOptions } from '#tools/simulator/world.ts';
import { expectNobodyKilled, expectWithinLimits, registrationsOf } from './invariants.ts';

const SCOPE = { workspace: 'acme' };
const LONGEST_STEP_MS = 40 * MINUTE_MS;
const HOW_LATE_MS = 15 * MINUTE_MS;

const buffer = (idleCount: number): Partial<RunnerGroup> => ({
  strategy: { kind: 'idleBuffer', idleCount, scaleFactor: 0, scaleFactorLimit: idleCount },
  min: 1,
  max: 14,
});

const always: Pick<Schedule, 'days' | 'timezone'> = {
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  timezone: 'UTC',
};

/** Wants 14 at all times: there are always more steps than runners. */
const a = group({ name: 'a', ...buffer(14) });

type Row = {
  readonly name: string;
  readonly b: Partial<RunnerGroup>;
  readonly a?: Partial<RunnerGroup>;
  /** Cap on registrations, and on runners in use at once. */
  readonly cap?: number;
  readonly slots?: number;
  readonly world?: WorldOptions;
  readonly everyMs?: number;
  /** What each has in the end: B at once, A with what is left. */
  readonly shares: { readonly a: number; readonly b: number };
};

const ROWS: readonly Row[] = [
  { name: 'B wants 4 with the same weight', b: buffer(4), shares: { a: 6, b: 4 } },
  { name: 'looked at every 10 s', b: buffer(4), everyMs: 10_000, shares: { a: 6, b: 4 } },
  {
    name: 'a window of B opens with min 5',
    b: { ...buffer(0), schedules: [{ ...always, name: 'office', from: 60, to: 1440, min: 5, max: 10 }] },
    shares: { a: 5, b: 5 },
  },
  {
    name: "B's min 5 is more than its weight gives",
    a: { weight: 9 },
    b: { ...buffer(0), schedules: [{ ...always, name: 'office', from: 60, to: 1440, min: 5, max: 10 }] },
    shares: { a: 5, b: 5 },
  },
  { name: 'by weight 3 to 2', a: { weight: 3 }, b: { ...buffer(9), weight: 2 }, shares: { a: 6, b: 4 } },
  { name: 'a share that does not divide', b: buffer(9), cap: 9, shares: { a: 5, b: 4 } },
  { name: 'one create per tick', b: { ...buffer(4), maxCreatesPerTick: 1 }, shares: { a: 6, b: 4 } },
  { name: 'a cap on runners in use', b: buffer(4), cap: 100, slots: 10, shares: { a: 6, b: 4 } },
  { name: 'both caps', b: buffer(4), cap: 11, slots: 10, shares: { a: 6, b: 4 } },
  { name: 'a busy mark that is a minute late', b: buffer(4), world: { stepLagMs: 60_000 }, shares: { a: 6, b: 4 } },
];

describe('a cap of 10 of which A has all and wants 14, when B comes an hour later', () => {
  it.each(ROWS)('$name', async ({ b, a: over = {}, cap = 10, slots, world: options, everyMs = MINUTE_MS, shares }) => {
    const world = new World(options);
    const late = group({ name: 'b', ...b });
    const early = { ...a, ...over };
    const alone = withSlots(fleet([early, { ...late, ...buffer(0), min: 1, schedules: [] }], cap), slots);
    const both = withSlots(fleet([early, late], cap), slots);
    keepBusy(world, early, 5 * HOUR_MS);

    await runTicks(world, alone, { count: HOUR_MS / everyMs, everyMs });
    expect(shareIn(world, alone)).toEqual({ a: (slots ?? cap) - 1, b: 1 });

    const bound = (LONGEST_STEP_MS + HOW_LATE_MS) / everyMs;
    const reports = await runTicks(world, both, { count: bound, everyMs });
    expect(shareIn(world, both)).toEqual(shares);
    expectNobodyKilled(world);
    expectWithinLimits(world, both);

    // Nobody disables twice for one need, and nothing goes back and forth.
    const given = (some: readonly Report[]) => some.flatMap(givenIn);
    expect(given(reports)).toHaveLength(shares.b - 1);
    const later = await runTicks(world, both, { count: (2 * HOUR_MS) / everyMs, everyMs });
    expect(given(later)).toEqual([]);
    expect(shareIn(world, both)).toEqual(shares);
    expectNobodyKilled(world);
  });
});

it('of 192 steps that come to B in six hours and a half none times out, and none waits for longer than until its share', async () => {
  const world = new World();
  const late = group({ name: 'b', ...buffer(4) });
  const both = fleet([a, late], 10);
  keepBusy(world, a, 8 * HOUR_MS);
  await runTicks(world, fleet([a, { ...late, ...buffer(0), min: 1 }], 10), { count: 60 });
  const own = Array.from({ length: 192 }, (_, index) =>
    world.submit({ scope: SCOPE, labels: late.labels, durationMs: 7 * MINUTE_MS }, world.now + index * 2 * MINUTE_MS),
  );
  await runTicks(world, both, { count: 7 * 60 });
  const ofB = world.steps.filter(({ labels }) => labels.includes('b'));
  expect(ofB).toHaveLength(own.length);
  expect(ofB.filter(({ state }) => state !== 'finished')).toEqual([]);
  const waits = ofB.map(({ readyAt, startedAt = Infinity }) => startedAt - readyAt);
  expect(Math.max(...waits)).toBeLessThanOrEqual(LONGEST_STEP_MS + HOW_LATE_MS);
  expectNobodyKilled(world);
});

/** Steps of 10 to 40 minutes for this group, always more than it has runners. */
function keepBusy(world: World, { labels }: RunnerGroup, forMs: number): void {
  for (let at = 0; at < forMs; at += 2 * MINUTE_MS) {
    const durationMs = LONGEST_STEP_MS - ((at / 2) % (30 * MINUTE_MS));
    world.submit({ scope: SCOPE, labels, durationMs }, WORLD_START + 2 * MINUTE_MS + at);
  }
}

function withSlots(some: Fleet, maxConcurrentRunners: number | undefined): Fleet {
  if (maxConcurrentRunners === undefined) return some;
  const workspaces = Object.entries(some.workspaces).map(([name, settings]) => [
    name,
    { ...settings, maxConcurrentRunners },
  ]);
  return { ...some, workspaces: Object.fromEntries(workspaces) };
}

/** Registrations of each group. */
function shareIn(world: World, { groups }: Fleet): Readonly<Record<string, number>> {
  return Object.fromEntries(groups.map((entry) => [entry.name, registrationsOf(world, entry)]));
}

/** Whose runners made room for whom. */
function givenIn({ groups }: Report): readonly object[] {
  return groups.flatMap(({ name, plan }) =>
    plan.flatMap(({ action, reason }) =>
      action === 'disable' && reason.code === 'shared' ? [{ from: name, ...reason.values }] : [],
    ),
  );
}
