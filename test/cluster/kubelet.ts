/**
 * A scheduler and a kubelet for pods of runners, made up: they bind pods to a node that exists on paper and write the
 * status that a real kubelet would. What becomes of a pod is up to the test; time passes only where `pass` is called.
 *
 *   const kubelet = await startKubelet(cluster, place, { fateOf: () => runs });
 *   await kubelet.settle();                        // until every Job's pod is where its fate has it
 *   kubelet.setFate('runner-1', crashes({ times: 1, exitCode: 137, reason: 'OOMKilled' }));
 *   await kubelet.settle();
 */
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import type { Manifest, Namespace } from '#core/ports.ts';
import { type Cluster, eventually, pathOf } from './cluster.ts';
import { serveContainerLogs } from './container-logs.ts';
import { type Fate, type PodSpec, statusFor, waits } from './pod-status.ts';

export type KubeletOptions = {
  /** What becomes of the pod of a Job, unless `setFate` says otherwise; default: it waits. */
  readonly fateOf?: (job: string) => Fate;
  /** Pods that the node takes; further ones stay unschedulable. Default: no limit. */
  readonly capacity?: number;
  /** Of the node; pods that select others stay unschedulable. Default: whatever a pod selects. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Passes that a bound pod is without a container before its fate begins; default none. */
  readonly startDelay?: number;
  /** A runner's containers run, for the first time, with these variables: values and keys of Secrets, resolved. */
  readonly onStart?: (environment: Readonly<Record<string, string>>) => void;
};

export type Kubelet = {
  setFate(job: string, fate: Fate): void;
  /** Adds to the log of the containers of the Job's pod. */
  log(job: string, text: string): void;
  /** Looks at every pod once, and does the next thing about each. Gives whether there was something to do. */
  pass(): Promise<boolean>;
  /** Passes until every Job that has not ended has its pod and nothing is left to do. */
  settle(): Promise<void>;
};

type Pod = {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly name: string; readonly uid: string }[];
  };
  readonly spec: PodSpec & { readonly nodeName?: string };
  readonly status: { readonly phase: string };
};

type Job = {
  readonly metadata: { readonly uid: string; readonly deletionTimestamp?: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};

const MERGE = { contentType: 'application/merge-patch+json' };

/** A kubelet for the pods of one namespace. */
export async function startKubelet(
  { admin }: Pick<Cluster, 'admin'>,
  { namespace }: Namespace,
  {
    fateOf = () => waits,
    capacity = Number.POSITIVE_INFINITY,
    labels,
    startDelay = 0,
    onStart = () => {},
  }: KubeletOptions = {},
): Promise<Kubelet> {
  const logs = new Map<string, string>();
  const podsOf = new Map<string, string>();
  const node = await joinCluster(admin, `made-up-${namespace}`, (pod) => logs.get(podsOf.get(pod) ?? '') ?? '');
  const fates = new Map<string, Fate>();
  const written = new Map<string, string>();
  const delays = new Map<string, number>();
  const started = new Set<string>();
  const pods = pathOf(namespace, 'pods');

  const jobOf = (pod: Pod) => pod.metadata.ownerReferences?.[0]?.name ?? '';
  const fateFor = (pod: Pod) => fates.get(jobOf(pod)) ?? fateOf(jobOf(pod));

  /** Writes the status unless it is there already. */
  async function show(pod: Pod, status: Readonly<Record<string, unknown>>): Promise<boolean> {
    const text = JSON.stringify(status);
    if (written.get(pod.metadata.uid) === text) return false;
    await admin.request('PATCH', `${pods}/${pod.metadata.name}/status`, { body: { status }, ...MERGE });
    written.set(pod.metadata.uid, text);
    return true;
  }

  async function bind(pod: Pod): Promise<boolean> {
    const target = { apiVersion: 'v1', kind: 'Node', name: node };
    podsOf.set(pod.metadata.name, jobOf(pod));
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name: pod.metadata.name }, target };
    await admin.request('POST', `${pods}/${pod.metadata.name}/binding`, { body });
    return true;
  }

  /** Its processes end, its status says so, and it goes. */
  async function terminate(pod: Pod): Promise<boolean> {
    if (pod.status.phase === 'Pending' || pod.status.phase === 'Running') {
      await show(pod, { phase: 'Failed' });
    }
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 };
    await admin.request('DELETE', `${pods}/${pod.metadata.name}`, { body });
    return true;
  }

  /** The containers start, once everything that they name is there. */
  async function start(pod: Pod, fate: Fate): Promise<boolean> {
    if (fate.kind === 'image-missing' || fate.kind === 'image-misnamed') return show(pod, statusFor(fate, pod.spec));
    const environment = await environmentOf(admin, namespace, pod.spec);
    if ('missing' in environment) return show(pod, statusFor({ kind: 'secret-missing', ...environment }, pod.spec));
    if (!started.has(pod.metadata.uid)) {
      started.add(pod.metadata.uid);
      onStart(environment.values);
    }
    return show(pod, statusFor(fate, pod.spec));
  }

  const isSelected = ({ spec: { nodeSelector = {} } }: Pod) =>
    labels === undefined || Object.entries(nodeSelector).every(([name, value]) => labels[name] === value);

  const whyNoNode = (pod: Pod, fate: Fate): Fate => {
    if (fate.kind === 'unschedulable') return fate;
    return isSelected(pod) ? noRoom : noMatch;
  };

  /** Does the next thing about a pod. Gives whether there was something to do. */
  async function attend(pod: Pod, isRoom: boolean): Promise<boolean> {
    const fate = fateFor(pod);
    const delay = delays.get(pod.metadata.uid) ?? startDelay;
    switch (stepFor(pod, fate, isRoom && isSelected(pod))) {
      case 'nothing':
        return false;
      case 'terminate':
        return terminate(pod);
      case 'refuse':
        return show(pod, statusFor(whyNoNode(pod, fate), pod.spec));
      case 'bind':
        return bind(pod);
      case 'start':
        if (delay === 0) return start(pod, fate);
        delays.set(pod.metadata.uid, delay - 1);
        return true;
    }
  }

  async function pass(): Promise<boolean> {
    const { items } = await admin.request<{ items: readonly Pod[] }>('GET', pods);
    let room = capacity - items.filter(isOnNode).length;
    const outcomes = items.map((pod) => {
      const isRoom = room > 0;
      if (!isOnNode(pod) && fateFor(pod).kind !== 'waits') room -= 1;
      // A pod that went away meanwhile needs no attention.
      return attend(pod, isRoom).catch(ignoreMissing);
    });
    return (await Promise.all(outcomes)).includes(true);
  }

  async function everyJobHasItsPod(): Promise<boolean> {
    const [jobs, found] = await Promise.all([
      admin.request<{ items: readonly Job[] }>('GET', pathOf(namespace, 'jobs')),
      admin.request<{ items: readonly Pod[] }>('GET', pods),
    ]);
    const owners = new Set(
      found.items.flatMap(({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid) ?? []),
    );
    return jobs.items.filter(isActive).every(({ metadata }) => owners.has(metadata.uid));
  }

  return {
    setFate: (job, fate) => fates.set(job, fate),
    log: (job, text) => logs.set(job, `${logs.get(job) ?? ''}${text}`),
    pass,
    settle: () =>
      eventually(async () => {
        // In this order: a pod that comes after the pass would be missed.
        const isComplete = await everyJobHasItsPod();
        if ((await pass()) || !isComplete) throw new Error('pods are still being dealt with');
      }),
  };
}

