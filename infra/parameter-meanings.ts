/** What each parameter of a deployment means, for the table in docs/deploy.md, where links begin. */
import type { ParameterName } from './parameters.ts';

type Description = {
  readonly meaning: string;
  /** What stands for a default that is no value of its own. */
  readonly defaultText?: string;
};

/** Every parameter, in the order of the tables. */
export const PARAMETER_MEANINGS: Readonly<Record<ParameterName, Description>> = {
  clusters: {
    defaultText: 'required',
    meaning: 'EKS clusters of this account: `name`, or `name@region` for another region.',
  },
  'cluster-roles': {
    meaning:
      'ARNs of the roles that the configuration names as `roleArn`, for clusters of other accounts. May stand instead of `clusters`.',
  },
  'external-id': {
    meaning:
      'The external id that the trust policies of `cluster-roles` ask for. The functions may not assume these roles without it; the configuration says it as `externalId`.',
  },
  'access-entries': {
    meaning:
      'Whether the stack makes the access entries of the clusters of its region. `false` where they are made elsewhere.',
  },
  'config-source': {
    defaultText: "the stack's own bucket",
    meaning: '`s3://bucket/key` or `ssm:/name`. With it the stack has no bucket.',
  },
  templates: {
    meaning:
      "Job templates outside of the configuration's file: a `path` as it stands there, or `s3://…`. The functions may read these and no others.",
  },
  secrets: {
    defaultText: '`bitbucket-runner-autoscaler/STAGE`',
    meaning:
      'Secrets with Bitbucket credentials, by name or ARN. The first is the default; the others are those of `workspaces.*.secretId`.',
  },
  'report-secret': {
    defaultText: 'as `secrets`',
    meaning:
      'The default credential of `report` alone, by name or ARN, with [scopes to read only](#what-the-functions-may-do).',
  },
  table: { defaultText: 'made by the stack', meaning: 'A table that exists already.' },
  'kms-key': {
    meaning:
      "ARN of the key with which configuration and secrets are encrypted. The functions may decrypt with it; the stack's bucket uses it.",
  },
  'permissions-boundary': { meaning: 'ARN of an IAM policy that bounds the roles of the functions.' },
  subnets: { meaning: 'Subnets for the functions; see [private clusters](#private-clusters).' },
  'security-groups': { meaning: 'Security groups for the functions; both or neither.' },
  proxy: { meaning: 'The proxy that leads out of the VPC, `http://host:port`.' },
  'no-proxy': {
    meaning:
      'Hosts that are reached without the proxy, with commas between them, as in `NO_PROXY`: `.eks.amazonaws.com` for the private endpoints of clusters.',
  },
  schedule: { meaning: 'A rate in minutes.' },
  enabled: { meaning: '`false`: the schedule rests, and the alarms are silent.' },
  shards: {
    meaning:
      'Into how many parts the workspaces are divided, each with a schedule of its own; see [large fleets](#large-fleets).',
  },
  memory: { meaning: 'Megabytes; processor time comes in proportion. See [what it costs](#what-it-costs).' },
  'reserve-concurrency': {
    meaning: 'Reserve one execution for each shard; where there is a function URL, five for that.',
  },
  'log-retention': { meaning: 'Days.' },
  'alarm-topic': { meaning: 'ARN of the SNS topic that alarms go to.' },
  'group-metrics': { meaning: 'Metrics of every group, which CloudWatch bills one by one.' },
  wake: {
    meaning: 'Whether there is a function URL at which pipelines wake groups; see [from zero](from-zero.md#deploy-it).',
  },
  'webhook-secret': {
    meaning:
      'The secret that Bitbucket signs its events with, by name or ARN; see [events](from-zero.md#events). Without it no events are taken.',
  },
};
