/**
 * The life of a stack, in order: packaged, deployed by the documented commands, configured, updated, removed. Each
 * step is looked at through the services' own APIs, and through the deployed template where the emulator makes nothing
 * of a resource (see stack.ts).
 */
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../doors/world.ts';
import { LARGE, SMALL } from '../infra/deployments.ts';
import { packageStack, stableTemplate } from '../infra/osls.ts';
import { npmRun, osls, parameterArguments } from './commands.ts';
import { ACCOUNT, type Emulator, REGION, startEmulator } from './emulator.ts';
import { deploy, deployedTemplate, type FunctionName, functionConfiguration, nameOf } from './stack.ts';

const STAGE = 'prod';
const NAME = nameOf(STAGE);
const BUCKET = `runner-autoscaler-${STAGE}-${ACCOUNT}-${REGION}`;
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:on-call`;

let aws: Emulator;

beforeAll(async () => {
  aws = await startEmulator();
});

afterAll(async () => {
  await aws?.[Symbol.asyncDispose]();
});

describe('before it is deployed', () => {
  it.each([
    ['small', SMALL],
    ['large', LARGE],
  ])('the %s template is packaged, offline and without credentials', async (name, parameters) => {
    const { code, output, directory } = await packageStack(parameters);
    expect([code, output]).toEqual([0, expect.stringContaining('Service packaged')]);
    expect(output).not.toMatch(/warning|deprecat/i);
    expect(await readdir(directory)).toContain('bitbucket-runner-autoscaler.zip');
    // The diff of this file is what a review of the infrastructure reads.
    await expect(await stableTemplate(directory)).toMatchFileSnapshot(`../infra/templates/${name}.json`);
  });

  it('a missing cluster is one sentence, and nothing is made', async () => {
    const { code, output } = await npmRun('deploy', ['--stage', STAGE], aws.environment);
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('parameter clusters: is missing; name the EKS clusters of the runners'),
    ]);
    expect(output).not.toContain('    at ');
    const { StackSummaries } = await aws.call<{ StackSummaries: unknown[] }>('cloudformation', 'list_stacks');
    expect(StackSummaries).toEqual([]);
  });
});

describe('deployed', () => {
  beforeAll(async () => {
    expect(await deploy(aws, STAGE, { clusters: 'ci' })).toContain('Service deployed');
  });

  it('the table is there, on demand', async () => {
    const { Table } = await aws.call<{ Table: object }>('dynamodb', 'describe_table', { TableName: NAME });
    expect(Table).toMatchObject({
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    });
  });

  it('the bucket is there, encrypted', async () => {
    expect(await aws.call('s3', 'get_bucket_encryption', { Bucket: BUCKET })).toMatchObject({
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
  });

  it.each<FunctionName>(['scale', 'report'])('%s is there, with its code and its environment', async (name) => {
    expect(await functionConfiguration(aws, STAGE, name)).toMatchObject({
      Runtime: 'nodejs24.x',
      Handler: `dist/${name}.handler`,
      MemorySize: 512,
      Timeout: 75,
      Environment: {
        Variables: {
          CONFIG_SOURCE: `s3://${BUCKET}/runners.yaml`,
          STATE_STORE: `dynamodb:${NAME}`,
          BITBUCKET_SECRET_ID: `bitbucket-runner-autoscaler/${STAGE}`,
          EKS_CLUSTER_NAME: 'ci',
          POWERTOOLS_SERVICE_NAME: NAME,
        },
      },
    });
  });

  it.each<[FunctionName, readonly string[]]>([
    ['scale', ['BatchGetItem', 'GetItem', 'Query', 'DeleteItem', 'PutItem']],
    ['report', ['BatchGetItem', 'GetItem', 'Query']],
  ])('%s has a role of its own, with every right by name', async (name, onTable) => {
    const here = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
    expect(await statementsOf(name)).toEqual({
      Log: [['logs:CreateLogStream', 'logs:PutLogEvents'], [here('logs', `log-group:/aws/lambda/${NAME}-${name}:*`)]],
      State: [onTable.map((action) => `dynamodb:${action}`), [here('dynamodb', `table/${NAME}`)]],
      ConfigObjects: [['s3:GetObject'], [`arn:aws:s3:::${BUCKET}/runners.yaml`]],
      Credentials: [
        ['secretsmanager:GetSecretValue'],
        [here('secretsmanager', `secret:bitbucket-runner-autoscaler/${STAGE}-??????`)],
      ],
      Clusters: [['eks:DescribeCluster'], [here('eks', 'cluster/ci')]],
    });
  });

  it('the schedule invokes scale every minute, and may', async () => {
    const rule = await aws.call<{ Arn: string }>('events', 'describe_rule', { Name: `${NAME}-0` });
    expect(rule).toMatchObject({ State: 'ENABLED', ScheduleExpression: 'rate(1 minute)' });
    const { Targets } = await aws.call<{ Targets: unknown }>('events', 'list_targets_by_rule', { Rule: `${NAME}-0` });
    const scale = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${NAME}-scale`;
    expect(Targets).toMatchObject([{ Arn: scale, Input: '{}', RetryPolicy: { MaximumRetryAttempts: 0 } }]);
    const { Policy } = await aws.call<{ Policy: string }>('lambda', 'get_policy', { FunctionName: `${NAME}-scale` });
    expect(JSON.parse(Policy).Statement).toMatchObject([
      {
        Action: 'lambda:InvokeFunction',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnLike: { 'AWS:SourceArn': rule.Arn } },
      },
    ]);
  });

  it('logs end after their retention', async () => {
    expect(await logGroups()).toEqual({ [`/aws/lambda/${NAME}-report`]: 30, [`/aws/lambda/${NAME}-scale`]: 30 });
  });

  it('the dashboard is there, and its queries name what is', async () => {
    const { DashboardBody } = await aws.call<{ DashboardBody: string }>('cloudwatch', 'get_dashboard', {
      DashboardName: NAME,
    });
    const { widgets } = JSON.parse(DashboardBody) as { widgets: { properties: { region: string } }[] };
    expect(new Set(widgets.map(({ properties }) => properties.region))).toEqual(new Set([REGION]));
    expect(DashboardBody).toContain(`SOURCE '/aws/lambda/${NAME}-scale'`);
  });

  it('the template asks for what the emulator does not make', async () => {
    const { Resources } = await deployedTemplate(aws, STAGE);
    expect(Resources.StateTable).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
      },
    });
    expect(Resources.ConfigBucket).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      },
    });
    expect(Resources.ScaleLambdaFunction?.Properties).toMatchObject({
      Architectures: ['arm64'],
      ReservedConcurrentExecutions: 1,
    });
    const ofType = (type: string) => Object.values(Resources).filter(({ Type }) => Type === type);
    expect(ofType('AWS::Lambda::EventInvokeConfig').map(({ Properties }) => Properties.MaximumRetryAttempts)).toEqual([
      0, 0,
    ]);
    expect(ofType('AWS::EKS::AccessEntry').map(({ Properties }) => Properties.KubernetesGroups)).toEqual([
      [`bitbucket-runner-autoscaler-scale-${STAGE}`],
      [`bitbucket-runner-autoscaler-report-${STAGE}`],
    ]);
    expect(ofType('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties.AlarmName)).toContain(
      `${NAME}-no-successful-tick`,
    );
  });
});

describe('configured', () => {
  const GOOD = configuration();

  it('refuses a configuration that is wrong, with its place, and uploads nothing', async () => {
    const file = await writeConfiguration(GOOD.replace('max:', 'maks:'));
    const { code, stdout, stderr } = await npmRun('config:push', ['--stage', STAGE, file], aws.environment);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: .+runners\.yaml:\d+:\d+ groups\[0\]\.parameters\.maks: unknown key$/m);
    const { KeyCount } = await aws.call<{ KeyCount: number }>('s3', 'list_objects_v2', { Bucket: BUCKET });
    expect(KeyCount).toBe(0);
  });

  it('uploads one that is right, to where the functions look', async () => {
    const file = await writeConfiguration(GOOD);
    const { code, stdout } = await npmRun('config:push', ['--stage', STAGE, file], aws.environment);
    expect([code, stdout]).toEqual([0, `${file} → s3://${BUCKET}/runners.yaml\n`]);
    const place = { Bucket: BUCKET, Key: 'runners.yaml' };
    const { Body } = await aws.call<{ Body: string }>('s3', 'get_object', place);
    expect(Buffer.from(Body, 'base64').toString()).toBe(GOOD);
  });
});

