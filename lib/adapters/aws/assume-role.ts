/** STS's AssumeRole; a file of its own for the reason of get-object.ts. */
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type AwsClientOptions, awsClientSettings, countCalls } from './client.ts';

/** What CloudTrail shows as the session's name. */
const SESSION_NAME = 'bitbucket-runner-autoscaler';

/** For an hour, which is STS's default. `region`: where STS is asked; absent: the SDK's own. */
export function assumeRole(roleArn: string, region: { readonly region?: string }, options: AwsClientOptions) {
  const client = countCalls(new STSClient({ ...awsClientSettings(options), ...region }), options.onCall);
  return client.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: SESSION_NAME }));
}
