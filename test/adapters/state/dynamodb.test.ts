/**
 * What is DynamoDB's own beyond the contract: the layout of the table, batches, limits, and a lost answer.
 */
import { DeleteItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDynamoDbStateStore } from '#adapters/state/dynamodb.ts';
import { startDynamoDb } from '#kit/dynamodb.ts';
import { awsEnvironment, json, type ScriptedAnswer, type SeenRequest, scriptedService } from '#kit/loopback.ts';
import { tickRecord } from '#kit/tick-records.ts';

const NOW = Date.UTC(2026, 10, 20, 10);
const DAY_S = 24 * 60 * 60;
const TABLE = 'runner-state';

describe('the DynamoDB store', () => {
  let dynamoDb: Awaited<ReturnType<typeof startDynamoDb>>;

  beforeEach(async () => {
    dynamoDb = await startDynamoDb(vi.stubEnv);
    await dynamoDb.createTable(TABLE);
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await dynamoDb.close();
  });

  it('never lets a document expire that says what is ours', async () => {
    const store = createDynamoDbStateStore(TABLE);
    const keys = ['deployment', 'group/a', 'place/a', 'places/0'];
    await store.save(
      keys.map((key) => ({ key, expectedVersion: 0, value: 1 })),
      NOW,
    );
    const { Items: items = [] } = await dynamoDb.client.send(new ScanCommand({ TableName: TABLE }));
    expect(items.map(({ expiresAt }) => expiresAt)).toEqual(keys.map(() => undefined));
  });

  it('lays its items out as the decision record says', async () => {
    const store = createDynamoDbStateStore(TABLE);
    await store.acquireLease({ name: 'tick', holder: 'a', now: NOW, ttlMs: 60_001 });
    await store.save([{ key: 'scope/acme', expectedVersion: 0, value: { idleSince: {} } }], NOW);
    await store.appendTick(tickRecord('tick-1', NOW));

    const { Items: items = [] } = await dynamoDb.client.send(new ScanCommand({ TableName: TABLE }));
    expect(items.sort((a, b) => String(a.pk?.S).localeCompare(String(b.pk?.S)))).toEqual([
      {
        pk: { S: 'lease#tick' },
        sk: { S: 'lease' },
        holder: { S: 'a' },
        until: { N: String(NOW + 60_001) },
        // Rounded up to whole seconds, an hour after its end.
        expiresAt: { N: String(NOW / 1_000 + 61 + 3_600) },
      },
      {
        pk: { S: 'memory#scope/acme' },
        sk: { S: 'memory' },
        version: { N: '1' },
        value: { S: '{"idleSince":{}}' },
        writer: { S: expect.any(String) },
        expiresAt: { N: String(NOW / 1_000 + 90 * DAY_S) },
      },
      {
        pk: { S: 'tick' },
        sk: { S: '2026-11-20T10:00:00.000Z#tick-1#000' },
        tick: { S: '2026-11-20T10:00:00.000Z#tick-1' },
        parts: { N: '1' },
        data: { B: expect.any(Uint8Array) },
        expiresAt: { N: String(NOW / 1_000 + 14 * DAY_S) },
      },
    ]);
  });

  it('counts the requests that leave: one per 100 documents read, one per document saved', async () => {
    const onCall = vi.fn();
    const store = createDynamoDbStateStore(TABLE, { onCall });
    await store.load(Array.from({ length: 201 }, (_, index) => `key-${index}`));
    expect(onCall).toHaveBeenCalledTimes(3);
    await store.save(
      [1, 2].map((index) => ({ key: `key-${index}`, expectedVersion: 0, value: index })),
      NOW,
    );
    expect(onCall).toHaveBeenCalledTimes(5);
  });

  it('saves the others when one document is too large, and says which', async () => {
    const store = createDynamoDbStateStore(TABLE);
    const changes = [
      { key: 'huge', expectedVersion: 0, value: 'x'.repeat(400 * 1024) },
      { key: 'small', expectedVersion: 0, value: 'x' },
    ];
    expect(await store.save(changes, NOW)).toEqual([
      {
        key: 'huge',
        failure:
          'Memory "huge" has 401 KB, more than the 390 KB that fit into DynamoDB table "runner-state"; split the group into several',
      },
    ]);
    expect([...(await store.load(['huge', 'small'])).keys()]).toEqual(['small']);
  });

  it('saves a document up to its limit', async () => {
    const store = createDynamoDbStateStore(TABLE);
    const value = 'x'.repeat(390 * 1024 - 2 - 'large'.length);
    expect(await store.save([{ key: 'large', expectedVersion: 0, value }], NOW)).toEqual([]);
  });

  it('does not list a tick record that lacks a part', async () => {
    const store = createDynamoDbStateStore(TABLE);
    const incompressible = Array.from({ length: 20_000 }, () => crypto.randomUUID());
    await store.appendTick(tickRecord('big', NOW, incompressible));
    await store.appendTick(tickRecord('whole', NOW + 1));
    await dynamoDb.client.send(
      new DeleteItemCommand({
        TableName: TABLE,
        Key: { pk: { S: 'tick' }, sk: { S: '2026-11-20T10:00:00.000Z#big#001' } },
      }),
    );
    expect((await store.listTicks({ from: 0, to: Infinity })).map(({ id }) => id)).toEqual(['whole']);
  });

  it.each([
    ['that is not JSON', { value: { S: '{' }, version: { N: '3' } }, 3],
    ['without a value', { version: { N: '3' } }, 3],
    ['without a version', { value: { S: '1' } }, 0],
    ['with a version that is none', { value: { S: '{' }, version: { N: '1.5' } }, 0],
  ])('a document %s costs the others nothing', async (_case, item, version) => {
    await dynamoDb.client.send(
      new PutItemCommand({ TableName: TABLE, Item: { pk: { S: 'memory#a' }, sk: { S: 'memory' }, ...item } }),
    );
    const store = createDynamoDbStateStore(TABLE);
    await store.save([{ key: 'b', expectedVersion: 0, value: 'whole' }], NOW);
    const found = await store.load(['a', 'b']);
    expect(found.get('a')).toMatchObject({ version });
    expect(found.get('b')).toEqual({ version: 1, value: 'whole' });
    // Where there is a version, the next tick writes over it; where there is none, only this document is stuck.
    const unsaved = await store.save([{ key: 'a', expectedVersion: version, value: 'new' }], NOW);
    expect(unsaved).toEqual(version === 0 ? [{ key: 'a' }] : []);
  });

  it.each([
    [
      'a lease',
      { pk: { S: 'lease#tick' }, sk: { S: 'lease' }, until: { N: '9999999999999' } },
      'Item "lease#tick" of DynamoDB table "runner-state" was not written by this program; delete it, or use another table',
    ],
    [
      'a tick record',
      { pk: { S: 'tick' }, sk: { S: '2026#x#000' }, parts: { N: '1' }, data: { B: Buffer.from('not gzip') } },
      'Item "tick 2026#x#000" of DynamoDB table "runner-state" was not written by this program; delete it, or use another table',
    ],
  ])('names an item that it cannot read: %s', async (_case, item, message) => {
    await dynamoDb.client.send(new PutItemCommand({ TableName: TABLE, Item: item }));
    const store = createDynamoDbStateStore(TABLE);
    const readAll = async () => {
      await store.acquireLease({ name: 'tick', holder: 'b', now: NOW, ttlMs: 1 });
      await store.load(['a']);
      await store.listTicks({ from: 0, to: Infinity });
    };
    await expect(readAll()).rejects.toMatchObject({ name: 'ServiceError', message });
  });

  it('a write whose answer was lost is repeated and is no conflict with itself', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0); // the SDK's back-off
    const behind = await scriptedService(async (request, index) => {
      const answer = await forward(dynamoDb.url, request);
      return index === 0 ? 'reset' : answer;
    });
    vi.stubEnv('AWS_ENDPOINT_URL', behind.url);
    const store = createDynamoDbStateStore(TABLE);
    expect(await store.save([{ key: 'a', expectedVersion: 0, value: 1 }], NOW)).toEqual([]);
    expect(behind.seen).toHaveLength(2);
    expect(await store.load(['a'])).toEqual(new Map([['a', { version: 1, value: 1 }]]));
    vi.restoreAllMocks();
    await behind.close();
  });
});

