/**
 * What a deployment can be told, by name, and the check of all of it before anything is built or deployed. Pure: where
 * the values come from is the affair of invocation.ts. docs/deploy.md lists the same names.
 */
import { InputError } from '#core/errors.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { isArn, isConfigSource, isPolicy, namedIn } from './parameter-checks.ts';

/** Every parameter with its default, as text; `undefined`: none. */
export const PARAMETERS = {
  clusters: undefined,
  'cluster-roles': undefined,
  'external-id': undefined,
  'access-entries': 'true',
  'config-source': undefined,
  templates: undefined,
  secrets: undefined,
  'report-secret': undefined,
  table: undefined,
  'kms-key': undefined,
  'permissions-boundary': undefined,
  subnets: undefined,
  'security-groups': undefined,
  proxy: undefined,
  'no-proxy': undefined,
  schedule: 'rate(1 minute)',
  enabled: 'true',
  shards: '1',
  memory: '512',
  'reserve-concurrency': 'true',
  'log-retention': '30',
  'alarm-topic': undefined,
  'group-metrics': 'false',
  wake: 'false',
  'webhook-secret': undefined,
} as const satisfies Readonly<Record<string, string | undefined>>;

export type ParameterName = keyof typeof PARAMETERS;

/** A cluster of this account; without `region`, in the region of the stack. */
export type Cluster = { readonly name: string; readonly region?: string };

/** A deployment, checked. */
export type Parameters = {
  readonly stage: string;
  readonly clusters: readonly Cluster[];
  /** ARNs of roles that the configuration names to reach clusters of other accounts. */
  readonly clusterRoles: readonly string[];
  /** What the functions say to these roles, and may not leave out; absent: nothing. */
  readonly externalId?: string;
  /** Whether the stack makes the access entries of its clusters. */
  readonly accessEntries: boolean;
  /** `s3://bucket/key` or `ssm:/name`; absent: the bucket that the stack makes. */
  readonly configSource?: string;
  /** Job templates outside the configuration's file: `s3://…`, `ssm:…`, or a name beside the configuration. */
  readonly templates: readonly string[];
  /** Names or ARNs of secrets that hold Bitbucket credentials; the first is the default credential. Never empty. */
  readonly secrets: readonly [string, ...string[]];
  /** Name or ARN of the default credential of `report` alone, which has to read only; absent: that of `scale`. */
  readonly reportSecret?: string;
  /** A table that exists already; absent: the stack makes one. */
  readonly table?: string;
  /** ARN of the key that protects the configuration and the secrets. */
  readonly kmsKey?: string;
  /** ARN of the policy beyond which the roles of the functions may do nothing. */
  readonly permissionsBoundary?: string;
  readonly vpc?: { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] };
  /** The proxy for all that leaves the functions, and the hosts that it is not for. */
  readonly proxy?: { readonly address: string; readonly exceptions?: string };
  readonly everyMinutes: number;
  /** Whether the schedule runs; without it only `report` and invocations by hand do anything. */
  readonly enabled: boolean;
  readonly shards: number;
  /** Megabytes. */
  readonly memory: number;
  readonly reserveConcurrency: boolean;
  /** Days. */
  readonly logRetention: LogRetention;
  readonly alarmTopic?: string;
  /** Whether every group has metrics of its own, which CloudWatch bills one by one. */
  readonly groupMetrics: boolean;
  /** Whether there is a door at which pipelines may ask for runners, and Bitbucket tell of events. */
  readonly wake: boolean;
  /** Name or ARN of the secret that Bitbucket's events are signed with; absent: none are taken. */
  readonly webhookSecret?: string;
};

/** Each rule has a statement in the function's policy, of which Lambda takes 20 KB: 44 of them, with the longest names. */
const MOST_SHARDS = 40;

/** The retentions that CloudWatch Logs knows, up to a year. */
export const LOG_RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365] as const;
export type LogRetention = (typeof LOG_RETENTIONS)[number];

/** What was given: a stage, and texts by parameter name. */
export type Given = {
  readonly stage: string;
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Where the values of a file stand. */
  readonly places?: Readonly<Record<string, Pick<InputProblem, 'source' | 'line' | 'column'>>>;
};

/**
 * Reads parameters; empty values count as not given. Throws an `InputError` with one sentence for every wrong one. A
 * missing cluster is no problem unless `isDeployment`: commands such as `invoke` ask about a stack that is there.
 */
