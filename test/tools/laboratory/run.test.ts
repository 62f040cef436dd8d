import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fleet, Strategy } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { fleet, GUIDE, group } from '#kit/fleet.ts';
import { atlassianPolicy } from '#tools/laboratory/atlassian.ts';
import { oraclePolicy } from '#tools/laboratory/oracle.ts';
import type { Policy } from '#tools/laboratory/policy.ts';
import type { Result } from '#tools/laboratory/run.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import { play, scenarioOf, stepsOf } from './trial.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const STRATEGIES: readonly Strategy[] = [
  GUIDE,
  { kind: 'idleBuffer', idleCount: 1, scaleFactor: 0.5, scaleFactorLimit: 4 },
  { kind: 'queueAware', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 1, repositories: { kind: 'query' } },
];

const POLICIES: readonly ((groups: Fleet) => Policy)[] = [
  (groups) => atlassianPolicy({ name: 'baseline', pollMs: MINUTE_MS }, groups),
  (groups) => shippedPolicy('shipped', groups),
  (groups) => oraclePolicy(groups),
];

const sumOf = (counts: object) => Object.values(counts).reduce((sum, count) => sum + count, 0);

const worlds = fc.record({
  strategy: fc.constantFrom(...STRATEGIES),
  policy: fc.constantFrom(...POLICIES),
  seed: fc.nat(1000),
  perHour: fc.integer({ min: 1, max: 120 }),
  startup: fc.constantFrom('20s', '45s', '3m', '9m'),
  capacity: fc.constantFrom(1, 4, 100),
  queueLimit: fc.constantFrom('2m', '2h30m'),
  min: fc.integer({ min: 0, max: 3 }),
  outage: fc.constantFrom('bitbucket' as const, 'kubernetes' as const),
});

function playIn(world: typeof worlds extends fc.Arbitrary<infer W> ? W : never, more = {}): Promise<Result> {
  const { strategy, policy, seed, perHour, startup, capacity, queueLimit, min, outage } = world;
  const groups = fleet(['a', 'b'].map((name) => group({ name, strategy, min, max: 8 })));
  const scenario = scenarioOf({
    span: '6h',
    seed,
    startup,
    queueLimit,
    loads: [{ kind: 'poisson', perHour, duration: { kind: 'exponential', mean: '5m' } }],
    nodes: [
      { from: '2h', capacity },
      { from: '3h', capacity: 100 },
    ],
    outages: [{ service: outage, from: '4h', to: '4h30m' }],
  });
  return play(scenario, groups, policy(groups), more);
}

describe('in every scenario, with every policy', () => {
  it('each step ends in exactly one way, and all time is accounted for', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const { books, figures } = await playIn(world);
        const { arrived, finished, running, waiting, failed } = books.steps;
        expect(finished + running + waiting + sumOf(failed)).toBe(arrived);
        expect(books.waiting.count).toBe(arrived - failed.noRunner);
        // Little's law, with neither side derived from the other: queue length over time, and every step's own wait.
        expect(books.queueMs).toBe(books.waiting.sumMs);
        const { registered, busy, idle, starting, unavailable } = figures.runnerHours;
        expect(busy + idle + starting + unavailable).toBeCloseTo(registered, 9);
        const mostBusy = Math.max(...books.series.buckets.map(({ most }) => most.busy));
        expect(Math.max(...books.monthlyPeaks)).toBeGreaterThanOrEqual(mostBusy);
        expect(Math.max(...books.monthlyPeaks)).toBeLessThanOrEqual(figures.peak);
      }),
      { numRuns: 25 },
    );
  });

  it('gives the same for the same seed', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        expect(JSON.stringify(await playIn(world))).toBe(JSON.stringify(await playIn(world)));
      }),
      { numRuns: 5 },
    );
  });

  it('adds up the same over buckets as over the whole', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, fc.integer({ min: 1, max: 500 }), async (world, buckets) => {
        const { books } = await playIn(world, { buckets });
        const sum = (level: 'busy' | 'idle' | 'starting' | 'unavailable' | 'waiting') =>
          books.series.buckets.reduce((total, bucket) => total + bucket[level] * bucket.lengthMs, 0);
        expect(sum('busy') / HOUR_MS).toBeCloseTo(books.runnerMs.busy / HOUR_MS, 6);
        expect(sum('idle') / HOUR_MS).toBeCloseTo(books.runnerMs.idle / HOUR_MS, 6);
        expect(sum('starting') / HOUR_MS).toBeCloseTo(books.runnerMs.starting / HOUR_MS, 6);
        expect(sum('unavailable') / HOUR_MS).toBeCloseTo(books.runnerMs.unavailable / HOUR_MS, 6);
        expect(sum('waiting') / HOUR_MS).toBeCloseTo(books.queueMs / HOUR_MS, 6);
      }),
      { numRuns: 6 },
    );
  });
});

