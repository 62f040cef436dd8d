/**
 * The lease: one item that at most one holder has. Its own `until` decides whether it has run out, not the TTL,
 * which DynamoDB carries out when it gets to it.
 */
import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { LeaseAnswer, StateStore } from '#core/ports.ts';
import { LEASE_KEPT_MS } from '../retention.ts';
import { request, type Table, ttlSeconds, unreadableItem, writeIf } from './table.ts';

type LeaseStore = Pick<StateStore, 'acquireLease' | 'releaseLease'>;
type LeaseRequest = Parameters<StateStore['acquireLease']>[0];

/** How often a lease that vanished between the refusal and the look at its holder is asked for again. */
const ATTEMPTS = 3;

export function leaseStore(table: Table): LeaseStore {
  return {
    acquireLease: async (lease) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        if (await put(table, lease)) return { acquired: true };
        const held = await readHolder(table, lease.name);
        if (held !== undefined) return held;
      }
      return { acquired: false, holder: 'somebody else', until: lease.now };
    },
    releaseLease: async ({ name, holder }) => {
      await writeIf(table, 'DeleteItem', () =>
        table.client.send(
          new DeleteItemCommand({
            TableName: table.name,
            Key: leaseKey(name),
            ConditionExpression: 'holder = :holder',
            ExpressionAttributeValues: { ':holder': { S: holder } },
          }),
        ),
      );
    },
  };
}

function leaseKey(name: string) {
  return { pk: { S: `lease#${name}` }, sk: { S: 'lease' } };
}

function put(table: Table, { name, holder, now, ttlMs }: LeaseRequest): Promise<boolean> {
  const until = now + ttlMs;
  return writeIf(table, 'PutItem', () =>
    table.client.send(
      new PutItemCommand({
        TableName: table.name,
        Item: {
          ...leaseKey(name),
          holder: { S: holder },
          until: { N: String(until) },
          expiresAt: ttlSeconds(until + LEASE_KEPT_MS),
        },
        // "The same holder" also lets a repeat pass whose first try arrived without an answer.
        ConditionExpression: 'attribute_not_exists(pk) OR #until <= :now OR holder = :holder',
        ExpressionAttributeNames: { '#until': 'until' },
        ExpressionAttributeValues: { ':now': { N: String(now) }, ':holder': { S: holder } },
      }),
    ),
  );
}

async function readHolder(table: Table, name: string): Promise<LeaseAnswer | undefined> {
  const { Item: item } = await request(table, 'GetItem', () =>
    table.client.send(new GetItemCommand({ TableName: table.name, Key: leaseKey(name), ConsistentRead: true })),
  );
  if (item === undefined) return undefined;
  const holder = item.holder?.S;
  const until = Number(item.until?.N);
  if (holder === undefined || Number.isNaN(until)) throw unreadableItem(table, `lease#${name}`);
  return { acquired: false, holder, until };
}
