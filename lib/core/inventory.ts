/**
 * The runners that a group is known to have, and the adds that were begun and not seen yet. What is written down before a
 * registration is asked for counts from that moment, so that neither a list that is late nor a tick that was killed makes
 * anybody create a runner twice. Pure.
 */
import type { GroupMemory, GroupObservation, Instant, IntendedAdds, Runner } from './model/observation.ts';
import { bracedUuid } from './uuid.ts';

/**
 * How long Bitbucket's lists may be late, at the most, for a registration that nothing else knows of. Nobody has measured
 * it; other CI services are up to a minute late.
 */
export const LISTING_LAG_MS = 120_000;

/** The adds that are still to be seen, when the runners with these uuids are there. */
export function pendingAdds(memory: GroupMemory, uuids: readonly string[], at: Instant): number {
  return unseenAdds(memory, uuids, at).reduce((sum, { adds }) => sum + adds, 0);
}

/** Whether some of the adds that were begun are given up if this look does not see them. */
export function hasOldAdds({ intended = [] }: GroupMemory, at: Instant): boolean {
  return intended.some((entry) => isGivenUp(entry, at));
}

/** What to remember of runners and adds after a look that saw these uuids, for a tick that begins so many adds. */
export function nextInventory(
  memory: GroupMemory,
  uuids: readonly string[],
  adds: number,
  at: Instant,
): Required<Pick<GroupMemory, 'runners' | 'intended'>> {
  const before = memory.runners ?? {};
  return {
    runners: Object.fromEntries(uuids.map((uuid) => [uuid, before[uuid] ?? at])),
    intended: [...unseenAdds(memory, uuids, at), ...(adds > 0 ? [{ at, adds }] : [])],
  };
}

/** The memory when some of the adds that a tick began have made these runners, and of others nothing is there. */
export function withAdds(memory: GroupMemory, made: readonly string[], gone: number, at: Instant): GroupMemory {
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
export function hadJob({ runners = {}, jobless = [] }: GroupMemory, uuid: string): boolean {
  return runners[uuid] !== undefined && !jobless.includes(uuid);
}

/**
 * Whether a runner that no look has seen before is an add that was begun and has run: it must have had a Job, since nothing
 * else brings a runner of ours online. A tick may have failed to write down that it made one.
 */
export function isAddThatRan({ runners = {}, intended = [] }: GroupMemory, runner: Runner): boolean {
  const isAdd = intended.some(({ at }) => Math.abs(runner.createdAt - at) <= LISTING_LAG_MS);
  const isUnseen = runners[runner.uuid] === undefined && runner.status !== 'UNREGISTERED';
  // One that shows a step may be somebody's own: nothing is concluded of it that might end the step.
  return isAdd && isUnseen && !runner.hasStep;
}

/** Each runner that no look has seen before is one of the oldest adds. */
function unseenAdds({ runners = {}, intended = [] }: GroupMemory, uuids: readonly string[], at: Instant) {
  let seen = uuids.filter((uuid) => runners[uuid] === undefined).length;
  return intended
    .map((entry) => {
      const found = Math.min(seen, entry.adds);
      seen -= found;
      return { at: entry.at, adds: entry.adds - found };
    })
    .filter((entry) => entry.adds > 0 && !isGivenUp(entry, at));
}

function isGivenUp(entry: IntendedAdds, at: Instant): boolean {
  return at - entry.at >= LISTING_LAG_MS;
}

/** Uuids, with braces, of the runners of a group that were seen: listed, or behind a Job. */
export function placesOf({ runners, orphanJobs }: Pick<GroupObservation, 'runners' | 'orphanJobs'>): readonly string[] {
  return [...runners.map(({ uuid }) => uuid), ...orphanJobs.map(({ runnerUuid }) => bracedUuid(runnerUuid))];
}
