import { describe, expect, it } from 'vitest';
import { placesOf } from '../../infra/config-place.ts';
import { serviceOf } from '../../infra/service.ts';
import { LARGE, ofType, parametersOf, resourcesOf, SMALL } from './deployments.ts';

const functionsOf = (values: Readonly<Record<string, string>>) =>
  serviceOf(parametersOf(values), 'eu-west-1').functions;

describe('schedule', () => {
  it('is one rule without shards, whose event says nothing', () => {
    expect(Object.values(ofType(resourcesOf(SMALL), 'AWS::Events::Rule'))).toMatchObject([
      {
        Properties: {
          ScheduleExpression: 'rate(1 minute)',
          Targets: [{ Input: '{}', RetryPolicy: { MaximumRetryAttempts: 0 } }],
        },
      },
    ]);
  });

  it('is one rule for each shard, together the whole', () => {
    const rules = Object.values(ofType(resourcesOf(LARGE), 'AWS::Events::Rule'));
    expect(
      rules.map(({ Properties: { Name, ScheduleExpression, Targets } }) => [
        Name,
        ScheduleExpression,
        (Targets as { Input: string }[])[0]?.Input,
      ]),
    ).toEqual(
      [0, 1, 2].map((index) => [
        `bitbucket-runner-autoscaler-prod-${index}`,
        'rate(2 minutes)',
        `{"shard":{"index":${index},"of":3}}`,
      ]),
    );
    const permissions = Object.keys(ofType(resourcesOf(LARGE), 'AWS::Lambda::Permission'));
    expect(permissions.filter((name) => name.startsWith('Schedule'))).toHaveLength(3);
    expect(functionsOf(LARGE)?.scale).toMatchObject({
      reservedConcurrency: 3,
      maximumRetryAttempts: 0,
      maximumEventAge: 60,
    });
  });

  it('can be off, and is not alarmed then by its own silence', () => {
    const resources = resourcesOf({ ...SMALL, enabled: 'false' });
    expect(resources.ScheduleRule0?.Properties.State).toBe('DISABLED');
    expect(resources.NoSuccessfulTickAlarm?.Properties.ActionsEnabled).toBe(false);
  });

  it('leaves the concurrency of a small account alone when asked', () => {
    expect(functionsOf({ ...SMALL, 'reserve-concurrency': 'false' })?.scale).not.toHaveProperty('reservedConcurrency');
  });
});

describe('the door for pipelines', () => {
  it('is there only when it is wanted, with few executions and little that it knows', () => {
    expect(functionsOf(SMALL)).not.toHaveProperty('wake');
    expect(functionsOf({ ...SMALL, wake: 'true' })?.wake).toEqual({
      memorySize: 512,
      timeout: 20,
      environment: {
        CONFIG_SOURCE: { 'Fn::Join': ['', ['s3://', { Ref: 'ConfigBucket' }, '/runners.yaml']] },
        STATE_STORE: 'dynamodb:bitbucket-runner-autoscaler-prod',
        POWERTOOLS_SERVICE_NAME: 'bitbucket-runner-autoscaler-prod',
        SCALE_FUNCTION: 'bitbucket-runner-autoscaler-prod-scale',
        SHARDS: '1',
        SCALE_EVERY_MINUTES: '1',
      },
      handler: 'dist/wake.handler',
      description: expect.any(String),
      role: { 'Fn::Sub': `\${WakeRole.Arn}` },
      reservedConcurrency: 5,
      maximumRetryAttempts: 0,
    });
    expect(functionsOf(LARGE)?.wake?.environment).toMatchObject({ SHARDS: '3', WEBHOOK_SECRET_ID: 'ci/webhook' });
    expect(functionsOf({ ...SMALL, wake: 'true', 'reserve-concurrency': 'false' })?.wake).not.toHaveProperty(
      'reservedConcurrency',
    );
  });

  it('has a URL that anybody may call, and an output that says where', () => {
    expect(resourcesOf(LARGE)).toMatchObject({
      WakeUrl: { Properties: { AuthType: 'NONE' } },
      WakeUrlPermission: { Properties: { Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' } },
      WakeInvokePermission: { Properties: { Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true } },
    });
    const { resources } = serviceOf(parametersOf(LARGE), 'eu-west-1');
    expect(resources).toMatchObject({ Outputs: { WakeUrl: { Value: { 'Fn::GetAtt': ['WakeUrl', 'FunctionUrl'] } } } });
  });
});

describe('functions', () => {
  it('name the cluster only when there is no other', () => {
    expect(functionsOf(SMALL)?.scale?.environment).toMatchObject({ EKS_CLUSTER_NAME: 'ci' });
    expect(functionsOf(LARGE)?.scale?.environment).not.toHaveProperty('EKS_CLUSTER_NAME');
  });

  it('share their environment, but for a secret that report has for itself', () => {
    expect(functionsOf(SMALL)?.report?.environment).toEqual(functionsOf(SMALL)?.scale?.environment);
    const ofReport = { BITBUCKET_SECRET_ID: 'ci/read-only' };
    expect(functionsOf(LARGE)?.report?.environment).toEqual({ ...functionsOf(LARGE)?.scale?.environment, ...ofReport });
  });
});

describe('what is kept', () => {
  it('the table and the bucket stay when the stack goes, and go when it fails to come', () => {
    expect(resourcesOf(SMALL)).toMatchObject({
      StateTable: { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' },
      ConfigBucket: { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' },
    });
  });

  it('those that are there already are not made', () => {
    expect(Object.keys(resourcesOf(LARGE))).not.toEqual(expect.arrayContaining(['StateTable']));
    expect(Object.keys(resourcesOf(LARGE))).not.toEqual(expect.arrayContaining(['ConfigBucket']));
    expect(functionsOf(LARGE)?.scale?.environment).toMatchObject({ STATE_STORE: 'dynamodb:shared-state' });
  });
});

it('templates lie beside the configuration unless they say where', () => {
  expect(placesOf(parametersOf(LARGE))).toEqual([
    { kind: 's3', bucket: 'acme-ci', key: 'autoscaler/runners.yaml' },
    { kind: 's3', bucket: 'acme-ci', key: 'autoscaler/large.yaml' },
    { kind: 'ssm', name: '/ci/small.yaml' },
  ]);
  expect(placesOf(parametersOf({ ...SMALL, 'config-source': 'ssm:/ci/runners', templates: 'large' }))).toEqual([
    { kind: 'ssm', name: '/ci/runners' },
    { kind: 'ssm', name: '/ci/large' },
  ]);
});
