/** The two sides of the simulated world behind the ports that the line knows. */
import type { JobApi, RunnerApi } from '../ports.ts';
import type { SimulatedBitbucket } from './bitbucket.ts';
import type { SimulatedCluster } from './cluster.ts';

/** Registrations in a simulated Bitbucket. */
export function runnerApiOf(bitbucket: SimulatedBitbucket): RunnerApi {
  return {
    list: async (scope) => bitbucket.list(scope),
    get: async (scope, uuid) => bitbucket.get(scope, uuid),
    identify: async (scope) => bitbucket.identify(scope),
    register: async (scope, runner) => bitbucket.register(scope, runner),
    disable: async (scope, uuid) => bitbucket.disable(scope, uuid),
    remove: async (scope, uuid) => bitbucket.remove(scope, uuid),
  };
}

/** Jobs and Secrets in a simulated cluster. */
export function jobApiOf(cluster: SimulatedCluster): JobApi {
  return {
    list: async (namespace) => cluster.list(namespace),
    createJob: async (namespace, manifest) => cluster.createJob(namespace, manifest),
    createSecret: async (namespace, manifest, owner) => cluster.createSecret(namespace, manifest, owner),
    deleteJob: async (namespace, name) => cluster.deleteJob(namespace, name),
    protectPod: async (namespace, pod, isProtected) => cluster.protectPod(namespace, pod, isProtected),
  };
}
