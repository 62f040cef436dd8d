/** SSM's GetParameter; a file of its own for the reason of get-object.ts. */
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type AwsClientOptions, awsClientSettings, countCalls } from './client.ts';

export function getParameter(name: string, options: AwsClientOptions) {
  const command = new GetParameterCommand({ Name: name, WithDecryption: true });
  return countCalls(new SSMClient(awsClientSettings(options)), options.onCall).send(command);
}
