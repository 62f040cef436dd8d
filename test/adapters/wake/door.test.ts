/** The door: what comes in, what is answered, and what strangers can cause. */
import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createKeyring, KeysUnavailableError } from '#adapters/oidc/keys.ts';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { capturedSpans, requestCapture } from '#adapters/wake/capture.ts';
import { type DoorMeans, type DoorRequest, httpAnswer, openDoor } from '#adapters/wake/door.ts';
import { parseWakeMemory, wakeMemoryKey, wakeNoteKey } from '#core/memory.ts';
import type { Fleet } from '#core/model/configuration.ts';
import { Secret } from '#core/secret.ts';
import { fleet, group, NOON } from '#kit/fleet.ts';
import { openIssuer } from '#kit/step-tokens.ts';
import { STRANGER } from '#kit/stranger.ts';
import { MEGABYTES_PER_PROCESSOR } from '../../../infra/prices.ts';

const MINUTE = 60_000;
const SECRET = 'a secret of thirty-two characters';
const wake = { from: [{ workspace: 'acme', repository: 'shop' }], max: 3, forMs: 10 * MINUTE };
const FLEET = fleet([group({ min: 0, wake }), group({ name: 'umbrella', scope: { workspace: 'umbrella' } })]);
const WHO = { stepUuid: '{s1}', repositoryUuid: '{shop}', workspaceUuid: '{acme}' };

let bitbucket: Awaited<ReturnType<typeof openIssuer>>;
beforeAll(async () => {
  bitbucket = await openIssuer('acme');
});

/** A door with a clock, whose surroundings can be changed; it counts what it asks of them. */
async function open(over: Partial<DoorMeans> = {}) {
  const state = createMemoryStateStore();
  const repositories = { 'acme/shop': { workspaceUuid: '{acme}', repositoryUuid: '{shop}', at: NOON } };
  await state.save([{ key: wakeNoteKey('builds'), expectedVersion: 0, value: { repositories } }], NOON);
  const at = { now: NOON, looks: [] as string[], fetches: 0, loads: 0, fleet: FLEET as Fleet, secrets: 0 };
  const door = openDoor({
    loadFleet: async () => {
      at.loads += 1;
      return at.fleet;
    },
    openState: async () => state,
    keysOf: createKeyring(
      async () => {
        at.fetches += 1;
        return bitbucket.keys;
      },
      () => at.now,
    ),
    bitbucketUrl: 'https://api.bitbucket.org',
    webhookSecret: async () => {
      at.secrets += 1;
      return new Secret(SECRET);
    },
    look: () => async (workspace) => void at.looks.push(workspace),
    now: () => at.now,
    ...over,
  });
  const asked = async () => {
    const document = (await state.load([wakeMemoryKey('builds')])).get(wakeMemoryKey('builds'));
    return parseWakeMemory(document?.value).length;
  };
  return Object.assign(at, { door, state, asked });
}

const post = (headers: DoorRequest['headers'], body: string): DoorRequest => ({
  method: 'POST',
  headers,
  body: Buffer.from(body),
});

async function order(body: unknown = { group: 'builds', runners: 2 }, who: object = {}): Promise<DoorRequest> {
  const token = await bitbucket.token({ ...WHO, ...who }, NOON);
  return post({ authorization: `Bearer ${token}` }, typeof body === 'string' ? body : JSON.stringify(body));
}