describe('a day that can be reckoned by hand', () => {
  const builds = fleet([group({ min: 2, max: 2 })]);

  it('two runners, three steps of ten minutes at once: one waits for ten minutes', async () => {
    const scenario = scenarioOf({ span: '1h', loads: [{ kind: 'burst', at: '5m', steps: 3, duration: '10m' }] });
    const { figures, books } = await play(scenario, builds, shippedPolicy('shipped', builds));
    expect(figures).toEqual({
      steps: {
        arrived: 3,
        finished: 3,
        running: 0,
        waiting: 0,
        failed: { noRunner: 0, expired: 0, killed: 0, crashed: 0 },
      },
      waiting: { meanMs: 200_000, p50Ms: 0, p95Ms: 600_000, p99Ms: 600_000, longestMs: 600_000, withinGoal: 2 / 3 },
      pickUp: { meanMs: 0, p95Ms: 0 },
      runnerHours: { registered: 2, busy: 0.5, idle: 1.5, starting: 0, unavailable: 0 },
      peak: 2,
      runners: { created: 0, removed: 0 },
      calls: expect.objectContaining({ bitbucket: expect.any(Number) }),
      callsInAnHour: 0,
      money: { runners: 0.1, slots: 30, total: 30.1 },
      // One node for both; for ten of the 59 looks neither is idle.
      nodes: {
        hours: 59 / 60,
        aMonth: expect.closeTo(0.384 * 720, 6),
        idleAMonth: expect.closeTo((0.384 * 720 * 39) / 59, 6),
        idleShare: { cpu: 1, memory: 1 },
      },
    });
    expect(books.servedMs).toBe(30 * MINUTE_MS);
  });

  it.each([
    ['fails when it has waited as long as a step may', '10m', { finished: 2, expired: 1, longestMs: 10 * MINUTE_MS }],
    ['is taken a moment before', '10m1s', { finished: 3, expired: 0, longestMs: 10 * MINUTE_MS }],
  ])('a step %s', async (_name, queueLimit, { finished, expired, longestMs }) => {
    const loads = [{ kind: 'burst' as const, at: '5m', steps: 3, duration: '10m1s' }];
    const shorter = [{ kind: 'burst' as const, at: '5m', steps: 3, duration: '10m' }];
    const scenario = scenarioOf({ span: '1h', queueLimit, loads: expired > 0 ? loads : shorter });
    const { figures, books } = await play(scenario, builds, shippedPolicy('shipped', builds));
    expect(figures.steps).toMatchObject({ arrived: 3, finished, waiting: 0, failed: { expired } });
    expect(figures.waiting.longestMs).toBe(longestMs);
    expect(books.queueMs).toBe(books.waiting.sumMs);
  });

  it('a step that would run for longer than Bitbucket lets it ends after two hours', async () => {
    const scenario = scenarioOf({ span: '4h', loads: [{ kind: 'burst', at: '5m', steps: 1, duration: '3h' }] });
    const { figures, books } = await play(scenario, builds, shippedPolicy('shipped', builds));
    expect(figures.steps).toMatchObject({ arrived: 1, finished: 1 });
    expect(books.servedMs).toBe(2 * HOUR_MS);
  });

  it('steps at the end still run and wait, with what they have waited', async () => {
    const scenario = scenarioOf({ span: '1h', loads: [{ kind: 'burst', at: '55m', steps: 3, duration: '10m' }] });
    const { figures } = await play(scenario, builds, shippedPolicy('shipped', builds));
    expect(figures.steps).toMatchObject({ arrived: 3, finished: 0, running: 2, waiting: 1 });
    expect(figures.waiting.longestMs).toBe(5 * MINUTE_MS);
  });

  it('the most steps that ran at once are paid for each month that was begun, beyond what is included', async () => {
    const prices = { runnerHour: 0, slotMonth: 10, includedSlots: 1 };
    const load = { kind: 'burst', at: '12h', steps: 2, duration: '5m' } as const;
    const scenario = scenarioOf({ span: '31d', prices, loads: [{ ...load, every: '30d' }] });
    const { figures } = await play(scenario, builds, shippedPolicy('shipped', builds, HOUR_MS));
    expect(figures.money).toEqual({ runners: 0, slots: 20, total: 20 });
    const quiet = await play(scenarioOf({ span: '31d', prices }), builds, shippedPolicy('shipped', builds, HOUR_MS));
    expect(quiet.figures.money.slots).toBe(0);
  });

  it('pods wait for nodes, and start when there are some', async () => {
    const scenario = scenarioOf({
      span: '1h',
      warmUp: '10m',
      startup: '1m',
      nodes: [
        { from: '0s', capacity: 3 },
        { from: '30m', capacity: 4 },
      ],
    });
    const four = fleet([group({ min: 2, max: 4, schedules: [] })]);
    // The warm-up has no shortage: it only ever has two.
    const grown = fleet([group({ min: 4, max: 4 })]);
    const policy: Policy = {
      name: 'grows',
      tickMs: MINUTE_MS,
      open: (stage) => {
        const [small, large] = [shippedPolicy('s', four).open(stage), shippedPolicy('l', grown).open(stage)];
        return { tick: async () => (stage.world.now < scenario.start ? small.tick?.() : large.tick?.()) };
      },
    };
    const { books } = await play(scenario, four, policy, { buckets: 60 });
    const online = books.series.buckets.map(({ idle }) => idle);
    expect([online[0], online[2], online[29], online[32]]).toEqual([2, 3, 3, 4]);
  });

  it('are those of a world with faults, where there are any', async () => {
    const scenario = scenarioOf({ span: '1h' });
    const ageAt: number[] = [];
    const faults = {
      listAgeMs: () => {
        ageAt.push(1);
        return 0;
      },
    };
    await play(scenario, builds, shippedPolicy('shipped', builds), { faults });
    // No look is passed over: two at one world may differ.
    expect(ageAt.length).toBeGreaterThanOrEqual(60);
  });

  it('calls fail while a service is out, and the line holds', async () => {
    const scenario = scenarioOf({ span: '1h', outages: [{ service: 'bitbucket', from: '10m', to: '20m' }] });
    const held: string[] = [];
    await play(scenario, builds, shippedPolicy('shipped', builds), {
      onReport: ({ tick, groups: [first] }) => {
        if (first?.decision.reason.code === 'partial-observation') held.push(tick.at.slice(11, 16));
      },
    });
    expect(held).toEqual(['00:10', '00:11', '00:12', '00:13', '00:14', '00:15', '00:16', '00:17', '00:18', '00:19']);
  });
});

