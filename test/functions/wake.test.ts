/** The bundled door and the bundled scaler, from a request to the Job, at a distance of 100 ms for every call. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STRANGER } from '#kit/stranger.ts';
import { type Invocation, linesOf } from './lambda.ts';
import { answerOf, openStage, posted, SLEEPING, type WakeStage, WEBHOOK_SECRET, warmUp } from './wake-stage.ts';

const DISTANT = { latencyMs: 100 };

const emitted = (invocation: Invocation, metric: string) =>
  linesOf(invocation).flatMap((line) => (metric in line ? [line[metric]] : []));

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

it('where an invocation polls for one minute of five a wake begins a look', async () => {
  await using stage = await openStage({ config: `pollEvery: 10s\n${SLEEPING}`, everyMinutes: 5 });
  expect((await stage.ask()).status).toBe(503);
  expect(stage.events).toEqual([{ wake: 'acme' }]);
});

describe('the door', () => {
  const PUSH = { repository: { full_name: 'acme/app' } };
  const signed = (body: unknown) => ({
    'x-event-key': 'repo:push',
    'x-hub-signature': `sha256=${createHmac('sha256', WEBHOOK_SECRET).update(JSON.stringify(body)).digest('hex')}`,
  });
  let stage: WakeStage;
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