describe('a step', () => {
  it('gets its runners written down, and a look begins', async () => {
    const at = await open();
    const answer = await at.door(await order());
    expect(answer).toMatchObject({ status: 202, outcome: 'taken', told: { group: 'builds', wanted: 2 } });
    expect(httpAnswer(answer)).toEqual({
      headers: { 'content-type': 'application/json', 'retry-after': '10' },
      body: `${JSON.stringify(answer.told)}\n`,
    });
    expect([await at.asked(), at.looks]).toEqual([1, ['acme']]);
  });

  it('may give labels instead, and asks for one runner unless it says so', async () => {
    const at = await open();
    expect(await at.door(await order({ labels: ['linux'] }))).toMatchObject({ status: 202, told: { wanted: 1 } });
  });

  it('that is replayed adds nothing', async () => {
    const at = await open();
    const request = await order();
    for (let time = 0; time < 5; time += 1) expect((await at.door(request)).status).toBe(202);
    expect([await at.asked(), at.looks]).toEqual([1, ['acme']]);
  });

  it('of 200 that come at once: all are written down, one look, and no more runners than allowed', async () => {
    const at = await open();
    const requests = await Promise.all(
      Array.from({ length: 200 }, (_, step) => order({ group: 'builds' }, { stepUuid: `${step}` })),
    );
    const answers = await Promise.all(requests.map((request) => at.door(request)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(Math.max(...answers.map(({ told }) => told.wanted ?? 0))).toBe(3);
    expect([await at.asked(), at.looks, at.loads, at.fetches]).toEqual([200, ['acme'], 1, 1]);
  });

  it('that waits for its turn asks at the time of its turn', async () => {
    const at = await open();
    const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = await open({
      openState: async () => ({
        ...at.state,
        load: async (keys) => {
          begun.resolve();
          await held.promise;
          return at.state.load(keys);
        },
      }),
    });
    const answers = [await order(), await order({ group: 'builds' }, { stepUuid: '2' })].map((one) => slow.door(one));
    await begun.promise;
    slow.now += 9_000;
    held.resolve();
    await Promise.all(answers);
    const document = (await at.state.load([wakeMemoryKey('builds')])).get(wakeMemoryKey('builds'));
    expect(parseWakeMemory(document?.value).map(({ askedAt = 0 }) => askedAt - NOON)).toEqual([0, 9_000]);
  });

  it('begins no look where somebody looks again and again', async () => {
    const at = await open({ look: () => undefined });
    expect((await at.door(await order())).status).toBe(202);
    expect(await at.asked()).toBe(1);
  });

  it('learns of a changed configuration in half a minute', async () => {
    const at = await open();
    at.fleet = fleet([group()]);
    expect((await at.door(await order())).status).toBe(403);
    at.fleet = FLEET;
    at.now += 29_999;
    expect((await at.door(await order())).status).toBe(403);
    at.now += 1;
    expect((await at.door(await order())).status).toBe(202);
  });
});

describe('refused', () => {
  const NO_TOKEN = 'the request has no token; send "Authorization: Bearer $BITBUCKET_STEP_OIDC_TOKEN"';
  const FORM =
    'the body is no request for runners; send {"group": "NAME", "runners": 1}, or "labels": ["…"] instead of the group';
  const many = (count: number) => JSON.stringify({ group: 'builds', runners: 1, x: 'x'.repeat(count) });
  const rows: readonly (readonly [name: string, make: () => Promise<DoorRequest>, answer: object])[] = [
    ['a GET', async () => ({ ...(await order()), method: 'GET' }), { status: 405, outcome: 'stray' }],
    ['no token', async () => post({}, '{}'), { status: 403, outcome: 'stray', told: { message: NO_TOKEN } }],
    [
      'another scheme',
      async () => post({ authorization: 'Basic eDp5' }, '{}'),
      { status: 403, told: { message: NO_TOKEN } },
    ],
    [
      'a token of 1 MB',
      async () => post({ authorization: `Bearer ${'a'.repeat(1_048_576)}` }, '{}'),
      { status: 403, outcome: 'forged', told: { message: 'the token is longer than any of Bitbucket' } },
    ],
    [
      'a token of another workspace',
      async () => {
        const other = await openIssuer('umbrella');
        return post({ authorization: `Bearer ${await other.token(WHO, NOON)}` }, '{"group":"builds"}');
      },
      { status: 403, outcome: 'forged' },
    ],
    [
      'a token that ran out',
      async () => order({ group: 'builds' }, { exp: NOON / 1000 - 31 }),
      {
        status: 403,
        outcome: 'refused',
        told: { message: 'the token has run out; a step gets a new one when it begins' },
      },
    ],
    [
      'another repository',
      () => order({ group: 'builds' }, { repositoryUuid: '{api}' }),
      { status: 403, outcome: 'refused' },
    ],
    ['too many runners', () => order({ group: 'builds', runners: 4 }), { status: 409, outcome: 'refused' }],
    ...[
      ['no JSON', '{"group"'],
      ['nothing', ''],
      ['neither group nor labels', { runners: 1 }],
      ['both', { group: 'builds', labels: ['linux'] }],
      ['no labels', { labels: [] }],
      ['half a runner', { group: 'builds', runners: 0.5 }],
      ['no runner', { group: 'builds', runners: 0 }],
      ['what nobody needs', { group: 'builds', runners: 1001 }],
      ['an unknown field', { group: 'builds', count: 1 }],
      ['more than 4 KB', many(4096)],
    ].map(
      ([name, body]) =>
        [`a body: ${name}`, () => order(body), { status: 400, outcome: 'refused', told: { message: FORM } }] as const,
    ),
    [
      'a body of more than 512 KB',
      async () => post({}, 'x'.repeat(524_289)),
      { status: 413, outcome: 'stray', told: { message: 'the request is longer than 512 KB' } },
    ],
  ];
  it.each(rows)('%s', async (_, make, expected) => {
    const at = await open();
    const request = await make();
    const answer = await at.door(request);
    expect(answer).toMatchObject(expected);
    expect([await at.asked(), at.looks]).toEqual([0, []]);
    const token = request.headers.authorization?.slice('Bearer '.length) ?? 'none';
    expect(JSON.stringify(answer)).not.toContain(token.slice(0, 40));
  });

  it('1,000 strangers cost no call but one for keys, and one read of the configuration', async () => {
    const at = await open();
    const forged = await order();
    const [head = '', claims = ''] = (forged.headers.authorization ?? '').split('.');
    let fastestMs = Number.POSITIVE_INFINITY;
    for (let index = 0; index < 1000; index += 1) {
      const signature = Buffer.from(`${index}`.padStart(64, 'x')).toString('base64url');
      const begun = performance.now();
      const { outcome } = await at.door(post({ authorization: `${head}.${claims}.${signature}` }, '{}'));
      fastestMs = Math.min(fastestMs, performance.now() - begun);
      expect(outcome).toBe('forged');
    }
    // Billed in a function with so much less than a processor.
    expect(fastestMs * (MEGABYTES_PER_PROCESSOR / 512)).toBeLessThan(STRANGER.billedMs);
    expect([at.fetches, at.loads, at.secrets, at.looks]).toEqual([1, 1, 0, []]);
  });
});

describe('what does not answer', () => {
  const down = async () => Promise.reject(new Error('DynamoDB table "x" cannot be reached'));
  const FAILED = 'what has to be asked here does not answer now; ask again in 10 seconds';

  it.each([
    ['the state store', { openState: down }],
    ['the configuration', { loadFleet: down }],
    ['the look', { look: () => down }],
  ])('%s: 503, and the cause is for the log alone', async (_, over) => {
    const answer = await (await open(over)).door(await order());
    expect(answer).toEqual({
      status: 503,
      outcome: 'failed',
      told: { message: FAILED, retryAfterS: 10 },
      cause: 'DynamoDB table "x" cannot be reached',
    });
    expect(httpAnswer(answer).body).not.toContain('DynamoDB');
  });

  it('the keys: 503 with the reason', async () => {
    const keysOf = createKeyring(
      async () => Promise.reject(new KeysUnavailableError('no')),
      () => NOON,
    );
    expect(await (await open({ keysOf })).door(await order())).toMatchObject({
      status: 503,
      told: { message: 'the keys of Bitbucket cannot be fetched now; ask again in 30 seconds' },
    });
  });

  it('is not asked again for each stranger, but after five seconds', async () => {
    let loads = 0;
    const at = await open({
      loadFleet: async () => {
        loads += 1;
        return down();
      },
    });
    const request = await order();
    for (let time = 0; time < 9; time += 1) await at.door(request);
    expect(loads).toBe(1);
    at.now += 4_999;
    await at.door(request);
    expect(loads).toBe(1);
    at.now += 1;
    await at.door(request);
    expect(loads).toBe(2);
  });
});

describe('an event', () => {
  const PUSH = JSON.stringify({ repository: { full_name: 'acme/shop', workspace: { slug: 'acme', uuid: '{a}' } } });

  function event(body = PUSH, over: Readonly<Record<string, string>> = {}): DoorRequest {
    const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
    return post({ 'x-event-key': 'repo:push', 'x-hub-signature': signature, ...over }, body);
  }

  it.each(['repo:push', 'repo:commit_status_created', 'repo:commit_status_updated', 'pipeline:span_created'])(
    '%s lets the workspace be looked at, and asks for nothing',
    async (key) => {
      const at = await open();
      expect(await at.door(event(PUSH, { 'x-event-key': key }))).toEqual({
        status: 202,
        outcome: 'taken',
        told: { message: 'thank you' },
      });
      expect([at.looks, await at.asked()]).toEqual([['acme'], 0]);
    },
  );

  it.each([
    ['a uuid', { repository: { workspace: { uuid: '{ACME}' } } }, []],
    ['the name of a repository alone', { repository: { full_name: 'Umbrella/x' } }, ['umbrella']],
    ['another workspace', { repository: { full_name: 'evil/x' } }, []],
    ['nothing, as a span may, where there are several workspaces', { resource_spans: [] }, []],
    ['no object', 7, []],
  ])('of %s', async (_, body, looks) => {
    const at = await open();
    expect((await at.door(event(JSON.stringify(body)))).status).toBe(202);
    expect(at.looks).toEqual(looks);
  });

  it('of 300 in a minute lets the workspace be looked at four times', async () => {
    const at = await open();
    for (let time = 0; time < 300; time += 1) {
      await at.door(event());
      at.now += 200;
    }
    expect(at.looks).toHaveLength(4);
  });

  it('of nothing, as a span may, lets the only workspace be looked at', async () => {
    const at = await open();
    at.fleet = fleet([group({ min: 0, wake })]);
    await at.door(event(JSON.stringify({ resource_spans: [] })));
    expect(at.looks).toEqual(['acme']);
  });

  it('keeps no floor waiting, and none that a floor has begun', async () => {
    const at = await open();
    await at.door(event());
    await at.door(await order());
    expect(at.looks).toEqual(['acme', 'acme']);
    await at.door(event());
    expect(at.looks).toEqual(['acme', 'acme']);
  });

  it('of another kind is not read', async () => {
    const at = await open();
    const answer = await at.door(event(PUSH, { 'x-event-key': 'repo:fork' }));
    expect(answer).toMatchObject({
      status: 202,
      told: { message: 'nothing is read of such events; the webhook need not send them' },
    });
    expect(at.looks).toEqual([]);
  });

  const genuine = createHmac('sha256', SECRET).update(PUSH).digest('hex');
  it.each([
    ['empty', ''],
    ['of another secret', `sha256=${createHmac('sha256', 'other').update(PUSH).digest('hex')}`],
    ['of another body', `sha256=${createHmac('sha256', SECRET).update(`${PUSH} `).digest('hex')}`],
    ['of another algorithm', `sha1=${createHmac('sha1', SECRET).update(PUSH).digest('hex')}`],
    ['cut', `sha256=${genuine.slice(0, -1)}`],
    ['longer', `sha256=${genuine}0`],
    ['without its algorithm', genuine],
    ['no digits', `sha256=${'x'.repeat(64)}`],
    ['of 1 MB', `sha256=${'a'.repeat(1_048_576)}`],
  ])('with a signature that is %s is forged', async (_, signature) => {
    const at = await open();
    const answer = await at.door(event(PUSH, { 'x-hub-signature': signature }));
    expect(answer).toEqual({
      status: 403,
      outcome: 'forged',
      told: { message: 'the signature is not that of the secret of the webhook' },
    });
    expect(at.looks).toEqual([]);
  });

  it('may have its signature in capitals; the secret is read once in five minutes', async () => {
    const at = await open();
    const capitals = { 'x-hub-signature': `SHA256=${genuine.toUpperCase()}` };
    expect((await at.door(event(PUSH, capitals))).status).toBe(202);
    at.now += 5 * MINUTE - 1;
    await at.door(event());
    expect(at.secrets).toBe(1);
    at.now += 1;
    await at.door(event());
    expect(at.secrets).toBe(2);
  });

  it('is refused where no secret is set', async () => {
    const at = await open({ webhookSecret: async () => undefined });
    expect(await at.door(event())).toMatchObject({
      status: 403,
      // It rings no alarm about pipelines that ask for what they may not have.
      outcome: 'stray',
      told: { message: 'no events are taken here; set the secret of the webhook first' },
    });
  });

  it('with a span is kept, without names, when somebody wants it', async () => {
    const at = await open();
    const span = event('{"name":"bbc.pipeline_step"}', { 'x-event-key': 'pipeline:span_created' });
    await at.door(span);
    expect(await capturedSpans(at.state)).toEqual([]);
    await requestCapture(at.state, 1, NOON);
    await at.door(event('{"name":"x"}'));
    await at.door(span);
    await at.door(span);
    expect(await capturedSpans(at.state)).toEqual([{ name: 'bbc.pipeline_step' }]);
  });
});
