/** The two sides of the simulated world behind the ports that the line knows. */
import type { JobApi, PipelineApi, RunnerApi, StepInLog } from '#core/ports.ts';
import type { SimulatedBitbucket } from './bitbucket.ts';
import type { SimulatedCluster } from './cluster.ts';

/** Registrations in a simulated Bitbucket. */
export function runnerApiOf(bitbucket: SimulatedBitbucket): RunnerApi {
  return {
    list: async (scope) => bitbucket.list(scope),
    get: async (scope, uuid) => bitbucket.get(scope, uuid),
    identify: async (scope) => bitbucket.identify(scope),
    register: async (scope, runner) => bitbucket.register(scope, runner),
    enable: async (scope, uuid) => bitbucket.enable(scope, uuid),
    disable: async (scope, uuid) => bitbucket.disable(scope, uuid),
    remove: async (scope, uuid) => bitbucket.remove(scope, uuid),
  };
}

/** The steps of a simulated Bitbucket, each a pipeline of its own. A query finds the repositories with it in their name. */
export function pipelineApiOf(bitbucket: SimulatedBitbucket): PipelineApi {
  return {
    recentRepositories: async (workspace, { query = '', limit }) =>
      bitbucket
        .recentRepositories(workspace)
        .filter((name) => name.includes(query))
        .slice(0, limit),
    openPipelines: async (scope) => {
      const open = bitbucket.openSteps(scope);
      const pipelines = open.slice(0, PIPELINES_LISTED).map(({ id }) => ({ uuid: pipelineOf(id), section: SECTION }));
      return { pipelines, isWhole: open.length <= PIPELINES_LISTED };
    },
    waitingSteps: async (scope, { uuid }) => {
      const steps = bitbucket
        .openSteps(scope)
        .filter(({ id, state }) => pipelineOf(id) === uuid && state === 'waiting');
      return { waiting: steps.map(({ labels }) => ({ labels: [...labels].sort(), steps: 1 })), notes: [] };
    },
  };
}

/** As many as Bitbucket gives on a page. */
const PIPELINES_LISTED = 100;

const SECTION = 'default' as const;

function pipelineOf(step: number): string {
  return `{step-${step}}`;
}

/** Jobs and Secrets in a simulated cluster. `log`: what that of a runner at work or at rest shows. */
export function jobApiOf(cluster: SimulatedCluster, log: (runnerUuid: string) => StepInLog): JobApi {
  return {
    list: async (namespace) => cluster.list(namespace),
    createJob: async (namespace, manifest) => cluster.createJob(namespace, manifest),
    createSecret: async (namespace, manifest, owner) => cluster.createSecret(namespace, manifest, owner),
    deleteJob: async (namespace, name) => cluster.deleteJob(namespace, name),
    protectPod: async (namespace, pod, isProtected) => cluster.protectPod(namespace, pod, isProtected),
    stepInLog: async (namespace, pod) => {
      const runner = cluster.runnerIn(namespace, pod);
      return runner === undefined ? 'none-seen' : log(runner);
    },
  };
}
