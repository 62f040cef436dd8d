/**
 * One look at the world: a single list of runners per scope for all its groups, Jobs per namespace, and memory, all in
 * parallel. Whatever cannot be read becomes a sentence in the `missing` of exactly those groups that needed it.
 */
import pLimit from 'p-limit';
import type { TickBudgets } from '../budget/tick-budgets.ts';
import { parseWakeMemory, wakeMemoryKey } from '../memory.ts';
import type { Fleet, RunnerGroup, Scope } from '../model/configuration.ts';
import type { GroupObservation, Instant, Observation, ScopeMemoryEntry } from '../model/observation.ts';
import type { Place } from '../places.ts';
import type { Ports } from '../ports.ts';
import { namespaceKey, scopeKey } from '../scope.ts';
import { leftScratch } from '../scratch.ts';
import { wokenAt } from '../wake/asks.ts';
import { type Belongings, type ListedScope, type Strays, sortOut } from './belonging.ts';
import { holdDoubles, observeGroup } from './group.ts';
import {
  knowledgeOf,
  leftoverOf,
  rememberPlaces,
  type SeenAt,
  standingOf,
  unsureLeftover,
  withElsewhere,
} from './leftovers.ts';
import { loadMemory, type Memory } from './memory.ts';
import {
  changedScopeMemory,
  documentOf,
  identityOf,
  isGone,
  type JobReading,
  readJobs,
  readScope,
  type ScopeReading,
} from './reading.ts';
import { noteStrays } from './strays.ts';
import { observeWorkspace } from './workspace.ts';

/** Lists in flight at once: enough for any real fleet to go out in one wave, few enough for one connection pool. */
const CONCURRENT_READS = 25;

/** Registrations on one page of a list, which is one call. */
const RUNNERS_PER_CALL = 100;

/** What to look at, when, and on whose account. */
export type LookRequest = {
  readonly fleet: Fleet;
  readonly groups: readonly RunnerGroup[];
  readonly at: Instant;
  readonly budgets: TickBudgets;
  /** Whether to look at what a group has left behind at a place; default: at none. */
  readonly looksAfter?: (place: Place) => boolean;
};

/**
 * Looks at everything that `groups` need, but for their queues, and at what groups have left behind. The lists cover
 * every scope and namespace of their workspaces in the whole fleet, since the groups of a workspace share its caps.
 * Never throws: what fails is part of the observation.
 */
export async function observe(request: LookRequest, ports: Ports): Promise<Observation> {
  const { fleet, groups, at, budgets } = request;
  const workspaces = new Set(groups.map((group) => group.scope.workspace));
  const asked = new Map(groups.map((group) => [group.name, group]));
  const present = fleet.groups.map((group) => asked.get(group.name) ?? group);
  const peers = present.filter((group) => workspaces.has(group.scope.workspace));
  const everything = await readAll(request, peers, ports);
  const { readings, unsure } = withoutRenamed(everything, present, at);
  const { memory, scopes, namespaces } = readings;
  budgets.noteLooks((workspace) => callsOfLook(workspace, scopes), at);

  // A place that was left may be in a workspace of other groups, whose runners are theirs.
  const all = [...present, ...memory.former.map(({ group }) => group)];
  const { of, strays } = sortOut({
    groups: all,
    scopes: listedOf(scopes),
    namespaces,
    known: { ...knowledgeOf(memory), areJobsRead: areJobsRead(namespaces) },
  });
  const see = seerOf(readings, of, ports.manifests, at);
  const left = memory.former.map(({ memoryKey, group }) => see(group, memoryKey));
  const inPlaces = [
    ...left.flatMap((seen) => leftoverOf(seen, strays.jobs, at) ?? []),
    ...unsure.map((place) => unsureLeftover(place, memory, at)),
  ];
  const leftovers = inPlaces.map(({ entry }) => entry);
  const observed = peers.map((group) => withElsewhere(see(group).entry, inPlaces));
  const kept = new Set(leftovers.map(({ group }) => group));
  const places = rememberPlaces(everything.memory, groups, kept, at);
  const parts = [...observed, ...leftovers];
  const inWorkspaces = [...workspaces].map((workspace) => observeWorkspace(workspace, readings, parts, fleet, at));
  const workspaceMemory = inWorkspaces.flatMap(({ memory: changed }) => (changed === undefined ? [] : [changed]));
  const scratch = leftScratch(strays.runners, scopes, at);
  const allowed = budgets.allow();
  return {
    at,
    groups: holdDoubles(observed.filter(({ group }) => asked.has(group.name))).map(wakerOf(memory, at)),
    workspaces: inWorkspaces.map((workspace) => workspace.seen),
    queues: [],
    // What was not read must not be overwritten.
    scopeMemory: 'value' in memory.documents ? changedScopes(scopes, strays, at) : [],
    ...(workspaceMemory.length > 0 && { workspaceMemory }),
    ...(leftovers.length > 0 && { leftovers }),
    ...(scratch.length > 0 && { scratch }),
    ...(places.length > 0 && { places }),
    ...(memory.deployment !== undefined && { deployment: memory.deployment }),
    notes: noteStrays(strays, observed, fleet),
    ...(allowed.length > 0 && { budgets: allowed }),
  };
}

