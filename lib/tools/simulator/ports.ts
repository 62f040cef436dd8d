/** The two sides of the simulated world behind the ports that the line knows. */
import { ServiceError } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { JobApi, PipelineApi, RunnerApi, StepInLog } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import type { SimulatedBitbucket } from './bitbucket.ts';
import type { SimulatedCluster } from './cluster.ts';
import { type Faults, NO_FAULTS } from './faults.ts';

/**
 * Registrations in a simulated Bitbucket, with what is wrong with its answers at present. `asked` hears of every runner that
 * a list asks for by name, which is a call of its own.
 */
export function runnerApiOf(
  bitbucket: SimulatedBitbucket,
  faults: () => Faults = () => NO_FAULTS,
  asked: () => void = () => undefined,
): RunnerApi {
  const isNotFound = (scope: Scope) => faults().isNotFound?.(scope) ?? false;
  const find = (scope: Scope) => {
    if (!isNotFound(scope)) return;
    const details = { service: 'bitbucket', outcome: 'refused', status: 404 } as const;
    throw new ServiceError(`Bitbucket knows no ${scopeKey(scope)} (404).`, details);
  };
  return {
    list: async (scope, known = async () => ({ staying: [], leaving: [] })) => {
      find(scope);
      const once = bitbucket.listed(scope);
      // Who is known and missing is asked for by name. Only lists of several pages slip.
      const { staying, leaving, isLastChance } = await known();
      const isLong = faults().slippedPlace !== undefined;
      const listed = isLong && isLastChance ? bitbucket.listed(scope, true) : once;
      const uuids = new Set(listed.map(({ uuid }) => uuid));
      const seen = listed === once ? [] : once.map(({ uuid }) => uuid);
      const all = new Set([...staying, ...(isLong ? leaving : []), ...seen]);
      const missing = [...all].filter((uuid) => !uuids.has(uuid));
      const found = missing.flatMap((uuid) => {
        asked();
        return bitbucket.get(scope, uuid) ?? [];
      });
      return [...listed, ...found];
    },
    get: async (scope, uuid) => (isNotFound(scope) ? undefined : bitbucket.get(scope, uuid)),
    identify: async (scope) => {
      find(scope);
      return bitbucket.identify(scope);
    },
    register: async (scope, runner) => {
      find(scope);
      return bitbucket.register(scope, runner);
    },
    enable: async (scope, uuid) => {
      find(scope);
      return bitbucket.enable(scope, uuid);
    },
    // Not found is success.
    disable: async (scope, uuid) => (isNotFound(scope) ? undefined : bitbucket.disable(scope, uuid)),
    remove: async (scope, uuid) => (isNotFound(scope) ? undefined : bitbucket.remove(scope, uuid)),
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
    resizePod: async (namespace, pod, { requests }) => cluster.resizePod(namespace, pod, requests),
    stepInLog: async (namespace, pod) => {
      const runner = cluster.runnerIn(namespace, pod);
      return runner === undefined ? 'none-seen' : log(runner);
    },
  };
}
