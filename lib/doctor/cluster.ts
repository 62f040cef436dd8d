/** A cluster, its namespaces, and whether runners of its groups would be admitted and find a node. */
import pLimit from 'p-limit';
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { isMissingRight } from '#adapters/kubernetes/failure.ts';
import { ServiceError } from '#core/errors.ts';
import type { ClusterSettings, Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { memoryRisk } from '#manifests/when-idle.ts';
import { type Fields, recordOf } from '#yaml/values.ts';
import { type Check, failed, failedBy, NOT_ALLOWED, ok, skipped } from './check.ts';
import type { Rendered } from './configuration.ts';
import { kubernetesGroups, type Whereabouts } from './deployment.ts';
import { dryRun } from './dry-run.ts';
import type { Instruments } from './instruments.ts';
import { checkNodes } from './nodes.ts';
import { checkPodSecurity } from './pod-security.ts';
import { checkLimitRanges, checkQuotas, withDefaults } from './quotas.ts';
import { type Actor, checkRights, type PlaceOfRights } from './rights.ts';

/** The first version of Kubernetes that has native sidecars, with which runners end. */
const OLDEST_MINOR = 29;

/** Nodes that are looked at: in a larger cluster these are plenty to find one that fits. */
const MOST_NODES = 500;

/** Requests to a cluster that are under way at once. */
const CONCURRENT_REQUESTS = 10;

/** What groups of one cluster come to. */
type ClusterGroups = { readonly name: string; readonly groups: readonly RunnerGroup[] };

/** Checks one cluster; one that cannot be reached costs one failed check. */
export async function checkCluster(
  { name, groups }: ClusterGroups,
  rendered: readonly Rendered[],
  fleet: Fleet,
  instruments: Instruments,
): Promise<readonly Check[]> {
  try {
    const client = gently(await instruments.cluster(fleet, name));
    const version = recordOf(await client.request('GET', '/version'));
    const actor = await actorAt(client, fleet.clusters[name], instruments);
    const namespaces = [...Map.groupBy(groups, ({ namespace }) => namespace)];
    const nodes = await readList(client, `/api/v1/nodes?limit=${MOST_NODES}`);
    const found = await Promise.all(
      namespaces.map(([namespace, members]) =>
        checkNamespace(
          { name, namespace, groups: members, rendered: rendered.filter(({ group }) => members.includes(group)) },
          client,
          actor,
        ),
      ),
    );
    const here = rendered.filter(({ group }) => groups.includes(group));
    return [
      judgeVersion(name, version, actor),
      judgeEncryption(name, version, client),
      ...(groups.some(hasWhenIdle) ? [judgeResizing(name, version, nodes)] : []),
      ...found.flat(),
      ...(await checkNodes(here, nodes, client)),
    ];
  } catch (error) {
    return [failedBy('cluster', name, error)];
  }
}

/** The client, with few requests under way at once. */
function gently(client: ClusterClient): ClusterClient {
  const few = pLimit(CONCURRENT_REQUESTS);
  return { ...client, request: (...request) => few(() => client.request(...request)) };
}

function judgeVersion(name: string, version: Fields, actor: Actor): Check {
  const text = String(version.gitVersion ?? 'of an unknown version');
  const minor = Number.parseInt(String(version.minor), 10);
  if (Number(version.major) === 1 && minor < OLDEST_MINOR) {
    const detail = `Kubernetes ${text} has no native sidecars, so that Jobs of ended runners never end`;
    return failed('cluster', name, detail, `upgrade it to 1.${OLDEST_MINOR} or newer`);
  }
  return ok('cluster', name, `Kubernetes ${text}; we are ${actor.name}`);
}

/** The first version of Kubernetes that resizes pods in place without being told to. */
const OLDEST_RESIZING_MINOR = 33;

/** Whether the API server, and all kubelets that we may see, resize pods in place, as `whenIdle` needs. */
function judgeResizing(name: string, { minor }: Fields, nodes: Listed): Check {
  const next = `upgrade to Kubernetes 1.${OLDEST_RESIZING_MINOR}, or leave whenIdle out`;
  if (Number.parseInt(String(minor), 10) < OLDEST_RESIZING_MINOR) {
    return failed('pods-resize', name, 'the cluster is too old to resize pods in place, as whenIdle asks for', next);
  }
  if (nodes === 'not-allowed')
    return skipped('pods-resize', name, 'the API server can; the nodes may not be looked at');
  const kubelets = nodes.map((node) => recordOf(recordOf(recordOf(node).status).nodeInfo).kubeletVersion);
  const old = kubelets.filter((version) => {
    const kubelet = /^v1\.(\d+)/.exec(String(version))?.[1];
    return kubelet !== undefined && Number(kubelet) < OLDEST_RESIZING_MINOR;
  });
  if (old.length === 0) return ok('pods-resize', name, 'the API server and the nodes can');
  const detail = `${old.length} of ${nodes.length} nodes are too old to resize pods in place`;
  return failed('pods-resize', name, detail, next);
}

/** EKS encrypts what it stores from Kubernetes 1.28 on, which is older than the oldest that works. */
function judgeEncryption(
  name: string,
  { gitVersion }: Fields,
  { secretsKey }: Pick<ClusterClient, 'secretsKey'>,
): Check {
  if (secretsKey !== undefined) {
    const key = secretsKey() ?? 'a key that AWS owns; with one of yours its use is on record, and you can take it away';
    return ok('encryption', name, `EKS encrypts them before they are stored, with ${key}`);
  }
  if (/-eks-/.test(String(gitVersion))) {
    const shown = '"aws eks describe-cluster" shows whether with a key of yours';
    return ok('encryption', name, `EKS encrypts them before they are stored; ${shown}`);
  }
  const unknown = 'the Kubernetes API does not show whether they are encrypted';
  return skipped('encryption', name, `${unknown}; see the API server's EncryptionConfiguration`);
}

async function actorAt(
  client: ClusterClient,
  settings: ClusterSettings | undefined,
  { self, ...whereabouts }: Pick<Instruments, 'self'> & Whereabouts,
): Promise<Actor> {
  return { self, name: await nameOfSelf(client), settings, groups: kubernetesGroups(whereabouts) };
}

async function nameOfSelf(client: ClusterClient): Promise<string> {
  const apiVersion = 'authentication.k8s.io/v1';
  try {
    const body = { apiVersion, kind: 'SelfSubjectReview' };
    const answer = await client.request('POST', `/apis/${apiVersion}/selfsubjectreviews`, { body });
    const { username } = recordOf(recordOf(recordOf(answer).status).userInfo);
    return String(username ?? 'somebody');
  } catch (error) {
    // Clusters before 1.28 do not know the question; whoever is let in may ask it otherwise.
    if (error instanceof ServiceError && (error.status === 404 || error.status === 403)) return 'somebody';
    throw error;
  }
}

/** A namespace, and the groups that run there. */
type Place = {
  readonly name: string;
  readonly namespace: string;
  readonly groups: readonly RunnerGroup[];
  readonly rendered: readonly Rendered[];
};

async function checkNamespace(place: Place, client: ClusterClient, actor: Actor): Promise<readonly Check[]> {
  const { name, namespace, groups, rendered } = place;
  const subject = `${namespace} of ${name}`;
  const path = namespacePath(namespace);
  const found = await readObject(client, path);
  const there = judgeNamespace(found, subject);
  if (there.outcome === 'failed') return [there];
  const [rights, quotas, ranges, dryRuns] = await Promise.all([
    checkRights(client, placeOf(namespace, subject, groups), actor),
    readList(client, `${path}/resourcequotas`),
    readList(client, `${path}/limitranges`),
    dryRun(client, namespace, rendered),
  ]);
  const settled = withDefaults(rendered, ranges);
  return [
    there,
    ...rights,
    checkPodSecurity(subject, found, rendered),
    ...checkQuotas(subject, quotas, settled),
    ...checkLimitRanges(subject, ranges, settled),
    ...dryRuns,
  ];
}

/** What of a namespace's groups rights depend on. */
function placeOf(namespace: string, subject: string, groups: readonly RunnerGroup[]): PlaceOfRights {
  const drainGraceMs = Math.min(...groups.map((group) => group.drainGraceMs));
  return { namespace, subject, drainGraceMs, resizes: groups.some(hasWhenIdle), risk: memoryRisk(groups) };
}

function hasWhenIdle({ pod }: RunnerGroup): boolean {
  return pod.whenIdle !== undefined;
}

function namespacePath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}`;
}

function judgeNamespace(found: Fields | 'missing' | 'not-allowed', subject: string): Check {
  if (found === 'not-allowed') return skipped('namespace', subject, NOT_ALLOWED);
  if (found === 'missing') {
    const next = 'create it with "kubectl apply -k infra/kubernetes", or correct the namespace of its groups';
    return failed('namespace', subject, 'it does not exist', next);
  }
  if (recordOf(found.status).phase === 'Terminating') {
    const next = 'wait until it is gone and create it anew, or give the groups another one';
    return failed('namespace', subject, 'it is being deleted', next);
  }
  return ok('namespace', subject, 'it exists');
}

/** What is needed to look at no more than adding. */
export type AddingMeans = Pick<Instruments, 'cluster' | 'self' | 'stateStore' | 'serviceName'>;

/** What would keep runners of these groups from being added: their namespaces, and the rights there. No more is asked. */
export async function checkAdding(
  { name, groups }: ClusterGroups,
  fleet: Fleet,
  instruments: AddingMeans,
): Promise<readonly { readonly groups: readonly RunnerGroup[]; readonly checks: readonly Check[] }[]> {
  const client = gently(await instruments.cluster(fleet, name));
  const actor = await actorAt(client, fleet.clusters[name], instruments);
  const namespaces = [...Map.groupBy(groups, ({ namespace }) => namespace)];
  return await Promise.all(
    namespaces.map(async ([namespace, members]) => {
      const subject = `${namespace} of ${name}`;
      const there = judgeNamespace(await readObject(client, namespacePath(namespace)), subject);
      const place = placeOf(namespace, subject, members);
      const rights = there.outcome === 'failed' ? [] : await checkRights(client, place, actor);
      return { groups: members, checks: [there, ...rights] };
    }),
  );
}

/** Objects, or why there are none to look at. */
export type Listed = readonly unknown[] | 'not-allowed';

async function readList(client: ClusterClient, path: string): Promise<Listed> {
  const found = await readObject(client, path);
  if (found === 'not-allowed' || found === 'missing') return 'not-allowed';
  return Array.isArray(found.items) ? found.items : [];
}

async function readObject(client: ClusterClient, path: string) {
  try {
    return recordOf(await client.request('GET', path));
  } catch (error) {
    if (error instanceof ServiceError && error.status === 404) return 'missing';
    if (isMissingRight(error)) return 'not-allowed';
    throw error;
  }
}
