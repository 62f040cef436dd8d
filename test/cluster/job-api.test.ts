/** The contract of the Job port, held against a real API server by exactly the rights that we ship. */
import type { JobApi } from '#core/ports.ts';
import { type JobApiSubject, jobApiContract, STEP_LINES } from '../contract/job-api.ts';
import { eventually, pathOf, useCluster } from './cluster.ts';
import { startKubelet } from './kubelet.ts';
import { runs } from './pod-status.ts';
import { autoscalerRules, podsResizeRules } from './runner-namespace.ts';

const RULES = [...autoscalerRules(), ...podsResizeRules()];

/** The right that each method cannot do without. */
const RIGHTS: Readonly<Record<keyof JobApi, { readonly verb: string; readonly resource: string }>> = {
  list: { verb: 'list', resource: 'jobs' },
  createJob: { verb: 'create', resource: 'jobs' },
  createSecret: { verb: 'create', resource: 'secrets' },
  deleteJob: { verb: 'delete', resource: 'jobs' },
  protectPod: { verb: 'patch', resource: 'pods' },
  resizePod: { verb: 'patch', resource: 'pods/resize' },
  stepInLog: { verb: 'get', resource: 'pods/log' },
};

async function makeSubject(): Promise<JobApiSubject> {
  const cluster = useCluster();
  const [place, other] = [await cluster.makeNamespace(), await cluster.makeNamespace()];
  const kubelet = await startKubelet(cluster, place);
  await cluster.setRules(place, RULES, { ...RIGHTS.stepInLog, allowed: true });
  const api = cluster.jobApiOf('autoscaler');
  const refused = new Map<string, 'Deferred' | 'Infeasible'>();
  const listed = async (name: string) => (await api.list(place)).find((job) => job.name === name);

  /** Takes a right away until the next call of the method has been refused for want of it. */
  const refuseNext = async (method: keyof JobApi): Promise<void> => {
    const { verb, resource } = RIGHTS[method];
    const reduced = RULES.map((rule) =>
      rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((each) => each !== verb) } : rule,
    );
    await cluster.setRules(
      place,
      reduced.filter(({ verbs }) => verbs.length > 0),
      { verb, resource, allowed: false },
    );
    const original = api[method];
    Object.assign(api, {
      async [method](...args: readonly unknown[]) {
        try {
          return await Reflect.apply(original, api, args);
        } finally {
          Object.assign(api, { [method]: original });
          await cluster.setRules(place, RULES, { verb, resource, allowed: true });
        }
      },
    });
  };

  return {
    api,
    namespaces: [place, other],
    absent: { cluster: 'main', namespace: 'nowhere' },
    control: {
      secrets: async (namespace) => {
        // Garbage collection has had its time when no Secret is left whose Job is gone.
        await eventually(async () => {
          const jobs = new Set((await cluster.objects(namespace, 'jobs')).map(({ metadata }) => metadata.uid));
          const orphans = (await cluster.objects(namespace, 'secrets')).filter(
            ({ metadata }) => !metadata.ownerReferences?.some(({ uid }) => jobs.has(uid)),
          );
          if (orphans.length > 0) throw new Error(`Secrets without a Job: ${orphans.length}`);
        });
        return cluster.names(namespace, 'secrets');
      },
      endJob: async (_, name, how) => {
        kubelet.setFate(name, { kind: 'ends', how });
        await eventually(async () => {
          await kubelet.pass();
          if ((await listed(name))?.status === 'active') throw new Error('the Job has not ended');
        });
      },
      startPod: async (_, name) => {
        const resizes = refused.get(name);
        kubelet.setFate(name, { ...runs, ...(resizes && { resizes }) });
        await kubelet.settle();
      },
      refusePod: async (_, name, message) => {
        kubelet.setFate(name, { kind: 'unschedulable', message });
        await kubelet.settle();
      },
      reclaimPod: async (_, name) => {
        const pod = (await listed(name))?.pod?.name ?? '';
        // The disruption budget would keep it in its place.
        await api.protectPod(place, pod, false);
        const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod } };
        // Until its kubelet has ended it, the pod stays, marked.
        await cluster.admin.request('POST', `${pathOf(place.namespace, 'pods')}/${pod}/eviction`, { body: eviction });
      },
      refuseResizes: (_, name, why) => void refused.set(name, why),
      runStep: (_, name, state) => kubelet.log(name, STEP_LINES[state]),
      failNext: refuseNext,
    },
    severalPages: 501,
    close: () => undefined,
  };
}

jobApiContract('a real API server', makeSubject);
