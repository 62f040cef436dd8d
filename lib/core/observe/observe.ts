/**
 * One look at the world: a single list of runners per scope for all its groups, Jobs per namespace, and memory, all in
 * parallel. Whatever cannot be read becomes a sentence in the `missing` of exactly those groups that needed it.
 */
import pLimit from 'p-limit';
import type { TickBudgets } from '../budget/tick.ts';
import { BudgetError, sentenceOf } from '../errors.ts';
import { groupMemoryKey, parseGroupMemory, parseScopeMemory, scopeMemoryKey, workspaceMemoryKey } from '../memory.ts';
import type { Fleet, RunnerGroup, Scope } from '../model/configuration.ts';
import type {
  GroupObservation,
  Instant,
  Observation,
  Runner,
  RunnerJob,
  ScopeIdentity,
  ScopeMemoryEntry,
} from '../model/observation.ts';
import type { MemoryDocument, Namespace, Ports } from '../ports.ts';
import { type Reason, reason } from '../reasons.ts';
import { scopeKey } from '../scope.ts';
import {
  indexJobs,
  indexRunners,
  type JobIndex,
  jobsBehind,
  orphansOf,
  type RunnerIndex,
  runnersOf,
} from './index-lists.ts';
import { areTrusted, nextMarks, type StepMarks } from './step-marks.ts';
import { noteStrayJobs, noteUnownedRunners } from './strays.ts';
import { observeWorkspace } from './workspace.ts';

/** Lists in flight at once: enough for any real fleet to go out in one wave, few enough for one connection pool. */
const CONCURRENT_READS = 25;

/** A read that came to a value, to a sentence, or that the hourly calls did not allow. */
type Read<T> = { readonly value: T } | { readonly missing: string } | { readonly heldBack: Reason };

/** Registrations on one page of a list, which is one call. */
const RUNNERS_PER_CALL = 100;

/** Everything that was read of one scope; what could not be listed is empty in `listed` and `index`. */
type ScopeReading = {
  readonly scope: Scope;
  readonly runners: Read<readonly Runner[]>;
  readonly listed: readonly Runner[];
  readonly index: RunnerIndex;
  /** Absent when the runners could not be listed: whatever is wrong there would be wrong here, and be told twice. */
  readonly identity?: Read<ScopeIdentity>;
  readonly memory: ScopeMemoryEntry;
  readonly marks: StepMarks;
  readonly isPublic: boolean;
};

/** Everything that was read of one namespace; what could not be listed is empty here too. */
type JobReading = {
  readonly namespace: Namespace;
  readonly jobs: Read<readonly RunnerJob[]>;
  readonly listed: readonly RunnerJob[];
  readonly index: JobIndex;
};

type Documents = Read<ReadonlyMap<string, MemoryDocument>>;

/** What to look at, when, and on whose account. */
export type LookRequest = {
  readonly fleet: Fleet;
  readonly groups: readonly RunnerGroup[];
  readonly at: Instant;
  readonly budgets: TickBudgets;
};

/**
 * Looks at everything that `groups` need, but for their queues. The lists cover every scope of their workspaces in the whole fleet, since
 * the groups of a workspace share one cap. Never throws: what fails is part of the observation.
 */
