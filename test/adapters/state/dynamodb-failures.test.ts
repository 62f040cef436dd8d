/**
 * Every way in which AWS fails, as one sentence: what DynamoDB answers, what the store then says, and how many
 * requests left.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDynamoDbStateStore } from '#adapters/state/dynamodb.ts';
import { awsEnvironment, json, jsonError, type ScriptedAnswer, scriptedService } from '#kit/loopback.ts';

const lease = { name: 'tick', holder: 'a', now: 0, ttlMs: 1 };

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0); // the SDK's back-off
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function acquire(answer: (index: number) => ScriptedAnswer, variables: Record<string, string | undefined> = {}) {
  // Short only where nothing comes: an answer that does come must never be late, on however slow a machine.
  const silent = answer(0) === 'hang' || answer(0) === 'stall';
  const service = await scriptedService((_, index) => answer(index));
  for (const [name, value] of Object.entries({ ...awsEnvironment(service.url), ...variables })) vi.stubEnv(name, value);
  const onCall = vi.fn();
  const store = createDynamoDbStateStore('runner-state', { onCall, timeoutMs: silent ? 500 : 10_000 });
  try {
    const result = await store.acquireLease(lease).catch((error: unknown) => error);
    return { result, requests: service.seen.length, counted: onCall.mock.calls.length };
  } finally {
    await service.close();
  }
}

type Row = readonly [
  name: string,
  answer: ScriptedAnswer,
  requests: number,
  outcome: 'refused' | 'unknown',
  message: string,
];

const ROWS: readonly Row[] = [
  [
    'the table is missing',
    jsonError(400, 'ResourceNotFoundException'),
    1,
    'refused',
    'DynamoDB table "runner-state" does not exist; create it with string keys pk and sk, or check its name in STATE_STORE and AWS_REGION',
  ],
  [
    'the role may not write',
    jsonError(
      400,
      'AccessDeniedException',
      'User: arn:x is not authorized to perform: dynamodb:PutItem on resource: y',
    ),
    1,
    'refused',
    'AWS denies dynamodb:PutItem on DynamoDB table "runner-state"; allow this action in the policy of the role',
  ],
  [
    "the role may not use the table's key",
    jsonError(400, 'AccessDeniedException', 'User: arn:x is not authorized to perform: kms:Decrypt on resource: y'),
    1,
    'refused',
    'AWS denies kms:Decrypt on DynamoDB table "runner-state"; allow this action in the policy of the role',
  ],
  [
    'the table is throttled',
    jsonError(400, 'ThrottlingException'),
    3,
    'refused',
    'AWS throttles dynamodb:PutItem on DynamoDB table "runner-state", also when asked again; it is tried anew next time, raise the limit or capacity if this lasts',
  ],
  [
    'capacity is exceeded',
    jsonError(400, 'ProvisionedThroughputExceededException'),
    3,
    'refused',
    'AWS throttles dynamodb:PutItem on DynamoDB table "runner-state", also when asked again; it is tried anew next time, raise the limit or capacity if this lasts',
  ],
  [
    'DynamoDB is broken',
    jsonError(500, 'InternalServerError'),
    3,
    'unknown',
    'AWS failed at dynamodb:PutItem on DynamoDB table "runner-state" (500 InternalServerError); it is tried anew next time',
  ],
  [
    'no answer comes',
    'hang',
    3,
    'unknown',
    'AWS did not answer dynamodb:PutItem on DynamoDB table "runner-state" in time; check the network path (subnet, NAT, endpoint) if this lasts',
  ],
  [
    'the connection breaks',
    'reset',
    3,
    'unknown',
    'The connection to AWS broke during dynamodb:PutItem on DynamoDB table "runner-state" (ECONNRESET); it is tried anew next time',
  ],
  [
    'the session has expired',
    jsonError(400, 'ExpiredTokenException'),
    1,
    'refused',
    'The AWS credentials for DynamoDB table "runner-state" have expired; log in again (such as "aws sso login") or renew the session token',
  ],
  [
    'the key is unknown',
    jsonError(400, 'UnrecognizedClientException'),
    1,
    'refused',
    'AWS does not accept the credentials used for DynamoDB table "runner-state" (UnrecognizedClientException); check AWS_PROFILE or the access key, and the machine\'s clock',
  ],
  [
    'the request is wrong',
    jsonError(400, 'ValidationException', 'The provided key element does not match the schema'),
    1,
    'refused',
    'AWS could not do dynamodb:PutItem on DynamoDB table "runner-state" (ValidationException: The provided key element does not match the schema); look the error up in AWS\'s reference of that action',
  ],
  [
    'the answer is not JSON',
    { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: '<html>secret' },
    1,
    'unknown',
    'The answer to dynamodb:PutItem on DynamoDB table "runner-state" could not be read; check AWS_ENDPOINT_URL and any proxy in between',
  ],
  [
    'a proxy answers instead',
    { status: 403, headers: { 'content-type': 'text/html' }, body: '<html>forbidden by proxy' },
    1,
    'unknown',
    'The answer to dynamodb:PutItem on DynamoDB table "runner-state" could not be read; check AWS_ENDPOINT_URL and any proxy in between',
  ],
];

describe('when AWS fails', () => {
  it.each(ROWS)('%s', async (_name, answer, requests, outcome, message) => {
    const failed = await acquire(() => answer);
    expect(failed).toMatchObject({ requests, counted: requests });
    expect(failed.result).toMatchObject({ name: 'ServiceError', service: 'aws', outcome, message });
    expect(failed.result).not.toHaveProperty('cause');
  });

  it('but not for long, the store goes on, and counts every attempt', async () => {
    const answered = await acquire((index) => (index < 2 ? jsonError(500, 'InternalServerError') : json(200, {})));
    expect(answered).toEqual({ result: { acquired: true }, requests: 3, counted: 3 });
  });
});

describe('when nothing leaves the machine', () => {
  it.each([
    [
      'there is no region',
      { AWS_REGION: undefined },
      'There is no valid AWS region for DynamoDB table "runner-state"; set AWS_REGION, such as eu-west-1',
    ],
    [
      'the region is none',
      { AWS_REGION: 'eu west' },
      'There is no valid AWS region for DynamoDB table "runner-state"; set AWS_REGION, such as eu-west-1',
    ],
    [
      'there are no credentials',
      { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
      'No AWS credentials were found for DynamoDB table "runner-state"; give the function a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    ],
  ])('because %s', async (_name, variables, message) => {
    const failed = await acquire(() => json(200, {}), variables);
    expect(failed).toMatchObject({ requests: 0, counted: 0 });
    expect(failed.result).toMatchObject({ name: 'ServiceError', outcome: 'refused', message });
  });

  it('because nobody listens', async () => {
    const failed = await acquire(() => json(200, {}), { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
    expect(failed.result).toMatchObject({
      name: 'ServiceError',
      outcome: 'refused',
      message:
        'AWS cannot be reached for dynamodb:PutItem on DynamoDB table "runner-state" (ECONNREFUSED); check the network, AWS_REGION and AWS_ENDPOINT_URL',
    });
  });
});
