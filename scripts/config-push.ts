/**
 * `npm run config:push -- --stage prod FILE`: validates the configuration as the function will see it, then uploads it
 * and its templates to where the function reads them. Exit code 2: something is wrong with it, and nothing was uploaded.
 */
import './help.ts';

import { awsClientSettings } from '#adapters/aws/client.ts';
import { awsFailure } from '#adapters/aws/failure.ts';
import { readSource } from '#adapters/source.ts';
import { readConfig } from '#config/read.ts';
import { InputError, sentenceOf } from '#core/errors.ts';
import { formatProblem } from '#yaml/problem.ts';
import { configSourceIn } from '../infra/config-place.ts';
import { prepareDelivery, type Upload } from '../infra/config-push.ts';
import { findStageFile } from '../infra/find-stage-file.ts';
import { readInvocation, regionOf } from '../infra/invocation.ts';
import { readParameters } from '../infra/parameters.ts';

try {
  await push(process.argv.slice(2));
} catch (error) {
  for (const line of sentenceOf(error).split('\n')) console.error(`error: ${line}`);
  process.exitCode = error instanceof InputError ? 2 : 1;
}

async function push(args: readonly string[]): Promise<void> {
  const invocation = readInvocation(['config:push', ...args], process.env, findStageFile);
  const [file, ...others] = invocation.operands;
  if (file === undefined || others.length > 0) {
    throw new InputError('Name one file, such as: npm run config:push -- --stage prod runners.yaml');
  }
  // What is wrong with the file itself is said before anybody is asked for a region or a credential of AWS.
  const { problems } = readConfig(await readSource(file), file);
  if (problems.length > 0) throw new InputError(problems);
  const region = regionOf(invocation);
  // Templates that lie in AWS already are read as everywhere: in the region that the SDK finds.
  process.env.AWS_REGION = region;
  const parameters = readParameters(invocation, false);
  const account = parameters.configSource === undefined ? await readAccount(region) : '';
  const destination = configSourceIn(parameters, account, region);
  const { uploads, warnings } = await prepareDelivery(file, destination, (source) => readSource(source));
  for (const warning of warnings) console.error(`warning: ${formatProblem(warning)}`);
  for (const one of uploads) {
    await upload(one, region, parameters.kmsKey);
    console.log(`${one.from} → ${one.to}`);
  }
}

/** The account is a part of the name of the stack's own bucket. */
async function readAccount(region: string): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({ ...awsClientSettings({}), region });
  try {
    const { Account: account } = await client.send(new GetCallerIdentityCommand({}));
    return account ?? '';
  } catch (error) {
    throw awsFailure(error, { action: 'sts:GetCallerIdentity', subject: 'this account', ifMissing: '' });
  }
}

async function upload({ to, text }: Upload, region: string, kmsKey: string | undefined): Promise<void> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(to) ?? [];
  if (bucket === undefined || key === undefined) await putParameter(to.slice('ssm:'.length), text, region, kmsKey);
  else await putObject(bucket, key, text, region);
}

async function putObject(bucket: string, key: string, text: string, region: string): Promise<void> {
  const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({ ...awsClientSettings({}), region });
  try {
    const type = 'application/yaml; charset=utf-8';
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: type }));
  } catch (error) {
    const subject = `S3 object s3://${bucket}/${key}`;
    throw awsFailure(error, {
      action: 's3:PutObject',
      subject,
      ifMissing: 'deploy the stack first, which makes the bucket',
    });
  }
}

async function putParameter(name: string, text: string, region: string, kmsKey: string | undefined): Promise<void> {
  const { PutParameterCommand, SSMClient } = await import('@aws-sdk/client-ssm');
  const client = new SSMClient({ ...awsClientSettings({}), region });
  const kind = kmsKey === undefined ? { Type: 'String' as const } : { Type: 'SecureString' as const, KeyId: kmsKey };
  try {
    // What is larger than 4 KB becomes an advanced parameter; what is larger than 8 KB is refused, and belongs in S3.
    await client.send(
      new PutParameterCommand({ Name: name, Value: text, Overwrite: true, Tier: 'Intelligent-Tiering', ...kind }),
    );
  } catch (error) {
    throw awsFailure(error, {
      action: 'ssm:PutParameter',
      subject: `SSM parameter ${name}`,
      ifMissing: 'correct the name',
    });
  }
}
