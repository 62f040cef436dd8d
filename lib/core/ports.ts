/**
 * What the line needs from the world: four ports. Real adapters live in `bitbucket/`, `kubernetes/` and `state/`,
 * the in-memory ones in `simulator/`; `test/contract/` holds both kinds to this file.
 *
 * Common contract: a call either gives what it says or throws `ServiceError` with one sentence. Adapters bound every
 * call in time and retry what is safe to retry; a caller never retries.
 */
import type { InputProblem } from '#yaml/problem.ts';
import type { CallBudget } from './budget/call-budget.ts';
import type { Fleet, RunnerGroup, Scope } from './model/configuration.ts';
import type { Registration, Requests } from './model/decision.ts';
import type { Instant, Runner, RunnerJob, ScopeIdentity, WaitingSteps } from './model/observation.ts';
import type { Calls, TickRecord } from './model/report.ts';
import type { Secret } from './secret.ts';

/**
 * Uuids of runners that were there. Those that are `leaving` may have been removed since, so that nobody wonders about them
 * unless the list has several pages, between which a runner may slip through. `isLastChance`: runners that nobody knows by
 * uuid are given up unless this list shows them.
 */
export type KnownRunners = {
  readonly staying: readonly string[];
  readonly leaving: readonly string[];
  readonly isLastChance?: boolean;
};

/** Runner registrations at Bitbucket. */
export interface RunnerApi {
  /**
   * Every registration of the scope, all pages, each once. Throws when any page is missing or malformed: half a list is
   * worse than none. A list that changed while it was read, or is a last chance, is read again; one that still lacks a
   * runner that is `known` is completed by asking for that runner: who is missing now is gone.
   */
  list(scope: Scope, known?: () => Promise<KnownRunners>): Promise<readonly Runner[]>;
  /** The runner as it is now; undefined when there is no such registration. */
  get(scope: Scope, uuid: string): Promise<Runner | undefined>;
  /** The uuids behind the scope's names. Names that already are uuids need no call. */
  identify(scope: Scope): Promise<ScopeIdentity>;
  /**
   * Creates a registration. Sent once, never repeated after it may have arrived: with outcome `unknown` a registration
   * may exist whose secret nobody knows; a later tick removes it.
   */
  register(scope: Scope, runner: { readonly name: string; readonly labels: readonly string[] }): Promise<Registration>;
  /** Takes the runner out of service: it gets no new step, a running one goes on. Not found is success. */
  disable(scope: Scope, uuid: string): Promise<void>;
  /**
   * Puts a runner that was taken out of service back into it. Nobody has seen Bitbucket do this; where it does not, and
   * for a runner that is not there, throws with outcome `refused`.
   */
  enable(scope: Scope, uuid: string): Promise<void>;
  /** Deletes the registration. Not found is success. */
  remove(scope: Scope, uuid: string): Promise<void>;
}

/** Where a pipeline's steps are written down: a section of bitbucket-pipelines.yml at a commit. */
export type PipelineSource = {
  /** Absent when Bitbucket does not say. */
  readonly commit?: string;
  readonly section: 'default' | 'branches' | 'tags' | 'bookmarks' | 'pull-requests' | 'custom';
  /** The key in the section, such as `feature/*` or the name of a custom pipeline. */
  readonly pattern?: string;
  /** The branch or tag (of a pull request: its source), by which a section without a known key is chosen. */
  readonly ref?: string;
  /** Of a pull request: the branch that it is to be merged into. */
  readonly destination?: string;
};

/** A pipeline that is not completed. */
export type OpenPipeline = PipelineSource & { readonly uuid: string };

/** Some or all of the pipelines of a repository that are not completed. */
export type OpenPipelines = {
  /** The latest first. */
  readonly pipelines: readonly OpenPipeline[];
  /** Whether these are all. */
  readonly isWhole: boolean;
};

/** The steps of a pipeline that wait for a runner of one's own, by their labels; and what could not be told. */
export type WaitingInPipeline = { readonly waiting: readonly WaitingSteps[]; readonly notes: readonly string[] };

/**
 * The work that waits at Bitbucket. It only reads, needs rights of its own and is the first to be held back, so that
 * nothing but the size of a scale-up may depend on it. Calls may throw `BudgetError`.
 */
export interface PipelineApi {
  /** Repositories of the workspace by slug, the most recently active first, at most `limit`. `query`: as Bitbucket's `q`. */
  recentRepositories(
    workspace: string,
    request: { readonly query?: string; readonly limit: number },
  ): Promise<readonly string[]>;
  /** The repository's pipelines that are pending or running; those that wait for a person are not. */
  openPipelines(scope: Required<Scope>): Promise<OpenPipelines>;
  /** The steps of one of them that a runner with their labels could begin now. What cannot be told is not counted. */
  waitingSteps(scope: Required<Scope>, pipeline: OpenPipeline): Promise<WaitingInPipeline>;
}

/** A namespace of a cluster, both by name. */
export type Namespace = { readonly cluster: string; readonly namespace: string };

/** A Kubernetes object as it goes over the wire. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
};

/** All that the manifests of a runner are made of. */
export type ManifestInput = {
  readonly group: RunnerGroup;
  readonly runner: Runner;
  readonly identity: ScopeIdentity;
  readonly credentials: { readonly clientId: string; readonly clientSecret: Secret };
  /** Present where its pod asks for all that a busy one needs, although its runner will be idle at first. */
  readonly isFull?: true;
  /** What the objects are stamped with as ours; absent while it could not be saved. */
  readonly deployment?: string;
};

