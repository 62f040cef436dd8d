import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { statusReason } from '#adapters/kubernetes/failure.ts';
import { connectKubeconfig } from '#adapters/kubernetes/kubeconfig.ts';
import type { FaultAnswer } from '#kit/loopback-kubernetes.ts';
import { openLoopback } from './loopback.ts';

const JOBS = '/apis/batch/v1/namespaces/runners/jobs';
const SECRETS = '/api/v1/namespaces/runners/secrets';
const SECRET = { kind: 'Secret', metadata: { name: 's' }, data: { key: 'dGhlLXNlY3JldA==' } };

async function messageOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no error',
    (error: Error) => error.message.replace(/127\.0\.0\.1:\d+/, 'HOST'),
  );
}

describe('requests', () => {
  it('carry the credentials, the query and the body as they are', async () => {
    await using loopback = await openLoopback();
    const job = {
      kind: 'Job',
      metadata: { name: 'a' },
      spec: { newerField: 1, template: { spec: { containers: [{}] } } },
    };
    await loopback.client.request('POST', JOBS, { query: { fieldValidation: 'Strict', limit: undefined }, body: job });
    expect(loopback.server.requests).toEqual([
      {
        method: 'POST',
        path: JOBS,
        query: { fieldValidation: 'Strict' },
        authorization: 'Bearer loopback-token',
        body: job,
      },
    ]);
  });

  it('a DELETE with a body leaves its connection fit for the next request', async () => {
    await using loopback = await openLoopback();
    for (const name of ['a', 'b']) loopback.server.put('runners', 'jobs', { metadata: { name } });
    const body = { propagationPolicy: 'Background' };
    await loopback.client.request('DELETE', `${JOBS}/a`, { body });
    await loopback.client.request('DELETE', `${JOBS}/b`, { body });
    expect(loopback.server.names('runners', 'pods')).toEqual([]);
    expect(loopback.trace()).toHaveLength(2);
  });

  it('are counted as they leave, repetitions included', async () => {
    let calls = 0;
    const onCall = () => {
      calls += 1;
    };
    await using loopback = await openLoopback({}, { onCall });
    loopback.server.failNext({ answer: { status: 503 }, times: 2 });
    await loopback.client.request('GET', JOBS);
    expect(calls).toBe(3);
  });
});

describe('what is repeated', () => {
  it.each<[string, FaultAnswer, number, readonly number[]]>([
    ['overload', { status: 503 }, 3, [100, 200, 400]],
    ['an error of the server', { status: 500 }, 1, [100]],
    ['too many requests', { status: 429 }, 2, [100, 200]],
    ['too many requests, with a wish', { status: 429, headers: { 'retry-after': '7' } }, 1, [7100]],
    [
      'a wish as a date by the clock of the server',
      {
        status: 503,
        headers: { 'retry-after': 'Thu, 01 Jan 1970 00:00:02 GMT', date: 'Thu, 01 Jan 1970 00:00:00 GMT' },
      },
      1,
      [2100],
    ],
    ['a wish that makes no sense', { status: 503, headers: { 'retry-after': 'soon' } }, 1, [100]],
    ['a lost connection', 'reset', 2, [100, 200]],
    ['a collision on a quota', { status: 409, reason: 'Conflict' }, 1, [100]],
  ])('%s', async (_name, answer, times, sleeps) => {
    await using loopback = await openLoopback();
    loopback.server.failNext({ answer, times });
    await loopback.client.request('GET', JOBS);
    expect(loopback.sleeps).toEqual(sleeps);
    expect(loopback.trace()).toHaveLength(times + 1);
  });

  it.each<[string, FaultAnswer, number]>([
    ['overload that lasts', { status: 503 }, 4],
    ['a connection that is lost again and again', 'reset', 4],
    ['a wish to wait for a minute', { status: 429, headers: { 'retry-after': '60' } }, 1],
    ['a refusal', { status: 403, reason: 'Forbidden' }, 1],
    ['an object that exists', { status: 409, reason: 'AlreadyExists' }, 1],
    ['an answer that is not JSON', { text: '<html>' }, 1],
  ])('ends with: %s', async (_name, answer, calls) => {
    await using loopback = await openLoopback();
    loopback.server.failNext({ answer, times: 10 });
    await expect(loopback.client.request('GET', JOBS)).rejects.toMatchObject({ service: 'kubernetes' });
    expect(loopback.trace()).toHaveLength(calls);
  });

  it.each<[string, readonly FaultAnswer[], string]>([
    ['refused at once', [{ status: 422 }], 'refused'],
    ['turned away by load', [{ status: 429 }, { status: 403 }], 'refused'],
    ['refused after an answer was lost', ['reset', { status: 403 }], 'unknown'],
    ['refused after an error of the server', [{ status: 500 }, { status: 422 }], 'unknown'],
  ])('tells whether it may have happened: %s', async (_name, answers, outcome) => {
    await using loopback = await openLoopback();
    for (const answer of answers) loopback.server.failNext({ answer });
    await expect(loopback.client.request('POST', SECRETS, { body: SECRET })).rejects.toMatchObject({ outcome });
  });

  it('a create whose answer was lost meets its own object', async () => {
    await using loopback = await openLoopback();
    loopback.server.failNext({ answer: 'reset-after-effect' });
    const error = await loopback.client.request('POST', SECRETS, { body: SECRET }).catch((caught) => caught);
    expect(statusReason(error)).toBe('AlreadyExists');
    expect(loopback.server.names('runners', 'secrets')).toEqual(['s']);
  });
});