/** Makes the node, on which the API server finds this kubelet. Gives its name. */
async function joinCluster(admin: ClusterClient, name: string, logOf: (pod: string) => string): Promise<string> {
  const port = await serveContainerLogs(logOf);
  const body: Manifest = { apiVersion: 'v1', kind: 'Node', metadata: { name } };
  await admin.request('POST', '/api/v1/nodes', { body }).catch(ignoreExisting);
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  await admin.request('PATCH', `/api/v1/nodes/${name}/status`, { body: { status }, ...MERGE });
  return name;
}

const noRoom: Fate = { kind: 'unschedulable', message: '0/1 nodes are available: 1 Too many pods.' };
const noMatch: Fate = {
  kind: 'unschedulable',
  message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
};

function stepFor(
  { metadata, spec, status }: Pod,
  fate: Fate,
  isRoom: boolean,
): 'nothing' | 'terminate' | 'refuse' | 'bind' | 'start' {
  const isBound = spec.nodeName !== undefined;
  if (metadata.deletionTimestamp !== undefined) return isBound ? 'terminate' : 'nothing';
  if (fate.kind === 'waits' || status.phase === 'Succeeded' || status.phase === 'Failed') return 'nothing';
  if (fate.kind === 'unschedulable') return 'refuse';
  if (isBound) return 'start';
  return isRoom ? 'bind' : 'refuse';
}

function isOnNode({ spec, status }: Pod): boolean {
  return spec.nodeName !== undefined && status.phase !== 'Succeeded' && status.phase !== 'Failed';
}

function isActive({ metadata, status }: Job): boolean {
  const hasEnded = status?.conditions?.some(
    ({ type, status: is }) => /^(Complete|Failed)$/.test(type) && is === 'True',
  );
  return metadata.deletionTimestamp === undefined && hasEnded !== true;
}

type Environment = { readonly values: Readonly<Record<string, string>> } | { readonly missing: string };

/** The first container's variables; a pod whose Secret is not there yet waits for it. */
async function environmentOf(admin: ClusterClient, namespace: string, spec: PodSpec): Promise<Environment> {
  const values: Record<string, string> = {};
  for (const { name, value = '', valueFrom } of spec.containers[0]?.env ?? []) {
    const reference = valueFrom?.secretKeyRef;
    values[name] = value;
    if (reference === undefined) continue;
    const path = `${pathOf(namespace, 'secrets')}/${reference.name}`;
    const secret = await admin.request<{ data: Readonly<Record<string, string>> }>('GET', path).catch(ignoreMissing);
    if (secret === false) return { missing: reference.name };
    values[name] = Buffer.from(secret.data[reference.key] ?? '', 'base64').toString('utf8');
  }
  return { values };
}

function ignoreMissing(error: unknown): false {
  if ((error as { status?: number }).status === 404) return false;
  throw error;
}

function ignoreExisting(error: unknown): void {
  if ((error as { status?: number }).status !== 409) throw error;
}
