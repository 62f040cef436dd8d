/**
 * The bundled function, frozen between its invocations as Lambda freezes it, while what lies between it and each service
 * forgets the connections that rest.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { startDynamoDb } from '#kit/dynamodb.ts';
import { startForgetfulProxy } from '#kit/forgetful-proxy.ts';
import { awsEnvironment, scriptedService } from '#kit/loopback.ts';
import { startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { startLoopbackKubernetes } from '#kit/loopback-kubernetes.ts';
import { bundled } from '../doors/bundle.ts';
import { startLambda } from './lambda.ts';

const MINUTE = 60_000;
const INVOCATIONS = 20;
const GROUPS = 10;
const TABLE = 'runner-state';

/** Four runners in each group at first, and one more with every second invocation: bursts of 40 and of 10 creates. */
const perGroup = (invocation: number) => 4 + Math.floor(invocation / 2);

function configuration(invocation: number): string {
  const min = perGroup(invocation);
  const groups = Array.from({ length: GROUPS }, (_, index) => {
    const parameters = { min, max: 100, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2 };
    return {
      name: `group-${index}`,
      workspace: 'acme',
      labels: [`label.${index}`],
      namespace: 'runners',
      strategy: 'percentageRunnersIdle',
      parameters: { ...parameters, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 },
    };
  });
  return JSON.stringify({ workspaces: { acme: { callsPerHour: 100_000, maxRunners: 200 } }, groups });
}

afterAll(() => {
  vi.unstubAllEnvs();
});

/** A Bitbucket, an EKS cluster and a DynamoDB, each behind something that forgets, and a function that uses them. */
async function startFrozenWorld(answerToForgotten: 'reset' | 'silence') {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'frozen-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const bitbucket = await startLoopbackBitbucket();
  stack.defer(() => bitbucket.close());
  const kubernetes = stack.use(await startLoopbackKubernetes({ tls: {}, accepts: () => true }));
  const dynamoDb = await startDynamoDb(vi.stubEnv);
  stack.defer(() => dynamoDb.close());
  await dynamoDb.createTable(TABLE);
  const proxies = {
    bitbucket: stack.use(await startForgetfulProxy(bitbucket.url, answerToForgotten)),
    kubernetes: stack.use(await startForgetfulProxy(kubernetes.url, answerToForgotten)),
    aws: stack.use(await startForgetfulProxy(dynamoDb.url, answerToForgotten)),
  };
  const certificateAuthority = { data: Buffer.from(kubernetes.certificate?.cert ?? '').toString('base64') };
  const cluster = { name: 'ci', status: 'ACTIVE', endpoint: proxies.kubernetes.url, certificateAuthority };
  const eks = await scriptedService(() => ({ status: 200, body: JSON.stringify({ cluster }) }));
  stack.defer(eks.close);
  const config = join(directory, 'runners_config.json');
  await writeFile(config, configuration(0));
  const scale = stack.use(
    await startLambda(bundled('scale.js'), {
      ...awsEnvironment(proxies.aws.url),
      AWS_ENDPOINT_URL_EKS: eks.url,
      EKS_CLUSTER_NAME: 'ci',
      CONFIG_SOURCE: config,
      STATE_STORE: `dynamodb:${TABLE}`,
      BITBUCKET_BASE_URL: proxies.bitbucket.url,
      ATLASSIAN_ACCOUNT_EMAIL: 'ci@acme.example',
      ATLASSIAN_API_TOKEN: 'the-api-token',
    }),
  );
  const world = stack.move();
  const counts = () => ({
    registrations: bitbucket.runners({ workspace: 'acme' }).length,
    registered: bitbucket.requests.filter(({ method }) => method === 'POST').length,
    jobs: kubernetes.names('runners', 'jobs').length,
    secrets: kubernetes.names('runners', 'secrets').length,
  });
  return {
    counts,
    usedForgotten: () => Object.entries(proxies).map(([service, { usedForgotten }]) => `${service} ${usedForgotten()}`),
    /** Invokes the function with the configuration of this invocation, and freezes it; what rests is then forgotten. */
    async invokeAndFreeze(invocation: number, clockAheadMs: number) {
      await writeFile(config, configuration(invocation));
      const { error, report } = await scale.invoke({}, { clockAheadMs });
      scale.freeze();
      for (const proxy of Object.values(proxies)) proxy.forget();
      for (const runner of bitbucket.runners({ workspace: 'acme' })) runner.status = 'ONLINE';
      scale.thaw();
      return error?.message ?? report?.tick.skipped;
    },
    [Symbol.asyncDispose]: () => world.disposeAsync(),
  };
}

describe('a function that is frozen between its invocations', () => {
  it.each([
    ['answers them with a reset', 'reset', MINUTE],
    // The clock stands still: that an invocation has ended is enough.
    ['never answers them', 'silence', 0],
  ] as const)('uses no connection again that rested meanwhile, where the network %s', async (_, answer, passMs) => {
    await using world = await startFrozenWorld(answer);
    const came: object[] = [];
    const wanted: object[] = [];
    for (let invocation = 0; invocation < INVOCATIONS; invocation += 1) {
      const trouble = await world.invokeAndFreeze(invocation, invocation * passMs);
      const runners = GROUPS * perGroup(invocation);
      came.push({ invocation, trouble, ...world.counts() });
      wanted.push({
        invocation,
        trouble: undefined,
        registrations: runners,
        registered: runners,
        jobs: runners,
        secrets: runners,
      });
    }
    expect(came).toEqual(wanted);
    expect(world.usedForgotten()).toEqual(['bitbucket 0', 'kubernetes 0', 'aws 0']);
  });
});
