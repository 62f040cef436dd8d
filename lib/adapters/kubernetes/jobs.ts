/**
 * The JobApi port on Kubernetes clusters. It needs the rights to create, list and delete jobs, to create secrets and to
 * list and patch pods, in the namespaces of runners only, and makes use of the rights to get pods/log and to patch pods/resize.
 * It never reads a Secret.
 */
import type * as z from 'zod';
import { ServiceError, sentenceOf } from '#core/errors.ts';
import type { JobApi, Manifest, ObjectReference, StepInLog } from '#core/ports.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, PROTECTED_LABEL, PROTECTION_ANNOTATIONS } from '#manifests/naming.ts';
import type { AnswerLimit } from '../http/exchange.ts';
import type { ClusterClient } from './cluster-client.ts';
import { statusReason } from './failure.ts';
import { jobObject, jobPage, joinJobs, podPage } from './job-objects.ts';
import { LOG_TAIL, stepInTail } from './runner-log.ts';

/** Objects per page of a list; kubectl's own number. */
const PAGE_SIZE = 500;

/** Of a page: its objects have some 10 KB each. */
const PAGE: AnswerLimit = { bytes: 32 * 1024 * 1024, beyond: 'refuse' };

/** A misspelt field of a template is refused by name instead of being dropped in silence. */
const STRICT = { fieldValidation: 'Strict' };