describe('the run itself', () => {
  const builds = fleet([group()]);
  const scenario = scenarioOf({ span: '3h', loads: [{ kind: 'poisson', perHour: 30, duration: '5m' }] });

  it('ticks from the beginning of the warm-up, at the policy’s pace, and not at the end', async () => {
    const reports: Report[] = [];
    await play(scenario, builds, shippedPolicy('shipped', builds, HOUR_MS / 2), {
      onReport: (report) => reports.push(report),
    });
    expect(reports.map(({ tick }) => tick.at.slice(8, 16))).toEqual([
      '08T23:30',
      '09T00:00',
      '09T00:30',
      '09T01:00',
      '09T01:30',
      '09T02:00',
      '09T02:30',
    ]);
  });

  it('takes its steps from a stream that comes in its own time, too', async () => {
    async function* later() {
      yield* stepsOf(scenario, builds);
    }
    const policy = shippedPolicy('shipped', builds);
    expect(await play(scenario, builds, policy, { arrivals: later() })).toEqual(await play(scenario, builds, policy));
  });

  it('tells how far it is', async () => {
    const shares: number[] = [];
    await play(scenario, builds, shippedPolicy('shipped', builds), { onProgress: (share) => shares.push(share) });
    expect(shares).toEqual([0, expect.closeTo(70 / 180, 9), expect.closeTo(170 / 180, 9), 1]);
  });
});
