/** Runs the shipped line in a world, one tick at a time. */
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Report } from '#core/model/report.ts';
import type { Ports } from '#core/ports.ts';
import { reconcile } from '#core/reconcile.ts';
import type { Selection } from '#core/select.ts';
import type { World } from '#tools/simulator/world.ts';

/** One tick at the world's present time. `ports`: those of a process of its own unless given. */
export function tickIn(
  world: World,
  fleet: Fleet,
  ports: Ports = world.ports(),
  selection: Selection = {},
): Promise<Report> {
  const { now } = world;
  const tick = { now, tickId: world.nextTickId(), elapsedMs: () => world.now - now };
  return reconcile({ fleet, mode: 'apply', ...tick, ...selection }, ports);
}

/** A configuration that changes in mid-flight: each fleet holds from its moment on, the first one also before. */
export type FleetSchedule = readonly [FleetFrom, ...FleetFrom[]];

/** A fleet and when it comes into force. */
export type FleetFrom = { readonly from: Instant; readonly fleet: Fleet };

/** The fleet in force at this moment. */
export function fleetAt(schedule: FleetSchedule, at: Instant): Fleet {
  return (schedule.findLast(({ from }) => from <= at) ?? schedule[0]).fleet;
}
