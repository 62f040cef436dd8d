/** What Bitbucket signs its events with. */
import { InputError } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import { awsClientSettings } from '../aws/client.ts';
import { awsReadFailure } from '../aws/failure.ts';
import type { Environment } from '../environment.ts';

/** A shorter one could be found by trying. */
const SHORTEST = 16;

/** Undefined where none is set. Throws `InputError` for one that is too short, `ServiceError` when it cannot be read. */
export async function readWebhookSecret(environment: Environment): Promise<Secret | undefined> {
  const { webhookSecretId: id, webhookSecret: given } = environment;
  const secret = id === undefined ? given : await readSecret(id);
  if (secret === undefined || secret.reveal().length >= SHORTEST) return secret;
  throw new InputError(
    `The secret of the webhook has less than ${SHORTEST} characters; make a new one with "openssl rand -hex 32"`,
  );
}

async function readSecret(id: string): Promise<Secret> {
  const { GetSecretValueCommand, SecretsManagerClient } = await import('../aws/secrets-manager.ts');
  try {
    const client = new SecretsManagerClient(awsClientSettings({}));
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    return new Secret(SecretString.trim());
  } catch (error) {
    throw awsReadFailure(error, {
      action: 'secretsmanager:GetSecretValue',
      subject: `secret ${id}`,
      ifMissing: 'create it, or correct WEBHOOK_SECRET_ID and AWS_REGION',
    });
  }
}
