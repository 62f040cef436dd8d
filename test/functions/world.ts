/** What a function stands in: the world of the doors, its Kubernetes as an EKS cluster, and its state in DynamoDB. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { vi } from 'vitest';
import { createDynamoDbStateStore } from '#adapters/state/dynamodb.ts';
import type { StateStore } from '#core/ports.ts';
import { startDynamoDb } from '#kit/dynamodb.ts';
import { awsEnvironment, scriptedService } from '#kit/loopback.ts';
import { startLoopbackEks } from '#kit/loopback-eks.ts';
import { startDoorsWorld, type WorldOver } from '../doors/world.ts';

const TABLE = 'runner-state';

export type FunctionWorld = Awaited<ReturnType<typeof startFunctionWorld>>;

/** Starts it; dispose of it with `await using` or `close`. */
export async function startFunctionWorld(config?: string, over?: WorldOver) {
  const world = await startDoorsWorld(config, over);
  const cluster = await startLoopbackEks(world.kubernetes);
  const eks = await scriptedService(() => cluster.described);
  const dynamoDb = await startDynamoDb((name, value) => vi.stubEnv(name, value));
  await dynamoDb.createTable(TABLE);
  const { KUBECONFIG: _, ...rest } = world.environment;
  const environment: Readonly<Record<string, string>> = {
    ...rest,
    ...awsEnvironment(dynamoDb.url),
    // Tests may point the other services elsewhere.
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.url,
    AWS_ENDPOINT_URL_EKS: eks.url,
    EKS_CLUSTER_NAME: 'ci',
    STATE_STORE: `dynamodb:${TABLE}`,
  };
  const close = async () => {
    vi.unstubAllEnvs();
    await Promise.all([cluster, eks, dynamoDb, world].map((server) => server.close()));
  };
  return {
    ...world,
    environment,
    dynamoDb,
    table: TABLE,
    store: (): StateStore => createDynamoDbStateStore(TABLE),
    /** Everything that the table holds; records of ticks are packed there, so they come as they are read. */
    textOfState: async () => {
      const ticks = await createDynamoDbStateStore(TABLE).listTicks({ from: 0, to: Infinity });
      const { Items: items } = await dynamoDb.client.send(new ScanCommand({ TableName: TABLE }));
      return JSON.stringify([ticks, items]);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