describe('time-outs', () => {
  it.each(['hang', 'hang-in-body'] as const)('%s: given up, tried once more, then told', async (answer) => {
    await using loopback = await openLoopback({}, { timeoutMs: 500 });
    loopback.server.failNext({ answer, times: 10 });
    expect(await messageOf(loopback.client.request('GET', JOBS))).toBe(
      'cluster "loopback" (http://HOST): cannot list jobs in namespace "runners": no answer within 500 ms; check the network path and the load of the API server',
    );
    expect(loopback.trace()).toHaveLength(2);
  });

  it('a credential plugin that hangs is given up too', async () => {
    const user = { exec: { command: process.execPath, args: ['-e', 'setTimeout(() => {}, 400)'] } };
    await using loopback = await openLoopback({}, { timeoutMs: 50 }, { user });
    expect(await messageOf(loopback.client.request('GET', JOBS))).toContain('no answer within 50 ms');
    expect(loopback.trace()).toEqual([]);
  });
});

describe('one sentence for each failure', () => {
  const list = 'cluster "loopback" (http://HOST): cannot list jobs in namespace "runners": ';
  it.each<[string, FaultAnswer, string]>([
    [
      'expired credentials',
      { status: 401 },
      `${list}the credentials are not accepted (401); log in again, or check what the kubeconfig gives as credentials`,
    ],
    [
      'a quota',
      { status: 403, reason: 'Forbidden', message: 'exceeded quota: small, requested: count/jobs.batch=1' },
      `${list}refused (403, Forbidden: exceeded quota: small, requested: count/jobs.batch=1); raise the quota, or lower max of the groups in this namespace`,
    ],
    [
      'a webhook',
      { status: 400, message: 'admission webhook "policy.acme.example"\n  denied the request: no privileged pods' },
      `${list}refused (400: admission webhook "policy.acme.example" denied the request: no privileged pods); change the template to what that rule allows, or ask whoever keeps it`,
    ],
    [
      'an endless message',
      { status: 422, reason: 'Invalid', message: 'x'.repeat(5000) },
      `${list}refused (422, Invalid: ${'x'.repeat(400)}…); correct the Job template, where validate names the line of what it knows`,
    ],
    [
      'somebody who showed no credentials',
      {
        status: 403,
        reason: 'Forbidden',
        message:
          'jobs.batch is forbidden: User "system:anonymous" cannot list resource "jobs" in API group "batch" in the namespace "runners"',
      },
      `${list}the cluster does not know who is asking (403, system:anonymous); log in again, or check what the kubeconfig gives as credentials`,
    ],
    ['an unwell server', { status: 502 }, `${list}the API server is overloaded or unwell (502)`],
    [
      'something that is no API server',
      { text: '<html>Log in</html>' },
      `${list}the answer is not JSON; check that the server is a Kubernetes API server`,
    ],
    ['a connection that is cut', 'reset', `${list}the connection was lost (ECONNRESET); the next tick tries again`],
  ])('%s', async (_name, answer, expected) => {
    await using loopback = await openLoopback();
    loopback.server.failNext({ answer, times: 10 });
    expect(await messageOf(loopback.client.request('GET', JOBS))).toBe(expected);
  });

  it('a right that is missing, with the Role to apply', async () => {
    await using loopback = await openLoopback();
    expect(await messageOf(loopback.client.request('GET', `${JOBS}/a`))).toBe(
      'cluster "loopback" (http://HOST): cannot get jobs in namespace "runners": not allowed (403): get jobs.batch in namespace "runners" is missing; apply the Role of the runner namespace',
    );
  });

  it('a namespace that does not exist', async () => {
    await using loopback = await openLoopback({ namespaces: [] });
    expect(await messageOf(loopback.client.request('POST', JOBS, { body: { kind: 'Job' } }))).toBe(
      'cluster "loopback" (http://HOST): cannot create jobs in namespace "runners": the namespace "runners" does not exist; create it, or correct the group\'s namespace',
    );
  });

  it('a server that is not there', async () => {
    await using loopback = await openLoopback({}, {}, { cluster: { server: 'http://127.0.0.1:1' } });
    const call = loopback.client.request('GET', JOBS);
    await expect(call).rejects.toThrow(/it cannot be reached \(ECONNREFUSED\); check the server's address/);
    await expect(call).rejects.toMatchObject({ outcome: 'refused' });
    expect(loopback.sleeps).toEqual([100, 200, 400]);
  });

  it.each([
    [
      'of another CA',
      {},
      (): Record<string, string> => ({ 'certificate-authority-data': '' }),
      /not from the CA that we were given/,
    ],
    ['for another host', { names: ['elsewhere.example'] }, () => ({}), /is for another host name/],
    [
      'for another host whose name we know',
      { names: ['elsewhere.example'] },
      () => ({ 'tls-server-name': 'elsewhere.example' }),
      /^no error$/,
    ],
  ])('a certificate %s', async (_name, tls, cluster, expected) => {
    await using loopback = await openLoopback({ tls }, {}, { cluster: cluster() });
    expect(await messageOf(loopback.client.request('GET', JOBS))).toMatch(expected);
  });

  it('a server that speaks no TLS', async () => {
    await using loopback = await openLoopback();
    const https = { cluster: { server: loopback.server.url.replace('http:', 'https:') } };
    const client = connectKubeconfig({ path: await loopback.server.writeKubeconfig(loopback.directory, https) });
    expect(await messageOf(client.request('GET', JOBS))).toMatch(/TLS failed; check that the address/);
  });

  it('a peer that hangs up in the handshake counts as lost', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await using loopback = await openLoopback({}, {}, { cluster: { server: `https://127.0.0.1:${port}` } });
    expect(await messageOf(loopback.client.request('GET', JOBS))).toMatch(/the connection was lost/);
    server.close();
  });
});

