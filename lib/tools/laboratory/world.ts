/** The world that a scenario describes: its start-up times, its nodes, its outages, and a memory for one run. */
import { ServiceError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Faults } from '../simulator/faults.ts';
import { type Interruption, SERVICES, undisturbed } from '../simulator/interrupt.ts';
import { createRunStateStore } from '../simulator/state.ts';
import { World, type WorldOptions } from '../simulator/world.ts';
import { latenessOf, lifeOf, normalOutages, type Outage, pickUpsOf, startUpsOf } from './conditions.ts';
import type { Scenario } from './scenario.ts';

/** A world at the beginning of the scenario's warm-up. */
export function openWorld(
  scenario: Scenario,
  faults: Faults,
  listeners: NonNullable<WorldOptions['listeners']>,
): World {
  const { start, warmUp, nodes, seed, callsPerHour, queueCallsPerHour, concurrencyLimits } = scenario;
  const now = () => world.now;
  const world: World = new World({
    start: start - warmUp,
    startupMs: startUpsOf(scenario, seed),
    pickUpMs: pickUpsOf(scenario, seed),
    queueLimitMs: scenario.queueLimit,
    stepLimit: (workspace) => concurrencyLimits[workspace] ?? Infinity,
    capacity: () => capacityAt(scenario, world.now),
    state: createRunStateStore(),
    faults: { ...latenessOf(scenario, seed, now), ...faults },
    ...(callsPerHour !== 'unlimited' && { callsPerHour }),
    ...(queueCallsPerHour !== undefined && { queueCallsPerHour }),
    listeners: { ...listeners, registered: ({ uuid }) => dieInTime(uuid) },
  });
  const dieInTime = (uuid: string) => {
    const lifeMs = lifeOf(scenario, world.bitbucket.everRegistered, seed);
    if (lifeMs !== undefined) world.clock.schedule(world.now + lifeMs, () => world.cluster.crash(uuid, false));
  };
  for (const { from } of nodes) world.clock.schedule(start + from, () => world.cluster.nodesChanged());
  // Nothing happens at these moments but that calls are answered in another way, which is a change as any other.
  for (const { from, to } of outagesIn(scenario)) {
    for (const boundary of [from, to]) world.clock.schedule(start + boundary, () => undefined);
  }
  return world;
}

/** Pods that fit on the nodes: what the last change before now has left. */
function capacityAt({ nodes, start }: Scenario, now: Instant): number {
  const last = nodes.findLast(({ from }) => start + from <= now);
  return last?.capacity ?? Number.POSITIVE_INFINITY;
}

/** Those that the scenario names, and those of a normal month. */
export function outagesIn(scenario: Scenario): readonly Outage[] {
  return [...scenario.outages, ...normalOutages(scenario, scenario.span, scenario.seed)];
}

/** Refuses calls to a service that is out at the present time. */
export function outagesOf(scenario: Scenario, now: () => Instant): Interruption {
  const { start } = scenario;
  const outages = outagesIn(scenario);
  if (outages.length === 0) return undisturbed;
  return async ({ port, method }, proceed) => {
    const service = SERVICES[port];
    const since = now() - start;
    const isOut = outages.some((outage) => outage.service === service && outage.from <= since && since < outage.to);
    if (!isOut) return proceed();
    throw new ServiceError(`${port}.${method} failed: ${service} is out in this scenario.`, {
      service,
      outcome: 'refused',
      status: 503,
    });
  };
}
