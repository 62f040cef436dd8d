/**
 * Everything that a deployed function calls, on loopback and at a distance: Bitbucket, an EKS cluster, and AWS with the
 * configuration in S3, the credential in Secrets Manager and the state in DynamoDB. It counts what AWS would bill.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { startDynamoDb } from '#kit/dynamodb.ts';
import {
  awsEnvironment,
  json,
  jsonError,
  type ScriptedAnswer,
  type SeenRequest,
  scriptedService,
} from '#kit/loopback.ts';
import { startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { type LoopbackEks, startLoopbackEks } from '#kit/loopback-eks.ts';
import { startLoopbackKubernetes } from '#kit/loopback-kubernetes.ts';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { configureFleet, type Setting, workspaceNames } from './stage.ts';

const TABLE = 'bench';
const CREDENTIAL = { kind: 'apiToken', email: 'bench@example.com', token: 'token' };

/** What AWS bills by use, and all the calls of the function. */
export type Usage = {
  readonly bitbucketCalls: number;
  readonly kubernetesCalls: number;
  readonly s3Reads: number;
  readonly secretReads: number;
  /** Request units of DynamoDB on demand. */
  readonly writeUnits: number;
  /** Those of `writeUnits` that wrote records of ticks. */
  readonly recordUnits: number;
  readonly readUnits: number;
};

export type LambdaStage = AsyncDisposable & {
  readonly environment: Readonly<Record<string, string>>;
  /** Since the beginning. */
  readonly usage: () => Usage;
  /** A minute of work: in every group a build ends and another begins, on another runner. */
  readonly letBuildsChange: () => void;
};

/** Opens it, with the setting's fleet in Bitbucket and in the configuration. */
export async function openLambdaStage(setting: Setting): Promise<LambdaStage> {
  const { latencyMs } = setting;
  const names = workspaceNames(setting);
  const bitbucket = await startLoopbackBitbucket({
    workspaces: Object.fromEntries(names.map((name) => [name, []])),
    maxRunners: 10_000,
    latencyMs,
  });
  const kubernetes = await startLoopbackKubernetes({ latencyMs });
  const cluster = await startLoopbackEks(kubernetes);
  // Not the SDK's business alone: the commands that prepare the table read the same variables.
  const dynamoDb = await startDynamoDb((name, value) => {
    process.env[name] = value;
  });
  await dynamoDb.createTable(TABLE);
  const aws = await startAws({
    configuration: configureFleet(names, bitbucket, setting),
    dynamoDbUrl: dynamoDb.url,
    cluster,
    latencyMs,
  });
  return {
    environment: {
      ...awsEnvironment(aws.url),
      CONFIG_SOURCE: 's3://bench/runners.yaml',
      STATE_STORE: `dynamodb:${TABLE}`,
      BITBUCKET_SECRET_ID: 'bench',
      BITBUCKET_BASE_URL: bitbucket.url,
      EKS_CLUSTER_NAME: 'bench',
      POWERTOOLS_SERVICE_NAME: 'bitbucket-runner-autoscaler-bench',
    },
    usage: () => ({
      ...aws.billed,
      bitbucketCalls: bitbucket.requests.length,
      kubernetesCalls: kubernetes.requests.length,
    }),
    letBuildsChange: () => {
      for (const name of names) shiftSteps(bitbucket.runners({ workspace: bitbucket.uuidOf(name) }));
    },
    [Symbol.asyncDispose]: async () => {
      const servers = [bitbucket, kubernetes, cluster, dynamoDb, aws];
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

type Steppable = { readonly labels: readonly string[]; step: object | null };

/** Every group's busy runners end and as many of the others begin, as far as there are others. */
function shiftSteps(runners: readonly Steppable[]): void {
  for (const ofGroup of Map.groupBy(runners, ({ labels }) => labels.at(-1)).values()) {
    const [busy, idle] = [ofGroup.find(({ step }) => step !== null), ofGroup.find(({ step }) => step === null)];
    if (busy === undefined || idle === undefined) continue;
    [busy.step, idle.step] = [idle.step, busy.step];
  }
}

type AwsSettings = {
  readonly configuration: string;
  readonly dynamoDbUrl: string;
  readonly cluster: LoopbackEks;
  readonly latencyMs: number;
};

async function startAws({ configuration, dynamoDbUrl, cluster, latencyMs }: AwsSettings) {
  const billed = { s3Reads: 0, secretReads: 0, writeUnits: 0, recordUnits: 0, readUnits: 0 };
  const services: Readonly<Record<string, (request: SeenRequest) => ScriptedAnswer | Promise<ScriptedAnswer>>> = {
    DynamoDB_20120810: async (request) => {
      const { answer, writeUnits, recordUnits, readUnits } = await askDynamoDb(dynamoDbUrl, request);
      billed.writeUnits += writeUnits;
      billed.recordUnits += recordUnits;
      billed.readUnits += readUnits;
      return answer;
    },
    secretsmanager: () => {
      billed.secretReads += 1;
      return json(200, { SecretString: JSON.stringify(CREDENTIAL) });
    },
    AmazonSSM: () => json(200, { Parameter: { Value: BUILT_IN_TEMPLATE.text } }),
    eks: () => cluster.described,
    s3: ({ headers }) => {
      billed.s3Reads += 1;
      const etag = '"1"';
      return headers['if-none-match'] === etag
        ? { status: 304, headers: { etag } }
        : { status: 200, headers: { etag }, body: configuration };
    },
  };
  const service = await scriptedService(async (request) => {
    await pause(latencyMs);
    return (await services[serviceOf(request)]?.(request)) ?? jsonError(400, 'UnknownOperationException');
  });
  return { ...service, billed };
}

/** AWS's JSON services name themselves in a header; the others have paths of their own. */
function serviceOf({ headers, path }: SeenRequest): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.')[0] ?? '';
  return path.startsWith('/clusters/') ? 'eks' : 's3';
}

type Consumed = { readonly CapacityUnits: number };

/** Passes a request on, and has the answer tell what it consumed. */
async function askDynamoDb(url: string, { headers, body }: SeenRequest) {
  const target = String(headers['x-amz-target']);
  const asked: { Item?: { pk: { S: string } } } = JSON.parse(body);
  const { host: _, 'content-length': __, connection: ___, ...kept } = headers;
  const response = await fetch(url, {
    method: 'POST',
    headers: kept as Record<string, string>,
    body: JSON.stringify({ ...asked, ReturnConsumedCapacity: 'TOTAL' }),
  });
  const text = await response.text();
  const { ConsumedCapacity = [] }: { ConsumedCapacity?: Consumed | readonly Consumed[] } = JSON.parse(text);
  const units = [ConsumedCapacity].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
  const isWrite = /Put|Delete|Update|Write/.test(target);
  return {
    answer: { status: response.status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: text },
    writeUnits: isWrite ? units : 0,
    recordUnits: asked.Item?.pk.S === 'tick' ? units : 0,
    readUnits: isWrite ? 0 : units,
  };
}
