/**
 * The shipped line between a Bitbucket in memory and a cluster that is real. Memory and our clock are the simulator's
 * too; the cluster's clock is the machine's and falls behind when ours is advanced, so its objects look older than they
 * are.
 */
import { expect } from 'vitest';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { bareUuid } from '#core/uuid.ts';
import { tickIn } from '#kit/drive.ts';
import { fleet, group } from '#kit/fleet.ts';
import { jobName, RUNNER_LABEL, secretName } from '#manifests/naming.ts';
import { type Interruption, interrupt, undisturbed } from '#tools/simulator/interrupt.ts';
import { World } from '#tools/simulator/world.ts';
import { type Cluster, eventually } from './cluster.ts';
import { startKubelet } from './kubelet.ts';
import { type Fate, runs } from './pod-status.ts';

export type Stage = Awaited<ReturnType<typeof openStage>>;

/**
 * Nothing is there yet; pods run as soon as they have their Secret, and then their runners come online, unless
 * `nodes` is told otherwise.
 */
export async function openStage(cluster: Cluster, over: Partial<RunnerGroup> = {}) {
  const world = new World({ start: Date.now() });
  const place = await cluster.makeNamespace();
  const builds = group({ ...over, ...place });
  const nodes: { fate: Fate; reachBitbucket: boolean } = { fate: runs, reachBitbucket: true };
  const kubelet = await startKubelet(cluster, place, {
    fateOf: () => nodes.fate,
    onStart: ({ RUNNER_UUID = '' }) => {
      if (nodes.reachBitbucket) world.bitbucket.connect(RUNNER_UUID);
    },
  });
  // Between two attempts no time passes: what a cluster that is away costs is not in question here.
  const jobs = cluster.jobApiOf('autoscaler', { sleep: async () => undefined });
  return {
    cluster,
    world,
    place,
    nodes,
    kubelet,
    registrations: () => world.bitbucket.list(builds.scope),
    tick: (interruption: Interruption = undisturbed) =>
      tickIn(world, fleet([builds]), interrupt({ ...world.ports(), jobs }, interruption)),
  };
}

/** Every registration is at work, with its Job, its Secret and its pod, and nothing else is there. */
export async function expectSettled(
  { cluster, place, kubelet, registrations }: Stage,
  runners: number,
  what: string,
): Promise<void> {
  const statuses = registrations().map(({ status }) => status);
  expect(statuses, what).toEqual(Array.from({ length: runners }, () => 'ONLINE'));
  const uuids = registrations().map(({ uuid }) => uuid);
  await eventually(async () => {
    await kubelet.pass();
    expect(await cluster.names(place, 'jobs'), what).toEqual(uuids.map(jobName).toSorted());
    expect(await cluster.names(place, 'secrets'), what).toEqual(uuids.map(secretName).toSorted());
    const pods = (await cluster.objects(place, 'pods')).map(({ metadata }) => metadata.labels?.[RUNNER_LABEL] ?? '');
    expect(pods.toSorted(), what).toEqual(uuids.map(bareUuid).toSorted());
  });
}
