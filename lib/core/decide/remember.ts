/** What a look adds to a group's memory. A runner that shows a step, or is gone, starts from nothing. */

import { nextInventory, placesOf } from '../inventory.ts';
import type { GroupMemory, Instant, RecentTarget, Runner, SeenGroup } from '../model/observation.ts';
import { type ClassifiedRunner, isOutOfService } from './classify.ts';
import { nextQuarantine } from './quarantine.ts';

/** What this tick decided, as far as the next ones have to know. */
export type Decided = {
  readonly retired: readonly Runner[];
  readonly recentTargets: readonly RecentTarget[];
  /** How many runners it adds. */
  readonly creates: number;
};

/**
 * The memory after this look. Runners that are being retired count as out of service from now on, whatever an earlier
 * try left behind: it may have failed, and the runner may have taken a step since that does not show yet.
 */
export function remember(
  observation: SeenGroup,
  classified: readonly ClassifiedRunner[],
  { retired, recentTargets, creates }: Decided,
  at: Instant,
): GroupMemory {
  const { memory } = observation;
  const idle = classified.filter((entry) => entry.class === 'idle').map(({ runner }) => runner);
  const draining = classified
    .filter(({ runner }) => isOutOfService(runner) && !runner.hasStep)
    .map(({ runner }) => runner);
  const quarantine = nextQuarantine(memory.quarantine, classified, at);
  return {
    idleSince: since(idle, memory.idleSince, at),
    drainingSince: { ...since(draining, memory.drainingSince, at), ...since(retired, {}, at) },
    ...(quarantine && { quarantine }),
    ...(recentTargets.length > 0 && { recentTargets }),
    ...inventoryOf(observation, creates, at),
  };
}

function inventoryOf(observation: SeenGroup, creates: number, at: Instant): Pick<GroupMemory, 'runners' | 'intended'> {
  const { runners, intended } = nextInventory(observation.memory, placesOf(observation), creates, at);
  return {
    ...(Object.keys(runners).length > 0 && { runners }),
    ...(intended.length > 0 && { intended }),
  };
}

/** Whether there is anything new to save. */
export function isSameMemory(a: GroupMemory, b: GroupMemory): boolean {
  return (
    isSameTimes(a.idleSince, b.idleSince) &&
    isSameTimes(a.drainingSince, b.drainingSince) &&
    a.quarantine?.failures === b.quarantine?.failures &&
    a.quarantine?.since === b.quarantine?.since &&
    written(a.recentTargets) === written(b.recentTargets) &&
    isSameTimes(a.runners ?? {}, b.runners ?? {}) &&
    JSON.stringify(a.intended ?? []) === JSON.stringify(b.intended ?? [])
  );
}

type Times = Readonly<Record<string, Instant>>;

function since(runners: readonly Runner[], before: Times, at: Instant): Times {
  return Object.fromEntries(runners.map(({ uuid }) => [uuid, before[uuid] ?? at]));
}

function isSameTimes(a: Times, b: Times): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** One text for every staircase of targets. */
function written(targets: readonly RecentTarget[] = []): string {
  return targets.map(({ target, since }) => `${target} since ${since}`).join();
}
