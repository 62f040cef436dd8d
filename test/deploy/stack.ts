/**
 * A stack in the emulator: deployed by the documented command, and looked at through the services' own APIs. What the
 * emulator does not make of a template (alarms, access entries, the retry rules of invocations, time-to-live, recovery and
 * encryption of a table) is in the deployed template, which CloudFormation gives back.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Resource } from '../../infra/cloudformation.ts';
import { resolveTemplate } from '../infra/resolve-template.ts';
import { npmRun, parameterArguments } from './commands.ts';
import type { Emulator } from './emulator.ts';
import { installPythonPrograms } from './python.ts';

export type Template = { readonly Resources: Readonly<Record<string, Resource>> };

export type FunctionName = 'scale' | 'report' | 'wake';

/** What Lambda says of a function. */
export type FunctionConfiguration = {
  readonly Handler: string;
  readonly Runtime: string;
  readonly Role: string;
  readonly Timeout: number;
  readonly MemorySize: number;
  readonly CodeSha256: string;
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
};

/** `npm run deploy`; fails with its output. */
export async function deploy(
  aws: Emulator,
  stage: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, output } = await npmRun(
    'deploy',
    ['--stage', stage, ...parameterArguments(parameters)],
    aws.environment,
  );
  if (code !== 0)
    throw new Error(`the stack cannot be deployed:
${output}`);
  return output;
}

/** What everything of the stage is named after. */
export function nameOf(stage: string): string {
  return `bitbucket-runner-autoscaler-${stage}`;
}

/** The template as CloudFormation has it, for the parameters of its stack. */
export async function deployedTemplate(aws: Emulator, stage: string): Promise<Template> {
  const { TemplateBody } = await aws.call<{ TemplateBody: Template | string }>('cloudformation', 'get_template', {
    StackName: nameOf(stage),
  });
  const template: Template = typeof TemplateBody === 'string' ? parse(TemplateBody) : TemplateBody;
  type Given = { readonly ParameterKey: string; readonly ParameterValue: string };
  const { Stacks } = await aws.call<{ Stacks: readonly { readonly Parameters?: readonly Given[] }[] }>(
    'cloudformation',
    'describe_stacks',
    { StackName: nameOf(stage) },
  );
  const given = (Stacks[0]?.Parameters ?? []).map((one) => [one.ParameterKey, one.ParameterValue] as const);
  return resolveTemplate(template, Object.fromEntries(given));
}

/** Lambda's account of a function. */
export function functionConfiguration(
  aws: Emulator,
  stage: string,
  name: FunctionName,
): Promise<FunctionConfiguration> {
  return aws.call('lambda', 'get_function_configuration', { FunctionName: `${nameOf(stage)}-${name}` });
}

/** Fetches the code of the functions from where CloudFormation was told that it lies, and unpacks it; gives the folder. */
export async function unpackArtefact(aws: Emulator, stage: string): Promise<string> {
  const { Resources } = await deployedTemplate(aws, stage);
  const { S3Bucket, S3Key } = (Resources.ScaleLambdaFunction?.Properties.Code ?? {}) as Code;
  const Bucket = typeof S3Bucket === 'string' ? S3Bucket : await physicalIdOf(aws, stage, S3Bucket.Ref);
  const { Body } = await aws.call<{ Body: string }>('s3', 'get_object', { Bucket, Key: S3Key });
  const archive = Buffer.from(Body, 'base64');
  const { CodeSha256 } = await functionConfiguration(aws, stage, 'scale');
  if (createHash('sha256').update(archive).digest('base64') !== CodeSha256) {
    throw new Error(`${S3Key} is not what Lambda runs`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'artefact-'));
  await writeFile(join(folder, 'code.zip'), archive);
  const { python } = installPythonPrograms({ environment: process.env });
  execFileSync(python, ['-m', 'zipfile', '-e', 'code.zip', '.'], { cwd: folder });
  return folder;
}

/** The code of a function, in a bucket of the stack or in somebody else's. */
type Code = { readonly S3Bucket: string | { readonly Ref: string }; readonly S3Key: string };

async function physicalIdOf(aws: Emulator, stage: string, LogicalResourceId: string): Promise<string> {
  const { StackResourceDetail } = await aws.call<{ StackResourceDetail: { PhysicalResourceId: string } }>(
    'cloudformation',
    'describe_stack_resource',
    { StackName: nameOf(stage), LogicalResourceId },
  );
  return StackResourceDetail.PhysicalResourceId;
}