/** From a group and a registration to what runs in a cluster. Pure: it asks nobody. */
export interface Manifests {
  /** What keeps the group's template from being filled; empty when nothing does. */
  problems(group: RunnerGroup): readonly InputProblem[];
  /** The Job and the Secret of a runner. Throws `InputError` with every problem of the template. */
  render(input: ManifestInput): { readonly job: Manifest; readonly secret: Manifest };
  /** Stands for all that the group's runners are made from: template, images and settings, whatever the group is called. */
  fingerprint(group: RunnerGroup): string;
  /** The name of a runner's Job, a function of its uuid. */
  jobName(runnerUuid: string): string;
}

/** An object that exists. */
export type ObjectReference = { readonly name: string; readonly uid: string };

/**
 * What a runner's log says: `running`, a step that began and did not end; `none-seen`, which is no proof that there is
 * none; `unreadable`, nothing either way; `not-allowed`, we have no right to read it.
 */
export type StepInLog = 'running' | 'none-seen' | 'unreadable' | 'not-allowed';

/** Runner Jobs and their Secrets. Secrets are only ever created, never read; they go with the Job that owns them. */
export interface JobApi {
  /** Every Job of ours in the namespace (label `app.kubernetes.io/managed-by`), all pages, with what its pod says. */
  list(namespace: Namespace): Promise<readonly RunnerJob[]>;
  /** Creates the Job; if one of that name exists already, gives that one. */
  createJob(namespace: Namespace, manifest: Manifest): Promise<ObjectReference>;
  /** Creates the Secret with `owner` as the Job that takes it along; "already exists" is success. */
  createSecret(namespace: Namespace, manifest: Manifest, owner: ObjectReference): Promise<void>;
  /** Deletes the Job, its pods and its Secret in the background. Not found is success. */
  deleteJob(namespace: Namespace, name: string): Promise<void>;
  /** Puts the marks that keep a pod on its node, or takes them away. Not found is success. */
  protectPod(namespace: Namespace, pod: string, isProtected: boolean): Promise<void>;
  /**
   * Changes what a container of a running pod asks for, in place. Whether its node gives it that shows in the pod later. A pod
   * that is not there, or a cluster that cannot resize pods, throws with status 404.
   */
  resizePod(namespace: Namespace, pod: string, requests: Requests): Promise<void>;
  /**
   * What the end of a container's log shows of steps; `container` may be left out where the pod has one. It reads a
   * bounded amount. A pod that is gone or has not begun has no step.
   */
  stepInLog(namespace: Namespace, pod: string, container?: string): Promise<StepInLog>;
}

/** A remembered JSON document. Versions count from 1 and grow by 1 with every save. */
export type MemoryDocument = { readonly version: number; readonly value: unknown };

/** A document to save, on the condition that its version is still the one that was read (0: that there is none). */
export type MemoryChange = { readonly key: string; readonly expectedVersion: number; readonly value: unknown };

/** A document that was not saved: with a `failure`, or without one because somebody else changed it since it was read. */
export type UnsavedDocument = { readonly key: string; readonly failure?: string };

/** What a lease request came to. */
export type LeaseAnswer =
  | { readonly acquired: true }
  | { readonly acquired: false; readonly holder: string; readonly until: Instant };

/** Memory between ticks. Every write is conditional; a condition that fails is an answer, not an error. */
export interface StateStore {
  /** Takes the lease if it is free, expired at `now`, or already `holder`'s; it then lasts until `now + ttlMs`. */
  acquireLease(request: {
    readonly name: string;
    readonly holder: string;
    readonly now: Instant;
    readonly ttlMs: number;
  }): Promise<LeaseAnswer>;
  /** Gives the lease back; without effect when somebody else holds it by now. */
  releaseLease(lease: { readonly name: string; readonly holder: string }): Promise<void>;
  /**
   * The documents under these keys; a key without one is absent from the map. A document that is there and cannot be read
   * has no value (undefined): what it remembered is lost, and nobody else's.
   */
  load(keys: readonly string[]): Promise<ReadonlyMap<string, MemoryDocument>>;
  /**
   * Saves each document whose version is still the expected one, and gives those that were not saved. One that cannot
   * be saved costs the others nothing. `now` dates the expiry of documents that nobody touches any more.
   */
  save(changes: readonly MemoryChange[], now: Instant): Promise<readonly UnsavedDocument[]>;
  /** Appends a tick record, which is kept for some days. Repeating it is harmless. */
  appendTick(record: TickRecord): Promise<void>;
  /** Tick records with `from ≤ at < to`, oldest first. */
  listTicks(range: { readonly from: Instant; readonly to: Instant }): Promise<readonly TickRecord[]>;
}

/** A moment to stop at. */
export type Deadline = {
  /** Aborts when it has come. */
  readonly signal: AbortSignal;
  /** It need not be watched for any longer. */
  readonly cancel: () => void;
};

/** How workspaces and clusters are reached, by name. */
export type Reach = Pick<Fleet, 'workspaces' | 'clusters'>;

/** All that one tick acts through. */
export type Ports = {
  readonly runners: RunnerApi;
  readonly pipelines: PipelineApi;
  readonly manifests: Manifests;
  readonly jobs: JobApi;
  readonly state: StateStore;
  /** Begins to watch for a moment so many milliseconds from now. */
  readonly deadline: (ms: number) => Deadline;
  /** Calls since the process began; a tick reports the difference. */
  readonly calls: () => Calls;
  /** The budget that the calls for a workspace count towards; absent: calls are not counted, and none is refused. */
  readonly budgetOf?: (workspace: string) => CallBudget;
  /** From now on names mean these workspaces and clusters; at first they mean those of the configuration. */
  readonly reach?: (all: Reach) => void;
};