describe('secrets', () => {
  it.each<[string, FaultAnswer]>([
    [
      'a value that is quoted',
      { status: 422, reason: 'Invalid', message: 'data: "dGhlLXNlY3JldA=="', fields: ['data[key]'] },
    ],
    ['a webhook that quotes', { status: 403, reason: 'Forbidden', message: 'denied: dGhlLXNlY3JldA== is bad' }],
    ['a server that quotes', { status: 500, message: 'dGhlLXNlY3JldA==' }],
    ['a text that is no JSON', { text: 'dGhlLXNlY3JldA==' }],
  ])('are not in the message: %s', async (_name, answer) => {
    await using loopback = await openLoopback();
    loopback.server.failNext({ answer, times: 10 });
    const message = await messageOf(loopback.client.request('POST', SECRETS, { body: SECRET }));
    expect(message).toContain('cannot create secrets in namespace "runners"');
    expect(message).not.toContain('dGhlLXNlY3JldA');
    expect(message).not.toContain('loopback-token');
  });

  it.each([
    [
      'a policy',
      `secrets "s" is forbidden: ValidatingAdmissionPolicy 'no-secrets' with binding 'b' denied request: dGhlLXNlY3JldA==`,
      `ValidatingAdmissionPolicy 'no-secrets'`,
    ],
    [
      'a webhook',
      'admission webhook "guard.example.com" denied the request: dGhlLXNlY3JldA==',
      'admission webhook "guard.example.com"',
    ],
  ])('who refuses them is told, without its words: %s', async (_name, message, who) => {
    await using loopback = await openLoopback();
    loopback.server.failNext({ answer: { status: 403, reason: 'Forbidden', message } });
    const told = await messageOf(loopback.client.request('POST', SECRETS, { body: SECRET }));
    expect(told).toContain(`refused (403, Forbidden: ${who})`);
    expect(told).not.toContain('dGhlLXNlY3JldA');
  });

  it('what is wrong with them is told by field, and quotas in full', async () => {
    await using loopback = await openLoopback();
    const invalid = { status: 422, reason: 'Invalid', message: '"x"', fields: ['data[key]'] };
    loopback.server.failNext({ answer: invalid });
    expect(await messageOf(loopback.client.request('POST', SECRETS, { body: SECRET }))).toMatch(
      /\(422, Invalid: data\[key\]\)/,
    );
    loopback.server.failNext({ answer: { status: 403, reason: 'Forbidden', message: 'exceeded quota: small' } });
    expect(await messageOf(loopback.client.request('POST', SECRETS, { body: SECRET }))).toMatch(
      /exceeded quota: small/,
    );
  });
});
