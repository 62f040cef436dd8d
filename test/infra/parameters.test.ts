import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { InputError } from '#core/errors.ts';
import { PARAMETERS, readParameters } from '../../infra/parameters.ts';
import { ARN, LARGE, parametersOf, SMALL } from './deployments.ts';

function complaintsOf(values: Readonly<Record<string, string>>, stage = 'prod'): readonly string[] {
  try {
    readParameters({ stage, values }, true);
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message.split('\n');
  }
}

describe('parameters of a deployment', () => {
  it('have defaults, all but the clusters', () => {
    expect(parametersOf(SMALL)).toEqual({
      stage: 'prod',
      clusters: [{ name: 'ci' }],
      clusterRoles: [],
      accessEntries: true,
      templates: [],
      secrets: ['bitbucket-runner-autoscaler/prod'],
      everyMinutes: 1,
      enabled: true,
      shards: 1,
      memory: 512,
      reserveConcurrency: true,
      logRetention: 30,
      groupMetrics: false,
      wake: false,
    });
  });

  it('are all read', () => {
    expect(parametersOf(LARGE)).toEqual({
      stage: 'prod',
      clusters: [{ name: 'ci' }, { name: 'build_farm' }, { name: 'us-ci', region: 'us-east-1' }],
      clusterRoles: [ARN.role],
      externalId: 'acme-runners',
      accessEntries: true,
      configSource: 's3://acme-ci/autoscaler/runners.yaml',
      templates: ['large.yaml', 'ssm:/ci/small.yaml'],
      secrets: [ARN.secret, 'ci/other'],
      reportSecret: 'ci/read-only',
      table: 'shared-state',
      kmsKey: ARN.key,
      permissionsBoundary: ARN.boundary,
      vpc: {
        subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
        securityGroupIds: ['sg-0123456789abcdef0'],
      },
      proxy: { address: 'http://proxy.example.com:3128', exceptions: '.eks.amazonaws.com,10.0.0.1' },
      everyMinutes: 2,
      enabled: true,
      shards: 3,
      memory: 1024,
      reserveConcurrency: true,
      logRetention: 90,
      alarmTopic: ARN.topic,
      groupMetrics: true,
      wake: true,
      webhookSecret: 'ci/webhook',
    });
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['no cluster', {}, 'clusters: is missing; name the EKS clusters of the runners, such as --param clusters=ci'],
    [
      'an empty cluster',
      { clusters: ' , ' },
      'clusters: is missing; name the EKS clusters of the runners, such as --param clusters=ci',
    ],
    [
      'the ARN of a cluster',
      { clusters: 'arn:aws:eks:eu-west-1:123456789012:cluster/ci' },
      'clusters: "arn:aws:eks:eu-west-1:123456789012:cluster/ci" is not a cluster; write name, or name@region for another region',
    ],
    [
      'half a VPC',
      { ...SMALL, subnets: 'subnet-0123456789abcdef0' },
      'security-groups: is missing, although subnets is given; give both, or neither',
    ],
    [
      'the other half',
      { ...SMALL, 'security-groups': 'sg-0123456789abcdef0' },
      'subnets: is missing, although security-groups is given; give both, or neither',
    ],
    [
      'a subnet by name',
      { ...SMALL, subnets: 'private', 'security-groups': 'sg-0123456789abcdef0' },
      'subnets: "private" is not the id of a subnet',
    ],
    [
      'a proxy with a password, which is not repeated',
      { ...SMALL, proxy: 'http://me:secret@proxy.example.com:3128' },
      'proxy: is not the address of a proxy without user and password; write http://proxy.example.com:3128',
    ],
    [
      'exceptions without a proxy',
      { ...SMALL, 'no-proxy': 'a' },
      'proxy: is missing, although no-proxy is given; give both, or neither',
    ],
    [
      'a secret for events that nothing takes',
      { ...SMALL, 'webhook-secret': 'ci/webhook' },
      'wake: is not true, although webhook-secret is given; give both, or neither',
    ],
    [
      'exceptions that are no hosts',
      { ...SMALL, proxy: 'http://proxy:3128', 'no-proxy': 'a;b' },
      'no-proxy: "a;b" is no list of hosts',
    ],
    ['a wrong ARN', { ...SMALL, 'alarm-topic': 'alarms' }, 'alarm-topic: "alarms" is not the ARN of an SNS topic'],
    [
      'the ARN of something else',
      { ...SMALL, 'alarm-topic': ARN.key },
      `alarm-topic: "${ARN.key}" is not the ARN of an SNS topic`,
    ],
    [
      'the alias of a key',
      { ...SMALL, 'kms-key': 'alias/ci' },
      'kms-key: "alias/ci" is not the ARN of a KMS key, which ends in key/ID; an alias cannot stand in a policy',
    ],
    [
      'a file as the source',
      { ...SMALL, 'config-source': 'runners.yaml' },
      'config-source: "runners.yaml" is no place to read from; write s3://bucket/key or ssm:/name',
    ],
    [
      'a wild card as the source',
      { ...SMALL, 'config-source': 's3://acme/*' },
      'config-source: "s3://acme/*" is no place to read from; write s3://bucket/key or ssm:/name',
    ],
    [
      'a template elsewhere',
      { ...SMALL, templates: '~/large.yaml' },
      'templates: "~/large.yaml" is no template; write s3://bucket/key, ssm:/name, or the name of a file beside the configuration',
    ],
    [
      'a secret with a wild card',
      { ...SMALL, secrets: 'ci/*' },
      'secrets: "ci/*" is neither the name nor the whole ARN of a secret in Secrets Manager',
    ],
    [
      'a secret by an ARN with a wild card',
      { ...SMALL, secrets: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:ci/*' },
      'secrets: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ci/*" is neither the name nor the whole ARN of a secret in Secrets Manager',
    ],
    [
      'a secret by half an ARN',
      { ...SMALL, secrets: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:ci/bitbucket' },
      'secrets: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ci/bitbucket" is neither the name nor the whole ARN of a secret in Secrets Manager',
    ],
    [
      'roles by a wild card',
      { ...SMALL, 'cluster-roles': 'arn:aws:iam::210987654321:role/*' },
      'cluster-roles: "arn:aws:iam::210987654321:role/*" is not the ARN of an IAM role',
    ],
    [
      'an SSM path that does not begin with a slash',
      { ...SMALL, 'config-source': 'ssm:ci/runners' },
      'config-source: "ssm:ci/runners" is no place to read from; write s3://bucket/key or ssm:/name',
    ],
    [
      'half an external id',
      { ...SMALL, 'external-id': 'a b' },
      'external-id: "a b" is no external id: letters, digits and any of +=,.@:/-, two at least',
    ],
    [
      'a read-only secret with a wild card',
      { ...SMALL, 'report-secret': 'ci/*' },
      'report-secret: "ci/*" is neither the name nor the whole ARN of a secret in Secrets Manager',
    ],
    [
      'a boundary by name',
      { ...SMALL, 'permissions-boundary': 'boundary' },
      'permissions-boundary: "boundary" is not the ARN of an IAM policy',
    ],
    ['a role by name', { ...SMALL, 'cluster-roles': 'ci' }, 'cluster-roles: "ci" is not the ARN of an IAM role'],
    [
      'a cron',
      { ...SMALL, schedule: 'cron(0 8 * * ? *)' },
      'schedule: "cron(0 8 * * ? *)" is not a rate of minutes; write rate(1 minute), or up to rate(59 minutes)',
    ],
    ['no shard', { ...SMALL, shards: '0' }, 'shards: "0" is not a whole number from 1 to 40'],
    ['too many shards', { ...SMALL, shards: '41' }, 'shards: "41" is not a whole number from 1 to 40'],
    ['little memory', { ...SMALL, memory: '64' }, 'memory: "64" is not a whole number from 128 to 3008'],
    ['maybe', { ...SMALL, 'access-entries': 'yes' }, 'access-entries: "yes" is neither true nor false'],
    [
      'an odd retention',
      { ...SMALL, 'log-retention': '31' },
      'log-retention: "31" is not a retention that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 days',
    ],
    [
      'an unknown name',
      { ...SMALL, cluster: 'ci' },
      `cluster: is unknown; the parameters are ${Object.keys(PARAMETERS).join(', ')}`,
    ],
  ])('%s is one sentence', (_, values, complaint) => {
    expect(complaintsOf(values)).toEqual([`parameter ${complaint}`]);
  });

  it.each([
    ['clusters', 'ci@eu-west-1,cn@cn-north-1,gov@us-gov-west-1,de@eusc-de-east-1'],
    ['secrets', 'arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:ci/bitbucket-AbCdEf'],
    ['cluster-roles', 'arn:aws-us-gov:iam::210987654321:role/path/of/role+x'],
    ['permissions-boundary', 'arn:aws:iam::aws:policy/PowerUserAccess'],
    ['external-id', 'acme:runners/1'],
    ['config-source', 'ssm:runners'],
    ['shards', '40'],
    ['config-source', 'ssm:/ci/runners'],
  ])('%s may be %s', (name, value) => {
    expect(complaintsOf({ ...SMALL, [name]: value })).toEqual([]);
  });

  it('an odd stage is one sentence', () => {
    expect(complaintsOf(SMALL, 'Prod')).toEqual([
      'parameter stage: "Prod" is not a stage: lower-case letters, digits and dashes, at most 16 characters',
    ]);
  });

  it('says everything at once', () => {
    expect(complaintsOf({ shards: 'x', memory: 'y' })).toHaveLength(3);
  });

  it('asks about a deployed stack without knowing its clusters', () => {
    expect(readParameters({ stage: 'prod', values: {} }, false).clusters).toEqual([]);
  });

  it('are all described in docs/deploy.md', async () => {
    const text = await readFile(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
    expect(Object.keys(PARAMETERS).filter((name) => !text.includes(`| \`${name}\``))).toEqual([]);
  });
});
