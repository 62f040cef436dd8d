/** What a look tells of one group. */
import { pendingAdds, seatsOf } from '../inventory.ts';
import { groupMemoryKey, parseGroupMemory } from '../memory.ts';
import type { RunnerGroup } from '../model/configuration.ts';
import type { GroupObservation, Instant } from '../model/observation.ts';
import { identityKey } from '../scope.ts';
import type { Belongings } from './belonging.ts';
import {
  type Documents,
  documentOf,
  identityOf,
  isGone,
  type JobReading,
  missingOf,
  type ScopeReading,
} from './reading.ts';
import { areTrusted } from './step-marks.ts';

/** What was read that concerns the group. */
export type GroupReading = {
  readonly scope: ScopeReading;
  readonly jobs: JobReading;
  readonly documents: Documents;
  readonly belongings: Belongings;
  /** The document of its memory, where it is not the group's own. */
  readonly memoryKey?: string;
  /** What its runners are made from, where a change of it matters. */
  readonly fingerprint?: string;
};

/** The group as it was seen, or what is missing of it. */
export function observeGroup(group: RunnerGroup, reading: GroupReading, at: Instant): GroupObservation {
  const { scope, jobs, documents, belongings, memoryKey, fingerprint } = reading;
  const { runners, jobs: runnerJobs, orphanJobs, doubtful } = belongings;
  const identity = identityOf(scope);
  const document = documentOf(documents, memoryKey ?? groupMemoryKey(group.name));
  const memory = parseGroupMemory(document?.value);
  const heldBack = [scope.runners, scope.identity].find((read) => read !== undefined && 'heldBack' in read)?.heldBack;
  const begun = pendingAdds(memory, seatsOf({ runners, orphanJobs }), listedUntil(scope, at));
  const pending = begun + doubtful;
  const [jobsMissing] = missingOf(jobs.jobs);
  const unreachable = memoryKey === undefined ? undefined : jobsMissing;
  return {
    group,
    runners,
    jobs: runnerJobs,
    orphanJobs,
    ...(pending > 0 && { pendingAdds: pending }),
    ...(memoryKey !== undefined && { memoryKey }),
    ...(fingerprint !== undefined && { fingerprint }),
    memory,
    memoryVersion: document?.version ?? 0,
    ...(identity === undefined ? {} : { identity }),
    // Without its Jobs nothing but time proves that a runner does nothing.
    idleTrusted: unreachable === undefined && (!scope.isPublic || areTrusted(scope.marks, group.coolDownMs, at)),
    ...(unreachable !== undefined && { unreachable, jobsUnsure: true as const }),
    ...(heldBack && { heldBack }),
    ...(!('value' in scope.runners) && { unlisted: true }),
    missing: [...unreadiness(group), ...needed(reading, unreachable !== undefined).flatMap(missingOf)],
  };
}

/** Up to when a list shows adds that were begun: where there is none, no add is too old to be there unseen. */
function listedUntil(scope: ScopeReading, at: Instant): Instant {
  return 'value' in scope.runners || isGone(scope, at) ? at : Number.NEGATIVE_INFINITY;
}

function unreadiness({ unready }: RunnerGroup): readonly string[] {
  return unready === undefined ? [] : [unready];
}

/** What has to be there for a decision; a place that is out of reach does without its Jobs. */
function needed({ scope, jobs, documents }: GroupReading, isOutOfReach: boolean) {
  return [scope.runners, scope.identity, ...(isOutOfReach ? [] : [jobs.jobs]), documents];
}

/**
 * Two groups whose scopes are one and the same under two names (a slug and a uuid, say) and whose labels are equal have
 * the same runners; each would undo what the other does. Only their uuids tell, so it is found out here.
 */
export function holdDoubles(groups: readonly GroupObservation[]): readonly GroupObservation[] {
  const owners = Map.groupBy(groups, ({ group, identity }) =>
    identity === undefined ? group : [identityKey(identity), ...group.labels].join(' '),
  );
  const doubles = [...owners.values()].filter((members) => members.length > 1);
  return groups.map((entry) => {
    const members = doubles.find((double) => double.includes(entry));
    if (members === undefined) return entry;
    const names = members.map(({ group }) => `"${group.name}"`).join(' and ');
    const sentence = `groups ${names} have the same workspace or repository under two names and the same labels, so the same runners; name it in one way and keep one of them`;
    return { ...entry, missing: [...entry.missing, sentence] };
  });
}
