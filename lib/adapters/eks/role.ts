/** A role of another account, assumed with whatever credentials the process has. */
import { ServiceError } from '#core/errors.ts';
import { type AwsClientOptions, awsClientSettings, countCalls } from '../aws/client.ts';
import { awsFailure } from '../aws/failure.ts';
import type { AwsCredentials } from './token.ts';

/** What CloudTrail shows as the session's name. */
const SESSION_NAME = 'bitbucket-runner-autoscaler';

/**
 * Credentials of the role, for an hour (STS's default). `region` is where STS is asked; absent: the SDK's own. Throws
 * `ServiceError`. The SDK is loaded only when some cluster has a role.
 */
export async function assumeRole(
  roleArn: string,
  region: string | undefined,
  options: AwsClientOptions,
): Promise<AwsCredentials> {
  const { AssumeRoleCommand, STSClient } = await import('../aws/sts.ts');
  const settings = { ...awsClientSettings(options), ...(region === undefined ? {} : { region }) };
  const client = countCalls(new STSClient(settings), options.onCall);
  try {
    const answer = await client.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: SESSION_NAME }));
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined) throw noCredentials(roleArn);
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
      ...(Expiration === undefined ? {} : { expiration: Expiration }),
    };
  } catch (error) {
    throw awsFailure(error, {
      action: 'sts:AssumeRole',
      subject: `role ${roleArn}`,
      ifMissing: 'create it or correct the roleArn of the cluster',
      ifDenied: "the role's trust policy has to name ours, too",
    });
  }
}

function noCredentials(roleArn: string): ServiceError {
  return new ServiceError(
    `The answer to sts:AssumeRole on role ${roleArn} holds no credentials; check AWS_ENDPOINT_URL and any proxy in between`,
    { service: 'aws', outcome: 'unknown' },
  );
}
