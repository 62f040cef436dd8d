/**
 * The cluster's side of the simulated world: Jobs, their Secrets, and one pod each. A pod starts when its Secret is
 * there and a node has room, takes its time, and then its runner connects. Deleting a Job takes pod and Secret along.
 */
import { ServiceError } from '#core/errors.ts';
import { isSame } from '#core/memory.ts';
import type { Quantities } from '#core/model/configuration.ts';
import type { PodResize, PodTrouble, RunnerJob, RunnerPod } from '#core/model/observation.ts';
import type { Manifest, Namespace, ObjectReference } from '#core/ports.ts';
import { bareUuid } from '#core/uuid.ts';
import { RESIZE_ANNOTATION, RUNNER_LABEL, secretName, stampsOf } from '#manifests/naming.ts';
import { listOf, recordOf } from '#yaml/values.ts';
import type { ProcessEnd } from './bitbucket.ts';
import type { VirtualClock } from './clock.ts';
import { type Amounts, type PodRequests, podRequestsOf } from './pod-requests.ts';

/** How this cluster behaves. */
export type ClusterOptions = {
  /** How far its clock is ahead of ours. */
  readonly skewMs: number;
  /** From "may start" to "runner connects". */
  readonly startupMs: () => number;
  /** How many pods fit on the nodes at once; those that run stay when it shrinks. */
  readonly capacity: number | (() => number);
  /** Why a node does not give a pod these requests; undefined: it does. Default: nodes give all. */
  readonly resizing?: (runnerUuid: string, requests: Quantities) => 'Deferred' | 'Infeasible' | undefined;
  /** How long a finished Job stays. */
  readonly ttlAfterFinishedMs: number;
  /** Namespaces that do not exist; every other one does. */
  readonly absentNamespaces?: readonly string[];
};

/** What happens to runner processes, told to Bitbucket's side. */
type ProcessListeners = {
  /** The process is up. Gives whether Bitbucket lets it in. */
  readonly started: (runnerUuid: string) => boolean;
  readonly stopped: (runnerUuid: string, how: ProcessEnd) => void;
};

type StoredJob = {
  readonly key: string;
  readonly namespace: Namespace;
  readonly reference: ObjectReference;
  readonly job: Omit<RunnerJob, 'status' | 'pod'>;
  status: RunnerJob['status'];
  phase: 'waiting' | 'refused' | 'starting' | 'running' | 'ended';
  /** What the scheduler says of a pod that it refuses. */
  refusal?: string;
  /** Counts the pod's lives, so that what was planned for an earlier one no longer happens. */
  life: number;
  isProtected: boolean;
  /** Why its pod is being taken away. */
  takenAway?: string;
  /** What its pod may ask for, and asks for now; and as it is created. */
  resize?: PodResize;
  readonly resizedFrom?: PodResize;
  /** Absent where its manifest says nothing of pods. */
  readonly requests?: PodRequests;
  /** How the API showed it last. */
  shown?: RunnerJob;
};

export class SimulatedCluster {
  readonly #clock: VirtualClock;
  readonly #options: ClusterOptions;
  readonly #listeners: ProcessListeners;
  readonly #jobs = new Map<string, StoredJob>();
  readonly #byUuid = new Map<string, StoredJob>();
  readonly #byUid = new Map<string, StoredJob>();
  /** The uid of each Secret's owner, by its key. */
  readonly #secrets = new Map<string, string>();
  #pending = 0;
  #uids = 0;
  #occupied = 0;

  constructor(clock: VirtualClock, options: ClusterOptions, listeners: ProcessListeners) {
    this.#clock = clock;
    this.#options = options;
    this.#listeners = listeners;
  }

