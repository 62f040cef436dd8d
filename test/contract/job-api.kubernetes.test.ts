import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKubernetesJobApi } from '#adapters/kubernetes/jobs.ts';
import { connectKubeconfig } from '#adapters/kubernetes/kubeconfig.ts';
import { startLoopbackKubernetes } from '#kit/loopback-kubernetes.ts';
import { type JobApiSubject, jobApiContract, STEP_LINES } from './job-api.ts';

const CALLS = {
  list: { method: 'GET', resource: 'pods' },
  createJob: { method: 'POST', resource: 'jobs' },
  createSecret: { method: 'POST', resource: 'secrets' },
  deleteJob: { method: 'DELETE', resource: 'jobs' },
  protectPod: { method: 'PATCH', resource: 'pods' },
  resizePod: { method: 'PATCH', resource: 'pods' },
  stepInLog: { method: 'GET', resource: 'pods' },
} as const;

async function makeSubject(tls: boolean): Promise<JobApiSubject> {
  const directory = await mkdtemp(join(tmpdir(), 'job-api-'));
  const server = await startLoopbackKubernetes({
    namespaces: ['runners', 'others'],
    longestPage: 20,
    ...(tls ? { tls: {} } : {}),
  });
  const deferred = new Map<string, string>();
  const client = connectKubeconfig({ path: await server.writeKubeconfig(directory) });
  return {
    api: createKubernetesJobApi({ clients: async () => client }),
    namespaces: [
      { cluster: 'main', namespace: 'runners' },
      { cluster: 'main', namespace: 'others' },
    ],
    absent: { cluster: 'main', namespace: 'nowhere' },
    control: {
      secrets: ({ namespace }) => server.names(namespace, 'secrets'),
      endJob: ({ namespace }, name, how) =>
        server.setJobCondition(namespace, name, how === 'complete' ? 'Complete' : 'Failed'),
      startPod: ({ namespace }, name) => {
        const pending = { type: 'PodResizePending', status: 'True', lastTransitionTime: '2026-11-27T12:00:00Z' };
        const conditions = [deferred.get(name) ?? []].flat().map((reason) => ({ ...pending, reason }));
        server.setPodStatus(namespace, name, { phase: 'Running', conditions });
      },
      refusePod: ({ namespace }, name, message) => {
        const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
        server.setPodStatus(namespace, name, { phase: 'Pending', conditions: [condition] });
      },
      reclaimPod: ({ namespace }, name) => {
        const condition = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' };
        server.setPodStatus(namespace, name, { phase: 'Running', conditions: [condition] });
      },
      refuseResizes: (_place, name, why) => void deferred.set(name, why),
      runStep: ({ namespace }, name, state) => server.writePodLog(namespace, name, STEP_LINES[state]),
      failNext: (method) => server.failNext({ ...CALLS[method], answer: { status: 403, reason: 'Forbidden' } }),
    },
    severalPages: 45,
    close: async () => {
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

jobApiContract('Kubernetes over HTTP', () => makeSubject(false));
jobApiContract('Kubernetes over TLS', () => makeSubject(true));
