/**
 * The Parameters of the plain template: what each may be, and what it changes. Meanings and defaults are those of the
 * parameters that osls takes, where there is one for the same thing.
 */
import { PARAMETER_MEANINGS } from './parameter-meanings.ts';
import { LOG_RETENTIONS, PARAMETERS, type ParameterName, type Parameters } from './parameters.ts';

/** What changes where a parameter is given (or a flag is true), beyond `over`, which goes without saying. */
export type Option = {
  readonly name: string;
  readonly isFlag?: true;
  /** Another parameter that has to be given, too. */
  readonly besides?: string;
  readonly over?: Partial<Parameters>;
  readonly value: Partial<Parameters>;
};

/** What every stack has: parameters that are always given, and flags that are options. */
export const ALWAYS = {
  stage: `\${Stage}`,
  clusters: [{ name: `\${Cluster}` }],
  secrets: [`bitbucket-runner-autoscaler/\${Stage}`],
  accessEntries: false,
  enabled: false,
  reserveConcurrency: false,
  // What there is only with it, is on condition of the parameter Wake.
  wake: true,
} satisfies Partial<Parameters>;

const PROXY = { address: `\${Proxy}` };

/** Of two that change the same, the later wins; what they add to a list is in this order. */
export const OPTIONS: readonly Option[] = [
  { name: 'SecretName', value: { secrets: [`\${SecretName}`] } },
  { name: 'ReportSecretName', value: { reportSecret: `\${ReportSecretName}` } },
  { name: 'AccessEntries', isFlag: true, value: { accessEntries: true } },
  { name: 'Template', value: { templates: [`\${Template}`] } },
  { name: 'WebhookSecretName', value: { webhookSecret: `\${WebhookSecretName}` } },
  { name: 'PermissionsBoundary', value: { permissionsBoundary: `\${PermissionsBoundary}` } },
  {
    name: 'Subnets',
    besides: 'SecurityGroups',
    value: { vpc: { subnetIds: [`\${Subnets}`], securityGroupIds: [`\${SecurityGroups}`] } },
  },
  { name: 'KmsKey', value: { kmsKey: `\${KmsKey}` } },
  { name: 'Proxy', value: { proxy: PROXY } },
  { name: 'NoProxy', over: { proxy: PROXY }, value: { proxy: { ...PROXY, exceptions: `\${NoProxy}` } } },
  { name: 'Enabled', isFlag: true, value: { enabled: true } },
  { name: 'ReserveConcurrency', isFlag: true, value: { reserveConcurrency: true } },
  { name: 'AlarmTopic', value: { alarmTopic: `\${AlarmTopic}` } },
  { name: 'GroupMetrics', isFlag: true, value: { groupMetrics: true } },
];

/** Texts with commas that stand for lists. */
export const LISTS: readonly string[] = ['Subnets', 'SecurityGroups'];

/** Whether a parameter has a value. */
export const isGiven = (name: string) => ({ 'Fn::Not': [{ 'Fn::Equals': [{ Ref: name }, ''] }] });

/** Whether there is a function at which pipelines wake groups. */
export const IS_WOKEN = { 'Fn::Equals': [{ Ref: 'Wake' }, 'true'] };

/** Parameters that need another. */
export const RULES = {
  SubnetsNeedGroups: needs('Subnets', 'SecurityGroups'),
  GroupsNeedSubnets: needs('SecurityGroups', 'Subnets'),
  NoProxyNeedsProxy: needs('NoProxy', 'Proxy'),
  WebhookNeedsWake: {
    RuleCondition: isGiven('WebhookSecretName'),
    Assertions: [
      {
        Assert: IS_WOKEN,
        AssertDescription: 'Wake is not true, although WebhookSecretName is given; give both, or neither.',
      },
    ],
  },
};

function needs(name: string, other: string) {
  const AssertDescription = `${other} is missing, although ${name} is given; give both, or neither.`;
  return { RuleCondition: isGiven(name), Assertions: [{ Assert: isGiven(other), AssertDescription }] };
}

/** A parameter as a template declares it. */
export type TemplateParameter = Readonly<
  Record<'Type' | 'Description', string> & {
    Default?: string;
    AllowedPattern?: string;
    AllowedValues?: readonly string[];
    MinValue?: number;
    MaxValue?: number;
    /** What CloudFormation says of a value that it refuses. */
    ConstraintDescription?: string;
  }
>;

const SECRET_NAME = /[\w/+=.@-]{1,512}/;

const NETWORK = {
  Subnets: {
    ...optional(/subnet-[0-9a-f]{8,17}(,subnet-[0-9a-f]{8,17})*/, 'ids of subnets, with commas and no blanks'),
    Description: 'Subnets of the functions, to reach a private cluster, with commas and no blanks.',
  },
  SecurityGroups: {
    ...optional(/sg-[0-9a-f]{8,17}(,sg-[0-9a-f]{8,17})*/, 'ids of security groups, with commas and no blanks'),
    ...of('security-groups'),
  },
};