export function readParameters({ stage, values, places = {} }: Given, isDeployment: boolean): Parameters {
  const problems: InputProblem[] = [];
  const complain = (path: string, message: string) =>
    problems.push({ source: 'parameter', ...places[path], path, message });
  const read = createReader(values, complain);

  for (const name of Object.keys(values)) {
    if (!(name in PARAMETERS)) complain(name, `is unknown; the parameters are ${Object.keys(PARAMETERS).join(', ')}`);
  }
  if (!/^[a-z][a-z0-9-]{0,15}$/.test(stage)) {
    complain('stage', `"${stage}" is not a stage: lower-case letters, digits and dashes, at most 16 characters`);
  }
  const [defaultSecret = `bitbucket-runner-autoscaler/${stage}`, ...otherSecrets] = read.list(
    'secrets',
    isSecret,
    NO_SECRET,
  );
  const parameters: Parameters = {
    stage,
    ...readClusters(read),
    ...readConfigPlaces(read),
    secrets: [defaultSecret, ...otherSecrets],
    reportSecret: read.checked('report-secret', isSecret, NO_SECRET),
    vpc: readVpc(read, complain),
    proxy: readProxy(read, complain),
    everyMinutes: readMinutes(read.text('schedule') ?? '', complain),
    enabled: read.flag('enabled'),
    shards: read.number('shards', 1, MOST_SHARDS),
    memory: read.number('memory', 128, 3008),
    reserveConcurrency: read.flag('reserve-concurrency'),
    logRetention: readRetention(read.text('log-retention') ?? '', complain),
    alarmTopic: read.checked('alarm-topic', (text) => isArn(text, 'sns', '[\\w-]+'), 'is not the ARN of an SNS topic'),
    groupMetrics: read.flag('group-metrics'),
    wake: read.flag('wake'),
    webhookSecret: read.checked('webhook-secret', isSecret, NO_SECRET),
  };
  if (parameters.webhookSecret !== undefined && !parameters.wake) {
    complain('wake', 'is not true, although webhook-secret is given; give both, or neither');
  }
  if (isDeployment && parameters.clusters.length + parameters.clusterRoles.length === 0) {
    complain('clusters', 'is missing; name the EKS clusters of the runners, such as --param clusters=ci');
  }
  if (problems.length > 0) throw new InputError(problems);
  return parameters;
}

const NO_SECRET = 'is neither the name nor the whole ARN of a secret in Secrets Manager';

/** Whole ARNs only: in a policy, one without the six characters at its end names no secret, and a wild card names many. */
function isSecret(text: string): boolean {
  return isArn(text, 'secretsmanager', 'secret:[\\w/+=.@-]+-[A-Za-z0-9]{6}') || /^[\w/+=.@-]{1,512}$/.test(text);
}

type Complain = (path: ParameterName | 'stage', message: string) => void;
type Reader = ReturnType<typeof createReader>;

/** Reads single parameters; what is wrong is complained about, and something of the right type comes back. */
function createReader(values: Given['values'], complain: Complain) {
  const text = (name: ParameterName): string | undefined => values[name]?.trim() || PARAMETERS[name];
  const keepIf = (name: ParameterName, value: string, isRight: (text: string) => boolean, complaint: string) => {
    if (!isRight(value)) complain(name, `"${value}" ${complaint}`);
    return value;
  };
  return {
    text,
    checked: (name: ParameterName, isRight: (text: string) => boolean, complaint: string) => {
      const value = text(name);
      return value === undefined ? undefined : keepIf(name, value, isRight, complaint);
    },
    list: (name: ParameterName, isRight: (text: string) => boolean, complaint: string) =>
      namedIn(text(name)).map((value) => keepIf(name, value, isRight, complaint)),
    flag: (name: ParameterName) =>
      keepIf(name, text(name) ?? '', (value) => ['true', 'false'].includes(value), 'is neither true nor false') ===
      'true',
    number: (name: ParameterName, least: number, most: number) => {
      const isRight = (value: string) => /^\d+$/.test(value) && Number(value) >= least && Number(value) <= most;
      return Number(keepIf(name, text(name) ?? '', isRight, `is not a whole number from ${least} to ${most}`));
    },
  };
}

