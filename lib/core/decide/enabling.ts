/**
 * Putting runners back into service that were taken out of it as a surplus and are wanted again before they were deleted:
 * they are online already, where a new one would have to start. One whose pod does not run is not. Nobody has seen Bitbucket
 * do it, so it is tried once for each runner; one that is still out of service at the next look is replaced. Pure.
 */
import type { Runner } from '../model/observation.ts';
import { type ClassifiedGroup, isOutOfService, mayRun } from './classify.ts';

/** The runners of the group that may be put back, the one that was taken out last first. */
export function enableable({ observation, classified }: ClassifiedGroup): readonly Runner[] {
  // Stryker disable next-line ArrayDeclaration: no runner is called that.
  const { drains = {}, worked = [] } = observation.memory;
  return classified
    .flatMap(({ runner, job, ended }) => {
      const drain = drains[runner.uuid];
      if (drain?.cause !== 'surplus' || drain.enabledAt !== undefined) return [];
      const mayStillRun =
        job !== undefined && !ended && job.takenAway === undefined && (job.pod === undefined || mayRun(job));
      const isAtRest = isOutOfService(runner) && !runner.hasStep && !worked.includes(runner.uuid);
      return isAtRest && mayStillRun ? [{ runner, at: drain.at }] : [];
    })
    .sort((a, b) => b.at - a.at)
    .map(({ runner }) => runner);
}

/** Build slots by workspace that runners may be put back into; a workspace without an entry has no limit. */
export type FreeSlots = Map<string, number>;

/** The runners to put back, at most as many as wanted; their slots are taken. */
export function chooseEnabled(group: ClassifiedGroup, wanted: number, free: FreeSlots): readonly Runner[] {
  const { workspace } = group.observation.group.scope;
  const slots = free.get(workspace) ?? Number.POSITIVE_INFINITY;
  const chosen = enableable(group).slice(0, Math.max(0, Math.min(wanted, slots)));
  free.set(workspace, slots - chosen.length);
  return chosen;
}
