/** Runs the shipped line in a world, tick by tick. */
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Mode, Report } from '#core/model/report.ts';
import type { Ports } from '#core/ports.ts';
import { reconcile, type TickRequest } from '#core/reconcile.ts';
import type { Selection } from '#core/select.ts';
import { MINUTE_MS } from '#core/time.ts';
import type { World } from './world.ts';

/** One tick at the world's present time. `ports`: those of a process of its own unless given. */
export function tickIn(
  world: World,
  fleet: Fleet,
  ports: Ports = world.ports(),
  selection: Selection = {},
): Promise<Report> {
  return reconcile({ ...requestIn(world, fleet, 'apply'), ...selection }, ports);
}

/** A dry run at the world's present time. */
export function planIn(world: World, fleet: Fleet, ports: Ports = world.ports()): Promise<Report> {
  return reconcile(requestIn(world, fleet, 'plan'), ports);
}

/** A configuration that changes in mid-flight: each fleet holds from its moment on, the first one also before. */
export type FleetSchedule = readonly [FleetFrom, ...FleetFrom[]];

/** A fleet and when it comes into force. */
export type FleetFrom = { readonly from: Instant; readonly fleet: Fleet };

/** The fleet in force at this moment. */
export function fleetAt(schedule: FleetSchedule, at: Instant): Fleet {
  return (schedule.findLast(({ from }) => from <= at) ?? schedule[0]).fleet;
}

/** How often, how far apart, and through which ports: those of a process of its own for each tick unless given. */
export type Pace = { readonly count: number; readonly everyMs?: number; readonly ports?: () => Ports };

/** Ticks and lets time pass after each, `count` times. Gives the reports. */
export async function runTicks(
  world: World,
  fleets: Fleet | FleetSchedule,
  { count, everyMs = MINUTE_MS, ports = () => world.ports() }: Pace,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (let tick = 0; tick < count; tick += 1) {
    const fleet = 'groups' in fleets ? fleets : fleetAt(fleets, world.now);
    reports.push(await tickIn(world, fleet, ports()));
    world.advance(everyMs);
  }
  return reports;
}

function requestIn(world: World, fleet: Fleet, mode: Mode): TickRequest {
  const { now } = world;
  return { fleet, mode, now, tickId: world.nextTickId(), elapsedMs: () => world.now - now };
}
