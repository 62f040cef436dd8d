import type { JobApi } from '#core/ports.ts';
import { failWhere } from '#kit/failing-calls.ts';
import { runnerUuidOf } from '#manifests/naming.ts';
import { VirtualClock } from '#tools/simulator/clock.ts';
import { SimulatedCluster } from '#tools/simulator/cluster.ts';
import { type Interruption, interrupt, undisturbed } from '#tools/simulator/interrupt.ts';
import { jobApiOf } from '#tools/simulator/ports.ts';
import { World } from '#tools/simulator/world.ts';
import { jobApiContract } from './job-api.ts';

const STARTUP_MS = 45_000;

jobApiContract('the simulated cluster', () => {
  const clock = new VirtualClock(0);
  const refused = new Map<string, 'Deferred' | 'Infeasible'>();
  const cluster = new SimulatedCluster(
    clock,
    {
      skewMs: 0,
      startupMs: () => STARTUP_MS,
      capacity: Number.POSITIVE_INFINITY,
      ttlAfterFinishedMs: 300_000,
      absentNamespaces: ['nowhere'],
      resizing: (uuid) => refused.get(uuid),
    },
    { started: () => true, stopped: () => undefined },
  );
  const atWork = new Set<string>();
  let next: Interruption = undisturbed;
  const { jobs } = interrupt(
    { ...new World().ports(), jobs: jobApiOf(cluster, (uuid) => (atWork.has(uuid) ? 'running' : 'none-seen')) },
    (call, proceed) => {
      const present = next;
      next = undisturbed;
      return present(call, proceed);
    },
  );
  const uuidOf = (job: string) => `{${runnerUuidOf(job)}}`;
  const start = () => clock.advanceTo(clock.now + STARTUP_MS);
  return {
    api: jobs,
    namespaces: [
      { cluster: 'main', namespace: 'runners' },
      { cluster: 'main', namespace: 'others' },
    ],
    absent: { cluster: 'main', namespace: 'nowhere' },
    control: {
      secrets: ({ cluster: name, namespace }) =>
        cluster.objects.secrets
          .filter((key) => key.startsWith(`${name}/${namespace}/`))
          .map((key) => key.slice(key.lastIndexOf('/') + 1)),
      endJob: (_namespace, job, how) => {
        start();
        if (how === 'complete') cluster.exit(uuidOf(job));
        else cluster.crash(uuidOf(job), true);
      },
      startPod: start,
      refusePod: (_namespace, job, message) => cluster.refuse(uuidOf(job), message),
      reclaimPod: (_namespace, job) => cluster.reclaim(uuidOf(job), 120_000),
      refuseResizes: (_namespace, job, why) => void refused.set(uuidOf(job), why),
      runStep: (_namespace, job, state) => {
        if (state === 'begun') atWork.add(uuidOf(job));
        else atWork.delete(uuidOf(job));
      },
      failNext: (method: keyof JobApi) => {
        next = failWhere((call) => call.method === method, 'refused');
      },
    },
    severalPages: 3,
    close: () => undefined,
  };
});
