/** Dry runs and rows of ticks in a simulated world. */
import type { Fleet } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import type { Ports } from '#core/ports.ts';
import { reconcile } from '#core/reconcile.ts';
import { MINUTE_MS } from '#core/time.ts';
import type { World } from '#tools/simulator/world.ts';
import { type FleetSchedule, fleetAt, tickIn } from './drive.ts';

/** A dry run at the world's present time. */
export function planIn(world: World, fleet: Fleet, ports: Ports = world.ports()): Promise<Report> {
  const { now } = world;
  return reconcile({ fleet, mode: 'plan', now, tickId: world.nextTickId(), elapsedMs: () => world.now - now }, ports);
}

/** How often, how far apart, and through which ports: those of a process of its own for each tick unless given. */
type Pace = { readonly count: number; readonly everyMs?: number; readonly ports?: () => Ports };

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