/**
 * What was read, without places that are a group's under another name of its scope: they would be seen twice. Those of
 * which nobody can tell yet (`unsure`) count and are kept, and nothing is done there.
 */
function withoutRenamed(everything: Readings, present: readonly RunnerGroup[], at: Instant) {
  const identities = new Map(everything.scopes.map((reading) => [scopeKey(reading.scope), identityOf(reading)]));
  // A scope that is gone for good is no other name of one that is there.
  const gone = new Set(everything.scopes.filter((reading) => isGone(reading, at)).map(({ scope }) => scopeKey(scope)));
  const lasting = present.filter((group) => !gone.has(scopeOf(group)));
  const identify = (of: RunnerGroup) => identities.get(scopeOf(of));
  // Nobody will ever know the uuids of a scope that is gone.
  const isNameless = (group: RunnerGroup) => gone.has(scopeOf(group)) && identify(group) === undefined;
  const { left = [], unknown: unsure = [] } = Object.groupBy(everything.memory.former, ({ group }) =>
    isNameless(group) ? 'left' : standingOf(group, lasting, identify),
  );
  const named = new Set([...present, ...[...left, ...unsure].map(({ group }) => group)].map(scopeOf));
  const readings: Readings = {
    memory: { ...everything.memory, former: left },
    scopes: everything.scopes.filter(({ scope }) => named.has(scopeKey(scope))),
    namespaces: everything.namespaces,
  };
  return { readings, unsure };
}

/** What looks at single groups, with all that was read. */
function seerOf(
  { memory, scopes, namespaces }: Readings,
  of: (group: RunnerGroup) => Belongings,
  { fingerprint }: Ports['manifests'],
  at: Instant,
) {
  const byScope = new Map(scopes.map((reading) => [scopeKey(reading.scope), reading]));
  const hidden = areJobsRead(namespaces) ? {} : ({ jobsHidden: true } as const);
  const byNamespace = new Map(namespaces.map((reading) => [namespaceKey(reading.namespace), reading]));
  return (group: RunnerGroup, memoryKey?: string): SeenAt => {
    const [scope, jobs] = [byScope.get(scopeOf(group)), byNamespace.get(namespaceKey(group))];
    // Stryker disable next-line CallExpression,ConditionalExpression,LogicalOperator,StringLiteral: all were read; only the compiler does not know.
    if (scope === undefined || jobs === undefined) throw new Error(`nothing was read for group ${group.name}`);
    const reading = {
      scope,
      jobs,
      documents: memory.documents,
      belongings: of(group),
      ...(memoryKey && { memoryKey }),
      ...(group.recycle?.onChange && { fingerprint: fingerprint(group) }),
    };
    const entry = observeGroup(group, reading, at);
    const away = Object.entries(entry.memory.awayJobs ?? {});
    const awayRead = away.filter(([, where]) => isRead(byNamespace.get(where))).map(([uuid]) => uuid);
    return { entry: { ...entry, ...hidden, ...(awayRead.length > 0 && { awayRead }) }, reading };
  };
}

function areJobsRead(namespaces: Readings['namespaces']): boolean {
  return namespaces.every(isRead);
}

function isRead(reading: JobReading | undefined): boolean {
  return reading !== undefined && 'value' in reading.jobs;
}

/** What raises the `min` of groups that pipelines have asked for runners. */
function wakerOf({ documents }: Memory, at: Instant) {
  return (entry: GroupObservation): GroupObservation => {
    const document = documentOf(documents, wakeMemoryKey(entry.group.name));
    return { ...entry, group: wokenAt(entry.group, parseWakeMemory(document?.value), at) };
  };
}

