/**
 * State in one DynamoDB table. Lease, memory and tick records share it under different keys; the layout and its
 * reasons are in `docs/decisions/0030-state-table.md`.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { StateStore } from '#core/ports.ts';
import { type AwsClientOptions, awsClientSettings, countCalls } from '../aws/client.ts';
import { documentStore } from './dynamodb/documents.ts';
import { leaseStore } from './dynamodb/lease.ts';
import type { Table } from './dynamodb/table.ts';
import { tickStore } from './dynamodb/ticks.ts';

/** A store in the table of this name or ARN, in the region and with the credentials that the SDK finds. */
export function createDynamoDbStateStore(
  name: string,
  options: AwsClientOptions & { readonly sleep?: (ms: number) => Promise<void> } = {},
): StateStore {
  const client = countCalls(new DynamoDBClient(awsClientSettings(options)), options.onCall);
  const table: Table = { name, client, sleep: options.sleep ?? wait };
  return { ...leaseStore(table), ...documentStore(table), ...tickStore(table) };
}