function readClusters(read: Reader): Pick<Parameters, 'clusters' | 'clusterRoles' | 'externalId' | 'accessEntries'> {
  const clusters = read.list(
    'clusters',
    (text) => /^[A-Za-z0-9][\w-]{0,99}(@[a-z]{2,}(-[a-z]+)+-\d)?$/.test(text),
    'is not a cluster; write name, or name@region for another region',
  );
  return {
    clusters: clusters.map((text) => {
      const [name = '', region] = text.split('@');
      return { name, ...(region === undefined ? {} : { region }) };
    }),
    clusterRoles: read.list(
      'cluster-roles',
      (text) => isArn(text, 'iam', 'role/[\\w/+=,.@-]+'),
      'is not the ARN of an IAM role',
    ),
    externalId: read.checked(
      'external-id',
      (text) => /^[\w+=,.@:/-]{2,1224}$/.test(text),
      'is no external id: letters, digits and any of +=,.@:/-, two at least',
    ),
    accessEntries: read.flag('access-entries'),
  };
}

function readConfigPlaces(
  read: Reader,
): Pick<Parameters, 'configSource' | 'templates' | 'table' | 'kmsKey' | 'permissionsBoundary'> {
  return {
    configSource: read.checked(
      'config-source',
      isConfigSource,
      'is no place to read from; write s3://bucket/key or ssm:/name',
    ),
    templates: read.list(
      'templates',
      (text) => isConfigSource(text) || /^[\w.-][\w./-]*$/.test(text),
      'is no template; write s3://bucket/key, ssm:/name, or the name of a file beside the configuration',
    ),
    table: read.checked('table', (text) => /^[\w.-]{3,255}$/.test(text), 'is not the name of a DynamoDB table'),
    kmsKey: read.checked(
      'kms-key',
      (text) => isArn(text, 'kms', 'key/[\\w-]+'),
      'is not the ARN of a KMS key, which ends in key/ID; an alias cannot stand in a policy',
    ),
    permissionsBoundary: read.checked('permissions-boundary', isPolicy, 'is not the ARN of an IAM policy'),
  };
}

function readVpc(read: Reader, complain: Complain): Parameters['vpc'] {
  const subnetIds = read.list('subnets', (text) => /^subnet-[0-9a-f]{8,17}$/.test(text), 'is not the id of a subnet');
  const securityGroupIds = read.list(
    'security-groups',
    (text) => /^sg-[0-9a-f]{8,17}$/.test(text),
    'is not the id of a security group',
  );
  if (subnetIds.length === 0 && securityGroupIds.length === 0) return undefined;
  if (subnetIds.length === 0)
    complain('subnets', 'is missing, although security-groups is given; give both, or neither');
  if (securityGroupIds.length === 0) {
    complain('security-groups', 'is missing, although subnets is given; give both, or neither');
  }
  return { subnetIds, securityGroupIds };
}

/** A password in it would be readable for everybody who may look at the function. */
function readProxy(read: Reader, complain: Complain): Parameters['proxy'] {
  const address = read.text('proxy');
  if (address !== undefined && !/^https?:\/\/[\w.-]+(:\d+)?\/?$/.test(address)) {
    complain('proxy', 'is not the address of a proxy without user and password; write http://proxy.example.com:3128');
  }
  const exceptions = read.checked('no-proxy', (text) => /^[\w.:*,[\] -]+$/.test(text), 'is no list of hosts');
  if (address !== undefined) return { address, ...(exceptions !== undefined && { exceptions }) };
  if (exceptions !== undefined) complain('proxy', 'is missing, although no-proxy is given; give both, or neither');
  return undefined;
}

/** Only a rate: outside of the hours of a cron nothing would be cleaned up, and silence could not be told from failure. */
function readMinutes(schedule: string, complain: Complain): number {
  const minutes = Number(/^rate\((1 minute|(?:[2-9]|[1-5]\d) minutes)\)$/.exec(schedule)?.[1]?.split(' ')[0]);
  if (Number.isInteger(minutes)) return minutes;
  complain('schedule', `"${schedule}" is not a rate of minutes; write rate(1 minute), or up to rate(59 minutes)`);
  return 1;
}

function readRetention(text: string, complain: Complain): LogRetention {
  const days = LOG_RETENTIONS.find((retention) => String(retention) === text);
  if (days !== undefined) return days;
  complain('log-retention', `"${text}" is not a retention that CloudWatch knows: ${LOG_RETENTIONS.join(', ')} days`);
  return 30;
}