/** A JobApi over the clusters that `clients` gives by name. A cluster that cannot be had fails only its own calls. */
export function createKubernetesJobApi(options: { clients: (cluster: string) => Promise<ClusterClient> }): JobApi {
  const connect = async (cluster: string): Promise<ClusterClient> => {
    try {
      return await options.clients(cluster);
    } catch (cause) {
      if (cause instanceof ServiceError) throw cause;
      const message = `cluster "${cluster}": ${sentenceOf(cause)}`;
      throw new ServiceError(message, { service: 'kubernetes', outcome: 'refused' }, { cause });
    }
  };
  return {
    async list({ cluster, namespace }) {
      const client = await connect(cluster);
      const query = { labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY}` };
      const jobs = listAll(client, jobsPath(namespace), jobPage, query);
      const pods = listAll(client, corePath(namespace, 'pods'), podPage, query);
      // Both requests run at once. If both fail, report the Jobs' failure, so that the same trouble reads the same every tick.
      pods.catch(() => undefined);
      return joinJobs(await jobs, await pods);
    },

    async createJob({ cluster, namespace }, manifest) {
      const client = await connect(cluster);
      try {
        const answer = await client.request('POST', jobsPath(namespace), { query: STRICT, body: manifest });
        const created = jobObject.safeParse(answer);
        if (!created.success) throw unexpectedAnswer(client, `POST ${jobsPath(namespace)}`);
        return { name: created.data.metadata.name, uid: created.data.metadata.uid };
      } catch (error) {
        if (statusReason(error) !== 'AlreadyExists') throw error;
        return existingJob(client, namespace, manifest.metadata.name);
      }
    },

    async createSecret({ cluster, namespace }, manifest, owner) {
      const client = await connect(cluster);
      const body = ownedBy(owner, manifest);
      await tolerate('AlreadyExists', client.request('POST', corePath(namespace, 'secrets'), { query: STRICT, body }));
    },

    async deleteJob({ cluster, namespace }, name) {
      const client = await connect(cluster);
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
      await tolerate('NotFound', client.request('DELETE', `${jobsPath(namespace)}/${name}`, { body }));
    },

    async protectPod({ cluster, namespace }, pod, isProtected) {
      const client = await connect(cluster);
      const patch = { contentType: 'application/merge-patch+json', body: { metadata: protectionMarks(isProtected) } };
      await tolerate('NotFound', client.request('PATCH', `${corePath(namespace, 'pods')}/${pod}`, patch));
    },

    async resizePod({ cluster, namespace }, pod, { container: name, isInit, requests }) {
      const client = await connect(cluster);
      const containers = [{ name, resources: { requests } }];
      // Lists of containers are merged by their names.
      const contentType = 'application/strategic-merge-patch+json';
      const body = { spec: isInit ? { initContainers: containers } : { containers } };
      await client.request('PATCH', `${corePath(namespace, 'pods')}/${pod}/resize`, { contentType, body });
    },

    async stepInLog({ cluster, namespace }, pod, container) {
      const client = await connect(cluster);
      const { lines: tailLines, bytes: limitBytes } = LOG_TAIL;
      const query = { container, tailLines, limitBytes };
      try {
        return stepInTail(
          await client.text(`${corePath(namespace, 'pods')}/${pod}/log`, {
            query,
            limit: { bytes: limitBytes, beyond: 'cut' },
          }),
        );
      } catch (error) {
        const told = withoutLog(error, container !== undefined);
        if (told === undefined) throw error;
        return told;
      }
    },
  };
}

/** What a refusal tells of a step; undefined where it tells nothing. */
function withoutLog(error: unknown, isContainerKnown: boolean): StepInLog | undefined {
  const status = error instanceof ServiceError ? error.status : undefined;
  if (status === 403) return 'not-allowed';
  // The pod is gone, or its container has not begun.
  if (status === 404 || (status === 400 && isContainerKnown)) return 'none-seen';
  // Of several containers nobody knows which is the runner.
  return status === 400 ? 'unreadable' : undefined;
}

function corePath(namespace: string, resource: 'pods' | 'secrets'): string {
  return `/api/v1/namespaces/${namespace}/${resource}`;
}

function jobsPath(namespace: string): string {
  return `/apis/batch/v1/namespaces/${namespace}/jobs`;
}

/** Every page. A list that takes so long that the server forgets its place (410) starts over, once. */
async function listAll<T>(
  client: ClusterClient,
  path: string,
  page: z.ZodType<{ metadata: { continue?: string | undefined }; items: T[] | null }>,
  query: Readonly<Record<string, string>>,
  restarts = 1,
): Promise<readonly T[]> {
  const items: T[] = [];
  let token: string | undefined;
  do {
    try {
      const answer = await client.request('GET', path, {
        query: { ...query, limit: PAGE_SIZE, continue: token },
        limit: PAGE,
      });
      const read = page.safeParse(answer);
      if (!read.success) throw unexpectedAnswer(client, `GET ${path}`);
      items.push(...(read.data.items ?? []));
      token = read.data.metadata.continue || undefined;
    } catch (error) {
      const expired = error instanceof ServiceError && error.status === 410;
      if (!expired || token === undefined || restarts === 0) throw error;
      return listAll(client, path, page, query, restarts - 1);
    }
  } while (token !== undefined);
  return items;
}

function unexpectedAnswer(client: ClusterClient, call: string): ServiceError {
  return new ServiceError(
    `${client.description}: the answer to ${call} is not of the kind that was asked for; check that the server is a Kubernetes API server`,
    { service: 'kubernetes', outcome: 'unknown' },
  );
}

/** There is no right to get Jobs, so the one of that name is found by a list of one. */
async function existingJob(client: ClusterClient, namespace: string, name: string): Promise<ObjectReference> {
  const query = { fieldSelector: `metadata.name=${name}` };
  const jobs = await listAll(client, jobsPath(namespace), jobPage, query);
  const job = jobs.find(({ metadata }) => metadata.name === name && metadata.deletionTimestamp === undefined);
  if (job !== undefined) return { name, uid: job.metadata.uid };
  throw new ServiceError(
    `${client.description}: the Job "${name}" in namespace "${namespace}" existed already and is being deleted; the next tick makes another runner`,
    { service: 'kubernetes', outcome: 'refused', status: 409 },
  );
}

/** As a merge patch: null takes a mark away. */
function protectionMarks(isProtected: boolean) {
  const annotations = Object.entries(PROTECTION_ANNOTATIONS).map(([name, value]) => [name, isProtected ? value : null]);
  return { labels: { [PROTECTED_LABEL]: isProtected ? 'true' : null }, annotations: Object.fromEntries(annotations) };
}

/** `blockOwnerDeletion` stays unset: an admission plugin may ask for more rights than ours to set it. */
function ownedBy({ name, uid }: ObjectReference, manifest: Manifest): Manifest {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid };
  return { ...manifest, metadata: { ...manifest.metadata, ownerReferences: [owner] } };
}

async function tolerate(reason: 'AlreadyExists' | 'NotFound', call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (statusReason(error) !== reason) throw error;
  }
}
