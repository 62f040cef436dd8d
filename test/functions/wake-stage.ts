/** The bundled door and the bundled scaler, each in processes of its own, and all that they live among. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { LambdaFunctionURLResult } from 'aws-lambda';
import { expect } from 'vitest';
import { awsEnvironment, json, type ScriptedAnswer, type SeenRequest, scriptedService } from '#kit/loopback.ts';
import { openIssuer } from '#kit/step-tokens.ts';
import { bundled } from '../doors/bundle.ts';
import { API_TOKEN, configuration } from '../doors/world.ts';
import { type Invocation, startLambda } from './lambda.ts';
import { startFunctionWorld } from './world.ts';

/** What events are signed with. */
export const WEBHOOK_SECRET = 'a secret of thirty-two characters';

const CREDENTIAL = JSON.stringify({ kind: 'apiToken', email: 'ci@acme.example', token: API_TOKEN });

/** A group that sleeps. */
export const SLEEPING = `${configuration({ min: 0 }).trimEnd()}\n    wake: { from: [acme/app], max: 3 }\n`;

export type WakeStage = Awaited<ReturnType<typeof openStage>>;

/** Starts it: `doors` executions of the door and one of the scaler. Dispose of it with `await using`. */
export async function openStage({ config = SLEEPING, latencyMs = 0, doors = 1, everyMinutes = 1 } = {}) {
  const distance = { latencyMs };
  const world = await startFunctionWorld(config, { bitbucket: distance, kubernetes: distance });
  const events: unknown[] = [];
  let onInvoke: (event: unknown) => void = () => undefined;
  const { AWS_ENDPOINT_URL_DYNAMODB: dynamoDb = '', AWS_ENDPOINT_URL_EKS: eks = '' } = world.environment;
  const answers: Readonly<Record<string, (request: SeenRequest) => ScriptedAnswer | Promise<ScriptedAnswer>>> = {
    dynamodb: (request) => pass(dynamoDb, request),
    eks: (request) => pass(eks, request),
    s3: () => ({ status: 200, headers: { etag: '"1"' }, body: config }),
    secretsmanager: ({ body }) => json(200, { SecretString: body.includes('webhook') ? WEBHOOK_SECRET : CREDENTIAL }),
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
    return (await answers[serviceOf(request)]?.(request)) ?? { status: 400 };
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
  const environment = {
    ...ofDoor,
    BITBUCKET_BASE_URL: keys.url,
    SCALE_FUNCTION: 'the-scaler',
    SCALE_EVERY_MINUTES: String(everyMinutes),
    WEBHOOK_SECRET_ID: 'ci/webhook',
  };
  const executions = await Promise.all(
    Array.from({ length: doors }, () => startLambda(bundled('wake.js'), environment)),
  );
  const [door] = executions;
  if (door === undefined) throw new RangeError('a stage has at least one door');
  const who = {
    repositoryUuid: world.bitbucket.uuidOf('acme/app'),
    workspaceUuid: world.bitbucket.uuidOf('acme'),
  };
  const token = () => issuer.token({ ...who, stepUuid: randomUUID() }, Date.now());
  return {
    world,
    scale,
    /** The first of the executions. */
    door,
    executions,
    /** A token that another step of the repository has. */
    token,
    events,
    fetches: keys.seen,
    /** How many calls to this service of AWS left the functions so far. */
    callsTo: (service: string) => aws.seen.filter((request) => serviceOf(request) === service).length,
    /** Those that left the functions so far. */
    calls: () =>
      [aws.seen, keys.seen, world.bitbucket.requests, world.kubernetes.requests].reduce(
        (sum, all) => sum + all.length,
        0,
      ),
    onInvoke: (react: (event: unknown) => void) => {
      onInvoke = react;
    },
    /** Another step asks, at this execution. */
    ask: async (runners = 1, execution = door) => {
      const shown = await token();
      const headers = { authorization: `Bearer ${shown}` };
      const invocation = await execution.invoke(posted(headers, { group: 'linux-large', runners }));
      expect(invocation.output).not.toContain(shown.slice(0, 60));
      return { ...answerOf(invocation), invocation };
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([scale, ...executions].map((lambda) => lambda.kill()));
      await Promise.all([world.close(), aws.close(), keys.close()]);
    },
  };
}

function serviceOf({ headers }: SeenRequest): string {
  const [, service = ''] = /\/([a-z0-9]+)\/aws4_request/.exec(String(headers.authorization)) ?? [];
  return service;
}

async function pass(url: string, { method, path, headers, body }: SeenRequest): Promise<ScriptedAnswer> {
  const { host: _, 'content-length': __, connection: ___, ...kept } = headers;
  const sent = { method, headers: kept as Record<string, string>, ...(method === 'GET' ? {} : { body }) };
  const response = await fetch(`${url}${path}`, sent).catch(() => undefined);
  if (response === undefined) return 'reset';
  const type = response.headers.get('content-type') ?? 'application/json';
  return { status: response.status, headers: { 'content-type': type }, body: await response.text() };
}

/** A request as a function URL hands it on. */
export function posted(headers: Readonly<Record<string, string>>, body: unknown, isBase64Encoded = false) {
  const text = JSON.stringify(body);
  return {
    version: '2.0',
    requestContext: { http: { method: 'POST', path: '/' } },
    headers: { 'content-type': 'application/json', ...headers },
    body: isBase64Encoded ? Buffer.from(text).toString('base64') : text,
    isBase64Encoded,
  };
}

/** What an invocation of the door answers. */
export function answerOf({ report, error }: Invocation) {
  expect(error).toBeUndefined();
  const { statusCode, headers, body } = report as unknown as Exclude<LambdaFunctionURLResult, string>;
  return { status: statusCode, retryAfter: headers?.['retry-after'], told: JSON.parse(body ?? '') };
}

/** Both functions are warm, each execution of the door too, and a tick has looked up who may ask. */
export async function warmUp({ scale, executions, ask, events }: WakeStage) {
  for (const execution of executions) expect((await ask(1, execution)).status).toBe(503);
  await scale.invoke({});
  events.length = 0;
}
