/** Recorded ticks, decided again: whatever had a part in a decision is in the record, and survives being written down. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunnerGroup, Schedule, Strategy } from '#core/model/configuration.ts';
import type { TickRecord } from '#core/model/report.ts';
import { failWhere } from '#kit/failing-calls.ts';
import { fleet, GUIDE, group, NOON } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import { replay } from '#tools/inspect/replay.ts';
import { World } from '#tools/simulator/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TICKS = 130;

const STRATEGIES: readonly Strategy[] = [
  GUIDE,
  { kind: 'idleBuffer', idleCount: 1, scaleFactor: 0.5, scaleFactorLimit: 4 },
  {
    kind: 'queueAware',
    idleCount: 1,
    scaleFactor: 0,
    scaleFactorLimit: 1,
    repositories: { kind: 'named', names: ['shop', 'api'] },
  },
];

/** From one o'clock to two, by another clock than ours. */
const LUNCH: Schedule = {
  name: 'lunch',
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  from: 14 * 60,
  to: 15 * 60,
  timezone: 'Europe/Berlin',
  min: 3,
  max: 4,
};

const hours = fc.record({
  strategies: fc.tuple(fc.constantFrom(...STRATEGIES), fc.constantFrom(...STRATEGIES)),
  schedules: fc.constantFrom([], [LUNCH]),
  stabilisationWindowMs: fc.constantFrom(0, 10 * MINUTE),
  min: fc.constantFrom(1, 5),
  max: fc.constantFrom(6, 40),
  maxCreatesPerTick: fc.constantFrom(1, 20),
  callsPerHour: fc.constantFrom(undefined, 60, 90, 300),
  maxRunners: fc.constantFrom(5, 100),
  maxConcurrentRunners: fc.constantFrom(undefined, 4),
  startupMs: fc.constantFrom(20_000, 5 * MINUTE, 20 * MINUTE),
  bursts: fc.array(fc.record({ at: fc.nat(110), steps: fc.integer({ min: 1, max: 30 }) }), { maxLength: 6 }),
  lost: fc.constantFrom('none', 'runners', 'jobs', 'pipelines'),
});

type Hours = typeof hours extends fc.Arbitrary<infer H> ? H : never;

async function record(given: Hours): Promise<readonly TickRecord[]> {
  const { strategies, callsPerHour, maxRunners, maxConcurrentRunners, startupMs, bursts, lost, ...settings } = given;
  const world = new World({ start: NOON, startupMs: () => startupMs, ...(callsPerHour && { callsPerHour }) });
  for (const { at, steps } of bursts) {
    for (let step = 0; step < steps; step += 1) {
      const repository = step % 2 === 0 ? 'shop' : 'api';
      const labels = ['builds', 'linux', 'self.hosted'];
      world.submit({ scope: { workspace: 'acme', repository }, labels, durationMs: 7 * MINUTE }, NOON + at * MINUTE);
    }
  }
  const [first, second] = strategies.map((strategy, index): RunnerGroup => {
    const labels = index === 0 ? ['builds', 'linux', 'self.hosted'] : ['builds', 'extra', 'linux', 'self.hosted'];
    return group({ name: `group-${index}`, labels, strategy, ...settings });
  });
  if (first === undefined || second === undefined) throw new Error('two groups are played');
  const groups = {
    ...fleet([first, second]),
    workspaces: {
      acme: { api: 'internal' as const, maxRunners, ...(maxConcurrentRunners && { maxConcurrentRunners }) },
    },
  };
  const calm = world.ports();
  const failing = world.ports(failWhere(({ port }) => port === lost, 'refused'));
  await runTicks(world, groups, {
    count: TICKS,
    ports: () => (world.now >= NOON + HOUR && world.now < NOON + HOUR + 10 * MINUTE ? failing : calm),
  });
  return world.state.listTicks({ from: NOON, to: NOON + TICKS * MINUTE });
}

describe('a replay', () => {
  it('gives the recorded decisions, with every strategy, schedules, caps, budgets and queues, from what was written down', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(hours, async (given) => {
        const records = await record(given);
        expect(records).toHaveLength(TICKS);
        for (const each of records) {
          const again = replay(JSON.parse(JSON.stringify(each)));
          expect([...again.keys()]).toEqual(['group-0', 'group-1']);
          expect([...again.values()].map(({ isSame }) => isSame)).toEqual([true, true]);
          for (const { decision, bounds } of each.report.groups) {
            seen.add(decision.reason.code);
            for (const { code } of bounds) seen.add(code);
          }
        }
      }),
      { numRuns: 20, seed: 6 },
    );
    // The worlds are not all asleep.
    expect([...seen]).toEqual(
      expect.arrayContaining([
        ...['below-min', 'busy-share-high', 'idle-buffer', 'saturated', 'queue-counted', 'partial-observation'],
        ...['schedule', 'max', 'workspace-cap', 'peak-cap', 'max-creates-per-tick', 'cool-down'],
        ...['stabilisation-window', 'quarantine', 'look-held-back', 'queue-unknown'],
      ]),
    );
  });
});
