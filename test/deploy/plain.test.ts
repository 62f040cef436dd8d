/** The release without Node and osls: its template deployed with the code of its zip, and a tick of what was deployed. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeStack } from '../../scripts/release/template.ts';
import { configuration } from '../doors/world.ts';
import { ACCOUNT, type Emulator, REGION } from './emulator.ts';
import { functionConfiguration, nameOf } from './stack.ts';
import { CLUSTER, credential, openWorld, type World } from './world.ts';

const STAGE = 'prod';
const CODE = 'acme-code';
const CONFIGURATION = `runner-autoscaler-${STAGE}-${ACCOUNT}-${REGION}`;

let world: World;

beforeAll(async () => {
  world = await openWorld(
    STAGE,
    { CodeBucket: CODE, Cluster: CLUSTER, Stage: STAGE, Memory: '1024', Wake: 'true' },
    deployPlain,
  );
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

/** The release's two files: the zip into a bucket, the template into a stack. */
async function deployPlain(aws: Emulator, stage: string, parameters: Readonly<Record<string, string>>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'release-'));
  const [template, code] = await writeStack(folder, '1.2.3');
  await aws.call('s3', 'create_bucket', {
    Bucket: CODE,
    CreateBucketConfiguration: { LocationConstraint: REGION },
  });
  const s3 = new S3Client({
    region: REGION,
    endpoint: aws.environment.AWS_ENDPOINT_URL as string,
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'loopback-secret-key' },
  });
  const Key = 'bitbucket-runner-autoscaler-1.2.3-functions.zip';
  await s3.send(new PutObjectCommand({ Bucket: CODE, Key, Body: await readFile(code) }));
  s3.destroy();
  await aws.call('cloudformation', 'create_stack', {
    StackName: nameOf(stage),
    // The emulator knows no function URLs, and fails where an output asks for the address of one.
    TemplateBody: (await readFile(template, 'utf8')).replace(/^ {2}WakeUrl: \{Condition: .*FunctionUrl.*\n/m, ''),
    Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
    Capabilities: ['CAPABILITY_IAM'],
  });
  await rm(folder, { recursive: true });
}

it('the functions are there, as their parameters say', async () => {
  const Variables = {
    CONFIG_SOURCE: `s3://${CONFIGURATION}/runners.yaml`,
    STATE_STORE: `dynamodb:${nameOf(STAGE)}`,
    BITBUCKET_SECRET_ID: `bitbucket-runner-autoscaler/${STAGE}`,
    EKS_CLUSTER_NAME: CLUSTER,
    POWERTOOLS_SERVICE_NAME: nameOf(STAGE),
    GROUP_METRICS: 'false',
  };
  expect(await functionConfiguration(world.aws, STAGE, 'scale')).toMatchObject({
    Handler: 'dist/scale.handler',
    MemorySize: 1024,
    Environment: { Variables },
  });
  expect(await functionConfiguration(world.aws, STAGE, 'wake')).toMatchObject({
    Handler: 'dist/wake.handler',
    MemorySize: 1024,
    Environment: { Variables: { SCALE_FUNCTION: `${nameOf(STAGE)}-scale`, SHARDS: '1', SCALE_EVERY_MINUTES: '1' } },
  });
});

it('a tick of what was deployed creates runners, with the rights of its deployed role', async () => {
  const Body = configuration().replace('"runners"', `"${world.place.namespace}"`);
  await world.aws.call('s3', 'put_object', { Bucket: CONFIGURATION, Key: 'runners.yaml', Body });
  await world.putSecret(credential());
  await using scale = await world.start('scale');
  const { error, report } = await scale.invoke({});
  expect([error, report?.groups.map(({ decision }) => decision.to)]).toEqual([undefined, [3]]);
  expect(await world.cluster.names(world.place, 'jobs')).toHaveLength(3);
  expect(world.verdicts.at(-1)).toMatchObject({ groups: [`bitbucket-runner-autoscaler-scale-${STAGE}`] });
});
