/** A cluster, its namespaces, and whether runners of its groups would be admitted and find a node. */
import pLimit from 'p-limit';
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { isMissingRight } from '#adapters/kubernetes/failure.ts';
import { ServiceError } from '#core/errors.ts';
import type { ClusterSettings, Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { recordOf } from '#yaml/values.ts';
import { type Check, failed, failedBy, NOT_ALLOWED, ok, skipped } from './check.ts';
import type { Rendered } from './configuration.ts';
import { kubernetesGroups, type Whereabouts } from './deployment.ts';
import { dryRun } from './dry-run.ts';
import type { Instruments } from './instruments.ts';
import { checkLimitRanges, checkQuotas, withDefaults } from './limits.ts';
import { checkNodes } from './nodes.ts';
import { checkPodSecurity } from './pod-security.ts';
import { type Actor, checkRights } from './rights.ts';

/** The first version of Kubernetes that has native sidecars, with which runners end. */
const OLDEST_MINOR = 29;

/** Nodes that are looked at: in a larger cluster these are plenty to find one that fits. */
const MOST_NODES = 500;

/** Requests to a cluster that are under way at once. */
const CONCURRENT_REQUESTS = 10;

/** What groups of one cluster come to. */
export type ClusterGroups = { readonly name: string; readonly groups: readonly RunnerGroup[] };

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
      judgeEncryption(name, version),
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

function judgeVersion(name: string, version: Readonly<Record<string, unknown>>, actor: Actor): Check {
  const text = String(version.gitVersion ?? 'of an unknown version');
  const minor = Number.parseInt(String(version.minor), 10);
  if (Number(version.major) === 1 && minor < OLDEST_MINOR) {
    const detail = `Kubernetes ${text} has no native sidecars, so that Jobs of ended runners never end`;
    return failed('cluster', name, detail, `upgrade it to 1.${OLDEST_MINOR} or newer`);
  }
  return ok('cluster', name, `Kubernetes ${text}; we are ${actor.name}`);
}

/** EKS encrypts what it stores from Kubernetes 1.28 on, which is older than the oldest that works. */
function judgeEncryption(name: string, { gitVersion }: Readonly<Record<string, unknown>>): Check {
  return /-eks-/.test(String(gitVersion))
    ? ok(
        'encryption',
        name,
        'EKS encrypts them before they are stored; the describe-cluster of AWS shows whether with a key of yours',
      )
    : skipped(
        'encryption',
        name,
        "the Kubernetes API does not show whether they are encrypted; see the API server's EncryptionConfiguration",
      );
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
  const drainGraceMs = Math.min(...groups.map((group) => group.drainGraceMs));
  const [rights, quotas, ranges, dryRuns] = await Promise.all([
    checkRights(client, { namespace, subject, drainGraceMs }, actor),
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
      const drainGraceMs = Math.min(...members.map((group) => group.drainGraceMs));
      const rights =
        there.outcome === 'failed' ? [] : await checkRights(client, { namespace, subject, drainGraceMs }, actor);
      return { groups: members, checks: [there, ...rights] };
    }),
  );
}

type Fields = Readonly<Record<string, unknown>>;

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
