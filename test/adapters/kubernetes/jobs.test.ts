import { describe, expect, it } from 'vitest';
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { joinJobs, podPage } from '#adapters/kubernetes/job-objects.ts';
import { createKubernetesJobApi } from '#adapters/kubernetes/jobs.ts';
import { renderManifests } from '#manifests/render.ts';
import { manifestInput } from '../../manifests/group.ts';
import { type Loopback, openLoopback } from './loopback.ts';

const PLACE = { cluster: 'main', namespace: 'runners' };
const JOBS = '/apis/batch/v1/namespaces/runners/jobs';
const PODS = '/api/v1/namespaces/runners/pods';
const NAME = 'runner-11111111-2222-3333-4444-555555555555';
const MANAGED = { 'app.kubernetes.io/managed-by': 'bitbucket-runner-autoscaler' };

function apiOf({ client }: Loopback) {
  return createKubernetesJobApi({ clients: async () => client });
}

function putJobs({ server }: Loopback, count: number) {
  for (let index = 0; index < count; index += 1) {
    server.put('runners', 'jobs', { metadata: { name: `runner-${index}`, labels: MANAGED } } as never);
  }
}

describe('the calls', () => {
  it('of a whole life, in full', async () => {
    await using loopback = await openLoopback();
    const api = apiOf(loopback);
    const { job, secret } = renderManifests(manifestInput());
    const owner = await api.createJob(PLACE, job);
    await api.createSecret(PLACE, secret, owner);
    await api.deleteJob(PLACE, NAME);
    expect(loopback.server.requests.map(({ method, path, query, body }) => ({ method, path, query, body }))).toEqual([
      { method: 'POST', path: JOBS, query: { fieldValidation: 'Strict' }, body: job },
      {
        method: 'POST',
        path: '/api/v1/namespaces/runners/secrets',
        query: { fieldValidation: 'Strict' },
        body: {
          ...secret,
          metadata: {
            ...secret.metadata,
            ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: NAME, uid: owner.uid }],
          },
        },
      },
      {
        method: 'DELETE',
        path: `${JOBS}/${NAME}`,
        query: {},
        body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
      },
    ]);
    expect(loopback.server.names('runners', 'secrets')).toEqual([]);
  });

  it('of a list: Jobs and Pods at once, page by page', async () => {
    await using loopback = await openLoopback({ longestPage: 3 });
    putJobs(loopback, 7);
    expect(await apiOf(loopback).list(PLACE)).toHaveLength(7);
    expect(loopback.trace().filter((line) => line.endsWith('jobs'))).toHaveLength(3);
    expect(loopback.server.requests[0]?.query).toEqual({
      labelSelector: 'app.kubernetes.io/managed-by=bitbucket-runner-autoscaler',
      limit: '500',
    });
    expect(loopback.trace().slice(0, 2).toSorted()).toEqual([`GET ${PODS}`, `GET ${JOBS}`].toSorted());
  });

  it.each([
    ['Jobs first', [JOBS, PODS]],
    ['Pods first', [PODS, JOBS]],
  ])('of a list that is refused twice: one trouble reads alike whichever answer comes first (%s)', async (_, order) => {
    const refusals = new Map<string, () => void>();
    const client: ClusterClient = {
      description: 'cluster "main"',
      text: () => Promise.reject(new Error('nobody reads a log')),
      request: (_method, path) =>
        new Promise((_resolve, reject) => refusals.set(path, () => reject(new Error(`${path} is refused`)))),
    };
    const listed = expect(createKubernetesJobApi({ clients: async () => client }).list(PLACE)).rejects.toThrow(JOBS);
    await expect.poll(() => refusals.size).toBe(2);
    for (const path of order) refusals.get(path)?.();
    await listed;
  });

  it('of a create that meets its own Job: the right to get is not needed', async () => {
    await using loopback = await openLoopback();
    const { job } = renderManifests(manifestInput());
    loopback.server.failNext({ answer: 'reset-after-effect' });
    const { uid } = await apiOf(loopback).createJob(PLACE, job);
    expect(uid).toBe(loopback.server.objects('runners', 'jobs')[0]?.metadata.uid);
    expect(loopback.trace()).toEqual([`POST ${JOBS}`, `POST ${JOBS}`, `GET ${JOBS}`]);
    expect(loopback.server.requests[2]?.query).toMatchObject({ fieldSelector: `metadata.name=${NAME}` });
  });

  it('a Job that is on its way out is no success', async () => {
    await using loopback = await openLoopback();
    const { job } = renderManifests(manifestInput());
    const leaving = { metadata: { ...job.metadata, deletionTimestamp: '2026-11-01T00:00:00Z' } };
    loopback.server.put('runners', 'jobs', leaving);
    await expect(apiOf(loopback).createJob(PLACE, job)).rejects.toThrow(/existed already and is being deleted/);
  });
});

