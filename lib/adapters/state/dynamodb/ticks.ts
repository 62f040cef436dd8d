/**
 * Tick records: gzipped JSON under the one partition `tick`, sorted by time, in several items when one does not hold
 * it. The same record again overwrites itself, since its items' keys are functions of its time and id.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type AttributeValue, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Instant } from '#core/model/observation.ts';
import type { TickRecord } from '#core/model/report.ts';
import type { StateStore } from '#core/ports.ts';
import { compareTicks } from '../memory.ts';
import { TICKS_KEPT_MS } from '../retention.ts';
import { request, type Table, ttlSeconds, unreadableItem } from './table.ts';

type TickStore = Pick<StateStore, 'appendTick' | 'listTicks'>;

/** An item holds 400 KB; this leaves room for the other attributes. */
const PART_BYTES = 350 * 1024;

/** The last instant that ISO 8601 writes with a four-digit year, up to which its texts sort by time. */
const LAST_SORTABLE: Instant = Date.UTC(9999, 11, 31);

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** In bytes, unpacked: ten times that of the largest fleet. */
const LONGEST_RECORD = 64 * 1024 * 1024;

export function tickStore(table: Table): TickStore {
  return {
    appendTick: async (record) => {
      const packed = await compress(JSON.stringify(record));
      const count = Math.ceil(packed.length / PART_BYTES);
      // A record whose writer died half-way lacks a part and is not listed.
      for (let index = 0; index < count; index += 1) {
        const part = packed.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
        await request(table, 'PutItem', () =>
          table.client.send(new PutItemCommand({ TableName: table.name, Item: toItem(record, index, count, part) })),
        );
      }
    },
    listTicks: async ({ from, to }) => {
      if (from >= to) return [];
      const byTick = Map.groupBy(await queryItems(table, from, to), (item) => item.tick?.S ?? '');
      const records = await Promise.all(byTick.values().map((items) => toRecord(table, items)));
      return records.filter((record) => record !== undefined).sort(compareTicks);
    },
  };
}

function toItem(record: TickRecord, index: number, count: number, part: Buffer): Record<string, AttributeValue> {
  const tick = `${sortableTime(record.at)}#${record.id}`;
  return {
    pk: { S: 'tick' },
    sk: { S: `${tick}#${String(index).padStart(3, '0')}` },
    tick: { S: tick },
    parts: { N: String(count) },
    data: { B: part },
    expiresAt: ttlSeconds(record.at + TICKS_KEPT_MS),
  };
}

/** Undefined while parts are missing. Items come in the order of their parts. */
async function toRecord(
  table: Table,
  items: readonly Record<string, AttributeValue>[],
): Promise<TickRecord | undefined> {
  const parts = items.map((item) => item.data?.B).filter((part) => part !== undefined);
  if (parts.length !== Number(items[0]?.parts?.N)) return undefined;
  try {
    return JSON.parse(
      (await expand(Buffer.concat(parts), { maxOutputLength: LONGEST_RECORD })).toString('utf8'),
    ) as TickRecord;
  } catch {
    throw unreadableItem(table, `tick ${items[0]?.sk?.S}`);
  }
}

async function queryItems(
  table: Table,
  from: Instant,
  to: Instant,
): Promise<readonly Record<string, AttributeValue>[]> {
  const items: Record<string, AttributeValue>[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await request(table, 'Query', () =>
      table.client.send(
        new QueryCommand({
          TableName: table.name,
          ConsistentRead: true,
          // Every key goes on after its time, so that the upper end itself lies outside.
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: {
            ':pk': { S: 'tick' },
            ':from': { S: sortableTime(from) },
            ':to': { S: sortableTime(to) },
          },
          ExclusiveStartKey: start,
        }),
      ),
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

/** Such as `2026-11-20T10:00:00.000Z`. A limit that does not sort by time, such as infinity, becomes the nearest that does. */
function sortableTime(at: Instant): string {
  return new Date(Math.min(Math.max(at, 0), LAST_SORTABLE)).toISOString();
}
