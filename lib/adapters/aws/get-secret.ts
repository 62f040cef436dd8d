/** Secrets Manager's GetSecretValue; a file of its own for the reason of get-object.ts. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsClientOptions, awsClientSettings, countCalls } from './client.ts';

export function getSecretValue(secretId: string, options: AwsClientOptions) {
  const command = new GetSecretValueCommand({ SecretId: secretId });
  return countCalls(new SecretsManagerClient(awsClientSettings(options)), options.onCall).send(command);
}
