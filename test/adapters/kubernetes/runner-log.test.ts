/** The second witness: what the last lines of a runner's log show of steps. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { fixedIdentity } from '#adapters/http/identity.ts';
import { type ClusterEndpoint, createClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { createKubernetesJobApi } from '#adapters/kubernetes/jobs.ts';
import { LOG_TAIL, stepInTail } from '#adapters/kubernetes/runner-log.ts';
import { startLoopbackKubernetes } from '#kit/loopback-kubernetes.ts';

const line = (text: string) => `[2026-11-27 12:00:00,000] ${text}\n`;
const BEGAN = line('Getting step StepId{accountUuid={a}, repositoryUuid={r}, pipelineUuid={p}, stepUuid={s}}.');
const ENDED = line('Completing step with result Result{status=PASSED, error=None}.');
const CHECKS = line('Updating runner status to "ONLINE" and checking for new steps assigned to the runner.');
const SAYS = line('Appending log line to main log.');
const many = (count: number, text = SAYS) => text.repeat(count);

describe('the end of a log', () => {
  it.each([
    ['nothing', '', 'none-seen'],
    ['no step yet', CHECKS, 'none-seen'],
    ['a step that began', CHECKS + BEGAN + SAYS, 'running'],
    ['a step that ended', BEGAN + SAYS + ENDED + CHECKS, 'none-seen'],
    ['the end of a step that began further up', many(10) + ENDED, 'none-seen'],
    ['another step that began', BEGAN + ENDED + BEGAN, 'running'],
    ['a step of a runner that nobody knows', BEGAN.replace('{a}', '{stranger}'), 'running'],
    ['as many lines as are read, and neither begin nor end among them', many(LOG_TAIL.lines), 'unreadable'],
    ['one line fewer: all there is', many(LOG_TAIL.lines - 1), 'none-seen'],
    ['as many lines as are read, with an end', many(LOG_TAIL.lines - 1) + ENDED, 'none-seen'],
    ['as many lines as are read, with a begin', BEGAN + many(LOG_TAIL.lines - 1), 'running'],
    ['lines so long that the last ones are cut off', BEGAN + 'x'.repeat(LOG_TAIL.bytes), 'unreadable'],
    ['cut off after an end', BEGAN + ENDED + 'x'.repeat(LOG_TAIL.bytes), 'unreadable'],
    ['not a log at all', '\u0000\uFFFD{"kind":"Status"}', 'none-seen'],
  ] as const)('%s: %s', (_name, tail, expected) => {
    expect(stepInTail(tail)).toBe(expected);
  });
});

describe('reading it', () => {
  const PLACE = { cluster: 'main', namespace: 'runners' };

  async function setUp(allow?: () => boolean) {
    const server = await startLoopbackKubernetes(allow === undefined ? {} : { allow });
    onTestFinished(() => server.close());
    const who: ClusterEndpoint = { server: server.url, headers: { authorization: `Bearer ${server.token}` }, tls: {} };
    const client = createClusterClient(
      { description: 'cluster "main"', endpoint: fixedIdentity(who) },
      { sleep: async () => {} },
    );
    const containers = [{ name: 'docker' }, { name: 'runner' }];
    server.put('runners', 'jobs', {
      metadata: { name: 'runner-a' },
      spec: { template: { spec: { containers } } },
    } as never);
    return { server, jobs: createKubernetesJobApi({ clients: async () => client }) };
  }

  it('asks for the last lines of the container, and for no more bytes than are of use', async () => {
    const { server, jobs } = await setUp();
    server.writePodLog('runners', 'runner-a', BEGAN);
    expect(await jobs.stepInLog(PLACE, 'runner-a-pod', 'runner')).toBe('running');
    expect(server.requests.map(({ method, path, query }) => ({ method, path, query }))).toEqual([
      {
        method: 'GET',
        path: '/api/v1/namespaces/runners/pods/runner-a-pod/log',
        query: { container: 'runner', tailLines: '2000', limitBytes: '1048576' },
      },
    ]);
  });

  it('of a log of 10 MB reads the end', async () => {
    const { server, jobs } = await setUp();
    server.writePodLog('runners', 'runner-a', many(200_000) + BEGAN + many(1_000));
    expect(await jobs.stepInLog(PLACE, 'runner-a-pod', 'runner')).toBe('running');
  });

  it('does not read 10 MB from a server that gives them all the same', async () => {
    const { server, jobs } = await setUp();
    server.failNext({ method: 'GET', answer: { text: BEGAN + 'x'.repeat(10_485_760) } });
    expect(await jobs.stepInLog(PLACE, 'runner-a-pod', 'runner')).toBe('unreadable');
  });

  it('without the right says so', async () => {
    const { jobs } = await setUp(() => false);
    expect(await jobs.stepInLog(PLACE, 'runner-a-pod', 'runner')).toBe('not-allowed');
  });

  it.each([
    ['a pod that is gone', 404, 'NotFound'],
    ['a container that has not begun', 400, 'BadRequest'],
  ])('%s has no step', async (_name, status, reason) => {
    const { server, jobs } = await setUp();
    server.failNext({ answer: { status, reason } });
    expect(await jobs.stepInLog(PLACE, 'runner-a-pod', 'runner')).toBe('none-seen');
  });

  it('of several containers, of which nobody knows which is the runner, is unreadable', async () => {
    const { server, jobs } = await setUp();
    server.failNext({ answer: { status: 400, reason: 'BadRequest' } });
    expect(await jobs.stepInLog(PLACE, 'runner-a-pod', undefined)).toBe('unreadable');
  });

  it('anything else is an error with one sentence', async () => {
    const { server, jobs } = await setUp();
    server.failNext({ times: 9, answer: { status: 500, message: 'dial tcp 10.0.0.7:10250: i/o timeout' } });
    await expect(jobs.stepInLog(PLACE, 'runner-a-pod', 'runner')).rejects.toThrow(
      'cluster "main": cannot get pods in namespace "runners": the API server is overloaded or unwell (500: dial tcp 10.0.0.7:10250: i/o timeout)',
    );
  });
});
