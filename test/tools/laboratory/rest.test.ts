/** Ticks that are passed over are those that would have come to what the one before them came to, and no others. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fleet, Schedule, Strategy } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { fleet, GUIDE, group } from '#kit/fleet.ts';
import type { Policy } from '#tools/laboratory/policy.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import { play, scenarioOf } from './trial.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const STRATEGIES: readonly Strategy[] = [
  GUIDE,
  { kind: 'idleBuffer', idleCount: 1, scaleFactor: 0.5, scaleFactorLimit: 4 },
  { kind: 'queueAware', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 1, repositories: { kind: 'query' } },
];

const EVENING: Schedule = {
  name: 'evening',
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  from: 18 * 60,
  to: 22 * 60,
  timezone: 'Europe/Berlin',
  min: 3,
  max: 6,
};

/** A day that has a month's end in it, mostly quiet, with much that goes wrong. */
const worlds = fc.record({
  strategy: fc.constantFrom(...STRATEGIES),
  seed: fc.nat(1000),
  every: fc.constantFrom('2h', '5h', '11h'),
  duration: fc.constantFrom('5m', '90m', '7h'),
  startup: fc.constantFrom('20s', '3m', '25m'),
  capacity: fc.constantFrom(0, 1, 100),
  min: fc.integer({ min: 0, max: 3 }),
  outage: fc.record({
    service: fc.constantFrom('bitbucket' as const, 'kubernetes' as const),
    from: fc.constantFrom('3h30s', '13h'),
    to: fc.constantFrom('14h', '17h45m10s'),
  }),
  coolDownMs: fc.constantFrom(MINUTE_MS, 5 * MINUTE_MS, 3 * HOUR_MS),
  stabilisationWindowMs: fc.constantFrom(0, 10 * MINUTE_MS, 2 * HOUR_MS),
  schedules: fc.constantFrom([], [EVENING]),
  maxConcurrentRunners: fc.constantFrom(undefined, 4),
});

type Circumstances = typeof worlds extends fc.Arbitrary<infer W> ? W : never;

async function playIn(circumstances: Circumstances, options: { readonly everyTick?: boolean }) {
  const { strategy, seed, every, duration, startup, capacity, min, outage, maxConcurrentRunners, ...more } =
    circumstances;
  const groups: Fleet = {
    ...fleet(['a', 'b'].map((name) => group({ name, labels: [name], strategy, min, max: 5, ...more }))),
    workspaces: { acme: { maxRunners: 100, api: 'internal', ...(maxConcurrentRunners && { maxConcurrentRunners }) } },
  };
  const scenario = scenarioOf({
    start: '2026-11-30T12:00:00Z',
    span: '24h',
    seed,
    startup,
    loads: [
      { kind: 'burst', at: '40m', steps: 4, every, duration },
      { kind: 'poisson', perHour: 0.1, duration: '10m' },
    ],
    nodes: [
      { from: '8h', capacity },
      { from: '12h', capacity: 100 },
    ],
    outages: [outage],
  });
  const reports: Report[] = [];
  const counted = countLooks(shippedPolicy('shipped', groups, MINUTE_MS, options));
  const { figures, books } = await play(scenario, groups, counted.policy, {
    onReport: (report) => reports.push(report),
  });
  return { told: { figures, buckets: books.series.buckets, reports }, looks: counted.looks() };
}

function countLooks(policy: Policy): { readonly policy: Policy; readonly looks: () => number } {
  let looks = 0;
  const open: Policy['open'] = (stage) => {
    const { state } = stage.ports;
    const load: typeof state.load = (keys) => {
      looks += 1;
      return state.load(keys);
    };
    return policy.open({ ...stage, ports: { ...stage.ports, state: { ...state, load } } });
  };
  return { policy: { ...policy, open }, looks: () => looks };
}

const TICKS = 24 * 60 + 30;

describe('ticks that repeat the one before them', () => {
  it('are passed over without a change in any report or figure', async () => {
    let spared = 0;
    await fc.assert(
      fc.asyncProperty(worlds, async (circumstances) => {
        const [all, few] = [await playIn(circumstances, { everyTick: true }), await playIn(circumstances, {})];
        expect(all.looks).toBe(TICKS);
        // Thousands of reports: vitest's own comparison, which takes ten times as long, shows what is different.
        if (!isDeepStrictEqual(few.told, all.told)) expect(few.told).toEqual(all.told);
        spared += all.looks - few.looks;
      }),
      { numRuns: 5 },
    );
    expect(spared).toBeGreaterThan(0);
  });

  it('are those more than the longest limit after the last change, until the calendar turns or something happens', async () => {
    const quiet = { strategy: GUIDE, seed: 1, every: '23h', duration: '5m', startup: '20s', capacity: 100, min: 1 };
    const outage = { service: 'bitbucket' as const, from: '13h', to: '14h' };
    const calm = {
      ...quiet,
      outage,
      coolDownMs: 5 * MINUTE_MS,
      stabilisationWindowMs: 0,
      maxConcurrentRunners: undefined,
    };
    const { looks } = await playIn({ ...calm, schedules: [] } as Circumstances, {});
    const { looks: withWindows } = await playIn({ ...calm, schedules: [EVENING] } as Circumstances, {});
    expect(looks).toBeLessThan(TICKS / 2);
    expect(withWindows).toBeGreaterThan(looks);
    expect(withWindows).toBeLessThan(TICKS);
  });
});