/** All of them, in the order in which the console asks for them. */
export function templateParameters(codeKey: string): Readonly<Record<string, TemplateParameter>> {
  return {
    CodeBucket: {
      ...text(/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/, 'the name of an S3 bucket'),
      Description: "A bucket of the stack's region that holds the functions' zip.",
    },
    CodePrefix: {
      ...optional(/[\w./=@+-]{1,512}\//, 'a folder of CodeBucket that ends in /, such as ci/'),
      Description: `The folder of CodeBucket in which ${codeKey} lies; empty: none.`,
    },
    Cluster: {
      ...text(/[A-Za-z0-9][\w-]{0,99}/, 'the name of an EKS cluster, without its region'),
      Description: "The EKS cluster of the runners, of the stack's account and region.",
    },
    Stage: {
      ...text(/[a-z][a-z0-9-]{0,15}/, 'a stage: lower-case letters, digits and dashes, at most 16 characters'),
      Default: 'prod',
      Description: 'What tells this deployment from others of the account; part of every name.',
    },
    SecretName: {
      ...optional(SECRET_NAME, 'the name of a secret in Secrets Manager, not its ARN'),
      Description: 'The secret with the Bitbucket credential, by name; empty: bitbucket-runner-autoscaler/STAGE.',
    },
    ReportSecretName: {
      ...optional(SECRET_NAME, 'the name of a secret in Secrets Manager, not its ARN'),
      Description: 'A credential of report alone, which has to read only; empty: that of scale.',
    },
    Template: {
      ...optional(/[\w.-][\w./-]*/, 'the name of a file beside the configuration, such as large.yaml'),
      Description: 'A Job template beside the configuration in its bucket, which the functions may read.',
    },
    Enabled: flag('enabled'),
    AlarmTopic: {
      ...optional(/arn:aws(-[a-z-]+)?:sns:[a-z0-9-]*:\d{12}:[\w-]+/, 'the ARN of an SNS topic'),
      ...of('alarm-topic'),
    },
    AccessEntries: flag('access-entries'),
    ...NETWORK,
    Proxy: {
      ...optional(/https?:\/\/[\w.-]+(:\d+)?\/?/, 'the address of a proxy without user and password, http://host:port'),
      ...of('proxy'),
    },
    NoProxy: { ...optional(/[\w.:*,[\] -]+/, 'a list of hosts, with commas'), ...of('no-proxy') },
    KmsKey: {
      ...optional(
        /arn:aws(-us-gov)?:kms:[a-z0-9-]*:\d{12}:key\/[\w-]+/,
        "the ARN of a KMS key of the stack's region, which ends in key/ID",
      ),
      ...of('kms-key'),
    },
    PermissionsBoundary: {
      ...optional(/arn:aws(-[a-z-]+)?:iam::(\d{12}|aws):policy\/[\w/+=,.@-]+/, 'the ARN of an IAM policy'),
      ...of('permissions-boundary'),
    },
    Memory: {
      ...{ Type: 'Number', Default: PARAMETERS.memory, MinValue: 128, MaxValue: 3008 },
      ConstraintDescription: 'must be a whole number from 128 to 3008 (megabytes)',
      ...of('memory'),
    },
    ReserveConcurrency: flag('reserve-concurrency'),
    LogRetention: {
      ...{ Type: 'Number', Default: PARAMETERS['log-retention'], AllowedValues: LOG_RETENTIONS.map(String) },
      ConstraintDescription: `must be a retention that CloudWatch knows: ${LOG_RETENTIONS.join(', ')} days`,
      Description: 'Days for which logs are kept.',
    },
    GroupMetrics: flag('group-metrics'),
    Wake: flag('wake'),
    WebhookSecretName: {
      ...optional(SECRET_NAME, 'the name of a secret in Secrets Manager, not its ARN'),
      ...of('webhook-secret'),
    },
  };
}

/** CloudFormation says "Parameter X failed to satisfy constraint:" before the sentence. */
function text(pattern: RegExp, form: string) {
  return { Type: 'String', AllowedPattern: `^${pattern.source}$`, ConstraintDescription: `must be ${form}` };
}

function optional(pattern: RegExp, form: string) {
  return { ...text(pattern, `${form}, or empty`), AllowedPattern: `^(${pattern.source})?$`, Default: '' };
}

function flag(name: ParameterName): TemplateParameter {
  const values = { AllowedValues: ['true', 'false'], ConstraintDescription: 'must be true or false' };
  return { Type: 'String', ...values, ...(PARAMETERS[name] && { Default: PARAMETERS[name] }), ...of(name) };
}

/** The meaning in the documentation, without its mark-up. */
function of(name: ParameterName): { readonly Description: string } {
  const { meaning } = PARAMETER_MEANINGS[name];
  return { Description: meaning.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('`', '') };
}
