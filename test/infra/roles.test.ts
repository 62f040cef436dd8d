import { describe, expect, it } from 'vitest';
import { lastGoodKey } from '#config/last-good.ts';
import { wakeLookKey, wakeMemoryKey, wakeNoteKey } from '#core/memory.ts';
import { ARN, LARGE, ofType, resourcesOf, SMALL } from './deployments.ts';

type Statement = { Sid: string; Effect: string; Action: string[]; Resource: unknown; Condition?: object };

function statementsOf(values: Readonly<Record<string, string>>, role: string): readonly Statement[] {
  const policies = resourcesOf(values)[role]?.Properties.Policies as { PolicyDocument: { Statement: Statement[] } }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

const actionsOf = (values: Readonly<Record<string, string>>, role: string) =>
  statementsOf(values, role)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action }) => Action);

describe.each([
  ['the least', SMALL],
  ['everything', LARGE],
])('the roles of a deployment that says %s', (_, values) => {
  it.each(['ScaleRole', 'ReportRole'])('%s grants nothing by wild card', (role) => {
    const granted = statementsOf(values, role).filter(({ Effect }) => Effect === 'Allow');
    expect(granted.length).toBeGreaterThanOrEqual(5);
    expect(actionsOf(values, role).filter((action) => !/^[a-z0-9]+:[A-Z]\w+$/.test(action))).toEqual([]);
    for (const { Sid, Resource } of granted) {
      // The streams of a log group have names that Lambda invents; the group itself is named.
      const text = JSON.stringify(Resource).replace(/(log-group:\/aws\/lambda\/[\w-]+):\*/, '$1');
      expect([Sid, text]).toEqual([Sid, expect.not.stringContaining('*')]);
    }
  });

  it('report can only read', () => {
    const reading =
      /^(dynamodb:(BatchGetItem|GetItem|Query)|s3:GetObject|ssm:GetParameter|secretsmanager:GetSecretValue|kms:Decrypt|eks:DescribeCluster|sts:AssumeRole)$/;
    const logging = /^logs:(CreateLogStream|PutLogEvents)$/;
    expect(actionsOf(values, 'ReportRole').filter((action) => !reading.test(action) && !logging.test(action))).toEqual(
      [],
    );
  });

  it('scale may write to the table, and nothing else than that besides', () => {
    const more = actionsOf(values, 'ScaleRole').filter((action) => !actionsOf(values, 'ReportRole').includes(action));
    expect(more).toEqual(['dynamodb:DeleteItem', 'dynamodb:PutItem']);
  });

  it('each need is a statement of its own', () => {
    const names = statementsOf(values, 'ScaleRole').map(({ Sid }) => Sid);
    expect(names).toEqual([...new Set(names)]);
    expect(names).toMatchSnapshot();
  });
});

it('the code of a function in a VPC may not use the right to make network interfaces', () => {
  expect(statementsOf(LARGE, 'ReportRole').filter(({ Effect }) => Effect === 'Deny')).toMatchObject([
    { Sid: 'NoNetworkForCode', Action: expect.arrayContaining(['ec2:CreateNetworkInterface']) },
  ]);
});

it('report reads a secret of its own instead of that with which scale writes, and those of workspaces', () => {
  const secrets = (role: string) =>
    JSON.stringify(statementsOf(LARGE, role).find(({ Sid }) => Sid === 'Credentials')?.Resource);
  expect(secrets('ScaleRole')).toContain(ARN.secret);
  expect(secrets('ScaleRole')).not.toContain('ci/read-only');
  expect(secrets('ReportRole')).toContain('secret:ci/read-only-??????');
  expect(secrets('ReportRole')).not.toContain(ARN.secret);
  for (const role of ['ScaleRole', 'ReportRole']) expect(secrets(role)).toContain('secret:ci/other-??????');
});