describe('lists that go wrong', () => {
  it('a place that the server forgot: the list starts over, once', async () => {
    await using loopback = await openLoopback({ longestPage: 3 });
    putJobs(loopback, 4);
    let continuations = 0;
    const slow = {
      ...loopback.client,
      request: <T>(...call: Parameters<typeof loopback.client.request>): Promise<T> => {
        if (call[2]?.query?.continue !== undefined) continuations += 1;
        if (continuations === 1) loopback.server.expireContinueTokens();
        return loopback.client.request<T>(...call);
      },
    };
    const api = createKubernetesJobApi({ clients: async () => slow });
    expect(await api.list(PLACE)).toHaveLength(4);
    expect(loopback.trace().filter((line) => line.endsWith('jobs'))).toHaveLength(4);
  });

  it('a page that fails fails the list', async () => {
    await using loopback = await openLoopback({ longestPage: 3 });
    putJobs(loopback, 4);
    loopback.server.failNext({ resource: 'pods', answer: { status: 403, reason: 'Forbidden' } });
    await expect(apiOf(loopback).list(PLACE)).rejects.toThrow(/cannot list pods in namespace "runners"/);
  });

  it.each([
    ['no list', '{"kind":"Status"}'],
    ['items that are none', '{"items":[{"metadata":{}}]}'],
    ['items that are text', '{"items":"none"}'],
  ])('an answer that is %s', async (_name, text) => {
    await using loopback = await openLoopback();
    loopback.server.failNext({ resource: 'jobs', answer: { text } });
    await expect(apiOf(loopback).list(PLACE)).rejects.toThrow(/is not of the kind that was asked for/);
  });

  it('a cluster that cannot be had fails its own calls, by name', async () => {
    const api = createKubernetesJobApi({ clients: () => Promise.reject(new Error('no kubeconfig found')) });
    await expect(api.list(PLACE)).rejects.toMatchObject({
      name: 'ServiceError',
      message: 'cluster "main": no kubeconfig found',
    });
  });
});