function changedScopes(scopes: readonly ScopeReading[], strays: Strays, at: Instant): readonly ScopeMemoryEntry[] {
  const foreign = Map.groupBy(strays.runners, ({ scope }) => scope);
  return scopes.flatMap((reading) =>
    changedScopeMemory(reading, foreign.get(scopeKey(reading.scope))?.length ?? 0, at),
  );
}

function listedOf(scopes: readonly ScopeReading[]): readonly ListedScope[] {
  return scopes.flatMap((reading) =>
    'value' in reading.runners
      ? [{ key: scopeKey(reading.scope), runners: reading.listed, identity: identityOf(reading) }]
      : [],
  );
}

/** All that a look reads. */
export type Readings = {
  readonly memory: Memory;
  readonly scopes: readonly ScopeReading[];
  readonly namespaces: readonly JobReading[];
};

/** Reads everything at once; places that no group has any more are known, and read, only after memory is. */
async function readAll(request: LookRequest, peers: readonly RunnerGroup[], ports: Ports): Promise<Readings> {
  const { fleet, at, budgets } = request;
  const limit = pLimit(CONCURRENT_READS);
  const remembered = loadMemory(request, peers, ports);
  const documents = remembered.then((memory) => memory.documents);
  const scopes = distinct(peers, scopeOf);
  const spaces = distinct(peers, namespaceKey);
  const heldBack =
    budgets.keys.length === 0
      ? undefined
      : remembered.then(({ documents: read, former }) => {
          const all = distinct([...peers, ...former.map(({ group }) => group)], scopeOf).map(({ scope }) => scope);
          return budgets.planLooks('value' in read ? read.value : undefined, all, at);
        });
  const recorded = remembered.then((memory) => Map.groupBy(memory.recorded, ([group]) => scopeOf(group)));
  const known = async (scope: Scope) => {
    const [{ leaving, hopeful }, inScopes] = await Promise.all([remembered, recorded]);
    // Stryker disable next-line OptionalChaining,ArrayDeclaration: every scope is a group's; only the compiler does not know.
    const uuids = inScopes.get(scopeKey(scope))?.flatMap(([, of]) => of) ?? [];
    return {
      staying: uuids.filter((uuid) => !leaving.has(uuid)),
      leaving: uuids.filter((uuid) => leaving.has(uuid)),
      isLastChance: hopeful.some((group) => scopeOf(group) === scopeKey(scope)),
    };
  };
  const readScopes = (groups: readonly RunnerGroup[]) =>
    groups.map(({ scope }) => limit(() => readScope(scope, { documents, heldBack, known, fleet, at }, ports)));
  const readSpaces = (groups: readonly RunnerGroup[]) => groups.map((group) => limit(() => readJobs(group, ports)));
  const [memory, ofScopes, ofSpaces] = await Promise.all([
    remembered,
    Promise.all(readScopes(scopes)),
    Promise.all(readSpaces(spaces)),
  ]);
  const former = memory.former.map(({ group }) => group);
  const [moreScopes, moreSpaces] = await Promise.all([
    Promise.all(readScopes(distinct(former, scopeOf).filter(isNew(scopes, scopeOf)))),
    Promise.all(readSpaces(distinct(former, namespaceKey).filter(isNew(spaces, namespaceKey)))),
  ]);
  return { memory, scopes: [...ofScopes, ...moreScopes], namespaces: [...ofSpaces, ...moreSpaces] };
}

/** How many calls listing the runners of a workspace took; undefined when nothing of it was listed. */
function callsOfLook(workspace: string, readings: readonly ScopeReading[]): number | undefined {
  const lists = readings.filter(({ scope, runners }) => scope.workspace === workspace && !('heldBack' in runners));
  if (lists.length === 0) return undefined;
  const calls = lists.map(({ listed }) => Math.ceil(listed.length / RUNNERS_PER_CALL));
  return calls.reduce((sum, count) => sum + Math.max(1, count), 0);
}

function scopeOf({ scope }: RunnerGroup): string {
  return scopeKey(scope);
}

function distinct<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

function isNew<T>(known: readonly T[], key: (item: T) => string): (item: T) => boolean {
  const keys = new Set(known.map(key));
  return (item) => !keys.has(key(item));
}
