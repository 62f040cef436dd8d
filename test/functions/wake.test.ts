/** The bundled door and the bundled scaler, from a request to the Job, at a distance of 100 ms for every call. */
import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { LambdaFunctionURLResult } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsEnvironment, json, type ScriptedAnswer, type SeenRequest, scriptedService } from '#kit/loopback.ts';
import { openIssuer } from '#kit/step-tokens.ts';
import { STRANGER } from '#kit/stranger.ts';
import { bundled } from '../doors/bundle.ts';
import { API_TOKEN, configuration } from '../doors/world.ts';
import { type Invocation, linesOf, startLambda } from './lambda.ts';
import { startFunctionWorld } from './world.ts';

const SECRET = 'a secret of thirty-two characters';
const WAKE = 'wake: { from: [acme/app], max: 3 }';
const DISTANT = { latencyMs: 100 };

/** A group that sleeps, and others of its workspace and of another one. */
const SLEEPING = `${configuration({ min: 0 }).trimEnd()}\n    ${WAKE}\n`;

/** All that the two functions live among, and both of them. */
async function openStage({ config = SLEEPING, latencyMs = 0 } = {}) {
  const distance = { latencyMs };
  const world = await startFunctionWorld(config, { bitbucket: distance, kubernetes: distance });
  const events: unknown[] = [];
  let onInvoke: (event: unknown) => void = () => undefined;
  const { AWS_ENDPOINT_URL_DYNAMODB: dynamoDb = '', AWS_ENDPOINT_URL_EKS: eks = '' } = world.environment;
  const answers: Readonly<Record<string, (request: SeenRequest) => ScriptedAnswer | Promise<ScriptedAnswer>>> = {
    dynamodb: (request) => pass(dynamoDb, request),
    eks: (request) => pass(eks, request),
    s3: () => ({ status: 200, headers: { etag: '"1"' }, body: config }),
    secretsmanager: ({ body }) => json(200, { SecretString: body.includes('webhook') ? SECRET : CREDENTIAL }),
    lambda: ({ path, body }) => {
      expect(path).toBe('/2015-03-31/functions/the-scaler/invocations');
      const event: unknown = JSON.parse(body);
      events.push(event);
      onInvoke(event);
      return { status: 202 };
    },
  };
  const aws = await scriptedService(async (request) => {
    await pause(latencyMs);
    const [, service = ''] = /\/([a-z0-9]+)\/aws4_request/.exec(String(request.headers.authorization)) ?? [];
    return (await answers[service]?.(request)) ?? { status: 400 };
  });
  const keys = await scriptedService(async () => {
    await pause(latencyMs);
    return json(200, issuer.keys);
  });
  const issuer = await openIssuer('acme', keys.url);
  const common = {
    ...world.environment,
    ...awsEnvironment(aws.url),
    AWS_ENDPOINT_URL_DYNAMODB: aws.url,
    AWS_ENDPOINT_URL_EKS: aws.url,
    CONFIG_SOURCE: 's3://ci/runners.yaml',
    BITBUCKET_SECRET_ID: 'ci/bitbucket',
    ATLASSIAN_ACCOUNT_EMAIL: '',
    ATLASSIAN_API_TOKEN: '',
  };
  const scale = await startLambda(bundled('scale.js'), common);
  const { BITBUCKET_SECRET_ID: _, ...ofDoor } = common;
  const door = await startLambda(bundled('wake.js'), {
    ...ofDoor,
    BITBUCKET_BASE_URL: keys.url,
    SCALE_FUNCTION: 'the-scaler',
    WEBHOOK_SECRET_ID: 'ci/webhook',
  });
  const who = {
    repositoryUuid: world.bitbucket.uuidOf('acme/app'),
    workspaceUuid: world.bitbucket.uuidOf('acme'),
  };
  return {
    world,
    scale,
    door,
    events,
    fetches: keys.seen,
    /** Those that left the two functions so far. */
    calls: () =>
      [aws.seen, keys.seen, world.bitbucket.requests, world.kubernetes.requests].reduce(
        (sum, all) => sum + all.length,
        0,
      ),
    onInvoke: (react: (event: unknown) => void) => {
      onInvoke = react;
    },
    /** Another step asks. */
    ask: async (runners = 1) => {
      const token = await issuer.token({ ...who, stepUuid: randomUUID() }, Date.now());
      const invocation = await door.invoke(
        posted({ authorization: `Bearer ${token}` }, { group: 'linux-large', runners }),
      );
      expect(invocation.output).not.toContain(token.slice(0, 60));
      return { ...answerOf(invocation), invocation };
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([scale, door].map((lambda) => lambda.kill()));
      await Promise.all([world.close(), aws.close(), keys.close()]);
    },
  };
}

const CREDENTIAL = JSON.stringify({ kind: 'apiToken', email: 'ci@acme.example', token: API_TOKEN });

async function pass(url: string, { method, path, headers, body }: SeenRequest): Promise<ScriptedAnswer> {
  const { host: _, 'content-length': __, connection: ___, ...kept } = headers;
  const sent = { method, headers: kept as Record<string, string>, ...(method === 'GET' ? {} : { body }) };
  const response = await fetch(`${url}${path}`, sent).catch(() => undefined);
  if (response === undefined) return 'reset';
  const type = response.headers.get('content-type') ?? 'application/json';
  return { status: response.status, headers: { 'content-type': type }, body: await response.text() };
}