describe('what objects say', () => {
  const at = '2026-11-01T00:00:00Z';
  const metadata = (name: string, over: object = {}) => ({
    name,
    uid: `uid-of-${name}`,
    creationTimestamp: at,
    labels: {},
    annotations: {},
    ownerReferences: [],
    ...over,
  });
  const status = {
    phase: 'Pending',
    message: '',
    conditions: [],
    initContainerStatuses: [],
    containerStatuses: [],
  };
  const podOf = (over: object, containers: readonly { name: string; env: { name: string }[] }[] = []) => ({
    metadata: metadata('pod', { ownerReferences: [{ uid: 'uid-of-runner-1' }] }),
    spec: { containers: [...containers] },
    status: { ...status, ...over },
  });
  const jobOf = (name: string, over: object = {}) => ({ metadata: metadata(name, over), status: { conditions: [] } });
  const evicted = (reason: string, status = 'True') => ({ type: 'DisruptionTarget', status, reason, message: '' });
  const ready = (status: string) => ({ type: 'Ready', status, reason: '', message: '' });
  const waiting = (reason: string, message: string, over: object = {}) => ({
    restartCount: 0,
    state: { waiting: { reason, message } },
    ...over,
  });

  it.each([
    ['starting up', { containerStatuses: [waiting('ContainerCreating', '')] }, { phase: 'Pending', restarts: 0 }],
    [
      'image',
      { containerStatuses: [waiting('ErrImagePull', 'no such image')] },
      { phase: 'Pending', restarts: 0, trouble: { reason: 'ErrImagePull', message: 'no such image' } },
    ],
    [
      'a missing Secret',
      { containerStatuses: [waiting('CreateContainerConfigError', 'secret "x" not found')] },
      {
        phase: 'Pending',
        restarts: 0,
        trouble: { reason: 'CreateContainerConfigError', message: 'secret "x" not found' },
      },
    ],
    [
      'a sidecar that crashes, and how',
      {
        phase: 'Running',
        initContainerStatuses: [
          waiting('CrashLoopBackOff', 'back-off 40s', {
            restartCount: 4,
            lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } },
          }),
        ],
        containerStatuses: [{ restartCount: 1 }],
      },
      {
        phase: 'Running',
        restarts: 5,
        trouble: { reason: 'CrashLoopBackOff', message: 'back-off 40s (last exit: OOMKilled, code 137)' },
      },
    ],
    [
      'no node',
      { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/5 nodes' }] },
      { phase: 'Pending', restarts: 0, trouble: { reason: 'Unschedulable', message: '0/5 nodes' } },
    ],
    [
      'eviction',
      { phase: 'Failed', reason: 'Evicted', message: 'low on memory' },
      { phase: 'Failed', restarts: 0, trouble: { reason: 'Evicted', message: 'low on memory' } },
    ],
    [
      'a node that is lost',
      { phase: 'Running', reason: 'NodeLost' },
      { phase: 'Unknown', restarts: 0, trouble: { reason: 'NodeLost', message: '' } },
    ],
    [
      'evicted from a node that does not answer',
      { phase: 'Running', conditions: [evicted('DeletionByTaintManager'), ready('False')] },
      { phase: 'Unknown', restarts: 0 },
    ],
    [
      'evicted from a node on which it still runs',
      { phase: 'Running', conditions: [evicted('DeletionByTaintManager'), ready('True')] },
      { phase: 'Running', restarts: 0 },
    ],
    [
      'drained, while it may take its time',
      { phase: 'Running', conditions: [evicted('EvictionByEvictionAPI'), ready('False')] },
      { phase: 'Running', restarts: 0 },
    ],
    [
      'not evicted after all',
      { phase: 'Running', conditions: [evicted('DeletionByTaintManager', 'False'), ready('False')] },
      { phase: 'Running', restarts: 0 },
    ],
    [
      'ended on a node that is lost',
      { phase: 'Failed', reason: 'NodeLost' },
      { phase: 'Failed', restarts: 0, trouble: { reason: 'NodeLost', message: '' } },
    ],
    ['a phase of tomorrow', { phase: 'Dreaming' }, { phase: 'Unknown', restarts: 0 }],
  ])('a pod: %s', (_name, over, expected) => {
    const [job] = joinJobs([jobOf('runner-1')], [podOf(over)]);
    expect(job?.pod).toEqual({ name: 'pod', isProtected: false, ...expected });
  });

  it.each([
    ['labels', { labels: { 'bitbucket-runner-autoscaler/runner': 'abc' } }, 'abc'],
    ['its name, where labels are missing', {}, '1'],
  ])('a Job’s runner from %s', (_name, over, expected) => {
    const [job] = joinJobs([jobOf('runner-1', over)], []);
    expect(job).toMatchObject({ runnerUuid: expected, createdAt: Date.parse(at) });
  });

  const MARK = 'bitbucket-runner-autoscaler/requests';
  const WRITTEN = { container: 'docker', isInit: true, idle: { cpu: '50m' }, full: { cpu: '1000m' } };
  const resized = (requests: object, over: object = {}, mark: string = JSON.stringify(WRITTEN)) => {
    const pod = podOf({ phase: 'Running', ...over });
    return {
      ...pod,
      metadata: { ...pod.metadata, annotations: { [MARK]: mark } },
      spec: { containers: [], initContainers: [{ name: 'docker', env: [], resources: { requests } }] },
    };
  };
  const pending = (over: object = {}) => ({
    conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Deferred', message: 'no room', ...over }],
  });
  it.each([
    ['for little', resized({ cpu: '50m', memory: '4Gi' }), { ...WRITTEN, asks: 'idle' }],
    ['for all, in other words', resized({ cpu: '1' }), { ...WRITTEN, asks: 'full' }],
    ['for something else', resized({ cpu: '2' }), WRITTEN],
    ['for nothing that is known', { ...resized({}), spec: { containers: [] } }, WRITTEN],
    [
      'in vain',
      resized({ cpu: '1' }, pending({ lastTransitionTime: at })),
      { ...WRITTEN, asks: 'full', pending: { reason: 'Deferred', message: 'no room', since: Date.parse(at) } },
    ],
    [
      'in vain, nobody knows for how long',
      resized({ cpu: '1' }, pending()),
      { ...WRITTEN, asks: 'full', pending: { reason: 'Deferred', message: 'no room', since: 0 } },
    ],
    ['no longer in vain', resized({ cpu: '1' }, pending({ status: 'False' })), { ...WRITTEN, asks: 'full' }],
    ['with a mark that is no JSON', resized({ cpu: '1' }, {}, '{'), undefined],
    ['with a mark that says nothing', resized({ cpu: '1' }, {}, '{}'), undefined],
    ['without a mark', podOf({ phase: 'Running' }), undefined],
  ])('a pod that asks %s', (_name, pod, expected) => {
    const pods = podPage.parse({ items: [pod] }).items ?? [];
    expect(joinJobs([jobOf('runner-1')], pods)[0]?.pod?.resize).toEqual(expected);
  });

  it.each([
    ['with the label', { labels: { 'bitbucket-runner-autoscaler/protected': 'true' } }, true],
    ['without it', {}, false],
  ])('a pod %s', (_name, over, isProtected) => {
    const pod = podOf({});
    const marked = { ...pod, metadata: { ...pod.metadata, ...over } };
    expect(joinJobs([jobOf('runner-1')], [marked])[0]?.pod).toMatchObject({ isProtected });
  });

  const RUNNER_UUID = [{ name: 'RUNNER_UUID' }];
  it.each([
    [
      'by what it is told',
      [
        { name: 'docker', env: [] },
        { name: 'mine', env: RUNNER_UUID },
      ],
      'mine',
    ],
    [
      'by its name',
      [
        { name: 'docker', env: [{ name: 'HOME' }] },
        { name: 'runner', env: [] },
      ],
      'runner',
    ],
    [
      'by what it is told first',
      [
        { name: 'runner', env: [] },
        { name: 'mine', env: RUNNER_UUID },
      ],
      'mine',
    ],
    [
      'by its image, where its variables come from elsewhere',
      [
        { name: 'docker', image: 'docker:29-dind', env: [] },
        { name: 'bitbucket', image: 'docker.example/atlassian/bitbucket-pipelines-runner:5', env: [] },
      ],
      'bitbucket',
    ],
    [
      'not at all',
      [
        { name: 'docker', env: [] },
        { name: 'mine', env: [] },
      ],
      undefined,
    ],
  ])('the container of the runner is known %s', (_name, containers, expected) => {
    expect(joinJobs([jobOf('runner-1')], [podOf({}, containers)])[0]?.pod?.container).toBe(expected);
  });

  const gone = { deletionTimestamp: '2026-11-01T00:10:00Z' };
  const later = (pod: ReturnType<typeof podOf>, over: object = {}) => ({
    ...pod,
    metadata: { ...pod.metadata, name: 'later', creationTimestamp: '2026-11-01T00:01:00Z', ...over },
  });
  const now = (pod: ReturnType<typeof podOf>, over: object = gone) => ({
    ...pod,
    metadata: { ...pod.metadata, ...over },
  });
  const EVICTION = { conditions: [evicted('EvictionByEvictionAPI')] };
  it.each([
    ['one that stays', [], [podOf({ phase: 'Running' })], undefined],
    ['one that is to be disrupted', [], [podOf({ phase: 'Running', ...EVICTION })], { why: 'EvictionByEvictionAPI' }],
    ['one that is disrupted without a word', [], [podOf({ conditions: [evicted('')] })], { why: 'DisruptionTarget' }],
    ['one that is not disrupted after all', [], [podOf({ conditions: [evicted('X', 'False')] })], undefined],
    ['one that somebody deletes', [], [now(podOf({ phase: 'Running' }))], { why: 'Deleted' }],
    ['one that somebody deletes before it runs', [], [now(podOf({}))], { why: 'Deleted' }],
    [
      'the cause of a deletion goes before it',
      [],
      [now(podOf({ phase: 'Running', ...EVICTION }))],
      { why: 'EvictionByEvictionAPI' },
    ],
    ['one that its Job gives up', ['FailureTarget'], [now(podOf({}))], { why: 'Deleted', byItsJob: true }],
    ['one that its Job has given up', ['Failed'], [now(podOf({}))], { why: 'Deleted', byItsJob: true }],
    [
      'one that is disrupted, so that its Job gives up',
      ['FailureTarget'],
      [now(podOf(EVICTION))],
      { why: 'EvictionByEvictionAPI' },
    ],
    ['one that has ended and is tidied away', [], [now(podOf({ phase: 'Succeeded' }))], undefined],
    ['one that has failed and is tidied away', [], [now(podOf({ phase: 'Failed' }))], undefined],
    ['one that was disrupted', [], [podOf({ phase: 'Failed', ...EVICTION })], { why: 'EvictionByEvictionAPI' }],
    [
      'one that was, with another in its place',
      [],
      [later(podOf({})), podOf({ phase: 'Failed', ...EVICTION })],
      undefined,
    ],
    [
      'one that still runs, with another in its place',
      [],
      [later(podOf({})), now(podOf({ phase: 'Running', ...EVICTION }))],
      { why: 'EvictionByEvictionAPI' },
    ],
    ['an earlier one that somebody deletes', [], [now(podOf({})), later(podOf({}))], { why: 'Deleted' }],
  ])('a pod that is taken away: %s', (_name, conditions, pods, expected) => {
    const job = {
      ...jobOf('runner-1'),
      status: { conditions: conditions.map((type) => ({ ...ready('True'), type })) },
    };
    expect(joinJobs([job], pods)[0]?.takenAway).toEqual(expected);
  });

  it('the latest pod of a Job counts', () => {
    const older = podOf({ phase: 'Failed' });
    const newer = {
      ...podOf({ phase: 'Running' }),
      metadata: { ...older.metadata, name: 'newer', creationTimestamp: '2026-11-01T00:01:00Z' },
    };
    const jobs = [jobOf('runner-1')];
    for (const pods of [
      [older, newer],
      [newer, older],
    ]) {
      expect(joinJobs(jobs, pods)[0]?.pod).toMatchObject({ name: 'newer', phase: 'Running' });
    }
  });

  it.each([
    ['none yet', [], 'active'],
    ['about to end', [{ type: 'SuccessCriteriaMet', status: 'True' }], 'active'],
    ['complete', [{ type: 'Complete', status: 'True' }], 'complete'],
    ['failed', [{ type: 'Failed', status: 'True' }], 'failed'],
    ['not failed', [{ type: 'Failed', status: 'False' }], 'active'],
  ])('conditions: %s', (_name, conditions, expected) => {
    const full = conditions.map((condition) => ({ reason: '', message: '', ...condition }));
    const [job] = joinJobs([{ metadata: metadata('runner-1'), status: { conditions: full } }], []);
    expect(job?.status).toBe(expected);
  });

  it('a Job that is no runner’s is left out', () => {
    expect(joinJobs([jobOf('backup')], [])).toEqual([]);
  });
});