describe('updated', () => {
  it('becomes what its parameters say', async () => {
    const parameters = {
      clusters: 'ci',
      memory: '1024',
      schedule: 'rate(2 minutes)',
      enabled: 'false',
      'log-retention': '7',
      'alarm-topic': TOPIC,
      secrets: 'ci/other',
    };
    await deploy(aws, STAGE, parameters);
    expect(await functionConfiguration(aws, STAGE, 'scale')).toMatchObject({
      MemorySize: 1024,
      Environment: { Variables: { BITBUCKET_SECRET_ID: 'ci/other' } },
    });
    expect(await aws.call('events', 'describe_rule', { Name: `${NAME}-0` })).toMatchObject({
      ScheduleExpression: 'rate(2 minutes)',
      State: 'DISABLED',
    });
    const { Resources } = await deployedTemplate(aws, STAGE);
    expect(Resources.NoSuccessfulTickAlarm?.Properties).toMatchObject({ AlarmActions: [TOPIC], ActionsEnabled: false });
    // The emulator changes neither roles nor log groups that are there.
    expect(JSON.stringify(Resources.ScaleRole)).toContain('secret:ci/other-??????');
    expect(Resources.ScaleLogGroup?.Properties).toMatchObject({ RetentionInDays: 7 });
  });
});

