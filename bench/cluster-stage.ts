/** A real API server to measure against: namespaces as they are shipped, and what it counted of the requests. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { createKubernetesJobApi } from '#adapters/kubernetes/jobs.ts';
import { connectKubeconfig } from '#adapters/kubernetes/kubeconfig.ts';
import type { JobApi, Manifest, Namespace } from '#core/ports.ts';
import { auditEvents, tally } from '../test/cluster/audit.ts';
import { startControlPlane } from '../test/cluster/control-plane.ts';
import { runnerNamespaceObjects } from '../test/cluster/runner-namespace.ts';

/** Where objects of these kinds are created, in a namespace. */
const PATHS: Readonly<Record<string, string>> = {
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/rolebindings',
  PodDisruptionBudget: '/apis/policy/v1/namespaces/NAMESPACE/poddisruptionbudgets',
};

/** Starts a control plane; dispose of it with `await using`. */
export async function openClusterStage() {
  const plane = await startControlPlane();
  const admin = connectKubeconfig({ path: plane.kubeconfigs.admin });
  let namespaces = 0;
  return {
    /** A new namespace in which the autoscaler has its rights. */
    async makeNamespace(): Promise<Namespace> {
      namespaces += 1;
      const namespace = `bench-${namespaces}`;
      for (const object of runnerNamespaceObjects(namespace)) {
        await admin.request('POST', pathFor(object, namespace), { body: object });
      }
      await untilAllowed(connect(plane.kubeconfigs.autoscaler), namespace);
      return { cluster: 'main', namespace };
    },

    /** The adapter as a function that has just started has it: no connection is open yet. */
    coldJobApi: (): JobApi => connect(plane.kubeconfigs.autoscaler),

    /** Requests of the namespace by the audit log. */
    requests: ({ namespace }: Namespace): Readonly<Record<string, number>> =>
      tally(auditEvents(plane.address.auditLog, namespace).filter(({ user }) => user.username === 'autoscaler')),

    /** Until every Job has its pod, so that controllers at work do not slow what is measured next. */
    untilQuiet: ({ namespace }: Namespace, pods: number) => untilPods(admin, namespace, pods),

    /** Deletes the Jobs of a namespace, and with them everything else in it. */
    clear: ({ namespace }: Namespace) => clear(admin, namespace),

    [Symbol.asyncDispose]: plane.stop,
  };
}

function connect(path: string): JobApi {
  const client = connectKubeconfig({ path });
  return createKubernetesJobApi({ clients: async () => client });
}

function pathFor({ kind }: Manifest, namespace: string): string {
  return (PATHS[kind] ?? '/api/v1/namespaces').replace('NAMESPACE', namespace);
}

/** Rights reach the API server a moment after they were written. */
async function untilAllowed(api: JobApi, namespace: string): Promise<void> {
  await until(() =>
    api.list({ cluster: 'main', namespace }).then(
      () => true,
      () => false,
    ),
  );
}

async function untilPods(admin: ClusterClient, namespace: string, count: number): Promise<void> {
  await until(async () => {
    const { items } = await admin.request<{ items: readonly unknown[] }>('GET', `/api/v1/namespaces/${namespace}/pods`);
    return items.length === count;
  });
}

async function clear(admin: ClusterClient, namespace: string): Promise<void> {
  await admin.request('DELETE', `/apis/batch/v1/namespaces/${namespace}/jobs`, {
    body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
  });
  await untilPods(admin, namespace, 0);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('the cluster did not come to rest within a minute');
    await pause(50);
  }
}
