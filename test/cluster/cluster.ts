/**
 * A control plane as tests use it: a namespace per test in which the autoscaler has its rights, clients for each
 * identity, and looks into the cluster with the hands of `admin`.
 */
import { randomBytes } from 'node:crypto';
import { inject, vi } from 'vitest';
import type { ClusterClient, ClusterClientOptions } from '../../lib/kubernetes/cluster-client.ts';
import { createKubernetesJobApi } from '../../lib/kubernetes/jobs.ts';
import { connectKubeconfig } from '../../lib/kubernetes/kubeconfig.ts';
import type { JobApi, Manifest, Namespace } from '../../lib/ports.ts';
import { auditEvents, tally } from './audit.ts';
import type { ControlPlaneAddress } from './control-plane.ts';
import { writeKubeconfig } from './control-plane-files.ts';
import { IDENTITIES, type IdentityName } from './identities.ts';
import { autoscalerRole, autoscalerRoleBinding, type Rule } from './roles.ts';

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

/** Kinds by which objects are looked up, with the paths of their collections. */
const PATHS = {
  jobs: (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`,
  pods: (namespace: string) => `/api/v1/namespaces/${namespace}/pods`,
  secrets: (namespace: string) => `/api/v1/namespaces/${namespace}/secrets`,
  resourcequotas: (namespace: string) => `/api/v1/namespaces/${namespace}/resourcequotas`,
  roles: (namespace: string) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
  rolebindings: (namespace: string) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
} as const;

export type Cluster = ReturnType<typeof useCluster>;

/** How long controllers may take for anything that a test waits for; they take tens of milliseconds. */
const SOON = { timeout: 20_000, interval: 50 };

/** The control plane of the test run, or another one. */
export function useCluster(address: ControlPlaneAddress = inject('controlPlane')) {
  const admin = connectKubeconfig({ path: address.kubeconfigs.admin });

  async function objects(namespace: string, kind: keyof typeof PATHS): Promise<readonly ClusterObject[]> {
    const { items } = await admin.request<{ items: readonly ClusterObject[] }>('GET', PATHS[kind](namespace));
    return items;
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

    /** A new namespace in which the autoscaler has its rights, or those given. */
    async makeNamespace(rules?: readonly Rule[]): Promise<Namespace> {
      const namespace = `runners-${randomBytes(5).toString('hex')}`;
      const create = (path: string, body: Manifest) => admin.request('POST', path, { body });
      await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      await create(PATHS.roles(namespace), autoscalerRole(rules));
      await create(PATHS.rolebindings(namespace), autoscalerRoleBinding());
      // Pods need it, and a Job whose pod was refused waits long before it tries again.
      await vi.waitFor(() => admin.request('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`), SOON);
      await settleRights(admin, namespace, 'list', 'pods', true);
      return { cluster: 'main', namespace };
    },

    /** Gives the autoscaler other rights in the namespace, and waits until `create jobs` and so on follow them. */
    async setRules({ namespace }: Namespace, rules: readonly Rule[], probe: Probe): Promise<void> {
      await admin.request('PATCH', `${PATHS.roles(namespace)}/${autoscalerRole().metadata.name}`, {
        body: { rules },
        contentType: 'application/merge-patch+json',
      });
      await settleRights(admin, namespace, probe.verb, probe.resource, probe.allowed);
    },

    async create({ namespace }: Namespace, kind: keyof typeof PATHS, body: Manifest): Promise<void> {
      await admin.request('POST', PATHS[kind](namespace), { body });
    },

    /** Every object of the kind, as the API server has it now. */
    objects: ({ namespace }: Namespace, kind: keyof typeof PATHS) => objects(namespace, kind),

    /** Their names, those on their way out left out. */
    async names({ namespace }: Namespace, kind: keyof typeof PATHS): Promise<readonly string[]> {
      const found = await objects(namespace, kind);
      const there = found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
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
  verb: string,
  resource: string,
  allowed: boolean,
): Promise<void> {
  const { user, groups } = IDENTITIES.autoscaler;
  const group = resource === 'jobs' ? 'batch' : '';
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups, resourceAttributes: { namespace, verb, resource, group } },
  };
  await vi.waitFor(async () => {
    const { status } = await admin.request<{ status: { allowed: boolean } }>(
      'POST',
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      { body },
    );
    if (status.allowed !== allowed)
      throw new Error(`${verb} ${resource} is not yet ${allowed ? 'allowed' : 'refused'}`);
  }, SOON);
}
