/**
 * What is left of groups: runners at places that no group has any more, because a group was removed or now has another
 * scope, cluster, namespace or other labels. A place is remembered from its first look until nothing of ours is there.
 */

import { isSeen } from '../decide/classify.ts';
import { pendingAdds, seatsTaken } from '../inventory.ts';
import { isSame, parseGroupMemory } from '../memory.ts';
import type { RunnerGroup } from '../model/configuration.ts';
import type { DocumentEntry, GroupObservation, Instant, ScopeIdentity } from '../model/observation.ts';
import { type FormerPlace, type Place, type Places, placesKeyOf } from '../places.ts';
import { identityKey, labelSetKey, namespaceKey, scopeKey } from '../scope.ts';
import { bracedUuid } from '../uuid.ts';
import type { Knowledge, Strays } from './belonging.ts';
import type { GroupReading } from './group.ts';
import type { Memory } from './memory.ts';
import { documentOf, isGone } from './reading.ts';

/**
 * Whose runners a look may touch. A group of the configuration may have all that fits it. Where no group is any more only
 * what is recorded there, or stamped by this deployment, is ours; the rest may be another's, who goes by the same labels.
 */
export function knowledgeOf({ former, recorded, deployment }: Memory): Omit<Knowledge, 'areJobsRead'> {
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
    // Stryker disable next-line StringLiteral: whatever is neither unknown nor left.
    return 'renamed';
  }
  return identities.some((other) => own === undefined || other === undefined) ? 'unknown' : 'left';
}

/** A group as it was seen, and what was read of it. */
export type SeenAt = { readonly entry: GroupObservation; readonly reading: GroupReading };

/** What is left at a place that no group has any more, and how many runners there may be: the seats that they take. */
export type Leftover = { readonly entry: GroupObservation; readonly seats: number };

/** What is left at a place, if anything is, or may be where not everything could be read. `strays`: Jobs of nobody else. */
export function leftoverOf(
  { entry, reading: { scope, jobs } }: SeenAt,
  strays: Strays['jobs'],
  at: Instant,
): Leftover | undefined {
  // Of a scope that is gone for good nothing is listed, and nothing but its Jobs can show a runner.
  const isLost = isGone(scope, at) && 'value' in jobs.jobs;
  const isSure = isLost || isSeen(entry);
  const seats = isSure ? seatsTaken(entry) + (isLost ? strays.filter(isFrom(entry)).length : 0) : seatsKnown(entry);
  // What cannot be reached is not forgotten.
  return isSure && seats === 0 && entry.unreachable === undefined ? undefined : { entry, seats };
}

/** How many there may be while not everything can be seen. */
function seatsKnown(entry: GroupObservation): number {
  const { memory, pendingAdds = 0 } = entry;
  return Math.max(seatsTaken(entry), Object.keys(memory.runners ?? {}).length + pendingAdds);
}

function isFrom({ group, memory }: GroupObservation) {
  return ({ namespace, job }: Strays['jobs'][number]): boolean =>
    namespaceKey(namespace) === namespaceKey(group) &&
    (job.group === group.name || memory.runners?.[bracedUuid(job.runnerUuid)] !== undefined);
}

/** The documents of places that this look changes: with those of groups, and those where something is `left`, marked so. */
export function rememberPlaces(
  { places, documents, present, former, renamed }: Memory,
  groups: readonly RunnerGroup[],
  left: ReadonlySet<RunnerGroup>,
  at: Instant,
): readonly DocumentEntry<Places>[] {
  // What was not read must not be overwritten.
  if (!('value' in documents)) return [];
  const emptied = new Set(former.filter(({ group }) => !left.has(group)).map(({ key }) => key));
  const had = groups.flatMap(({ name }): readonly (readonly [string, Place])[] => {
    const here = present.get(name);
    if (here === undefined) return [];
    const [key, today] = here;
    const since = takenUp(places.known, key, at);
    // It bears the group's new name only when there is a memory under that name: until then the old one tells what is there.
    return [[key, { ...today, group: renamed.get(name) ?? name, ...(since !== undefined && { since }) }]];
  });
  const lost = former.filter(({ group }) => left.has(group));
  const all = [...had, ...lost.map(({ key, place }) => [key, { ...place, left: true as const }] as const)];
  const news = all.filter(([key, place]) => !isSame(place, places.known[key] ?? {}));
  const changed = new Set([...news.map(([key]) => key), ...emptied].map(placesKeyOf));
  return [...changed].map((document) => {
    const isIn = ([key]: readonly [string, unknown]) => placesKeyOf(key) === document;
    const kept = Object.entries(places.known).filter((entry) => isIn(entry) && !emptied.has(entry[0]));
    const memory = Object.fromEntries([...kept, ...news.filter(isIn)]);
    return { key: document, version: places.versions.get(document) ?? 0, memory };
  });
}

/** Since when a group has the place. In the first look of all, none can have been left before. */
function takenUp(known: Places, key: string, at: Instant): Instant | undefined {
  const before = known[key];
  if (before === undefined) return Object.keys(known).length === 0 ? undefined : at;
  return before.left ? at : before.since;
}

/** A place of which nobody can tell yet whether it is a group's under another name: it counts, and nothing is done there. */
export function unsureLeftover({ memoryKey, group }: FormerPlace, { documents }: Memory, at: Instant): Leftover {
  const document = documentOf(documents, memoryKey);
  const memory = parseGroupMemory(document?.value);
  const scope = scopeKey(group.scope);
  const entry = {
    ...{ group, runners: [], jobs: [], orphanJobs: [], idleTrusted: false },
    // Stryker disable next-line ArrayDeclaration: a text is no runner.
    ...{ memoryKey, memory, memoryVersion: document?.version ?? 0, pendingAdds: pendingAdds(memory, [], at) },
    missing: [`${scope}: nobody can tell yet whether it is another name of the scope of a group with the same labels`],
  };
  return { entry, seats: seatsKnown(entry) };
}

/** The group, with what it still has at places that it has left. */
export function withElsewhere(entry: GroupObservation, leftovers: readonly Leftover[]): GroupObservation {
  const { group } = entry;
  const own = leftovers.filter(
    ({ entry: left }) => left.group.name === group.name || labelSetKey(left.group) === labelSetKey(group),
  );
  const elsewhere = own.reduce((sum, { seats }) => sum + seats, 0);
  return {
    ...entry,
    ...(elsewhere > 0 && { elsewhere }),
    ...(own.every(areJobsRead) ? {} : { jobsUnsure: true }),
  };
}

/** Whether the Jobs of a place were read, whatever else of it was not: a scope that is gone for good hides no Job. */
function areJobsRead({ entry: { unreachable, heldBack } }: Leftover): boolean {
  return unreachable === undefined && heldBack === undefined;
}
