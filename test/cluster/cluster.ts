/**
 * A control plane as tests use it: a namespace per test in which the autoscaler has its rights, clients for each
 * identity, and looks into the cluster with the hands of `admin`.
 */
import { randomBytes } from 'node:crypto';
import { inject, vi } from 'vitest';
import type { ClusterClient, ClusterClientOptions } from '#adapters/kubernetes/cluster-client.ts';
import { createKubernetesJobApi } from '#adapters/kubernetes/jobs.ts';
import { connectKubeconfig } from '#adapters/kubernetes/kubeconfig.ts';
import type { JobApi, Manifest, Namespace } from '#core/ports.ts';
import { auditEvents, tally } from './audit.ts';
import type { ControlPlaneAddress } from './control-plane.ts';
import { writeKubeconfig } from './control-plane-files.ts';
import { IDENTITIES, type IdentityName } from './identities.ts';
import { ROLE_NAME, type Rule, runnerNamespaceObjects } from './runner-namespace.ts';

/** The parts of a cluster object that tests look at. */
export type ClusterObject = {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly uid: string; readonly name: string }[];
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

/** Where objects of a kind live. */
const COLLECTIONS = {
  jobs: { api: '/apis/batch/v1', kind: 'Job' },
  pods: { api: '/api/v1', kind: 'Pod' },
  secrets: { api: '/api/v1', kind: 'Secret' },
  resourcequotas: { api: '/api/v1', kind: 'ResourceQuota' },
  roles: { api: '/apis/rbac.authorization.k8s.io/v1', kind: 'Role' },
  rolebindings: { api: '/apis/rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
  poddisruptionbudgets: { api: '/apis/policy/v1', kind: 'PodDisruptionBudget' },
} as const;

export type Collection = keyof typeof COLLECTIONS;

/** Such as `/api/v1/namespaces/runners/pods`. */
export function pathOf(namespace: string, collection: Collection): string {
  return `${COLLECTIONS[collection].api}/namespaces/${namespace}/${collection}`;
}

export type Cluster = ReturnType<typeof useCluster>;

/** How long controllers may take for anything that a test waits for; they take tens of milliseconds. */
const SOON = { timeout: 600_000, interval: 50 };

/** The control plane of the test run, or another one. */
export function useCluster(address: ControlPlaneAddress = inject('controlPlane')) {
  const admin = connectKubeconfig({ path: address.kubeconfigs.admin });

  async function objects({ namespace }: Namespace, collection: Collection): Promise<readonly ClusterObject[]> {
    const path = pathOf(namespace, collection);
    const { items } = await admin.request<{ items: readonly ClusterObject[] }>('GET', path);
    return items;
  }

  /** Creates an object in the namespace; the path follows from its kind. */
  async function create({ namespace }: Pick<Namespace, 'namespace'>, body: Manifest): Promise<void> {
    const names = Object.keys(COLLECTIONS) as readonly Collection[];
    const collection = names.find((name) => COLLECTIONS[name].kind === body.kind);
    const path = collection === undefined ? '/api/v1/namespaces' : pathOf(namespace, collection);
    await admin.request('POST', path, { body });
  }

  return {
    address,
    /** May do everything, and leaves no trace in the audit log. */
    admin,

    /** A client as somebody. */
    clientOf(identity: IdentityName, options?: ClusterClientOptions): ClusterClient {
      return connectKubeconfig({ path: address.kubeconfigs[identity] }, options);
    },

    /** The adapter under test, as somebody. */
    jobApiOf(identity: IdentityName, options?: ClusterClientOptions): JobApi {
      const client = connectKubeconfig({ path: address.kubeconfigs[identity] }, options);
      return createKubernetesJobApi({ clients: async () => client });
    },

    /** Path of a kubeconfig with other credentials, or another CA. */
    kubeconfigWith(user: Readonly<Record<string, unknown>>, over: { readonly certificateAuthority?: string } = {}) {
      return writeKubeconfig(address.directory, { ...address, ...over }, user);
    },

    /** A new namespace, as the shipped manifests set it up. */
    async makeNamespace(): Promise<Namespace> {
      const namespace = `runners-${randomBytes(5).toString('hex')}`;
      for (const object of runnerNamespaceObjects(namespace)) await create({ namespace }, object);
      // Pods need it, and a Job whose pod was refused waits long before it tries again.
      await eventually(() => admin.request('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`));
      await settleRights(admin, namespace, { verb: 'list', resource: 'pods', allowed: true });
      return { cluster: 'main', namespace };
    },

    /** Gives the autoscaler other rights in the namespace, and waits until `probe` follows them. */
    async setRules({ namespace }: Namespace, rules: readonly Rule[], probe: Probe): Promise<void> {
      const contentType = 'application/merge-patch+json';
      await admin.request('PATCH', `${pathOf(namespace, 'roles')}/${ROLE_NAME}`, { body: { rules }, contentType });
      await settleRights(admin, namespace, probe);
    },

    create,

    /** Every object of the collection, as the API server has it now. */
    objects,

    /** Their names, those on their way out left out. */
    async names(place: Namespace, collection: Collection): Promise<readonly string[]> {
      const there = (await objects(place, collection)).filter(({ metadata }) => !('deletionTimestamp' in metadata));
      return there.map(({ metadata }) => metadata.name).toSorted();
    },

    /** What was asked of the namespace, `admin`'s own requests left out. */
    audit({ namespace }: Namespace) {
      const events = auditEvents(address.auditLog, namespace);
      return { events, tally: tally(events) };
    },
  };
}

/** Waits until controllers have brought about what the assertion says. */
export function eventually<T>(assertion: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(assertion, SOON);
}

/** A right by which to see that a change of rules has arrived. */
export type Probe = { readonly verb: string; readonly resource: string; readonly allowed: boolean };

/** The API server learns of Roles through a watch: a moment after they were written. */
async function settleRights(
  admin: ClusterClient,
  namespace: string,
  { verb, resource, allowed }: Probe,
): Promise<void> {
  const { user, groups } = IDENTITIES.autoscaler;
  const group = resource === 'jobs' ? 'batch' : '';
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups, resourceAttributes: { namespace, verb, resource, group } },
  };
  type Review = { readonly status: { readonly allowed: boolean } };
  await eventually(async () => {
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const { status } = await admin.request<Review>('POST', path, { body });
    if (status.allowed !== allowed) throw new Error(`${verb} ${resource}: the change of rights has not arrived`);
  });
}
