/** The plain template says for its parameters what osls deploys for the same ones. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Resources } from '../../infra/cloudformation.ts';
import { dashboardResources } from '../../infra/dashboard.ts';
import { functionsOf } from '../../infra/functions.ts';
import { readParameters } from '../../infra/parameters.ts';
import { resourcesOf } from '../../infra/service.ts';
import { templateOf } from '../../infra/template.ts';
import type { TemplateParameter } from '../../infra/template-parameters.ts';
import { templateText } from '../../scripts/release/template.ts';
import { ARN } from './deployments.ts';
import { resolveTemplate } from './resolve-template.ts';

const TEMPLATE = templateOf('1.2.3', 'functions.zip');
const NEEDED = { CodeBucket: 'acme-code', Cluster: 'ci' } as const;
const SUBNETS = 'subnet-0123456789abcdef0,subnet-0123456789abcdef1';

/** Parameters of the template, and those of osls that mean the same. */
const SETTINGS: readonly (readonly [Readonly<Record<string, string>>, Readonly<Record<string, string>>])[] = [
  [{}, {}],
  [{ SecretName: 'ci/bitbucket' }, { secrets: 'ci/bitbucket' }],
  [{ ReportSecretName: 'ci/read-only' }, { 'report-secret': 'ci/read-only' }],
  [{ AccessEntries: 'false' }, { 'access-entries': 'false' }],
  [{ Template: 'large.yaml' }, { templates: 'large.yaml' }],
  [{ PermissionsBoundary: ARN.boundary }, { 'permissions-boundary': ARN.boundary }],
  [{ KmsKey: ARN.key }, { 'kms-key': ARN.key }],
  [
    { Subnets: SUBNETS, SecurityGroups: 'sg-0123456789abcdef0' },
    { subnets: SUBNETS, 'security-groups': 'sg-0123456789abcdef0' },
  ],
  [{ Proxy: 'http://proxy:3128' }, { proxy: 'http://proxy:3128' }],
  [
    { Proxy: 'http://proxy:3128', NoProxy: '.eks.amazonaws.com' },
    { proxy: 'http://proxy:3128', 'no-proxy': '.eks.amazonaws.com' },
  ],
  [{ Enabled: 'false' }, { enabled: 'false' }],
  [{ AlarmTopic: ARN.topic }, { 'alarm-topic': ARN.topic }],
  [{ GroupMetrics: 'true' }, { 'group-metrics': 'true' }],
  [{ Wake: 'true' }, { wake: 'true' }],
  [
    { Wake: 'true', WebhookSecretName: 'ci/webhook' },
    { wake: 'true', 'webhook-secret': 'ci/webhook' },
  ],
];
const ALL = SETTINGS.reduce(([ours, theirs], [own, its]) => [
  { ...ours, ...own },
  { ...theirs, ...its },
]);

/** All of the others, so that nothing of the door is left where it is not wanted. */
const ALL_BUT_WAKE = [
  { ...ALL[0], Wake: 'false', WebhookSecretName: '' },
  Object.fromEntries(Object.entries(ALL[1]).filter(([name]) => !['wake', 'webhook-secret'].includes(name))),
] as const;

const parametersOf = (values: Readonly<Record<string, string>>) =>
  readParameters({ stage: 'test', values: { clusters: 'ci', ...values } }, true);

/** Of the fragments, without what osls adds and the graph of the door; the region of the key is that of the stack. */
function ofFragments(values: Readonly<Record<string, string>>): Resources {
  const parameters = parametersOf(values);
  const resources = { ...resourcesOf(parameters), ...dashboardResources({ ...parameters, wake: false }) };
  const { Resources } = resolveTemplate({ Resources: resources }, {});
  return JSON.parse(
    JSON.stringify(Resources)
      .replaceAll(/"(\w+)\.eu-west-1\.amazonaws\.com"/g, `{"Fn::Sub":"$1.\${AWS::Region}.amazonaws.com"}`)
      .replaceAll(/"(AccessEntry\w+)ci"/g, '"$1Cluster"'),
  );
}

