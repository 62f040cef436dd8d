/** Many Jobs: what it costs in requests, by the API server's own count. */
import { beforeEach, expect, it } from 'vitest';
import type { Namespace } from '#core/ports.ts';
import { reconcile } from '#core/reconcile.ts';
import { fleet, group } from '#kit/fleet.ts';
import { World } from '#tools/simulator/world.ts';
import { type Cluster, useCluster } from './cluster.ts';
import { manifestsOf } from './launch.ts';
import { limitObjects } from './policies.ts';

let cluster: Cluster;
let place: Namespace;

beforeEach(async () => {
  cluster = useCluster();
  place = await cluster.makeNamespace();
});

it('a tick that adds 100 runners takes one list of Jobs and pods, and two requests per runner', async () => {
  const world = new World({ start: Date.now() });
  const builds = group({ ...place, min: 100, max: 100, maxCreatesPerTick: 100 });
  const report = await reconcile(
    { fleet: fleet([builds]), mode: 'apply', now: world.now, tickId: 'tick', elapsedMs: () => 0 },
    { ...world.ports(), jobs: cluster.jobApiOf('autoscaler') },
  );
  expect(report.groups[0]?.outcomes.filter(({ status }) => status === 'done')).toHaveLength(100);
  expect(cluster.audit(place).tally).toEqual({
    'list jobs': 1,
    'list pods': 1,
    'create jobs': 100,
    'create secrets': 100,
  });
  expect(await cluster.names(place, 'jobs')).toHaveLength(100);
  expect(await cluster.names(place, 'secrets')).toHaveLength(100);
});

it('100 creates at once under a quota collide on it, and all succeed', async () => {
  await limitObjects(cluster, place, { 'count/jobs.batch': '100' });
  const api = cluster.jobApiOf('autoscaler');
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  await Promise.all(numbers.map((number) => api.createJob(place, manifestsOf(place, number).job)));
  expect(await cluster.names(place, 'jobs')).toHaveLength(100);
});

it('1100 Jobs come in pages of 500, each once', async () => {
  const api = cluster.jobApiOf('autoscaler');
  const template = { name: 'small', origin: 'small.yaml', text: SMALL };
  const numbers = Array.from({ length: 1100 }, (_, index) => index);
  for (let start = 0; start < numbers.length; start += 100) {
    await Promise.all(
      numbers.slice(start, start + 100).map((number) => {
        const { job } = manifestsOf(place, number, { template });
        // Without pods: it is the list that is in question.
        return api.createJob(place, { ...job, spec: { ...(job.spec as object), suspend: true } });
      }),
    );
  }
  const before = cluster.audit(place).events.length;
  const listed = await api.list(place);
  expect(new Set(listed.map(({ name }) => name)).size).toBe(1100);
  expect(listed).toHaveLength(1100);
  const requests = cluster.audit(place).events.slice(before);
  expect(requests.filter(({ objectRef }) => objectRef?.resource === 'jobs')).toHaveLength(3);
  expect(requests.every(({ requestURI }) => requestURI.includes('limit=500'))).toBe(true);
});

const SMALL = `
apiVersion: batch/v1
kind: Job
metadata: { name: "runner-{{runnerUuid}}" }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: runner, image: runner }]
`;
