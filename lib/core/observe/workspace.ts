/** What is seen of a workspace as a whole, over all its scopes that any group uses, and what is remembered of it. */
import { parseWorkspaceMemory, workspaceMemoryKey } from '../memory.ts';
import type { Fleet, RunnerGroup } from '../model/configuration.ts';
import type {
  GroupObservation,
  Instant,
  RunnerJob,
  WorkspaceMemory,
  WorkspaceMemoryEntry,
  WorkspaceObservation,
} from '../model/observation.ts';
import { highestMax } from '../schedule/bounds.ts';
import { identityKey, namespaceKey, scopeKey } from '../scope.ts';
import type { Readings } from './observe.ts';
import { documentOf, identityOf, isGone, type JobReading, type ScopeReading } from './reading.ts';
import { nextPeak, PRICE_PER_SLOT, runnersComing, slotsCommitted, slotsInUse, stepsRunning } from './slots.ts';

/** The workspace, and its memory if this look changed it. */
type ObservedWorkspace = { readonly seen: WorkspaceObservation; readonly memory?: WorkspaceMemoryEntry };

/** Adds up what takes seats in a workspace of the fleet. `groups`: all that were seen, those that are left over included. */
export function observeWorkspace(
  workspace: string,
  { memory, scopes: all, namespaces }: Readings,
  groups: readonly GroupObservation[],
  fleet: Fleet,
  at: Instant,
): ObservedWorkspace {
  const { [workspace]: settings } = fleet.workspaces;
  const { maxRunners = 100, maxConcurrentRunners: max, concurrencyLimit: limit, pricePerSlot: price } = settings ?? {};
  const scopes = all.filter(({ scope }) => scope.workspace === workspace);
  const registered = scopes.flatMap(({ listed }) => listed);
  const assumed = scopes
    .filter(({ runners }) => !('value' in runners))
    .reduce((sum, scope) => sum + assumedIn(scope, { groups, namespaces, fleet }, at), 0);
  const ofGroups = groups
    .filter(({ group }) => group.scope.workspace === workspace)
    .reduce((sum, { orphanJobs, pendingAdds = 0 }) => sum + orphanJobs.length + pendingAdds, 0);
  const key = workspaceMemoryKey(workspace);
  const document = documentOf(memory.documents, key);
  const before = parseWorkspaceMemory(document?.value);
  const inOtherScopes = jobsInOtherScopes(scopes, namespaces, before?.elsewhere ?? 0);
  const byTheirJobs = ofGroups + inOtherScopes;
  const inUse = slotsInUse(registered);
  const running = stepsRunning(registered);
  const peak = nextPeak(before, { runners: inUse, steps: running }, at);
  const slots = {
    inUse,
    committed: slotsCommitted(registered) + byTheirJobs + assumed,
    running,
    peak,
    price: price ?? PRICE_PER_SLOT,
    ...((price ?? 0) > 0 && { isPriced: true as const }),
    ...(max !== undefined && { max }),
    ...(limit !== undefined && { limit, coming: runnersComing(registered, at) + byTheirJobs + assumed }),
  };
  const seen = {
    workspace,
    registrations: registered.length + byTheirJobs + assumed,
    ...(assumed > 0 && { assumed }),
    maxRunners,
    slots,
  };
  const next = { ...peak, ...(inOtherScopes > 0 && { elsewhere: inOtherScopes }) };
  if (!('value' in memory.documents) || !isNews(next, before)) return { seen };
  return { seen, memory: { key, version: document?.version ?? 0, memory: next } };
}

/** A month that begins with nobody there needs no writing; its first runner will. */
function isNews(next: WorkspaceMemory, before?: WorkspaceMemory): boolean {
  const { runners, steps = 0 } = before?.month === next.month ? before : { runners: 0 };
  return next.runners > runners || (next.steps ?? 0) > steps || next.elsewhere !== before?.elsewhere;
}

/**
 * How many registrations there may be in a scope that could not be listed: as many as when it was listed last, as its
 * Jobs show, or as are known, whichever is the most. Where it was never listed it is taken at its worst, so that one
 * failing repository stops no other. A scope that has been gone for long has what its Jobs show, if all could be read.
 */
function assumedIn(
  reading: ScopeReading,
  {
    groups: seen,
    namespaces,
    fleet,
  }: Pick<Readings, 'namespaces'> & { groups: readonly GroupObservation[]; fleet: Fleet },
  at: Instant,
): number {
  const { scope, memory } = reading;
  const isHere = (group: RunnerGroup) => scopeKey(group.scope) === scopeKey(scope);
  const groups = fleet.groups.filter(isHere);
  const jobs = jobsIn(reading, groups, namespaces);
  const here = seen.filter(({ group }) => isHere(group));
  const own = new Set(here.map(({ group }) => namespaceKey(group)));
  const isUnread = ({ namespace, jobs: read }: JobReading) => own.has(namespaceKey(namespace)) && !('value' in read);
  if (isGone(reading, at) && !namespaces.some(isUnread)) return jobs;
  const { registrations, foreign = 0 } = memory.memory;
  if (registrations === undefined) return groups.reduce((sum, group) => sum + highestMax(group), 0);
  // The last list shows none of those that were made after it.
  const known = here.reduce((sum, { memory: { runners = {} } }) => sum + Object.keys(runners).length, foreign);
  return Math.max(registrations, jobs, known);
}

/**
 * Jobs of runners of the workspace in scopes that no look lists: another deployment's, say. Their registrations take
 * seats all the same. As many as `before` while a scope's uuids are unknown, since its own Jobs cannot be told from
 * these, and no fewer while some Jobs cannot be read.
 */
function jobsInOtherScopes(scopes: readonly ScopeReading[], namespaces: readonly JobReading[], before: number): number {
  const identities = scopes.flatMap((scope) => identityOf(scope) ?? []);
  if (identities.length < scopes.length) return before;
  const listed = new Set(identities.map(identityKey));
  const workspaces = new Set(identities.map(({ workspaceUuid }) => workspaceUuid));
  const isInAnother = ({ identity }: RunnerJob) =>
    identity !== undefined && workspaces.has(identity.workspaceUuid) && !listed.has(identityKey(identity));
  const counted = namespaces.flatMap(({ listed }) => listed).filter(isInAnother).length;
  return namespaces.every(({ jobs }) => 'value' in jobs) ? counted : Math.max(counted, before);
}

/** Jobs of runners in the scope: by its uuids, or, while these are unknown, by the names of its groups. */
function jobsIn({ memory }: ScopeReading, groups: readonly RunnerGroup[], namespaces: readonly JobReading[]): number {
  const { identity } = memory.memory;
  const names = new Set(groups.map(({ name }) => name));
  return namespaces
    .flatMap(({ listed }) => listed)
    .filter((job) =>
      identity === undefined
        ? names.has(job.group)
        : job.identity !== undefined && identityKey(job.identity) === identityKey(identity),
    ).length;
}
