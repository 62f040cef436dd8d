/**
 * One role per function, one statement per need, every resource by its name. `report` differs from `scale` in what it
 * may do to the table (read), and in its secret where it has one of its own; `wake` reaches neither Bitbucket's credentials
 * nor clusters. What the others may do in a cluster is said by the access entries and the RBAC manifests.
 */
import { arn, attribute, nameOf, type Resource, type Resources, type Value } from './cloudformation.ts';
import { bucketArn, type Place, placesOf } from './config-place.ts';
import type { Parameters } from './parameters.ts';
import { tableName } from './table.ts';

/** What a statement of a policy says. */
type Statement = {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly Value[] | '*';
  readonly Condition?: Readonly<Record<string, unknown>>;
};

const READ_TABLE = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];
const WRITE_TABLE = ['dynamodb:DeleteItem', 'dynamodb:PutItem'];

/** What Lambda itself does for a function in a VPC, with that function's role. */
const NETWORK_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** The roles of the functions. */
export function roleResources(parameters: Parameters): Resources {
  const { secrets } = parameters;
  return {
    ScaleRole: role(parameters, 'scale', tick(parameters, [...READ_TABLE, ...WRITE_TABLE], secrets)),
    ReportRole: role(parameters, 'report', tick(parameters, READ_TABLE, secretsOfReport(parameters))),
    ...(parameters.wake && { WakeRole: role(parameters, 'wake', answerPipelines(parameters)) }),
  };
}

function tick(
  parameters: Parameters,
  tableActions: readonly string[],
  secrets: readonly string[],
): readonly Statement[] {
  return [
    allow('State', tableActions, [tableArn(parameters)]),
    ...readConfiguration(placesOf(parameters)),
    allow('Credentials', ['secretsmanager:GetSecretValue'], secrets.map(secretArn)),
    ...reachClusters(parameters),
  ];
}

/** Items whose keys begin like this are those of wakes, and copies of the last good configuration. */
const [OF_WAKES, OF_CONFIGURATION] = ['memory#wake/*', 'memory#config/*'];

function answerPipelines(parameters: Parameters): readonly Statement[] {
  const { webhookSecret } = parameters;
  const table = [tableArn(parameters)];
  const only = (...keys: readonly string[]) => ({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } });
  return [
    allow('State', ['dynamodb:BatchGetItem'], table, only(OF_WAKES, OF_CONFIGURATION)),
    allow('Wakes', ['dynamodb:PutItem'], table, only(OF_WAKES)),
    ...readConfiguration(placesOf(parameters)),
    allow('Scale', ['lambda:InvokeFunction'], [arn(`lambda:REGION:ACCOUNT:function:${nameOf(parameters)}-scale`)]),
    // Behind what is always there, for the plain template.
    ...(webhookSecret === undefined
      ? []
      : [allow('WebhookSecret', ['secretsmanager:GetSecretValue'], [secretArn(webhookSecret)])]),
  ];
}

function tableArn(parameters: Parameters): Value {
  return arn(`dynamodb:REGION:ACCOUNT:table/${tableName(parameters)}`);
}

/** Its own instead of that with which `scale` writes; those of workspaces are what the configuration names. */
function secretsOfReport({ secrets: [first, ...others], reportSecret = first }: Parameters): readonly string[] {
  return [reportSecret, ...others];
}

function role(parameters: Parameters, functionName: string, needs: readonly Statement[]): Resource {
  const name = `${nameOf(parameters)}-${functionName}`;
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      // Creating a network interface cannot be limited to names; AWS's own policy for it holds nothing else.
      ...(parameters.vpc === undefined
        ? {}
        : { ManagedPolicyArns: [arn('iam::aws:policy/service-role/AWSLambdaENIManagementAccess')] }),
      ...(parameters.permissionsBoundary === undefined ? {} : { PermissionsBoundary: parameters.permissionsBoundary }),
      Policies: [
        {
          PolicyName: name,
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              allow(
                'Log',
                ['logs:CreateLogStream', 'logs:PutLogEvents'],
                [arn(`logs:REGION:ACCOUNT:log-group:/aws/lambda/${name}:*`)],
              ),
              ...needs,
              // The plain template has these on condition: behind what is always there.
              ...(parameters.vpc === undefined ? [] : [denyNetworkToCode(name)]),
              ...useKey(parameters),
            ],
          },
        },
      ],
    },
  };
}

function allow(
  Sid: string,
  Action: readonly string[],
  Resource: readonly Value[],
  Condition?: Statement['Condition'],
): Statement {
  return { Sid, Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) };
}

/** Not by itself: only for what the services decrypt with it on the function's behalf. */
function useKey(parameters: Parameters): readonly Statement[] {
  const { kmsKey } = parameters;
  if (kmsKey === undefined) return [];
  const [, partition, , region = `\${AWS::Region}`] = kmsKey.split(':');
  // In China services may call themselves by either domain.
  const domains = partition === 'aws-cn' ? ['amazonaws.com', 'amazonaws.com.cn'] : ['amazonaws.com'];
  const services = [...new Set(['secretsmanager', ...placesOf(parameters).map(({ kind }) => kind)])];
  const through = services.flatMap((service) => domains.map((domain) => `${service}.${region}.${domain}`));
  return [allow('Key', ['kms:Decrypt'], [kmsKey], { StringEquals: { 'kms:ViaService': through } })];
}

function readConfiguration(places: readonly Place[]): readonly Statement[] {
  const objects = places.flatMap((place) =>
    place.kind === 's3' ? [{ 'Fn::Sub': `${bucketArn(place.bucket)}/${place.key}` }] : [],
  );
  const parameters = places.flatMap((place) =>
    place.kind === 'ssm' ? [arn(`ssm:REGION:ACCOUNT:parameter/${place.name.replace(/^\//, '')}`)] : [],
  );
  return [
    ...(objects.length === 0 ? [] : [allow('ConfigObjects', ['s3:GetObject'], objects)]),
    ...(parameters.length === 0 ? [] : [allow('ConfigParameters', ['ssm:GetParameter'], parameters)]),
  ];
}

/** Secrets Manager ends the ARN of a secret with a dash and six characters of its own choice. */
function secretArn(secret: string): Value {
  return secret.startsWith('arn:') ? secret : arn(`secretsmanager:REGION:ACCOUNT:secret:${secret}-??????`);
}

function reachClusters({ clusters, clusterRoles, externalId }: Parameters): readonly Statement[] {
  const said = externalId === undefined ? undefined : { StringEquals: { 'sts:ExternalId': externalId } };
  const own = clusters.map(({ name, region = 'REGION' }) => arn(`eks:${region}:ACCOUNT:cluster/${name}`));
  return [
    ...(own.length === 0 ? [] : [allow('Clusters', ['eks:DescribeCluster'], own)]),
    ...(clusterRoles.length === 0 ? [] : [allow('ClustersOfOthers', ['sts:AssumeRole'], clusterRoles, said)]),
  ];
}

/** Lambda may make network interfaces with this role, the code that runs in the function may not. */
function denyNetworkToCode(functionName: string): Statement {
  return {
    Sid: 'NoNetworkForCode',
    Effect: 'Deny',
    Action: NETWORK_ACTIONS,
    Resource: '*',
    Condition: { ArnEquals: { 'lambda:SourceFunctionArn': [arn(`lambda:REGION:ACCOUNT:function:${functionName}`)] } },
  };
}

/** The ARN of a function's role, for the access entries and the outputs. */
export const roleArn = { scale: attribute('ScaleRole', 'Arn'), report: attribute('ReportRole', 'Arn') };