export async function observe({ fleet, groups, at, budgets }: LookRequest, ports: Ports): Promise<Observation> {
  const limit = pLimit(CONCURRENT_READS);
  const workspaces = new Set(groups.map((group) => group.scope.workspace));
  const peers = fleet.groups.filter((group) => workspaces.has(group.scope.workspace));
  const scopes = distinct(peers, (group) => scopeKey(group.scope)).map((group) => group.scope);
  const namespaces = distinct(groups, namespaceKey);
  const keys = [...memoryKeys(groups, scopes, workspaces), ...budgets.keys];
  const documents = attempt('memory', () => ports.state.load(keys));
  const heldBack =
    budgets.keys.length === 0
      ? undefined
      : documents.then((read) => budgets.planLooks(valueOr(read, undefined), scopes, at));
  const [scopeReadings, jobReadings, memory] = await Promise.all([
    Promise.all(scopes.map((scope) => limit(() => readScope(scope, { documents, heldBack, fleet, at }, ports)))),
    Promise.all(namespaces.map((group) => limit(() => readJobs(group, ports)))),
    documents,
  ]);
  budgets.noteLooks((workspace) => callsOfLook(workspace, scopeReadings), at);
  const byScope = new Map(scopeReadings.map((reading) => [scopeKey(reading.scope), reading]));
  const byNamespace = new Map(jobReadings.map((reading) => [namespaceKey(reading.namespace), reading]));

  const observed = groups.map((group) => {
    const scope = byScope.get(scopeKey(group.scope));
    const jobs = byNamespace.get(namespaceKey(group));
    // Stryker disable next-line ConditionalExpression,LogicalOperator,StringLiteral: all groups were read; only the compiler does not know.
    if (scope === undefined || jobs === undefined) throw new Error(`nothing was read for group ${group.name}`);
    return observeGroup(group, scope, jobs, memory, at);
  });
  const lists = new Map(
    scopeReadings.flatMap(({ scope, runners }) => ('value' in runners ? [[scopeKey(scope), runners.value]] : [])),
  );
  const reading = { lists, documents: valueOr(memory, undefined) };
  const inWorkspaces = [...workspaces].map((workspace) => observeWorkspace(workspace, fleet, reading, at));
  const workspaceMemory = inWorkspaces.flatMap(({ memory: changed }) => (changed === undefined ? [] : [changed]));
  const allowed = budgets.allow();
  return {
    at,
    groups: holdDoubles(observed),
    workspaces: inWorkspaces.map((workspace) => workspace.seen),
    queues: [],
    scopeMemory: scopeReadings.flatMap(changedMemory),
    ...(workspaceMemory.length > 0 && { workspaceMemory }),
    notes: [
      ...scopeReadings.flatMap(({ scope, listed }) => noteUnownedRunners(scope, listed, fleet)),
      ...jobReadings.flatMap(({ namespace, listed }) => noteStrayJobs(namespace, listed, fleet)),
    ],
    ...(allowed.length > 0 && { budgets: allowed }),
  };
}

/** What the look at a scope waits for. */
type Preliminaries = {
  readonly documents: Promise<Documents>;
  /** Why workspaces must not be looked at now; undefined where calls are not counted, and nobody has to wait. */
  readonly heldBack: Promise<ReadonlyMap<string, Reason>> | undefined;
  readonly fleet: Fleet;
  readonly at: Instant;
};

async function listRunners(
  scope: Scope,
  heldBack: Preliminaries['heldBack'],
  ports: Ports,
): Promise<Read<readonly Runner[]>> {
  const why = heldBack && (await heldBack).get(scope.workspace);
  if (why !== undefined) return { heldBack: why };
  return attempt(`runners of ${scopeKey(scope)}`, () => ports.runners.list(scope));
}

async function readScope(scope: Scope, preliminaries: Preliminaries, ports: Ports): Promise<ScopeReading> {
  const { documents, heldBack, fleet, at } = preliminaries;
  const key = scopeMemoryKey(scope);
  const [runners, loaded] = await Promise.all([listRunners(scope, heldBack, ports), documents]);
  const document = 'value' in loaded ? loaded.value.get(key) : undefined;
  const memory = parseScopeMemory(document?.value);
  const remembered = memory.identity;
  const listed = valueOr(runners, []);
  const index = indexRunners(listed);
  const isPublic = fleet.workspaces[scope.workspace]?.api === 'public';
  const marks = nextMarks(memory, listed, isPublic, at);
  const reading = {
    scope,
    runners,
    listed,
    index,
    marks,
    isPublic,
    memory: { key, version: document?.version ?? 0, memory },
  };
  if (remembered !== undefined) return { ...reading, identity: { value: remembered } };
  if (!('value' in runners)) return reading;
  return { ...reading, identity: await attempt(`uuid of ${scopeKey(scope)}`, () => ports.runners.identify(scope)) };
}