async function forward(url: string, request: SeenRequest): Promise<ScriptedAnswer> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-') || name === 'content-type'),
  );
  const authorization = request.headers.authorization ?? '';
  const answer = await fetch(url, {
    method: request.method,
    headers: { ...headers, authorization } as Record<string, string>,
    body: request.body,
  });
  return {
    status: answer.status,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: new Uint8Array(await answer.arrayBuffer()),
  };
}

describe('documents that DynamoDB leaves unread', () => {
  const item = (key: string) => ({
    pk: { S: `memory#${key}` },
    sk: { S: 'memory' },
    version: { N: '1' },
    value: { S: '1' },
  });
  const unread = (...keys: string[]) => ({
    [TABLE]: { Keys: keys.map((key) => ({ pk: { S: `memory#${key}` }, sk: { S: 'memory' } })) },
  });

  /** Loads a and b from a table that gives these answers; what came, and how long was waited. */
  async function load(answers: readonly unknown[]) {
    const service = await scriptedService((_, index) => json(200, answers[Math.min(index, answers.length - 1)]));
    for (const [name, value] of Object.entries(awsEnvironment(service.url))) vi.stubEnv(name, value);
    const waits: number[] = [];
    const store = createDynamoDbStateStore(TABLE, {
      sleep: async (ms) => {
        waits.push(ms);
      },
    });
    try {
      const documents = await store.load(['a', 'b']).catch((error: Error) => error.message);
      const asked = service.seen.map(({ body }) =>
        JSON.parse(body).RequestItems[TABLE].Keys.map((key: { pk: { S: string } }) => key.pk.S),
      );
      return { documents, waits, asked };
    } finally {
      vi.unstubAllEnvs();
      await service.close();
    }
  }

  it('are asked for again, and only they', async () => {
    const first = { Responses: { [TABLE]: [item('a')] }, UnprocessedKeys: unread('b') };
    expect(await load([first, { Responses: { [TABLE]: [item('b')] } }])).toEqual({
      documents: new Map([
        ['a', { version: 1, value: 1 }],
        ['b', { version: 1, value: 1 }],
      ]),
      waits: [50],
      asked: [['memory#a', 'memory#b'], ['memory#b']],
    });
  });

  it('fail the load after five tries', async () => {
    const { documents, waits } = await load([{ Responses: {}, UnprocessedKeys: unread('b') }]);
    expect(documents).toBe(
      'DynamoDB table "runner-state" left 1 of 2 documents unread in 5 tries; raise its read capacity or use on-demand billing',
    );
    expect(waits).toEqual([50, 100, 200, 400]);
  });
});
