/** What a look adds to a group's memory. A runner that shows a step, or is gone, starts from nothing. */
import { hadJob, nextInventory, placesOf } from '../inventory.ts';
import type { Drain, GroupMemory, Instant, RecentTarget, Runner, SeenGroup } from '../model/observation.ts';
import { ORPHAN_GRACE_MS } from './age.ts';
import { type ClassifiedRunner, isOutOfService } from './classify.ts';
import { isOver } from './clean-up.ts';
import { nextExperience } from './experience.ts';
import { nextFailedStarts, nextQuarantine } from './quarantine.ts';
import type { Retirement } from './retirement.ts';
import { nextStartUps } from './start-up.ts';

/** What this tick decided, as far as the next ones have to know. */
export type Decided = {
  readonly enable: readonly Runner[];
  readonly retire: readonly Retirement[];
  readonly recentTargets: readonly RecentTarget[];
  /** How many runners it adds. */
  readonly creates: number;
};

/**
 * The memory after this look. A runner counts as out of service from the first look that sees it so: disabling may fail,
 * or take effect late, and until then the runner may take a step that does not show yet.
 */
export function remember(
  observation: SeenGroup,
  classified: readonly ClassifiedRunner[],
  { enable, retire, recentTargets, creates }: Decided,
  at: Instant,
): GroupMemory {
  const { memory } = observation;
  const idle = classified.filter((entry) => entry.class === 'idle').map(({ runner }) => runner);
  const over = classified.filter((entry) => isOver(entry) && !enable.includes(entry.runner));
  const drains = nextDrains(memory.drains, classified, { enable, retire }, at);
  const quarantine = nextQuarantine(observation, classified, at);
  const failedStarts = nextFailedStarts(memory, classified, at);
  const startUps = nextStartUps(memory.startUps, classified);
  const jobless = classified.filter(({ runner, job }) => job === undefined && !hadJob(memory, runner.uuid));
  return {
    idleSince: since(idle, memory.idleSince, at),
    drainingSince: since(
      over.map(({ runner }) => runner),
      memory.drainingSince,
      at,
    ),
    ...(Object.keys(drains).length > 0 && { drains }),
    ...(quarantine && { quarantine }),
    ...(Object.keys(failedStarts).length > 0 && { failedStarts }),
    ...(startUps && { startUps }),
    ...nextExperience(memory, classified, at),
    ...(recentTargets.length > 0 && { recentTargets }),
    ...inventoryOf(observation, creates, at),
    ...(jobless.length > 0 && { jobless: jobless.map(({ runner }) => runner.uuid) }),
  };
}

function inventoryOf(observation: SeenGroup, creates: number, at: Instant): Pick<GroupMemory, 'runners' | 'intended'> {
  const { runners, intended } = nextInventory(observation.memory, placesOf(observation), creates, at);
  return {
    ...(Object.keys(runners).length > 0 && { runners }),
    ...(intended.length > 0 && { intended }),
  };
}

/** What is remembered of runners that were taken out of service here, as long as they are registered. */
function nextDrains(
  before: GroupMemory['drains'] = {},
  classified: readonly ClassifiedRunner[],
  { enable, retire }: Pick<Decided, 'enable' | 'retire'>,
  at: Instant,
): Readonly<Record<string, Drain>> {
  const causes = new Map(retire.map(({ runner, reason }) => [runner.uuid, reason.code]));
  const drains = classified.flatMap(({ runner }): readonly [string, Drain][] => {
    const known = before[runner.uuid];
    const cause = causes.get(runner.uuid);
    // One that is known and has to go again was put back, or the list did not show what was done.
    if (cause !== undefined) return [[runner.uuid, { cause, at, ...(known && { confirm: true }) }]];
    if (known === undefined) return [];
    if (enable.includes(runner)) return [[runner.uuid, { ...known, enabledAt: at, confirm: true }]];
    if (isOutOfService(runner) || known.enabledAt !== undefined) return [[runner.uuid, known]];
    return at - known.at <= ORPHAN_GRACE_MS ? [[runner.uuid, { ...known, confirm: true }]] : [];
  });
  return Object.fromEntries(drains);
}

/** Whether there is nothing new to save. */
export function isSameMemory(a: GroupMemory, b: GroupMemory): boolean {
  return written(a) === written(b);
}

/** One text for all memories that say the same: in whatever order, and whether what is empty is there or not. */
function written(memory: GroupMemory): string {
  return JSON.stringify(memory, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).filter(([, entry]) => !isEmpty(entry));
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

type Times = Readonly<Record<string, Instant>>;

function since(runners: readonly Runner[], before: Times, at: Instant): Times {
  return Object.fromEntries(runners.map(({ uuid }) => [uuid, before[uuid] ?? at]));
}