async function readJobs({ cluster, namespace: name }: Namespace, ports: Ports): Promise<JobReading> {
  const namespace = { cluster, namespace: name };
  const what = `Jobs in namespace ${namespace.namespace} of cluster ${namespace.cluster}`;
  const jobs = await attempt(what, () => ports.jobs.list(namespace));
  const listed = valueOr(jobs, []);
  return { namespace, jobs, listed, index: indexJobs(listed) };
}

function observeGroup(
  group: RunnerGroup,
  scope: ScopeReading,
  { jobs, index }: JobReading,
  documents: Documents,
  at: Instant,
): GroupObservation {
  const runners = runnersOf(group, scope.index);
  const identity = identityOf(scope);
  const document = 'value' in documents ? documents.value.get(groupMemoryKey(group.name)) : undefined;
  const heldBack = [scope.runners, scope.identity].find((read) => read !== undefined && 'heldBack' in read)?.heldBack;
  return {
    group,
    runners,
    jobs: jobsBehind(runners, index),
    // Whose registration is gone only a list tells.
    orphanJobs: 'value' in scope.runners ? orphansOf(group, scope.index, index, identity) : [],
    memory: parseGroupMemory(document?.value),
    memoryVersion: document?.version ?? 0,
    ...(identity === undefined ? {} : { identity }),
    idleTrusted: !scope.isPublic || areTrusted(scope.marks, group.coolDownMs, at),
    ...(heldBack && { heldBack }),
    missing: [
      ...(group.unready === undefined ? [] : [group.unready]),
      ...[scope.runners, scope.identity, jobs, documents].flatMap((read) =>
        read !== undefined && 'missing' in read ? [read.missing] : [],
      ),
    ],
  };
}

/**
 * Two groups whose scopes are one and the same under two names (a slug and a uuid, say) and whose labels are equal have
 * the same runners; each would undo what the other does. Only their uuids tell, so it is found out here.
 */
function holdDoubles(groups: readonly GroupObservation[]): readonly GroupObservation[] {
  const owners = Map.groupBy(groups, ({ group, identity }) =>
    identity === undefined ? group : [identity.workspaceUuid, identity.repositoryUuid, ...group.labels].join(' '),
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

/** How many calls listing the runners of a workspace took; undefined when nothing of it was listed. */
function callsOfLook(workspace: string, readings: readonly ScopeReading[]): number | undefined {
  const lists = readings.filter(({ scope, runners }) => scope.workspace === workspace && !('heldBack' in runners));
  if (lists.length === 0) return undefined;
  const calls = lists.map(({ listed }) => Math.ceil(listed.length / RUNNERS_PER_CALL));
  return calls.reduce((sum, count) => sum + Math.max(1, count), 0);
}

function identityOf({ identity }: ScopeReading): ScopeIdentity | undefined {
  return identity !== undefined && 'value' in identity ? identity.value : undefined;
}

function changedMemory(reading: ScopeReading): readonly ScopeMemoryEntry[] {
  const { memory: entry, marks } = reading;
  const found = identityOf(reading);
  const { stepSeen, stepSeenAt, identity } = entry.memory;
  if (marks.stepSeen === stepSeen && marks.stepSeenAt === stepSeenAt && found === identity) return [];
  return [{ ...entry, memory: { ...marks, ...(found === undefined ? {} : { identity: found }) } }];
}

async function attempt<T>(what: string, read: () => Promise<T>): Promise<Read<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof BudgetError) return { heldBack: reason('look-held-back', error.facts) };
    // Without the full stop that some have: several are put into one sentence.
    return { missing: `${what}: ${sentenceOf(error).replace(/\.$/, '')}` };
  }
}

function valueOr<T, Otherwise>(read: Read<T>, otherwise: Otherwise): T | Otherwise {
  return 'value' in read ? read.value : otherwise;
}

function memoryKeys(
  groups: readonly RunnerGroup[],
  scopes: readonly Scope[],
  workspaces: ReadonlySet<string>,
): readonly string[] {
  return [
    ...groups.map((group) => groupMemoryKey(group.name)),
    ...scopes.map(scopeMemoryKey),
    ...[...workspaces].map(workspaceMemoryKey),
  ];
}

function namespaceKey({ cluster, namespace }: Namespace): string {
  return `${cluster}/${namespace}`;
}

function distinct<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
