/**
 * The runners that a group is known to have, and the adds that were begun and not seen yet. What is written down before a
 * registration is asked for counts from that moment, so that neither a list that is late nor a tick that was killed makes
 * anybody create a runner twice. Pure.
 */
import { CLOCK_SKEW_MS } from './decide/age.ts';
import type { GroupMemory, GroupObservation, Instant, IntendedAdds, Runner } from './model/observation.ts';
import { bracedUuid } from './uuid.ts';

/**
 * How long Bitbucket's lists may be late, at the most, for a registration that nothing else knows of. Nobody has measured
 * it; other CI services are up to a minute late.
 */
export const LISTING_LAG_MS = 120_000;

/** A runner that was seen: listed, or behind a Job. `createdAt`: when it was registered, or its Job made, by their clocks. */
type SeenRunner = Pick<Runner, 'uuid' | 'createdAt'>;

/** The adds that are still to be seen, when these runners are there. */
export function pendingAdds(memory: GroupMemory, seen: readonly SeenRunner[], at: Instant): number {
  return unseenAdds(memory, seen, at).reduce((sum, { adds }) => sum + adds, 0);
}

/** Whether some of the adds that were begun are given up if this look does not see them. */
// Stryker disable next-line ArrayDeclaration: a text is no add.
export function hasOldAdds({ intended = [] }: GroupMemory, at: Instant): boolean {
  return intended.some((entry) => isGivenUp(entry, at));
}

/** What to remember of runners and adds after a look that saw these, for a tick that begins so many adds. */
export function nextInventory(
  memory: GroupMemory,
  seen: readonly SeenRunner[],
  adds: number,
  at: Instant,
): Required<Pick<GroupMemory, 'runners' | 'intended'>> {
  const before = memory.runners ?? {};
  return {
    runners: Object.fromEntries(seen.map(({ uuid }) => [uuid, before[uuid] ?? at])),
    intended: [...unseenAdds(memory, seen, at), ...(adds > 0 ? [{ at, adds }] : [])],
  };
}

/** The memory when some of the adds that a tick began have made these runners, and of others nothing is there. */
export function withAdds(memory: GroupMemory, made: readonly string[], gone: number, at: Instant): GroupMemory {
  // Stryker disable next-line ArrayDeclaration: a text is no add.
  const { intended = [], ...rest } = memory;
  const left = intended
    .map((entry) => (entry.at === at ? { at, adds: entry.adds - made.length - gone } : entry))
    .filter((entry) => entry.adds > 0);
  const news = Object.fromEntries(made.map((uuid) => [uuid, at]));
  return {
    ...rest,
    // Each has a Job from the first, whether or not a look will see it.
    ...(made.length > 0 && { runners: { ...rest.runners, ...news } }),
    ...(left.length > 0 && { intended: left }),
  };
}

/** Whether a runner is known to have had a Job. */
// Stryker disable next-line ArrayDeclaration: no runner is called that.
export function hadJob({ runners = {}, jobless = [] }: GroupMemory, uuid: string): boolean {
  return runners[uuid] !== undefined && !jobless.includes(uuid);
}

/**
 * What is known of the Job of a runner behind which this look saw none: it is gone; it may be where Jobs were not read; or
 * nobody has ever seen one.
 */
export function unseenJob(
  // Stryker disable next-line ArrayDeclaration: no runner is called that.
  { memory, jobsUnsure, jobsHidden, awayRead = [] }: GroupObservation,
  uuid: string,
): 'gone' | 'out-of-sight' | 'unknown' {
  if (jobsUnsure !== undefined) return 'out-of-sight';
  if (memory.awayJobs?.[uuid] !== undefined) return awayRead.includes(uuid) ? 'gone' : 'out-of-sight';
  if (hadJob(memory, uuid)) return 'gone';
  return jobsHidden === undefined ? 'unknown' : 'out-of-sight';
}

/**
 * Whether a runner that no look has seen before is an add that was begun and has run: it must have had a Job, since nothing
 * else brings a runner of ours online. A tick may have failed to write down that it made one.
 */
// Stryker disable next-line ArrayDeclaration: a text is no add.
export function isAddThatRan({ runners = {}, intended = [] }: GroupMemory, runner: Runner): boolean {
  const isAdd = intended.some(({ at }) => Math.abs(runner.createdAt - at) <= LISTING_LAG_MS);
  const isUnseen = runners[runner.uuid] === undefined && runner.status !== 'UNREGISTERED';
  // One that shows a step may be somebody's own: nothing is concluded of it that might end the step.
  return isAdd && isUnseen && !runner.hasStep;
}

/**
 * Each runner that no look has seen before is one of the oldest adds, unless it was made before that add was begun: such a
 * one was seen, forgotten when it was gone, and is back in a list that is older than the last.
 */
// Stryker disable next-line ArrayDeclaration: a text is no add.
function unseenAdds({ runners = {}, intended = [] }: GroupMemory, seen: readonly SeenRunner[], at: Instant) {
  const times = seen.filter(({ uuid }) => runners[uuid] === undefined).map(({ createdAt }) => createdAt);
  const unknown = times.sort((a, b) => a - b);
  return intended
    .map((entry) => {
      const first = unknown.findIndex((createdAt) => createdAt >= entry.at - CLOCK_SKEW_MS);
      const found = first < 0 ? 0 : unknown.splice(first, entry.adds).length;
      return { at: entry.at, adds: entry.adds - found };
    })
    .filter((entry) => entry.adds > 0 && !isGivenUp(entry, at));
}

function isGivenUp(entry: IntendedAdds, at: Instant): boolean {
  return at - entry.at >= LISTING_LAG_MS;
}

/** How many seats the seen runners of a group take, with the adds that nothing shows yet. */
export function seatsTaken(observation: Pick<GroupObservation, 'runners' | 'orphanJobs' | 'pendingAdds'>): number {
  return seatsOf(observation).length + (observation.pendingAdds ?? 0);
}

/** The runners of a group that were seen: listed, or behind a Job. Their uuids have braces. */
export function seatsOf({
  runners,
  orphanJobs,
}: Pick<GroupObservation, 'runners' | 'orphanJobs'>): readonly SeenRunner[] {
  return [
    ...runners.map(({ uuid, createdAt }) => ({ uuid, createdAt })),
    ...orphanJobs.map(({ runnerUuid, createdAt }) => ({ uuid: bracedUuid(runnerUuid), createdAt })),
  ];
}
