/** Deployments to look at. */
import type { Resources } from '../../infra/cloudformation.ts';
import { type Parameters, readParameters } from '../../infra/parameters.ts';
import { resourcesOf as stackResources } from '../../infra/service.ts';

export const ARN = {
  topic: 'arn:aws:sns:eu-west-1:123456789012:alarms',
  key: 'arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012',
  boundary: 'arn:aws:iam::123456789012:policy/ci/boundary',
  role: 'arn:aws:iam::210987654321:role/runner-autoscaler',
  secret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:ci/bitbucket-AbCdEf',
} as const;

/** The least that can be said. */
export const SMALL = { clusters: 'ci' } as const;

/** Everything that can be said. */
export const LARGE = {
  clusters: 'ci, build_farm, us-ci@us-east-1',
  'cluster-roles': ARN.role,
  'external-id': 'acme-runners',
  'config-source': 's3://acme-ci/autoscaler/runners.yaml',
  templates: 'large.yaml,ssm:/ci/small.yaml',
  secrets: `${ARN.secret},ci/other`,
  'report-secret': 'ci/read-only',
  table: 'shared-state',
  'kms-key': ARN.key,
  'permissions-boundary': ARN.boundary,
  subnets: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  'security-groups': 'sg-0123456789abcdef0',
  proxy: 'http://proxy.example.com:3128',
  'no-proxy': '.eks.amazonaws.com,10.0.0.1',
  schedule: 'rate(2 minutes)',
  shards: '3',
  memory: '1024',
  'log-retention': '90',
  'alarm-topic': ARN.topic,
  'group-metrics': 'true',
  wake: 'true',
  'webhook-secret': 'ci/webhook',
} as const;

export function parametersOf(values: Readonly<Record<string, string>>): Parameters {
  return readParameters({ stage: 'prod', values }, true);
}

/** The resources that the fragments add to what osls makes itself. */
export function resourcesOf(values: Readonly<Record<string, string>>): Resources {
  return stackResources(parametersOf(values));
}

/** Those of one type. */
export function ofType(resources: Resources, type: string): Resources {
  return Object.fromEntries(Object.entries(resources).filter(([, resource]) => resource.Type === type));
}
