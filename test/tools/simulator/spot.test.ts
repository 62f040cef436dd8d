/** Spot nodes: pods are told to leave two minutes before they are gone, at rest, at work and while they start. */
import { expect, it } from 'vitest';
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Report } from '#core/model/report.ts';
import { tickIn } from '#kit/drive.ts';
import { fleet, group } from '#kit/fleet.ts';
import { createRandom } from '#tools/simulator/random.ts';
import { createRunStateStore } from '#tools/simulator/state.ts';
import { World } from '#tools/simulator/world.ts';
import { expectNobodyKilled, expectNothingLeftOver, expectWithinLimits } from './invariants.ts';

const MINUTE = 60_000;
const NOTICE = 2 * MINUTE;
const SCOPE = { workspace: 'acme', repository: 'site' };
const STEP = { scope: SCOPE, labels: ['self.hosted'] };
const BUFFER = { kind: 'idleBuffer', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 1 } as const;

/** Hours of steps in which so many pods an hour are reclaimed, then an hour of calm. */
class SpotDay {
  readonly reports: Report[] = [];
  readonly config: Fleet;
  /** When each runner's pod was told to leave. */
  readonly #told = new Map<string, Instant>();
  readonly world: World;
  readonly #random;
  readonly #everyMs: number;

  constructor(seed: number, looksAMinute: number) {
    this.#random = createRandom(seed);
    this.config = fleet([group({ strategy: BUFFER, min: 2, max: 8, coolDownMs: 2 * MINUTE })]);
    this.world = new World({ queueLimitMs: 60 * MINUTE, state: createRunStateStore() });
    this.#everyMs = MINUTE / looksAMinute;
  }

  async play(hours: number): Promise<void> {
    const { world } = this;
    const end = world.now + hours * 60 * MINUTE;
    for (let at = world.now + 5 * MINUTE; at < end; at += this.#random.exponential(3 * MINUTE)) {
      world.submit({ ...STEP, durationMs: MINUTE + this.#random.exponential(4 * MINUTE) }, at);
    }
    while (world.now < end) {
      await this.look();
      if (this.#random.next() < (10 * this.#everyMs) / (60 * MINUTE)) this.#reclaim();
    }
    for (let left = (60 * MINUTE) / this.#everyMs; left > 0; left -= 1) await this.look();
  }

  async look(): Promise<void> {
    this.reports.push(await tickIn(this.world, this.config));
    expectWithinLimits(this.world, this.config);
    this.world.advance(this.#everyMs);
  }

  #reclaim(): void {
    const there = Array.from(this.world.bitbucket.registered);
    const victim = there[this.#random.between(0, there.length - 1)];
    if (victim === undefined || this.#told.has(victim.uuid)) return;
    this.#told.set(victim.uuid, this.world.now);
    this.world.cluster.reclaim(victim.uuid, NOTICE);
  }

  /** Steps that began on a runner after a look had seen its pod leave. */
  get late() {
    return this.world.steps.filter(
      ({ runner = '', startedAt = 0 }) => startedAt > (this.#told.get(runner) ?? Number.POSITIVE_INFINITY),
    );
  }
}

const codesIn = (reports: readonly Report[]) =>
  new Set(reports.flatMap(({ groups }) => groups.flatMap(({ bounds }) => bounds.map(({ code }) => code))));

it.each([
  { seed: 1, looks: 1, hours: 8 },
  { seed: 2, looks: 1, hours: 8 },
  { seed: 3, looks: 6, hours: 1 },
])('on spot nodes, seed $seed, $looks looks a minute: no step begins on a pod that leaves', async (row) => {
  const day = new SpotDay(row.seed, row.looks);
  await day.play(row.hours);
  const { world, reports, config } = day;
  // A pod is told just before a look, so that nothing may begin on it afterwards.
  expect(day.late).toEqual([]);
  expectNobodyKilled(world);
  expect(world.steps.filter(({ failure }) => failure === 'no-runner' || failure === 'expired')).toEqual([]);
  const codes = codesIn(reports);
  expect(codes).toContain('pods-leaving');
  expect(codes).not.toContain('quarantine');
  expectNothingLeftOver(world, config);
  expect(world.bitbucket.totals).toEqual({ busy: 0, idle: 2, starting: 0, unavailable: 0 });
});

it('the whole fleet at once: out of service at the first look, and replaced as far as max allows', async () => {
  const world = new World();
  const config = fleet([group({ strategy: BUFFER, min: 3, max: 5 })]);
  await tickIn(world, config);
  world.advance(2 * MINUTE);
  for (const { uuid } of world.bitbucket.registered) world.cluster.reclaim(uuid, NOTICE);
  const [seen] = (await tickIn(world, config)).groups;
  expect(seen).toMatchObject({ counts: { idle: 0, draining: 3 }, decision: { action: 'scale-up', from: 0, to: 2 } });
  expect(seen?.plan.map(({ action }) => action)).toEqual(['add', 'add', 'disable', 'disable', 'disable']);
  for (let minute = 0; minute < 10; minute += 1) {
    world.advance(MINUTE);
    await tickIn(world, config);
    expectWithinLimits(world, config);
  }
  expect(world.bitbucket.totals).toEqual({ busy: 0, idle: 3, starting: 0, unavailable: 0 });
});

it.each([
  { everyMs: MINUTE, looks: 1, most: 22 },
  { everyMs: 10_000, looks: 6, most: 34 },
])(
  'every pod is taken away before its runner is online, $looks looks a minute: starts are tried, and not all the time',
  async (row) => {
    const { everyMs, most } = row;
    let isSpotGone = true;
    const world: World = new World({
      startupMs: () => (isSpotGone ? 4 * MINUTE : 45_000),
      listeners: {
        registered: ({ uuid }) => {
          if (isSpotGone) world.clock.schedule(world.now + 5000, () => world.cluster.reclaim(uuid, NOTICE));
        },
      },
    });
    const config = fleet([group({ strategy: BUFFER, min: 3, max: 8 })]);
    const play = async (minutes: number) => {
      const reports: Report[] = [];
      for (const end = world.now + minutes * MINUTE; world.now < end; world.advance(everyMs)) {
        reports.push(await tickIn(world, config));
        expectWithinLimits(world, config);
      }
      return reports;
    };
    const first = await play(60);
    const madeFirst = world.bitbucket.everRegistered;
    const later = await play(60);
    // Three waves, each of half a minute, are borne. Then one is tried at a time, at last every ten minutes and its own time.
    expect(madeFirst).toBeLessThanOrEqual(most);
    expect(world.bitbucket.everRegistered - madeFirst).toBeLessThanOrEqual(6);
    expect(world.bitbucket.everRegistered - madeFirst).toBeGreaterThanOrEqual(4);
    expect(codesIn(first)).toContain('quarantine');
    const waits = later.flatMap(({ groups }) =>
      groups.flatMap(({ bounds }) =>
        bounds.flatMap((bound) => (bound.code === 'quarantine' ? [bound.values.waitMs] : [])),
      ),
    );
    expect(Math.max(...waits)).toBeLessThanOrEqual(10 * MINUTE);
    isSpotGone = false;
    await play(14);
    expect(world.bitbucket.totals).toEqual({ busy: 0, idle: 3, starting: 0, unavailable: 0 });
  },
);