describe('the plain template', () => {
  it.each([...SETTINGS, ALL, ALL_BUT_WAKE])('with %j makes what the fragments say with %j', (given, values) => {
    const { Resources } = resolveTemplate(TEMPLATE, { ...NEEDED, ...given, Stage: 'test' });
    const ofOsls = Object.keys(Resources).filter((id) => /Lambda(Function|EvConf)|LogGroup/.test(id));
    const others = Object.entries(Resources).filter(([id]) => !ofOsls.includes(id));
    expect(Object.fromEntries(others)).toEqual(ofFragments(values));
    const { scale, report, wake } = functionsOf(parametersOf(values));
    expect(Resources).toMatchObject({
      ScaleLambdaFunction: { Properties: { Environment: { Variables: scale.environment } } },
      ReportLambdaFunction: { Properties: { Environment: { Variables: report.environment } } },
      ...(wake && { WakeLambdaFunction: { Properties: { Environment: { Variables: wake.environment } } } }),
    });
    expect(Object.keys(Resources).some((id) => id.startsWith('WakeLambda'))).toBe(wake !== undefined);
  });

  it('makes the functions as osls makes them', async () => {
    const { Resources } = resolveTemplate(TEMPLATE, { ...NEEDED, Cluster: 'ci' });
    const packaged = await readFile(new URL('templates/small.json', import.meta.url), 'utf8');
    const { Resources: all } = resolveTemplate(JSON.parse(packaged) as { Resources: Resources }, {});
    const { ServerlessDeploymentBucket, ServerlessDeploymentBucketPolicy, ...ofOsls } = all;
    expect(
      Object.keys(Resources)
        .map((id) => id.replace('Cluster', 'ci'))
        .sort(),
    ).toEqual(Object.keys(ofOsls).sort());
    for (const id of Object.keys(Resources).filter((one) => /Lambda|LogGroup/.test(one))) {
      const { Code, DestinationConfig, ...expected } = ofOsls[id]?.Properties ?? {};
      expect(Resources[id]).toMatchObject({ ...ofOsls[id], Properties: expected });
    }
    const Code = { S3Bucket: 'acme-code', S3Key: 'functions.zip' };
    expect(Resources.ScaleLambdaFunction?.Properties).toMatchObject({ Code });
    const inFolder = resolveTemplate(TEMPLATE, { ...NEEDED, CodePrefix: 'ci/' });
    expect(inFolder.Resources.ReportLambdaFunction?.Properties).toMatchObject({ Code: { S3Key: 'ci/functions.zip' } });
  });

  it('changes memory, retention and concurrency of the functions', () => {
    const given = { ...NEEDED, Memory: '1024', LogRetention: '7', ReserveConcurrency: 'false' };
    const { Resources } = resolveTemplate(TEMPLATE, given);
    expect(Resources.ReportLambdaFunction?.Properties).toMatchObject({ MemorySize: 1024 });
    expect(Resources.ScaleLogGroup?.Properties).toMatchObject({ RetentionInDays: 7 });
    expect(Resources.ScaleLambdaFunction?.Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('has a network only with subnets and security groups', () => {
    const { Resources } = resolveTemplate(TEMPLATE, { ...NEEDED, Subnets: SUBNETS });
    expect(Resources.ScaleLambdaFunction?.Properties).not.toHaveProperty('VpcConfig');
    const both = resolveTemplate(TEMPLATE, { ...NEEDED, Subnets: SUBNETS, SecurityGroups: 'sg-0123456789abcdef0' });
    expect(both.Resources.ScaleLambdaFunction?.Properties.VpcConfig).toEqual({
      SubnetIds: SUBNETS.split(','),
      SecurityGroupIds: ['sg-0123456789abcdef0'],
    });
    expect(JSON.stringify(TEMPLATE.Rules)).toContain(
      'SecurityGroups is missing, although Subnets is given; give both, or neither.',
    );
  });

  it('fits into what the AWS CLI sends without a bucket, and says what it is', () => {
    const text = templateText('1.2.3', 'functions.zip');
    expect(text.length).toBeLessThan(51_200);
    expect(text).toContain('version 1.2.3: one cluster, one shard');
    expect(parse(text, { version: '1.1' })).toEqual(JSON.parse(JSON.stringify(TEMPLATE)));
  });
});

describe('CloudFormation refuses a parameter', () => {
  const refuses = ({ AllowedPattern, AllowedValues, MinValue = 0, MaxValue = 0 }: TemplateParameter, value: string) => {
    if (AllowedPattern !== undefined) return !new RegExp(AllowedPattern).test(value);
    if (AllowedValues !== undefined) return !AllowedValues.includes(value);
    return Number(value) < MinValue || Number(value) > MaxValue;
  };
  const parameterOf = (name: string) => TEMPLATE.Parameters[name] as TemplateParameter;

  it.each([
    ['CodeBucket', 'Acme'],
    ['CodePrefix', 'ci'],
    ['Cluster', 'ci@us-east-1'],
    ['Cluster', ''],
    ['Stage', 'Prod'],
    ['Stage', 'a-stage-that-is-long'],
    ['SecretName', ARN.secret],
    ['ReportSecretName', 'a b'],
    ['Template', '/large.yaml'],
    ['Template', '*'],
    ['Enabled', 'yes'],
    ['AlarmTopic', 'alarms'],
    ['AccessEntries', ''],
    ['Subnets', 'subnet-1'],
    ['SecurityGroups', 'sg-0123456789abcdef0, sg-0123456789abcdef1'],
    ['Proxy', 'http://me:secret@proxy:3128'],
    ['NoProxy', 'a;b'],
    ['KmsKey', 'alias/ci'],
    ['PermissionsBoundary', ARN.role],
    ['Memory', '64'],
    ['Memory', '4096'],
    ['ReserveConcurrency', '1'],
    ['LogRetention', '31'],
    ['GroupMetrics', 'True'],
  ])('%s=%s', (name, value) => {
    expect(refuses(parameterOf(name), value)).toBe(true);
    expect(parameterOf(name).ConstraintDescription).toMatch(/^must be /);
  });

  it('and takes its own defaults, and every value of these tests', () => {
    const given = Object.entries({ ...NEEDED, ...ALL[0], Stage: 'test', Memory: '3008', LogRetention: '365' });
    const defaults = Object.entries(TEMPLATE.Parameters).flatMap(([name, { Default }]) =>
      Default === undefined ? [] : [[name, Default] as const],
    );
    expect([...given, ...defaults].filter(([name, value]) => refuses(parameterOf(name), value))).toEqual([]);
    const undeclared = Object.keys(TEMPLATE.Parameters).filter((name) => !defaults.some(([one]) => one === name));
    expect(undeclared).toEqual(['CodeBucket', 'Cluster']);
  });
});