/** A request as a function URL hands it on. */
function posted(headers: Readonly<Record<string, string>>, body: unknown, isBase64Encoded = false) {
  const text = JSON.stringify(body);
  return {
    version: '2.0',
    requestContext: { http: { method: 'POST', path: '/' } },
    headers: { 'content-type': 'application/json', ...headers },
    body: isBase64Encoded ? Buffer.from(text).toString('base64') : text,
    isBase64Encoded,
  };
}

function answerOf({ report, error }: Invocation) {
  expect(error).toBeUndefined();
  const { statusCode, headers, body } = report as unknown as Exclude<LambdaFunctionURLResult, string>;
  return { status: statusCode, retryAfter: headers?.['retry-after'], told: JSON.parse(body ?? '') };
}

const emitted = (invocation: Invocation, metric: string) =>
  linesOf(invocation).flatMap((line) => (metric in line ? [line[metric]] : []));

/** Both functions are warm, and a tick has looked up who may ask. */
async function warmUp({ scale, ask, events }: Awaited<ReturnType<typeof openStage>>) {
  expect((await ask()).status).toBe(503);
  await scale.invoke({});
  events.length = 0;
}

it('a wake begins a look at once, and its Job is there within three seconds', async () => {
  await using stage = await openStage(DISTANT);
  await warmUp(stage);
  const { world, scale, ask, events, calls } = stage;
  const done = Promise.withResolvers<Invocation>();
  stage.onInvoke((event) => void scale.invoke(event).then(done.resolve, done.reject));
  const before = calls();
  const answer = await ask();
  expect(answer).toMatchObject({ status: 202, retryAfter: '10', told: { group: 'linux-large', wanted: 1 } });
  const { report } = await done.promise;
  expect(report?.groups).toMatchObject([{ decision: { from: 0, to: 1 }, bounds: [{ code: 'woken' }] }]);
  expect(world.kubernetes.names('runners', 'jobs')).toHaveLength(1);
  expect(events).toEqual([{ wake: 'acme' }]);
  expect(stage.fetches).toHaveLength(1);
  // Were each made after the other, with 100 ms for each and the look's 250 ms of waiting: less than three seconds.
  expect(calls() - before).toBeLessThanOrEqual(27);
});

it('where an invocation polls a wake begins no look; the next one sees the floor', async () => {
  await using stage = await openStage({ config: `pollEvery: 10s\n${SLEEPING}` });
  const { scale, ask, events, world } = stage;
  await ask();
  await scale.invoke({}, { remainingMs: 21_000 });
  expect((await ask()).status).toBe(202);
  expect(events).toEqual([]);
  await scale.invoke({}, { remainingMs: 21_000 });
  expect(world.kubernetes.names('runners', 'jobs')).toHaveLength(1);
});

describe('the door', () => {
  const PUSH = { repository: { full_name: 'acme/app' } };
  const signed = (body: unknown) => ({
    'x-event-key': 'repo:push',
    'x-hub-signature': `sha256=${createHmac('sha256', SECRET).update(JSON.stringify(body)).digest('hex')}`,
  });
  let stage: Awaited<ReturnType<typeof openStage>>;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  it('refuses a stranger, counts him as a forger, and calls nobody', async () => {
    const headers = { authorization: `Bearer ${'e30.'.repeat(2)}x` };
    const invocation = await stage.door.invoke(posted(headers, {}));
    expect(answerOf(invocation).status).toBe(403);
    expect(emitted(invocation, 'WakesForged')).toEqual([1]);
    expect(Buffer.byteLength(invocation.output) + STRANGER.logBytesOfLambda).toBeLessThan(STRANGER.logBytes);
    expect(stage.fetches).toEqual([]);
  });

  it('refuses an event that is forged', async () => {
    const invocation = await stage.door.invoke(posted(signed({}), PUSH));
    expect(answerOf(invocation).status).toBe(403);
    expect(emitted(invocation, 'WakesForged')).toEqual([1]);
    expect(stage.events).toEqual([]);
  });

  it('begins a look for an event of Bitbucket, which never adds a runner by itself', async () => {
    expect(answerOf(await stage.door.invoke(posted(signed(PUSH), PUSH, true))).status).toBe(202);
    expect(stage.events).toEqual([{ wake: 'acme' }]);
    const { report } = await stage.scale.invoke(stage.events[0]);
    expect(report?.groups).toMatchObject([{ decision: { action: 'hold', to: 0 } }]);
  });

  it('logs and counts what it takes and refuses, without tokens', async () => {
    const { invocation } = await stage.ask(1);
    expect(linesOf(invocation).find((line) => 'wake' in line)).toMatchObject({
      level: 'INFO',
      function_request_id: 'request-1',
      wake: { status: 202, outcome: 'taken', group: 'linux-large' },
    });
    expect(emitted(invocation, 'WakesTaken')).toEqual([1]);
    const refused = await stage.ask(4);
    expect([refused.status, emitted(refused.invocation, 'WakesRefused')]).toEqual([409, [1]]);
  });

  it('answers 503 while the state store is down, and its log says why', async () => {
    await stage.world.dynamoDb.close();
    const { status, retryAfter, told, invocation } = await stage.ask();
    expect([status, retryAfter]).toEqual([503, '10']);
    expect(told.message).toBe('what has to be asked here does not answer now; ask again in 10 seconds');
    expect(linesOf(invocation).find((line) => 'wake' in line)).toMatchObject({
      level: 'ERROR',
      message: expect.stringContaining('DynamoDB table "runner-state"'),
    });
    expect(emitted(invocation, 'WakesFailed')).toEqual([1]);
  });
});
