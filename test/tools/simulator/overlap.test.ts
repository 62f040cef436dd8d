/** Ticks that overlap: the lease keeps them apart, and where it fails to, the claim on the group's memory does. */
import { describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import type { Report } from '#core/model/report.ts';
import { tickIn } from '#kit/drive.ts';
import { fleet, group } from '#kit/fleet.ts';
import { STRATEGIES } from '#kit/strategies.ts';
import { runTicks } from '#kit/ticks.ts';
import type { Interruption } from '#tools/simulator/interrupt.ts';
import { World } from '#tools/simulator/world.ts';
import { expectNobodyKilled, expectNothingLeftOver, registrationsOf } from './invariants.ts';

const MINUTE = 60_000;
/** A process that believes it has the lease, as one does whose lease ran out while it was stopped. */
const leaseless: Interruption = (call, proceed) =>
  call.method === 'acquireLease' ? Promise.resolve({ acquired: true }) : proceed();

const outcomes = (reports: readonly Report[]) =>
  reports.flatMap((report) => report.groups.flatMap((entry) => entry.outcomes.map(({ status }) => status)));

describe.each(Object.values(STRATEGIES))('two ticks at once, $strategy.kind', (over) => {
  const builds = group({ ...over, min: 4, max: 6, coolDownMs: 0 });
  const config = fleet([builds]);

  it('one works, the other reports that the lease is held', async () => {
    const world = new World();
    const [first, second] = await Promise.all([tickIn(world, config), tickIn(world, config)]);
    expect(first.groups).toHaveLength(1);
    expect(second.tick.skipped).toBe('lease held by tick tick-1');
    expect(second.groups).toEqual([]);
    expect(registrationsOf(world, builds)).toBe(4);
  });

  it('without the lease, one works and the other skips every action', async () => {
    const world = new World();
    const reports = await Promise.all([
      tickIn(world, config, world.ports(leaseless)),
      tickIn(world, config, world.ports(leaseless)),
    ]);
    expect(outcomes(reports).sort()).toEqual([
      'done',
      'done',
      'done',
      'done',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
    ]);
    expect(registrationsOf(world, builds)).toBe(4);
  });

  it('two autoscalers that do not even share a table exceed max by one tick, and the next ones bring it back', async () => {
    const world = new World();
    await runTicks(world, config, { count: 2 });
    for (let step = 0; step < 4; step += 1) {
      world.submit({ scope: { workspace: 'acme' }, labels: ['builds'], durationMs: 30 * MINUTE });
    }
    const stranger = { ...world.ports(), state: createMemoryStateStore() };
    await Promise.all([tickIn(world, config), tickIn(world, config, stranger)]);
    const creates = 2;
    expect(registrationsOf(world, builds)).toBeLessThanOrEqual(6 + creates);
    expect(registrationsOf(world, builds)).toBeGreaterThan(6);

    const [next] = await runTicks(world, config, { count: 1 });
    expect(next?.groups[0]?.decision).toMatchObject({ action: 'scale-down', to: 6, reason: { code: 'above-max' } });
    await runTicks(world, config, { count: 2 });
    expect(registrationsOf(world, builds)).toBe(6);
    await runTicks(world, config, { count: 60 });
    expectNothingLeftOver(world, config);
    expectNobodyKilled(world);
  });

  it('a tick that died with the lease holds up the others only until it runs out', async () => {
    const world = new World();
    await world.state.acquireLease({ name: 'tick', holder: 'dead', now: world.now, ttlMs: 90_000 });
    const [first, second] = await runTicks(world, config, { count: 2 });
    expect(first?.tick.skipped).toBe('lease held by tick dead');
    expect(first?.groups).toEqual([]);
    expect(second?.tick.skipped).toBe('lease held by tick dead');
    const [third] = await runTicks(world, config, { count: 1 });
    expect(third?.tick.skipped).toBeUndefined();
    expect(registrationsOf(world, builds)).toBe(4);
  });
});
