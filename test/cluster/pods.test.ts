/** What a pod that does not run says, from the status that schedulers and kubelets write to what the report is told. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunnerPod } from '#core/model/observation.ts';
import type { JobApi, Namespace } from '#core/ports.ts';
import { type Cluster, useCluster } from './cluster.ts';
import { startKubelet } from './kubelet.ts';
import { launch } from './launch.ts';
import { type Fate, runs } from './pod-status.ts';

let cluster: Cluster;
let place: Namespace;
let api: JobApi;

beforeEach(async () => {
  cluster = useCluster();
  place = await cluster.makeNamespace();
  api = cluster.jobApiOf('autoscaler');
});

const ROWS: readonly { readonly name: string; readonly fate: Fate; readonly pod: Partial<RunnerPod> }[] = [
  { name: 'not looked at yet', fate: { kind: 'waits' }, pod: { phase: 'Pending', restarts: 0 } },
  { name: 'running', fate: runs, pod: { phase: 'Running', restarts: 0 } },
  {
    name: 'no node for it',
    fate: { kind: 'unschedulable', message: "0/5 nodes are available: 5 node(s) didn't match Pod's node selector." },
    pod: {
      phase: 'Pending',
      trouble: {
        reason: 'Unschedulable',
        message: "0/5 nodes are available: 5 node(s) didn't match Pod's node selector.",
      },
    },
  },
  {
    name: 'no image',
    fate: { kind: 'image-missing', image: 'runner:none' },
    pod: {
      phase: 'Pending',
      trouble: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "runner:none"' },
    },
  },
  {
    name: 'crashing',
    fate: { kind: 'crashes', times: 2, exitCode: 137, reason: 'OOMKilled' },
    pod: {
      phase: 'Running',
      restarts: 2,
      trouble: {
        reason: 'CrashLoopBackOff',
        message: 'back-off 10s restarting failed container (last exit: OOMKilled, code 137)',
      },
    },
  },
];

describe('a pod', () => {
  it.each(ROWS)('$name', async ({ fate, pod }) => {
    const kubelet = await startKubelet(cluster, place, { fateOf: () => fate });
    await launch(api, place, 1);
    await kubelet.settle();
    const [job] = await api.list(place);
    expect(job).toMatchObject({ status: 'active', pod });
    expect(job?.pod?.trouble).toEqual(pod.trouble);
  });

  it('of a full node stays without one until there is room', async () => {
    const kubelet = await startKubelet(cluster, place, { fateOf: () => runs, capacity: 1 });
    const first = await launch(api, place, 1);
    await kubelet.settle();
    const second = await launch(api, place, 2);
    await kubelet.settle();
    const podsByJob = async () => Object.fromEntries((await api.list(place)).map((job) => [job.name, job.pod]));
    expect(await podsByJob()).toMatchObject({
      [first]: { phase: 'Running' },
      [second]: { phase: 'Pending', trouble: { message: '0/1 nodes are available: 1 Too many pods.' } },
    });
    await api.deleteJob(place, first);
    await expect
      .poll(
        async () => {
          await kubelet.settle();
          return podsByJob();
        },
        { timeout: 600_000 },
      )
      .toMatchObject({ [second]: { phase: 'Running' } });
  });

  it('that takes its time to start says nothing of it', async () => {
    const kubelet = await startKubelet(cluster, place, { fateOf: () => runs, startDelay: 3 });
    await launch(api, place, 1);
    await expect.poll(() => kubelet.pass(), { timeout: 600_000 }).toBe(true);
    await kubelet.pass();
    const [waiting] = await api.list(place);
    expect(waiting?.pod).toMatchObject({ phase: 'Pending' });
    expect(waiting?.pod?.trouble).toBeUndefined();
    await kubelet.settle();
    expect((await api.list(place))[0]?.pod).toMatchObject({ phase: 'Running' });
  });
});
