/** What becomes of a runner's objects, by the cluster's own controllers; and that Secrets are written and never seen. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { JobApi, Namespace } from '#core/ports.ts';
import { secretName } from '#manifests/naming.ts';
import { type Cluster, eventually, useCluster } from './cluster.ts';
import { type Kubelet, startKubelet } from './kubelet.ts';
import { launch, manifestsOf, uuidOf } from './launch.ts';
import { runs } from './pod-status.ts';

let cluster: Cluster;
let place: Namespace;
let api: JobApi;
let kubelet: Kubelet;
let environments: Readonly<Record<string, string>>[];

beforeEach(async () => {
  cluster = useCluster();
  place = await cluster.makeNamespace();
  api = cluster.jobApiOf('autoscaler');
  environments = [];
  kubelet = await startKubelet(cluster, place, { fateOf: () => runs, onStart: (values) => environments.push(values) });
});

const everything = async () => ({
  jobs: await cluster.names(place, 'jobs'),
  secrets: await cluster.names(place, 'secrets'),
  pods: (await cluster.names(place, 'pods')).length,
});
const NOTHING = { jobs: [], secrets: [], pods: 0 };

describe('a runner in a cluster', () => {
  it('starts with the credentials of its registration', async () => {
    await launch(api, place, 1);
    await kubelet.settle();
    expect(environments).toMatchObject([
      {
        ACCOUNT_UUID: uuidOf(999),
        RUNNER_UUID: uuidOf(1),
        OAUTH_CLIENT_ID: 'client-1',
        OAUTH_CLIENT_SECRET: 'secret-1',
      },
    ]);
  });

  it('waits for its Secret, and starts when it is there', async () => {
    const { job, secret } = manifestsOf(place, 1);
    const owner = await api.createJob(place, job);
    await kubelet.settle();
    expect((await api.list(place))[0]?.pod?.trouble).toEqual({
      reason: 'CreateContainerConfigError',
      message: `secret "${secretName(uuidOf(1))}" not found`,
    });
    await api.createSecret(place, secret, owner);
    await kubelet.settle();
    expect((await api.list(place))[0]?.pod).toMatchObject({ phase: 'Running' });
    expect(environments).toHaveLength(1);
  });

  it('goes as a whole: Job, pod and Secret, and leaves its neighbours', async () => {
    const name = await launch(api, place, 1);
    const other = await launch(api, place, 2);
    await kubelet.settle();
    await api.deleteJob(place, name);
    await eventually(async () => {
      await kubelet.pass();
      expect(await everything()).toEqual({ jobs: [other], secrets: [secretName(uuidOf(2))], pods: 1 });
    });
  });

  it('a Secret that comes after its Job is gone goes too', async () => {
    const { job, secret } = manifestsOf(place, 1);
    const owner = await api.createJob(place, job);
    await api.deleteJob(place, owner.name);
    await eventually(async () => expect(await cluster.names(place, 'jobs')).toEqual([]));
    await api.createSecret(place, secret, owner);
    await eventually(async () => {
      await kubelet.pass();
      expect(await everything()).toEqual(NOTHING);
    });
  });

  it('cleans up after itself when its time to live is over, Secret included', async () => {
    const { job, secret } = manifestsOf(place, 1);
    const soon = { ...job, spec: { ...(job.spec as object), ttlSecondsAfterFinished: 1 } };
    await api.createSecret(place, secret, await api.createJob(place, soon));
    await kubelet.settle();
    kubelet.setFate(job.metadata.name, { kind: 'ends', how: 'complete' });
    await eventually(async () => {
      await kubelet.pass();
      expect(await everything()).toEqual(NOTHING);
    });
  });

  it('is not replaced while a pod of it still ends', async () => {
    const name = await launch(api, place, 1);
    await kubelet.settle();
    const [pod] = await cluster.names(place, 'pods');
    await cluster.admin.request('DELETE', `/api/v1/namespaces/${place.namespace}/pods/${pod}`);
    // Its grace period runs; the Job knows and waits.
    await eventually(async () => {
      const [job] = await cluster.objects(place, 'jobs');
      expect(job?.status).toMatchObject({ terminating: 1 });
    });
    expect((await cluster.objects(place, 'pods')).map(({ metadata }) => metadata.name)).toEqual([pod]);
    expect(await cluster.names(place, 'jobs')).toEqual([name]);
  });
});

describe('the life of a runner, as the audit log has it', () => {
  it('takes these requests and no other; a Secret is written, and never seen again', async () => {
    const name = await launch(api, place, 1);
    await api.list(place);
    await api.deleteJob(place, name);
    expect(cluster.audit(place).tally).toEqual({
      'create jobs': 1,
      'create secrets': 1,
      'list jobs': 1,
      'list pods': 1,
      'delete jobs': 1,
    });
  });

  it.each([
    { verb: 'list', method: 'GET', path: '/secrets' },
    { verb: 'get', method: 'GET', path: `/secrets/${secretName(uuidOf(1))}` },
    { verb: 'delete', method: 'DELETE', path: `/secrets/${secretName(uuidOf(1))}` },
    { verb: 'patch', method: 'PATCH', path: `/secrets/${secretName(uuidOf(1))}` },
  ] as const)('could not $verb it either', async ({ method, path }) => {
    await launch(api, place, 1);
    const client = cluster.clientOf('autoscaler');
    await expect(client.request(method, `/api/v1/namespaces/${place.namespace}${path}`)).rejects.toMatchObject({
      status: 403,
    });
  });
});
