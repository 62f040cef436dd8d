/**
 * The program is killed before and after each call of a tick that adds runners, with Jobs and Secrets in a real
 * cluster. The following ticks repair what it left, as the API server and Bitbucket both see it.
 *
 * Bitbucket, memory and our clock are the simulator's. The cluster's clock is the machine's and falls behind by a
 * minute with every tick, so the cluster's objects look older than they are.
 */
import { describe, expect, it } from 'vitest';
import { bareUuid, jobName, RUNNER_LABEL, secretName } from '../../lib/kubernetes/naming.ts';
import { tickIn } from '../../lib/simulator/drive.ts';
import { dieAt, type Interruption, interrupt, type PortCall, undisturbed } from '../../lib/simulator/interrupt.ts';
import { World } from '../../lib/simulator/world.ts';
import { fleet, group } from '../fixtures/fleet.ts';
import { type Cluster, eventually, useCluster } from './cluster.ts';
import { startKubelet } from './kubelet.ts';
import { runs } from './pod-status.ts';

const MINUTE = 60_000;
const RUNNERS = 2;
const START_TIMEOUT_MS = 3 * MINUTE;
/** Until a lease has expired, a start has timed out, its successor has started, and clean-up has looked twice. */
const TICKS_TO_REPAIR = 12;
/** Scenarios in flight at once; each has a namespace of its own. */
const AT_ONCE = 6;

/** A Bitbucket in memory and a cluster that is real, with nothing in them yet. */
async function openStage(cluster: Cluster) {
  const world = new World({ start: Date.now() });
  const place = await cluster.makeNamespace();
  const builds = group({ ...place, min: RUNNERS, startTimeoutMs: START_TIMEOUT_MS });
  const kubelet = await startKubelet(cluster, place, {
    fateOf: () => runs,
    onStart: ({ RUNNER_UUID = '' }) => world.bitbucket.connect(RUNNER_UUID),
  });
  const tick = (interruption: Interruption = undisturbed) =>
    tickIn(world, fleet([builds]), interrupt({ ...world.ports(), jobs: cluster.jobApiOf('autoscaler') }, interruption));
  return { world, place, kubelet, tick, registrations: () => world.bitbucket.list(builds.scope) };
}

/** The calls of a tick that nobody disturbs. */
async function callsOfAnAdd(cluster: Cluster): Promise<readonly PortCall[]> {
  const { tick } = await openStage(cluster);
  const calls: PortCall[] = [];
  await tick((call, proceed) => {
    calls.push(call);
    return proceed();
  });
  return calls;
}

async function surviveDeath(cluster: Cluster, index: number, when: 'before' | 'after', what: string): Promise<void> {
  const { world, place, kubelet, tick, registrations } = await openStage(cluster);
  await tick(dieAt(index, when)).catch(() => undefined);
  await kubelet.settle();
  for (let count = 0; count < TICKS_TO_REPAIR; count += 1) {
    world.advance(MINUTE);
    await tick();
    await kubelet.settle();
  }
  const uuids = registrations().map(({ uuid }) => uuid);
  expect(
    registrations().map(({ status }) => status),
    what,
  ).toEqual(Array.from({ length: RUNNERS }, () => 'ONLINE'));
  await eventually(async () => {
    await kubelet.pass();
    expect(await cluster.names(place, 'jobs'), what).toEqual(uuids.map(jobName).toSorted());
    expect(await cluster.names(place, 'secrets'), what).toEqual(uuids.map(secretName).toSorted());
    const pods = (await cluster.objects(place, 'pods')).map(({ metadata }) => metadata.labels?.[RUNNER_LABEL] ?? '');
    expect(pods.toSorted(), what).toEqual(uuids.map(bareUuid).toSorted());
  });
}

describe('killed during an add', () => {
  it('each step is a call of its own, so that there is something to kill', async () => {
    const calls = (await callsOfAnAdd(useCluster())).map(({ port, method }) => `${port}.${method}`);
    expect(calls).toEqual(
      expect.arrayContaining(['runners.register', 'jobs.createJob', 'jobs.createSecret', 'state.save']),
    );
    expect(calls.filter((call) => call === 'jobs.createSecret')).toHaveLength(RUNNERS);
  });

  it.each(['before', 'after'] as const)(
    '%s each call: the next ticks leave nothing over',
    async (when) => {
      const cluster = useCluster();
      const calls = await callsOfAnAdd(cluster);
      const scenarios = calls.map(({ index, port, method }) => ({
        index,
        what: `killed ${when} call ${index}, ${port}.${method}`,
      }));
      for (let first = 0; first < scenarios.length; first += AT_ONCE) {
        const batch = scenarios.slice(first, first + AT_ONCE);
        await Promise.all(batch.map(({ index, what }) => surviveDeath(cluster, index, when, what)));
      }
    },
    180_000,
  );
});