describe('rolled back', () => {
  it('is what it was before, as one of the deployments that are listed', async () => {
    const listed = await osls(['rollback', '--stage', STAGE], aws.environment);
    const timestamps = [...listed.output.matchAll(/Timestamp: (\d+)/g)].map(([, timestamp]) => timestamp ?? '');
    expect([listed.code, timestamps]).toEqual([0, [expect.any(String), expect.any(String)]]);
    const { code, output } = await osls(
      ['rollback', '--stage', STAGE, '--timestamp', timestamps[0] ?? ''],
      aws.environment,
    );
    expect([code, output]).toEqual([0, expect.stringContaining('rolled back')]);
    expect(await functionConfiguration(aws, STAGE, 'scale')).toMatchObject({ MemorySize: 512 });
    expect(await aws.call('events', 'describe_rule', { Name: `${NAME}-0` })).toMatchObject({ State: 'ENABLED' });
  });
});

describe('removed', () => {
  it('keeps table and configuration, and nothing else', async () => {
    const { Resources } = await deployedTemplate(aws, STAGE);
    const item = { pk: { S: 'tick' }, sk: { S: 'a' } };
    await aws.call('dynamodb', 'put_item', { TableName: NAME, Item: item });
    const { code, output } = await osls(['remove', '--stage', STAGE], aws.environment);
    expect([code, output]).toEqual([0, expect.stringContaining('removed')]);

    const { TableNames } = await aws.call<{ TableNames: unknown }>('dynamodb', 'list_tables');
    expect(TableNames).toEqual([NAME]);
    expect(await aws.call('dynamodb', 'get_item', { TableName: NAME, Key: item })).toMatchObject({ Item: item });
    const { Buckets } = await aws.call<{ Buckets: { Name: string }[] }>('s3', 'list_buckets');
    expect(Buckets.map(({ Name }) => Name)).toEqual([BUCKET]);

    expect(await aws.call('lambda', 'list_functions')).toMatchObject({ Functions: [] });
    expect(await aws.call('events', 'list_rules')).toMatchObject({ Rules: [] });
    expect(await aws.call('iam', 'list_roles')).toMatchObject({ Roles: [] });
    expect(await aws.call('cloudwatch', 'list_dashboards')).toMatchObject({ DashboardEntries: [] });
    // The emulator forgets to remove log groups that it has updated.
    const kept = Object.entries(Resources).filter(([, resource]) => 'DeletionPolicy' in resource);
    expect(kept.map(([id]) => id)).toEqual(['StateTable', 'ConfigBucket']);
    for (const logGroupName of Object.keys(await logGroups())) {
      await aws.call('logs', 'delete_log_group', { logGroupName });
    }
  });

  it('is followed by a stack that takes both over', async () => {
    const kept = { table: NAME, 'config-source': `s3://${BUCKET}/runners.yaml` };
    await deploy(aws, STAGE, { clusters: 'ci', ...kept });
    expect(await functionConfiguration(aws, STAGE, 'scale')).toMatchObject({
      Environment: { Variables: { CONFIG_SOURCE: kept['config-source'], STATE_STORE: `dynamodb:${NAME}` } },
    });
    const { code } = await osls(['remove', '--stage', STAGE, ...parameterArguments(kept)], aws.environment);
    expect(code).toBe(0);
    expect(await aws.call('dynamodb', 'list_tables')).toMatchObject({ TableNames: [NAME] });
  });
});

/** Of the inline policies of the function's role: actions and resources by the statement's name. */
async function statementsOf(name: FunctionName): Promise<Readonly<Record<string, readonly [unknown, unknown]>>> {
  const { Role } = await functionConfiguration(aws, STAGE, name);
  const role = { RoleName: Role.split('/').at(-1) };
  const policy = { ...role, PolicyName: `${NAME}-${name}` };
  expect(await aws.call('iam', 'list_role_policies', role)).toMatchObject({ PolicyNames: [policy.PolicyName] });
  expect(await aws.call('iam', 'list_attached_role_policies', role)).toMatchObject({ AttachedPolicies: [] });
  type Statement = {
    readonly Sid: string;
    readonly Effect: string;
    readonly Action: unknown;
    readonly Resource: unknown;
  };
  const { PolicyDocument } = await aws.call<{ PolicyDocument: { Statement: readonly Statement[] } }>(
    'iam',
    'get_role_policy',
    policy,
  );
  expect(new Set(PolicyDocument.Statement.map(({ Effect }) => Effect))).toEqual(new Set(['Allow']));
  return Object.fromEntries(PolicyDocument.Statement.map(({ Sid, Action, Resource }) => [Sid, [Action, Resource]]));
}

/** Days by name. */
async function logGroups(): Promise<Readonly<Record<string, number>>> {
  type Group = { readonly logGroupName: string; readonly retentionInDays: number };
  const { logGroups: groups } = await aws.call<{ logGroups: readonly Group[] }>('logs', 'describe_log_groups');
  return Object.fromEntries(groups.map(({ logGroupName, retentionInDays }) => [logGroupName, retentionInDays]));
}

async function writeConfiguration(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'configuration-')), 'runners.yaml');
  await writeFile(file, text);
  return file;
}
