/**
 * What is left of groups: runners at places that no group has any more, because a group was removed or now has another
 * scope, cluster, namespace or other labels. A place is remembered from its first look until nothing of ours is there.
 */

import { isSeen } from '../decide/classify.ts';
import { pendingAdds } from '../inventory.ts';
import { isSame, parseGroupMemory } from '../memory.ts';
import type { RunnerGroup } from '../model/configuration.ts';
import type { DocumentEntry, GroupObservation, Instant, RunnerJob, ScopeIdentity } from '../model/observation.ts';
import { type FormerPlace, type Place, type Places, placeMemoryKey, placesKeyOf } from '../places.ts';
import { identityKey, labelSetKey, scopeKey } from '../scope.ts';
import { bracedUuid } from '../uuid.ts';
import { type Knowledge, namespaceKey } from './belonging.ts';
import type { GroupReading } from './group.ts';
import type { Memory } from './memory.ts';
import { documentOf, isGone } from './reading.ts';

/**
 * Whose runners a look may touch. A group of the configuration may have all that fits it. Where no group is any more only
 * what is recorded there, or stamped by this deployment, is ours; the rest may be another's, who goes by the same labels.
 */
export function knowledgeOf({ former, recorded, deployment }: Memory): Knowledge {
  const records = [...recorded].flatMap(([group, uuids]) => uuids.map((uuid) => ({ uuid, group })));
  const holders = Map.groupBy(records, ({ uuid }) => uuid);
  const left = new Set(former.map(({ group }) => group));
  const hadBy = (uuid: string) => holders.get(bracedUuid(uuid))?.map(({ group }) => group) ?? [];
  return {
    hadBy,
    mayHave: (group, uuid, job) =>
      !left.has(group) || hadBy(uuid).includes(group) || (deployment !== undefined && job?.deployment === deployment),
  };
}

/** What to make of a place that no group names: it is a group's under another name of its scope, it may be, or it is left. */
type Standing = 'renamed' | 'unknown' | 'left';

/**
 * A workspace or repository may be named by its slug and, after a change of the configuration, by its uuid; its place is
 * the same. While the uuids of either are not known, nobody can tell, and nothing there is touched.
 */
export function standingOf(
  place: RunnerGroup,
  groups: readonly RunnerGroup[],
  identify: (group: RunnerGroup) => ScopeIdentity | undefined,
): Standing {
  const own = identify(place);
  const alike = groups.filter(
    (group) => namespaceKey(group) === namespaceKey(place) && group.labels.join(' ') === place.labels.join(' '),
  );
  const identities = alike.map(identify);
  if (own !== undefined && identities.some((other) => other !== undefined && identityKey(other) === identityKey(own))) {
    return 'renamed';
  }
  return identities.some((other) => own === undefined || other === undefined) ? 'unknown' : 'left';
}

/** A group as it was seen, and what was read of it. */
export type SeenAt = { readonly entry: GroupObservation; readonly reading: GroupReading };

/** Whether nothing of a group is where it was: everything could be read, or there has been no such place for long. */
export function isDeserted(entry: GroupObservation, { scope, jobs }: GroupReading, at: Instant): boolean {
  if (entry.runners.length + entry.orphanJobs.length + (entry.pendingAdds ?? 0) > 0) return false;
  // What cannot be reached is not forgotten.
  if (entry.unreachable !== undefined) return false;
  if (isSeen(entry)) return true;
  const { group, memory } = entry;
  const isHere = (job: RunnerJob) =>
    job.group === group.name || memory.runners?.[bracedUuid(job.runnerUuid)] !== undefined;
  return isGone(scope, at) && 'value' in jobs.jobs && !jobs.listed.some(isHere);
}

/** The documents of places that this look changes: with those of groups, and those where something is `left`. */
export function rememberPlaces(
  { places, documents, present, former, renamed }: Memory,
  groups: readonly RunnerGroup[],
  left: ReadonlySet<RunnerGroup>,
): readonly DocumentEntry<Places>[] {
  // What was not read must not be overwritten.
  if (!('value' in documents)) return [];
  const emptied = new Set(former.filter(({ group }) => !left.has(group)).map(({ key }) => key));
  const news = groups.flatMap(({ name }): readonly (readonly [string, Place])[] => {
    const [key, today] = present.get(name) ?? [];
    if (key === undefined || today === undefined) return [];
    // It bears the group's new name only when there is a memory under that name: until then the old one tells what is there.
    const place = { ...today, group: renamed.get(name) ?? name };
    return isSame(place, places.known[key] ?? {}) ? [] : [[key, place]];
  });
  const changed = new Set([...news.map(([key]) => key), ...emptied].map(placesKeyOf));
  return [...changed].map((document) => {
    const isIn = ([key]: readonly [string, unknown]) => placesKeyOf(key) === document;
    const kept = Object.entries(places.known).filter((entry) => isIn(entry) && !emptied.has(entry[0]));
    const memory = Object.fromEntries([...kept, ...news.filter(isIn)]);
    return { key: document, version: places.versions.get(document) ?? 0, memory };
  });
}

/** How many places what is left takes: what is seen, or as many as are known while not everything can be seen. */
function placesOfLeft(left: GroupObservation): number {
  const { runners, orphanJobs, pendingAdds: pending = 0, memory } = left;
  const seen = runners.length + orphanJobs.length;
  const known = isSeen(left) ? seen : Math.max(seen, Object.keys(memory.runners ?? {}).length);
  return known + pending;
}

/** A place of which nobody can tell yet whether it is a group's under another name: it counts, and nothing is done there. */
export function unsureLeftover({ key, group }: FormerPlace, { documents }: Memory, at: Instant): GroupObservation {
  const memoryKey = placeMemoryKey(key);
  const document = documentOf(documents, memoryKey);
  const memory = parseGroupMemory(document?.value);
  const scope = scopeKey(group.scope);
  return {
    ...{ group, runners: [], jobs: [], orphanJobs: [], idleTrusted: false },
    ...{ memoryKey, memory, memoryVersion: document?.version ?? 0, pendingAdds: pendingAdds(memory, [], at) },
    missing: [`${scope}: nobody can tell yet whether it is another name of the scope of a group with the same labels`],
  };
}

/** The group, with what it still has at places that it has left. */
export function withElsewhere(entry: GroupObservation, leftovers: readonly GroupObservation[]): GroupObservation {
  const { group } = entry;
  const own = leftovers.filter(
    (left) => left.group.name === group.name || labelSetKey(left.group) === labelSetKey(group),
  );
  const elsewhere = own.reduce((sum, left) => sum + placesOfLeft(left), 0);
  return {
    ...entry,
    ...(elsewhere > 0 && { elsewhere }),
    ...(own.every(areJobsRead) ? {} : { jobsUnsure: true }),
  };
}

/** Whether the Jobs of a place were read, whatever else of it was not: a scope that is gone for good hides no Job. */
function areJobsRead({ unreachable, heldBack }: GroupObservation): boolean {
  return unreachable === undefined && heldBack === undefined;
}