describe('the role of wake', () => {
  it('may read the configuration, its own secret and its own items, and invoke scale; nothing else', () => {
    const granted = statementsOf(LARGE, 'WakeRole').filter(({ Effect }) => Effect === 'Allow');
    expect(granted.map(({ Sid, Action }) => `${Sid}: ${Action}`)).toEqual([
      'Log: logs:CreateLogStream,logs:PutLogEvents',
      'State: dynamodb:BatchGetItem',
      'Wakes: dynamodb:PutItem',
      'ConfigObjects: s3:GetObject',
      'ConfigParameters: ssm:GetParameter',
      'Scale: lambda:InvokeFunction',
      'WebhookSecret: secretsmanager:GetSecretValue',
      'Key: kms:Decrypt',
    ]);
    const of = (sid: string) => granted.find(({ Sid }) => Sid === sid);
    const keys = (sid: string) => of(sid)?.Condition;
    expect(keys('State')).toEqual({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['memory#wake/*', 'memory#config/*'] },
    });
    expect(keys('Wakes')).toEqual({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['memory#wake/*'] } });
    expect(JSON.stringify(of('WebhookSecret')?.Resource)).toContain('secret:ci/webhook-??????');
    expect(JSON.stringify(of('Scale')?.Resource)).toMatch(/function:bitbucket-runner-autoscaler-prod-scale"/);
  });

  it('holds for the keys that are in use', () => {
    const keys = [wakeMemoryKey('x'), wakeNoteKey('x'), wakeLookKey('x')];
    expect(keys.every((key) => key.startsWith('wake/'))).toBe(true);
    expect(lastGoodKey('s3://x/y')).toMatch(/^config\//);
  });

  it('is not there unless somebody wants it', () => {
    const { WakeRole, WakeUrl, WakesForgedAlarm } = resourcesOf(SMALL);
    expect([WakeRole, WakeUrl, WakesForgedAlarm]).toEqual([undefined, undefined, undefined]);
    expect(statementsOf({ ...SMALL, wake: 'true' }, 'WakeRole').map(({ Sid }) => Sid)).toEqual([
      'Log',
      'State',
      'Wakes',
      'ConfigObjects',
      'Scale',
    ]);
  });
});

describe('conditions', () => {
  const conditionOf = (values: Readonly<Record<string, string>>, sid: string) =>
    statementsOf(values, 'ScaleRole').find(({ Sid }) => Sid === sid)?.Condition;

  it('the key decrypts only what services of its region read for the function', () => {
    expect(conditionOf(LARGE, 'Key')).toEqual({
      StringEquals: {
        'kms:ViaService': [
          'secretsmanager.eu-west-1.amazonaws.com',
          's3.eu-west-1.amazonaws.com',
          'ssm.eu-west-1.amazonaws.com',
        ],
      },
    });
    const key = 'arn:aws-cn:kms:cn-north-1:123456789012:key/x';
    expect(conditionOf({ ...SMALL, 'kms-key': key }, 'Key')).toEqual({
      StringEquals: {
        'kms:ViaService': [
          'secretsmanager.cn-north-1.amazonaws.com',
          'secretsmanager.cn-north-1.amazonaws.com.cn',
          's3.cn-north-1.amazonaws.com',
          's3.cn-north-1.amazonaws.com.cn',
        ],
      },
    });
  });

  it('roles of other accounts are assumed with the external id, where one is given', () => {
    expect(conditionOf(LARGE, 'ClustersOfOthers')).toEqual({ StringEquals: { 'sts:ExternalId': 'acme-runners' } });
    const { 'external-id': _, ...without } = LARGE;
    expect(conditionOf(without, 'ClustersOfOthers')).toBeUndefined();
  });
});

it('a permissions boundary bounds all roles', () => {
  const boundaries = (values: Readonly<Record<string, string>>) =>
    Object.values(ofType(resourcesOf(values), 'AWS::IAM::Role')).map(
      ({ Properties }) => Properties.PermissionsBoundary,
    );
  expect(boundaries(LARGE)).toEqual([ARN.boundary, ARN.boundary, ARN.boundary]);
  expect(boundaries(SMALL)).toEqual([undefined, undefined]);
});

it('the bucket of the configuration answers over TLS only', () => {
  expect(resourcesOf(SMALL).ConfigBucketPolicy?.Properties.PolicyDocument).toMatchObject({
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [{ 'Fn::GetAtt': ['ConfigBucket', 'Arn'] }, { 'Fn::Sub': `\${ConfigBucket.Arn}/*` }],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
  expect(resourcesOf(LARGE).ConfigBucketPolicy).toBeUndefined();
});

it('every cluster of the stack knows both roles, by the groups that the RBAC manifests bind', () => {
  const entries = Object.values(ofType(resourcesOf(LARGE), 'AWS::EKS::AccessEntry')).map(({ Properties }) => [
    Properties.ClusterName,
    Properties.PrincipalArn,
    Properties.KubernetesGroups,
  ]);
  const scale = { 'Fn::GetAtt': ['ScaleRole', 'Arn'] };
  const report = { 'Fn::GetAtt': ['ReportRole', 'Arn'] };
  expect(entries).toEqual([
    ['ci', scale, ['bitbucket-runner-autoscaler-scale-prod']],
    ['ci', report, ['bitbucket-runner-autoscaler-report-prod']],
    ['build_farm', scale, ['bitbucket-runner-autoscaler-scale-prod']],
    ['build_farm', report, ['bitbucket-runner-autoscaler-report-prod']],
  ]);
  expect(ofType(resourcesOf({ ...LARGE, 'access-entries': 'false' }), 'AWS::EKS::AccessEntry')).toEqual({});
});
