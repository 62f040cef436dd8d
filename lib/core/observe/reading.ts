/** The reading half of a look: lists and memory, each of which comes to a value, to a sentence, or was held back. */
import { BudgetError, CredentialError, ServiceError, sentenceOf } from '../errors.ts';
import { isSame, parseScopeMemory, scopeMemoryKey } from '../memory.ts';
import type { Fleet, Scope } from '../model/configuration.ts';
import type { Instant, Runner, RunnerJob, ScopeIdentity, ScopeMemory, ScopeMemoryEntry } from '../model/observation.ts';
import type { KnownRunners, MemoryDocument, Namespace, Ports } from '../ports.ts';
import { type Reason, reason } from '../reasons.ts';
import { scopeKey } from '../scope.ts';
import { nextMarks, type StepMarks } from './step-marks.ts';

/** A read that came to a value, to a sentence (`gone`: there is no such thing), or that the hourly calls did not allow. */
export type Read<T> =
  | { readonly value: T }
  | { readonly missing: string; readonly gone: boolean }
  | { readonly heldBack: Reason };

/** Everything that was read of one scope; what could not be listed is empty in `listed`. */
export type ScopeReading = {
  readonly scope: Scope;
  readonly runners: Read<readonly Runner[]>;
  readonly listed: readonly Runner[];
  /** Absent when the runners could not be listed: the same would be wrong here, and one sentence is enough. */
  readonly identity?: Read<ScopeIdentity>;
  /** What was remembered of it. */
  readonly memory: ScopeMemoryEntry;
  readonly marks: StepMarks;
  readonly isPublic: boolean;
};

/** Everything that was read of one namespace; what could not be listed is empty here too. */
export type JobReading = {
  readonly namespace: Namespace;
  readonly jobs: Read<readonly RunnerJob[]>;
  readonly listed: readonly RunnerJob[];
};

export type Documents = Read<ReadonlyMap<string, MemoryDocument>>;

/** What the look at a scope waits for. */
type Preliminaries = {
  readonly documents: Promise<Documents>;
  /** Why workspaces must not be looked at now; undefined where calls are not counted, and nobody has to wait. */
  readonly heldBack: Promise<ReadonlyMap<string, Reason>> | undefined;
  /** The runners that a list of the scope should show. */
  readonly known: (scope: Scope) => Promise<KnownRunners>;
  readonly fleet: Fleet;
  readonly at: Instant;
};

/** Lists the runners of a scope, and finds out its uuids unless they are remembered. */
export async function readScope(
  scope: Scope,
  { documents, heldBack, known, fleet, at }: Preliminaries,
  ports: Ports,
): Promise<ScopeReading> {
  const key = scopeMemoryKey(scope);
  const list = async (): Promise<Read<readonly Runner[]>> => {
    const why = heldBack && (await heldBack).get(scope.workspace);
    if (why !== undefined) return { heldBack: why };
    return attempt(`runners of ${scopeKey(scope)}`, () => ports.runners.list(scope, () => known(scope)));
  };
  const [runners, loaded] = await Promise.all([list(), documents]);
  const document = documentOf(loaded, key);
  const memory = parseScopeMemory(document?.value);
  const listed = valueOr(runners, []);
  const isPublic = fleet.workspaces[scope.workspace]?.api === 'public';
  const marks = nextMarks(memory, listed, isPublic, at);
  const entry = { key, version: document?.version ?? 0, memory };
  const reading = { scope, runners, listed, marks, isPublic, memory: entry };
  if (memory.identity !== undefined) return { ...reading, identity: { value: memory.identity } };
  if (!('value' in runners)) return reading;
  return { ...reading, identity: await attempt(`uuid of ${scopeKey(scope)}`, () => ports.runners.identify(scope)) };
}

/** Lists the Jobs of a namespace. */
export async function readJobs({ cluster, namespace: name }: Namespace, ports: Ports): Promise<JobReading> {
  const namespace = { cluster, namespace: name };
  const jobs = await attempt(`Jobs in namespace ${name} of cluster ${cluster}`, () => ports.jobs.list(namespace));
  return { namespace, jobs, listed: valueOr(jobs, []) };
}

/** The uuids of the scope, if they are known. */
export function identityOf({ identity }: ScopeReading): ScopeIdentity | undefined {
  return identity && valueOr(identity, undefined);
}

/** How long a scope must have been gone (404) before what cannot be listed there counts as nothing. */
const GONE_FOR_MS = 600_000;

/** Whether there has been no such scope for so long that it will not come back. */
export function isGone({ runners, memory }: ScopeReading, at: Instant): boolean {
  const { unlistedSince = at } = memory.memory;
  return 'missing' in runners && runners.gone && at - unlistedSince >= GONE_FOR_MS;
}

/** The memory of the scope after this look, if it changed it. `strays`: registrations in it that are of no group. */
export function changedScopeMemory(reading: ScopeReading, strays: number, at: Instant): readonly ScopeMemoryEntry[] {
  const { memory: entry, marks, runners, listed } = reading;
  const { registrations, unlistedSince } = entry.memory;
  const identity = identityOf(reading);
  const isListed = 'value' in runners;
  const since = 'missing' in runners ? (unlistedSince ?? at) : isListed ? undefined : unlistedSince;
  const count = isListed ? listed.length : registrations;
  const foreign = isListed ? strays || undefined : entry.memory.foreign;
  const next: ScopeMemory = {
    ...marks,
    ...(identity && { identity }),
    ...(count !== undefined && { registrations: count }),
    ...(foreign !== undefined && { foreign }),
    ...(since !== undefined && { unlistedSince: since }),
  };
  return isSame(next, entry.memory) ? [] : [{ ...entry, memory: next }];
}

/** Comes to a value, or to what kept it from that. Never throws. */
export async function attempt<T>(what: string, read: () => Promise<T>): Promise<Read<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof BudgetError) return { heldBack: reason('look-held-back', error.facts) };
    // The same for all that is asked with it, so that it is told once.
    if (error instanceof CredentialError) return { missing: withoutStop(error), gone: false };
    const gone = error instanceof ServiceError && error.status === 404;
    return { missing: `${what}: ${withoutStop(error)}`, gone };
  }
}

/** Without the full stop that some sentences have: several are put into one. */
function withoutStop(error: unknown): string {
  return sentenceOf(error).replace(/\.$/, '');
}

/** The sentence of a read that failed, in a list. */
export function missingOf(read: Read<unknown> | undefined): readonly string[] {
  return read !== undefined && 'missing' in read ? [read.missing] : [];
}

export function valueOr<T, Otherwise>(read: Read<T>, otherwise: Otherwise): T | Otherwise {
  return 'value' in read ? read.value : otherwise;
}

/** The document under a key, if memory could be read and has one. */
export function documentOf(documents: Documents, key: string): MemoryDocument | undefined {
  return 'value' in documents ? documents.value.get(key) : undefined;
}