  list(namespace: Namespace): readonly RunnerJob[] {
    const listed = [...this.#jobs.values()].filter((stored) => isIn(stored.namespace, namespace));
    return listed.map((stored) => showJob(stored, this.#troubleOf(stored)));
  }

  createJob(namespace: Namespace, manifest: Manifest): ObjectReference {
    if (this.#options.absentNamespaces?.includes(namespace.namespace)) {
      const sentence = `Namespace ${namespace.namespace} does not exist in cluster ${namespace.cluster}; create it.`;
      throw new ServiceError(sentence, { service: 'kubernetes', outcome: 'refused', status: 404 });
    }
    const key = keyOf(namespace, manifest.metadata.name);
    const existing = this.#jobs.get(key);
    if (existing !== undefined) return existing.reference;
    this.#uids += 1;
    const reference = { name: manifest.metadata.name, uid: `uid-${this.#uids}` };
    const stored: StoredJob = {
      key,
      namespace,
      reference,
      job: { ...readStamps(manifest), createdAt: this.#clock.now + this.#options.skewMs },
      status: 'active',
      phase: 'waiting',
      life: 1,
      isProtected: true,
      ...readPod(manifest),
    };
    this.#jobs.set(key, stored);
    this.#byUid.set(reference.uid, stored);
    this.#byUuid.set(stored.job.runnerUuid, stored);
    this.#pending += 1;
    this.#startPods();
    return reference;
  }

  createSecret(namespace: Namespace, manifest: Manifest, owner: ObjectReference): void {
    const key = keyOf(namespace, manifest.metadata.name);
    if (!this.#secrets.has(key)) this.#secrets.set(key, owner.uid);
    // A Secret whose owner is gone is collected at once, as the garbage collector does within moments.
    if (!this.#byUid.has(owner.uid)) this.#secrets.delete(key);
    this.#startPods();
  }

  deleteJob(namespace: Namespace, name: string): void {
    const stored = this.#jobs.get(keyOf(namespace, name));
    if (stored === undefined) return;
    this.#jobs.delete(stored.key);
    this.#byUid.delete(stored.reference.uid);
    if (this.#byUuid.get(stored.job.runnerUuid) === stored) this.#byUuid.delete(stored.job.runnerUuid);
    for (const [key, owner] of this.#secrets) if (owner === stored.reference.uid) this.#secrets.delete(key);
    this.#endPod(stored, 'killed');
  }

  /** Puts a pod's marks or takes them away. A pod that is gone needs none. */
  protectPod(namespace: Namespace, pod: string, isProtected: boolean): void {
    const stored = this.#byPod(namespace, pod);
    if (stored !== undefined) stored.isProtected = isProtected;
  }

  /** Changes what a running pod asks for; its node may not give it that. */
  resizePod(namespace: Namespace, pod: string, requests: Quantities): void {
    const stored = this.#byPod(namespace, pod);
    if (stored?.resize === undefined || stored.phase !== 'running') {
      const sentence = `There is no running pod ${pod} to resize.`;
      throw new ServiceError(sentence, { service: 'kubernetes', outcome: 'refused', status: 404 });
    }
    const why = this.#options.resizing?.(`{${stored.job.runnerUuid}}`, requests);
    const since = this.#clock.now + this.#options.skewMs;
    const { pending: _, ...resize } = stored.resize;
    const asks = isSame(requests, resize.full) ? 'full' : 'idle';
    stored.resize = { ...resize, asks, ...(why && { pending: { reason: why, message: '', since } }) };
  }

  /** Uuid of the runner whose process runs in this pod. */
  runnerIn(namespace: Namespace, pod: string): string | undefined {
    const stored = this.#byPod(namespace, pod);
    return stored?.phase === 'running' ? `{${stored.job.runnerUuid}}` : undefined;
  }

  /** The runner's process ends by itself, as it does when its registration is gone, and its Job is complete. */
  exit(runnerUuid: string): void {
    const stored = this.#byRunner(runnerUuid);
    if (stored?.phase === 'running') this.#finish(stored, 'complete');
  }

  /** The runner's process dies. The Job starts it anew, unless it is said to fail for good. */
  crash(runnerUuid: string, forGood: boolean): void {
    const stored = this.#byRunner(runnerUuid);
    if (stored === undefined || stored.phase === 'ended') return;
    if (forGood) this.#finish(stored, 'failed', 'crashed');
    else this.#restart(stored, 'crashed');
  }

  /** Another pod takes the place of one that ends so. */
  #restart(stored: StoredJob, how: ProcessEnd): void {
    this.#endPod(stored, how);
    stored.phase = 'waiting';
    this.#pending += 1;
    this.#startPods();
  }

  /** The runner's Job fails with its pod: its node dies with it, or, of a runner at rest, Bitbucket does not notice. */
  fail(runnerUuid: string, how: 'lost' | 'unnoticed'): void {
    const stored = this.#byRunner(runnerUuid);
    if (stored?.phase === 'running') this.#finish(stored, 'failed', how);
  }

  /**
   * The node of the runner's pod is reclaimed: the pod shows it from now on, and after this notice it is gone with whatever
   * ran in it. Its Job makes another one.
   */
  reclaim(runnerUuid: string, noticeMs: number): void {
    const stored = this.#byRunner(runnerUuid);
    if (stored === undefined || (stored.phase !== 'starting' && stored.phase !== 'running')) return;
    stored.takenAway = 'TerminationByKubelet';
    const { life } = stored;
    const isThere = () => stored.life === life && this.#jobs.get(stored.key) === stored;
    this.#clock.schedule(this.#clock.now + noticeMs, () => this.#restart(stored, 'lost'), isThere);
  }

  /** No node takes the runner's pod, for this reason. */
  refuse(runnerUuid: string, message: string): void {
    const stored = this.#byRunner(runnerUuid);
    if (stored === undefined || stored.phase === 'running' || stored.phase === 'ended') return;
    if (stored.phase === 'starting') this.#occupied -= 1;
    if (stored.phase === 'waiting') this.#pending -= 1;
    stored.phase = 'refused';
    stored.refusal = message;
  }

  /** What the pods that have a node request of it now, and at work; none of those whose manifests do not say it. */
  *requests(): Generator<{ readonly runnerUuid: string; readonly now: Amounts; readonly full: Amounts }> {
    for (const { job, phase, resize, requests } of this.#jobs.values()) {
      if (requests === undefined || (phase !== 'starting' && phase !== 'running')) continue;
      const now = resize?.asks === 'idle' ? requests.idle : requests.full;
      yield { runnerUuid: `{${job.runnerUuid}}`, now, full: requests.full };
    }
  }

  /** Everything there is, by name: what a test looks for when nothing may be left. */
  get objects(): { readonly jobs: readonly string[]; readonly secrets: readonly string[] } {
    return { jobs: [...this.#jobs.keys()], secrets: [...this.#secrets.keys()] };
  }

  #byRunner(runnerUuid: string): StoredJob | undefined {
    return this.#byUuid.get(bareUuid(runnerUuid));
  }

  /** The Job whose present pod this is. */
  #byPod(namespace: Namespace, pod: string): StoredJob | undefined {
    const stored = this.#jobs.get(keyOf(namespace, pod.slice(0, pod.lastIndexOf('-'))));
    return stored !== undefined && podName(stored) === pod ? stored : undefined;
  }

  /** Nodes came or went: pods that wait for one may start. */
  nodesChanged(): void {
    this.#startPods();
  }

  /** Starts every pod that may start, oldest Job first. */
  #startPods(): void {
    if (this.#pending === 0) return;
    const { capacity } = this.#options;
    const places = typeof capacity === 'number' ? capacity : capacity();
    for (const stored of this.#jobs.values()) {
      if (this.#pending === 0 || this.#occupied >= places) return;
      if (stored.phase === 'waiting' && this.#hasSecret(stored)) this.#startPod(stored);
    }
  }

  /** What keeps the pod from starting, in the cluster's words; the lack of room is no trouble here. */
  #troubleOf(stored: StoredJob): PodTrouble | undefined {
    const { phase, refusal, job } = stored;
    if (refusal !== undefined) return { reason: 'Unschedulable', message: refusal };
    if (phase !== 'waiting' || this.#hasSecret(stored)) return undefined;
    const message = `secret "${secretName(job.runnerUuid)}" not found`;
    return { reason: 'CreateContainerConfigError', message };
  }

  #hasSecret({ namespace, job }: StoredJob): boolean {
    return this.#secrets.has(keyOf(namespace, secretName(job.runnerUuid)));
  }

  #startPod(stored: StoredJob): void {
    this.#occupied += 1;
    this.#pending -= 1;
    stored.phase = 'starting';
    const { life } = stored;
    this.#clock.schedule(this.#clock.now + this.#options.startupMs(), () => {
      if (stored.phase !== 'starting' || stored.life !== life) return;
      stored.phase = 'running';
      if (!this.#listeners.started(`{${stored.job.runnerUuid}}`)) this.#finish(stored, 'failed', 'crashed');
    });
  }

  #finish(stored: StoredJob, status: 'complete' | 'failed', how: ProcessEnd = 'killed'): void {
    stored.status = status;
    this.#endPod(stored, how);
    this.#clock.schedule(this.#clock.now + this.#options.ttlAfterFinishedMs, () => {
      if (this.#jobs.get(stored.key) === stored) this.deleteJob(stored.namespace, stored.reference.name);
    });
  }

  #endPod(stored: StoredJob, how: ProcessEnd): void {
    const { phase } = stored;
    stored.phase = 'ended';
    stored.life += 1;
    stored.isProtected = true;
    delete stored.takenAway;
    if (stored.resizedFrom) stored.resize = stored.resizedFrom;
    if (phase === 'starting' || phase === 'running') this.#occupied -= 1;
    if (phase === 'waiting') this.#pending -= 1;
    if (phase === 'running') this.#listeners.stopped(`{${stored.job.runnerUuid}}`, how);
    this.#startPods();
  }
}

function keyOf({ cluster, namespace }: Namespace, name: string): string {
  return `${cluster}/${namespace}/${name}`;
}

function isIn(a: Namespace, b: Namespace): boolean {
  return a.cluster === b.cluster && a.namespace === b.namespace;
}

const PODS: { readonly [Phase in StoredJob['phase']]: RunnerPod['phase'] } = {
  waiting: 'Pending',
  refused: 'Pending',
  starting: 'Pending',
  running: 'Running',
  ended: 'Succeeded',
};

function podName({ job, life }: Pick<StoredJob, 'job' | 'life'>): string {
  return `${job.name}-${life}`;
}

/** As the API shows it; the same object while it is the same, since most lists show most Jobs as the one before. */
function showJob(stored: StoredJob, trouble: PodTrouble | undefined): RunnerJob {
  const { job, status, phase, life, isProtected, takenAway: why, resize } = stored;
  const seen = stored.shown;
  const now = { phase: PODS[phase], restarts: life - 1, isProtected, ...(resize && { resize }) };
  if (seen?.status === status && seen.takenAway?.why === why && isSamePod(seen.pod, now, trouble)) return seen;
  const pod = { name: podName(stored), ...now, ...(trouble && { trouble }) };
  stored.shown = { ...job, status, pod, ...(why !== undefined && { takenAway: { why } }) };
  return stored.shown;
}

function isSamePod(
  pod: RunnerPod | undefined,
  now: Omit<RunnerPod, 'name' | 'trouble'>,
  trouble: PodTrouble | undefined,
): boolean {
  return (
    pod?.phase === now.phase &&
    pod.restarts === now.restarts &&
    pod.isProtected === now.isProtected &&
    pod.resize === now.resize &&
    pod.trouble?.message === trouble?.message
  );
}

/** The marks that every Job of ours carries, whatever template made it. */
function readStamps(manifest: Manifest): Omit<RunnerJob, 'status' | 'pod' | 'takenAway' | 'createdAt'> {
  const labels = stringsOf(manifest.metadata.labels);
  return {
    name: manifest.metadata.name,
    runnerUuid: labels[RUNNER_LABEL] ?? '',
    ...stampsOf(labels, stringsOf(manifest.metadata.annotations)),
  };
}

/** What the pod of a Job requests, and how it is resized, as the manifest writes it down. */
function readPod({ spec }: Manifest): Pick<StoredJob, 'resize' | 'resizedFrom' | 'requests'> {
  const { metadata, spec: pod } = recordOf(recordOf(spec).template);
  if (pod === undefined) return {};
  const text = stringsOf(recordOf(metadata).annotations)[RESIZE_ANNOTATION];
  if (text === undefined) return { requests: podRequestsOf(recordOf(pod), undefined) };
  const mark = JSON.parse(text) as Omit<PodResize, 'asks'>;
  const { initContainers, containers } = recordOf(pod);
  const items = listOf(mark.isInit ? initContainers : containers).map(recordOf);
  const { requests } = recordOf(items.find(({ name }) => name === mark.container)?.resources);
  const isIdle = Object.entries(mark.idle).every(([kind, amount]) => recordOf(requests)[kind] === amount);
  const resize: PodResize = { ...mark, asks: isIdle ? 'idle' : 'full' };
  return { resize, resizedFrom: resize, requests: podRequestsOf(recordOf(pod), resize) };
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, string>) : {};
}
