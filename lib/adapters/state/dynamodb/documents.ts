/**
 * Memory documents: one item each, with optimistic locking by version. The value is JSON text, readable in the
 * console; documents are small, and DynamoDB charges a whole kilobyte anyway.
 */
import { randomUUID } from 'node:crypto';
import { type AttributeValue, BatchGetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import pLimit from 'p-limit';
import { ServiceError, sentenceOf } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { MemoryChange, MemoryDocument, StateStore, UnsavedDocument } from '#core/ports.ts';
import { jsonIn } from '#yaml/values.ts';
import { expiryOf } from '../retention.ts';
import { backOffMs, request, type Table, ttlSeconds, writeIf } from './table.ts';

type DocumentStore = Pick<StateStore, 'load' | 'save'>;
type Key = Record<string, AttributeValue>;

/** DynamoDB's limit of keys per BatchGetItem. */
const KEYS_PER_READ = 100;
/** Requests under way at once; well below the SDK's 50 connections. */
const CONCURRENCY = 25;
/** Tries for keys that DynamoDB leaves unread, the first included: 0.75 s of waiting in all. */
const READ_ATTEMPTS = 5;
/** DynamoDB's item limit is 400 KB, key and attribute names included. */
const MAX_VALUE_BYTES = 390 * 1024;

export function documentStore(table: Table): DocumentStore {
  return {
    load: async (keys) => {
      const limit = pLimit(CONCURRENCY);
      // DynamoDB refuses a request that names a key twice.
      const chunks = chunked([...new Set(keys)], KEYS_PER_READ);
      const found = await Promise.all(chunks.map((chunk) => limit(() => loadChunk(table, chunk))));
      return new Map(found.flat());
    },
    save: async (changes, now) => {
      const limit = pLimit(CONCURRENCY);
      const answers = await Promise.all(changes.map((change) => limit(() => save(table, change, now))));
      return answers.flat();
    },
  };
}

async function save(table: Table, change: MemoryChange, now: Instant): Promise<readonly UnsavedDocument[]> {
  try {
    return (await put(table, change, now)) ? [] : [{ key: change.key }];
  } catch (error) {
    return [{ key: change.key, failure: sentenceOf(error) }];
  }
}

function documentKey(key: string): Key {
  return { pk: { S: `memory#${key}` }, sk: { S: 'memory' } };
}

/** False when somebody else changed the document in the meantime. */
async function put(table: Table, change: MemoryChange, now: Instant): Promise<boolean> {
  const text = JSON.stringify(change.value);
  assertFits(table, change.key, text);
  // The writer lets a repeat pass whose first try arrived without an answer; it would look like a conflict otherwise.
  const writer = { S: randomUUID() };
  const isNew = change.expectedVersion === 0;
  const expiresAt = expiryOf(change.key, now);
  return await writeIf(table, 'PutItem', () =>
    table.client.send(
      new PutItemCommand({
        TableName: table.name,
        Item: {
          ...documentKey(change.key),
          version: { N: String(change.expectedVersion + 1) },
          value: { S: text },
          writer,
          ...(expiresAt !== undefined && { expiresAt: ttlSeconds(expiresAt) }),
        },
        ConditionExpression: isNew
          ? 'attribute_not_exists(pk) OR writer = :writer'
          : 'version = :expected OR writer = :writer',
        ExpressionAttributeValues: {
          ':writer': writer,
          ...(isNew ? {} : { ':expected': { N: String(change.expectedVersion) } }),
        },
      }),
    ),
  );
}

function assertFits(table: Table, key: string, text: string): void {
  const bytes = Buffer.byteLength(text) + Buffer.byteLength(key);
  if (bytes <= MAX_VALUE_BYTES) return;
  throw new ServiceError(
    `Memory "${key}" has ${Math.ceil(bytes / 1024)} KB, more than the ${MAX_VALUE_BYTES / 1024} KB that fit into DynamoDB table "${table.name}"; split the group into several`,
    { service: 'aws', outcome: 'refused' },
  );
}

/** Reads up to 100 documents, and again what DynamoDB left unread for lack of capacity or room in the answer. */
async function loadChunk(
  table: Table,
  keys: readonly string[],
): Promise<readonly (readonly [string, MemoryDocument])[]> {
  const found: (readonly [string, MemoryDocument])[] = [];
  let unread: readonly Key[] = keys.map(documentKey);
  for (let attempt = 0; attempt < READ_ATTEMPTS; attempt += 1) {
    if (attempt > 0) await table.sleep(backOffMs(attempt - 1));
    const answer = await readKeys(table, unread);
    found.push(...answer.items.map(toDocument));
    if (answer.unread.length === 0) return found;
    unread = answer.unread;
  }
  throw new ServiceError(
    `DynamoDB table "${table.name}" left ${unread.length} of ${keys.length} documents unread in ${READ_ATTEMPTS} tries; raise its read capacity or use on-demand billing`,
    { service: 'aws', outcome: 'refused' },
  );
}

async function readKeys(table: Table, keys: readonly Key[]) {
  const answer = await request(table, 'BatchGetItem', () =>
    table.client.send(
      new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys: [...keys], ConsistentRead: true } } }),
    ),
  );
  return {
    items: Object.values(answer.Responses ?? {}).flat(),
    unread: Object.values(answer.UnprocessedKeys ?? {}).flatMap(({ Keys: left }) => left ?? []),
  };
}

/**
 * An item that this program did not write is one without a value; without a version either, it can never be saved over,
 * and only its own group is stopped until somebody deletes it.
 */
function toDocument(item: Record<string, AttributeValue>): readonly [string, MemoryDocument] {
  const key = item.pk?.S?.slice('memory#'.length) ?? '';
  const version = Number(item.version?.N ?? 0);
  return [key, { version: Number.isInteger(version) ? version : 0, value: jsonIn(item.value?.S ?? '') }];
}

function chunked<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
