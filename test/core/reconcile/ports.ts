/**
 * Hand-made ports for traces: every method answers with a default unless the test scripts it, and every call is
 * written down as one line the moment it is made. An answer that a test keeps back (a promise of its own) shows what
 * is under way at the same time, without a clock.
 */

import { startDeadline } from '#adapters/deadline.ts';
import type { Registration } from '#core/model/decision.ts';
import type { Runner } from '#core/model/observation.ts';
import type { Calls } from '#core/model/report.ts';
import type { JobApi, PipelineApi, Ports, RunnerApi, StateStore } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import { Secret } from '#core/secret.ts';
import { runner } from '#kit/fleet.ts';
import { manifestsFromTemplates } from '#manifests/render.ts';

/** What a test scripts; the rest gives an empty world that lets everything be done. */
export type Script = {
  readonly runners?: Partial<RunnerApi>;
  readonly pipelines?: Partial<PipelineApi>;
  readonly jobs?: Partial<JobApi>;
  readonly state?: Partial<StateStore>;
  readonly calls?: () => Calls;
  readonly reach?: Ports['reach'];
};

/** Ports, and what was called so far, in order. */
export function recordingPorts(script: Script = {}): { readonly ports: Ports; readonly trace: string[] } {
  const trace: string[] = [];
  const runners = { ...emptyBitbucket(), ...script.runners };
  const pipelines = { ...emptyQueue(), ...script.pipelines };
  const jobs = { ...emptyCluster(), ...script.jobs };
  const state = { ...emptyState(), ...script.state };
  const saw = <T>(line: string, answer: () => T): T => {
    trace.push(line);
    return answer();
  };
  return {
    trace,
    ports: {
      runners: {
        list: (scope, known) => saw(`list ${scopeKey(scope)}`, () => runners.list(scope, known)),
        get: (scope, uuid) => saw(`get ${uuid}`, () => runners.get(scope, uuid)),
        identify: (scope) => saw(`identify ${scopeKey(scope)}`, () => runners.identify(scope)),
        register: (scope, request) =>
          saw(`register ${request.name} in ${scopeKey(scope)}`, () => runners.register(scope, request)),
        enable: (scope, uuid) => saw(`enable ${uuid}`, () => runners.enable(scope, uuid)),
        disable: (scope, uuid) => saw(`disable ${uuid}`, () => runners.disable(scope, uuid)),
        remove: (scope, uuid) => saw(`remove ${uuid}`, () => runners.remove(scope, uuid)),
      },
      pipelines: {
        recentRepositories: (workspace, request) =>
          saw(
            `recentRepositories ${workspace} ${request.limit}${request.query === undefined ? '' : ` ${request.query}`}`,
            () => pipelines.recentRepositories(workspace, request),
          ),
        openPipelines: (scope) => saw(`openPipelines ${scopeKey(scope)}`, () => pipelines.openPipelines(scope)),
        waitingSteps: (scope, pipeline) =>
          saw(`waitingSteps ${scopeKey(scope)} ${pipeline.uuid}`, () => pipelines.waitingSteps(scope, pipeline)),
      },
      manifests: manifestsFromTemplates,
      jobs: {
        list: (at) => saw(`list Jobs of ${at.cluster}/${at.namespace}`, () => jobs.list(at)),
        createJob: (at, manifest) =>
          saw(`createJob ${manifest.metadata.name} in ${at.namespace}`, () => jobs.createJob(at, manifest)),
        createSecret: (at, manifest, owner) =>
          saw(`createSecret ${manifest.metadata.name} of ${owner.name}`, () => jobs.createSecret(at, manifest, owner)),
        deleteJob: (at, name) => saw(`deleteJob ${name} in ${at.namespace}`, () => jobs.deleteJob(at, name)),
        protectPod: (at, pod, isProtected) =>
          saw(`${isProtected ? 'protectPod' : 'unprotectPod'} ${pod} in ${at.namespace}`, () =>
            jobs.protectPod(at, pod, isProtected),
          ),
        resizePod: (at, pod, requests) =>
          saw(`resizePod ${pod} in ${at.namespace} ${JSON.stringify(requests)}`, () =>
            jobs.resizePod(at, pod, requests),
          ),
        stepInLog: (at, pod, container) =>
          saw(`stepInLog ${pod} in ${at.namespace}`, () => jobs.stepInLog(at, pod, container)),
      },
      state: {
        acquireLease: (lease) => saw(`acquireLease ${lease.name}`, () => state.acquireLease(lease)),
        releaseLease: (lease) => saw(`releaseLease ${lease.name}`, () => state.releaseLease(lease)),
        load: (keys) => saw(`load ${keys.join(' ')}`, () => state.load(keys)),
        save: (changes, now) =>
          saw(`save ${changes.map((entry) => `${entry.key}@${entry.expectedVersion}`).join(' ')}`, () =>
            state.save(changes, now),
          ),
        appendTick: (record) => saw(`appendTick ${record.id}`, () => state.appendTick(record)),
        listTicks: (range) => saw('listTicks', () => state.listTicks(range)),
      },
      deadline: startDeadline,
      calls: script.calls ?? (() => ({ bitbucket: 0, kubernetes: 0, aws: 0 })),
      ...(script.reach && { reach: script.reach }),
    },
  };
}

/** A registration that was just made. */
export function registration(uuid: string, over: Partial<Runner> = {}): Registration {
  const made = runner({ uuid, status: 'UNREGISTERED', ...over });
  return { runner: made, clientId: `client-${uuid}`, clientSecret: new Secret(`secret-of-${uuid}`) };
}

function emptyBitbucket(): RunnerApi {
  let registered = 0;
  return {
    list: async () => [],
    get: async () => undefined,
    identify: async ({ workspace, repository }) => ({
      workspaceUuid: `{${workspace}}`,
      ...(repository === undefined ? {} : { repositoryUuid: `{${repository}}` }),
    }),
    register: async (_scope, { name, labels }) => {
      registered += 1;
      return registration(`{new-${registered}}`, { name, labels });
    },
    enable: async () => undefined,
    disable: async () => undefined,
    remove: async () => undefined,
  };
}

function emptyQueue(): PipelineApi {
  return {
    recentRepositories: async () => [],
    openPipelines: async () => ({ pipelines: [], isWhole: true }),
    waitingSteps: async () => ({ waiting: [], notes: [] }),
  };
}

function emptyCluster(): JobApi {
  return {
    list: async () => [],
    createJob: async (_namespace, { metadata: { name } }) => ({ name, uid: `uid-of-${name}` }),
    createSecret: async () => undefined,
    deleteJob: async () => undefined,
    protectPod: async () => undefined,
    resizePod: async () => undefined,
    stepInLog: async () => 'none-seen',
  };
}

function emptyState(): StateStore {
  return {
    acquireLease: async () => ({ acquired: true }),
    releaseLease: async () => undefined,
    load: async () => new Map(),
    save: async () => [],
    appendTick: async () => undefined,
    listTicks: async () => [],
  };
}

/** Lets everything run that can run without an answer from outside. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
