/** What checkov finds unsafe in the packaged template; each rule that is not followed has its reason here. */
import { spawnSync } from 'node:child_process';

/** A rule, the resources for which it is not followed, by the beginning of their names, and why. */
type Exception = { readonly rule: string; readonly resources: readonly string[]; readonly reason: string };

export const EXCEPTIONS: readonly Exception[] = [
  {
    rule: 'CKV_AWS_18',
    resources: ['AWS::S3::Bucket.'],
    reason:
      'Access logs need a bucket of their own, which no small stack should make. Who reads the configuration is on record in CloudTrail, if data events are on.',
  },
  {
    rule: 'CKV_AWS_21',
    resources: ['AWS::S3::Bucket.ServerlessDeploymentBucket'],
    reason:
      'osls gives each artefact a name of its own and never overwrites one. The bucket of the configuration has versions.',
  },
  {
    rule: 'CKV_AWS_158',
    resources: ['AWS::Logs::LogGroup.'],
    reason:
      'CloudWatch encrypts logs with a key of its own. They hold names of groups and runners and no secret, and a key of yours would have to trust CloudWatch first.',
  },
  {
    rule: 'CKV_AWS_116',
    resources: ['AWS::Lambda::Function.'],
    reason:
      'A tick that failed must not be repeated later from a queue: the next one makes up for it, and an alarm tells.',
  },
  {
    rule: 'CKV_AWS_117',
    resources: ['AWS::Lambda::Function.'],
    reason:
      'The functions call public addresses only. In a VPC they need a NAT gateway; private clusters give subnets and get it.',
  },
  {
    rule: 'CKV_AWS_115',
    resources: ['AWS::Lambda::Function.ReportLambdaFunction'],
    reason: 'report is invoked by hand and only reads. Reserving an execution for it would take one from the account.',
  },
  {
    rule: 'CKV_AWS_173',
    resources: ['AWS::Lambda::Function.'],
    reason: 'The variables are names of places and no secrets. Lambda encrypts them with a key of its own.',
  },
  {
    rule: 'CKV_AWS_119',
    resources: ['AWS::DynamoDB::Table.StateTable'],
    reason: "The table is encrypted with the account's key for DynamoDB, whose use is on record; it holds no secret.",
  },
  {
    rule: 'CKV_AWS_258',
    resources: ['AWS::Lambda::Url.WakeUrl'],
    reason:
      'Steps of pipelines have no AWS identity. They show a token that Bitbucket has signed, which the function verifies; strangers get 403, and five requests at a time.',
  },
];

/** A check that failed. */
export type Failure = { readonly check_id: string; readonly check_name: string; readonly resource: string };

/** What the program at this path finds in these templates. Throws an Error of one sentence. */
export function failuresIn(checkov: string, templates: readonly string[]): readonly Failure[] {
  const files = templates.flatMap((template) => ['--file', template]);
  const args = [...files, '--framework', 'cloudformation', '--output', 'json'];
  // Without the network: nothing is fetched, and nothing is told to anybody.
  const offline = ['--skip-download', '--quiet'];
  const { error, stdout, stderr } = spawnSync(checkov, [...args, ...offline], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw new Error(`checkov cannot be run: ${error.message}`);
  try {
    return (JSON.parse(stdout) as { results: { failed_checks: readonly Failure[] } }).results.failed_checks;
  } catch {
    throw new Error(`checkov says no JSON: ${`${stdout}${stderr}`.trim().split('\n').at(-1)}`);
  }
}

/** Failures without an exception, and exceptions that no stack needs any more, one a line. */
export function unexplained(failures: readonly Failure[], exceptions = EXCEPTIONS): readonly string[] {
  const matches = ({ rule, resources }: Exception, { check_id, resource }: Failure) =>
    rule === check_id && resources.some((beginning) => resource.startsWith(beginning));
  return [
    ...failures
      .filter((failure) => !exceptions.some((exception) => matches(exception, failure)))
      .map(({ check_id, check_name, resource }) => `${check_id} ${resource}: ${check_name}`),
    ...exceptions
      .filter((exception) => !failures.some((failure) => matches(exception, failure)))
      .map(({ rule }) => `${rule} has an exception that nothing needs; remove it`),
  ];
}
