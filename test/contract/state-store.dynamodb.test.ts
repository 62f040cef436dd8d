import { afterAll, beforeAll, vi } from 'vitest';
import { createDynamoDbStateStore } from '#adapters/state/dynamodb.ts';
import { startDynamoDb } from '#kit/dynamodb.ts';
import { stateStoreContract } from './state-store.ts';

let dynamoDb: Awaited<ReturnType<typeof startDynamoDb>>;
let tables = 0;

beforeAll(async () => {
  dynamoDb = await startDynamoDb(vi.stubEnv);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await dynamoDb.close();
});

stateStoreContract('the DynamoDB store', async () => {
  const name = `state-${tables++}`;
  await dynamoDb.createTable(name);
  return { store: createDynamoDbStateStore(name), again: () => createDynamoDbStateStore(name) };
});
