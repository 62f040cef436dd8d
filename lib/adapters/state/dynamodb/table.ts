/**
 * The table as the lease, the memory and the tick records share it: `pk` and `sk` are its key, `expiresAt` (epoch
 * seconds) its TTL attribute. Every call goes through here, so that no exception of the SDK gets any further.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ServiceError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import { awsFailure, isAwsError } from '../../aws/failure.ts';

export type Table = {
  readonly name: string;
  readonly client: DynamoDBClient;
  /** Waits between repeated reads of what the table left unread. */
  readonly sleep: (ms: number) => Promise<void>;
};

/** The DynamoDB operations in use; IAM policies name them with the prefix `dynamodb:`. */
export type Operation = 'BatchGetItem' | 'DeleteItem' | 'GetItem' | 'PutItem' | 'Query';

/** Sends a request; whatever goes wrong is a `ServiceError` that names the table. */
export async function request<T>(table: Table, operation: Operation, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw awsFailure(error, {
      action: `dynamodb:${operation}`,
      subject: `DynamoDB table "${table.name}"`,
      ifMissing: 'create it with string keys pk and sk, or check its name in STATE_STORE and AWS_REGION',
    });
  }
}

/** Sends a conditional write; false when the condition did not hold. */
export async function writeIf(table: Table, operation: Operation, send: () => Promise<unknown>): Promise<boolean> {
  return await request(table, operation, async () => {
    try {
      await send();
      return true;
    } catch (error) {
      if (isAwsError(error, 'ConditionalCheckFailedException')) return false;
      throw error;
    }
  });
}

/** For an item that is there, but not in the form that this program writes. */
export function unreadableItem(table: Table, key: string): ServiceError {
  return new ServiceError(
    `Item "${key}" of DynamoDB table "${table.name}" was not written by this program; delete it, or use another table`,
    { service: 'aws', outcome: 'refused' },
  );
}

/** The TTL attribute's value; rounded up, so that nothing expires early. */
export function ttlSeconds(at: Instant): { readonly N: string } {
  return { N: String(Math.ceil(at / 1_000)) };
}

/** The wait after the first (0), second, … try: 50 ms, doubled each time. */
export function backOffMs(attempt: number): number {
  return 50 * 2 ** attempt;
}
