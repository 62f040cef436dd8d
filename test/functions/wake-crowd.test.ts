/**
 * The bundled door with as many executions as its reserved concurrency allows, at a table in DynamoDB: many who ask at once,
 * and real steps among strangers.
 */
import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { parseWakeMemory, wakeMemoryKey } from '#core/memory.ts';
import { functionsOf } from '../../infra/functions.ts';
import { parametersOf, SMALL } from '../infra/deployments.ts';
import type { Lambda } from './lambda.ts';
import { answerOf, openStage, posted, type WakeStage, warmUp } from './wake-stage.ts';

const { reservedConcurrency: EXECUTIONS = 0 } = functionsOf(parametersOf({ ...SMALL, wake: 'true' })).wake ?? {};

const KEY = wakeMemoryKey('linux-large');

/** How many steps the table knows. */
async function known({ world }: WakeStage): Promise<number> {
  return parseWakeMemory((await world.store().load([KEY])).get(KEY)?.value).length;
}

type Sent = ReturnType<typeof posted>;

/**
 * Hands requests to executions as a function URL does, one at a time to each. Where all are busy it answers 429 at once:
 * here a request then waits for a place, as if it came again.
 */
function functionUrl({ executions }: WakeStage) {
  const free = [...executions];
  const waiting: ((execution: Lambda) => void)[] = [];
  const release = (execution: Lambda) => {
    const next = waiting.shift();
    if (next === undefined) free.push(execution);
    else next(execution);
  };
  return async (request: Sent) => {
    const execution = free.pop() ?? (await new Promise<Lambda>((take) => waiting.push(take)));
    try {
      return answerOf(await execution.invoke(request));
    } finally {
      release(execution);
    }
  };
}

type Url = ReturnType<typeof functionUrl>;

const orderWith = (token: string) => posted({ authorization: `Bearer ${token}` }, { group: 'linux-large' });

it('of 200 wakes at once each is written down, one look begins, and it creates as many runners as are allowed', async () => {
  await using stage = await openStage({ doors: EXECUTIONS });
  await warmUp(stage);
  const { events, scale, world } = stage;
  const url = functionUrl(stage);
  const wake = async () => {
    const order = orderWith(await stage.token());
    let answer = await url(order);
    // Others were faster too often: it asks again, as the answer says.
    while (answer.status === 503 && answer.retryAfter === '2') answer = await url(order);
    expect(answer.status).toBe(202);
  };
  await Promise.all(Array.from({ length: 200 }, wake));
  expect([await known(stage), events]).toEqual([200, [{ wake: 'acme' }]]);
  for (let look = 0; look < 2; look += 1) {
    await scale.invoke(events[0]);
    expect(world.kubernetes.names('runners', 'jobs')).toHaveLength(3);
  }
});

/** What strangers send, of whom some have once seen a token of `token`. */
function strangers(token: string): readonly (readonly [name: string, request: Sent, status: number])[] {
  const [head = '', claims = ''] = token.split('.');
  const unknownKey = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'mine' })).toString('base64url');
  const push = { 'x-event-key': 'repo:push' };
  const signature = createHmac('sha256', 'another secret').update('{}').digest('hex');
  return [
    ['nothing', posted({}, {}), 403],
    ['a signature that is none', orderWith(`${head}.${claims}.${'x'.repeat(86)}`), 403],
    ['a key that nobody knows', orderWith(`${unknownKey}.${claims}.${'x'.repeat(86)}`), 503],
    ['half a megabyte', posted({ authorization: `Bearer ${token}x` }, 'x'.repeat(500_000)), 403],
    ['a forged event', posted({ ...push, 'x-hub-signature': `sha256=${signature}` }, {}), 403],
  ];
}

it('strangers beside steps keep none of them from its answer, and cost neither the table nor Bitbucket a call', async () => {
  await using stage = await openStage({ doors: EXECUTIONS });
  await warmUp(stage);
  const { world, events, fetches } = stage;
  const url = functionUrl(stage);
  const begun = performance.now();
  const wakeSteps = async () => {
    const [before, asked] = [stage.callsTo('dynamodb'), world.bitbucket.requests.length];
    for (let step = 0; step < 20; step += 1) expect((await url(orderWith(await stage.token()))).status).toBe(202);
    return [stage.callsTo('dynamodb') - before, world.bitbucket.requests.length - asked];
  };
  await wakeSteps();
  const alone = await wakeSteps();
  let isOver = false;
  const kinds = strangers(await stage.token());
  // They leave one execution free, as 10,000 a minute do but for moments; each sends what it has 10 times at least.
  const crowd = Array.from({ length: EXECUTIONS - 1 }, async () => {
    for (let turn = 0; !isOver || turn < 10; turn += 1) for (const kind of kinds) await knock(url, kind);
  });
  const among = await wakeSteps();
  isOver = true;
  await Promise.all(crowd);
  expect(among).toEqual(alone);
  expect([await known(stage), events]).toEqual([60, [{ wake: 'acme' }]]);
  // Once in 30 seconds for each execution.
  expect(fetches.length).toBeLessThanOrEqual(EXECUTIONS * (1 + Math.floor((performance.now() - begun) / 30_000)));
});

async function knock(url: Url, [name, request, status]: ReturnType<typeof strangers>[number]) {
  expect({ name, status: (await url(request)).status }).toEqual({ name, status });
}
