/** S3's GetObject. A file of its own: it is loaded when it is needed, and a bundle holds of the SDK only what it names. */
import { GetObjectCommand, type GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { type AwsClientOptions, awsClientSettings, countCalls } from './client.ts';

export function getObject(input: GetObjectCommandInput, options: AwsClientOptions) {
  return countCalls(new S3Client(awsClientSettings(options)), options.onCall).send(new GetObjectCommand(input));
}
