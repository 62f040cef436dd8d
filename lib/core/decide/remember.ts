/** What a look adds to a group's memory. A runner that shows a step, or is gone, starts from nothing. */
import { nextInventory, placesOf } from '../inventory.ts';
import type { Drain, GroupMemory, Instant, RecentTarget, Runner, SeenGroup, StartUps } from '../model/observation.ts';
import { ORPHAN_GRACE_MS } from './age.ts';
import { type ClassifiedRunner, isOutOfService } from './classify.ts';
import { isOver } from './clean-up.ts';
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
    ...(recentTargets.length > 0 && { recentTargets }),
    ...inventoryOf(observation, creates, at),
    ...jobsOf(memory.jobs, classified, at),
  };
}

/** Runners that have had a Job: one whose Job is gone has no process any more. */
function jobsOf(before: Times = {}, classified: readonly ClassifiedRunner[], at: Instant): Pick<GroupMemory, 'jobs'> {
  const had = classified.filter(({ runner, job }) => job !== undefined || before[runner.uuid] !== undefined);
  return had.length === 0
    ? {}
    : {
        jobs: since(
          had.map(({ runner }) => runner),
          before,
          at,
        ),
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

/** Whether there is anything new to save. */
export function isSameMemory(a: GroupMemory, b: GroupMemory): boolean {
  return (
    isSameTimes(a.idleSince, b.idleSince) &&
    isSameTimes(a.drainingSince, b.drainingSince) &&
    isSameDrains(a.drains, b.drains) &&
    a.quarantine?.failures === b.quarantine?.failures &&
    a.quarantine?.since === b.quarantine?.since &&
    isSameTimes(a.failedStarts ?? {}, b.failedStarts ?? {}) &&
    isSameTimes(a.runners ?? {}, b.runners ?? {}) &&
    isSameTimes(a.jobs ?? {}, b.jobs ?? {}) &&
    learned(a.startUps) === learned(b.startUps) &&
    written(a.recentTargets) === written(b.recentTargets) &&
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

/** One text for everything that is known of start-ups. */
function learned(startUps: StartUps | undefined): string {
  return startUps === undefined ? '' : [startUps.newest, startUps.tookMs, startUps.awaited].join(' ');
}

function isSameDrains(a: GroupMemory['drains'] = {}, b: GroupMemory['drains'] = {}): boolean {
  const write = (drains: Readonly<Record<string, Drain>>) =>
    Object.entries(drains)
      .map(([uuid, { cause, at, enabledAt, confirm }]) => [uuid, cause, at, enabledAt, confirm].join())
      .sort()
      .join();
  return write(a) === write(b);
}

/** One text for every staircase of targets. */
function written(targets: readonly RecentTarget[] = []): string {
  return targets.map(({ target, since }) => `${target} since ${since}`).join();
}
