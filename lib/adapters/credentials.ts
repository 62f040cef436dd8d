/**
 * The credential with which Bitbucket is called: its four shapes, and where it comes from. Nothing here ever quotes
 * what a secret contains; messages name the secret, the field and what is expected.
 */
import * as z from 'zod';
import { CredentialError, InputError, type ServiceError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import { Secret } from '#core/secret.ts';
import { isRecord, jsonIn } from '#yaml/values.ts';
import { type AwsClientOptions, awsClientSettings, countCalls } from './aws/client.ts';
import { awsReadFailure, isAwsOutage } from './aws/failure.ts';
import type { KnownExpiry } from './credential-expiry.ts';

/** One of the four ways in which Bitbucket lets a program in. Only the secret part is hidden; the rest may be shown. */
export type Credential = z.output<typeof CredentialSchema> & {
  /** When it ends, if whoever stored it has said so, and so that it can be read. */
  readonly expiresAt?: Instant | 'unreadable';
};

/** What of it may be shown and tells it from others: the account or the consumer; empty for an access token. */
export function publicPart(credential: Credential): string {
  switch (credential.kind) {
    case 'apiToken':
      return credential.email;
    case 'oauth':
      return credential.clientId;
    case 'appPassword':
      return credential.username;
    case 'accessToken':
      return '';
  }
}

/** Credentials by secret id, for a process that needs the same one every minute. */
type CredentialCache = Map<string, KeptCredential>;

/** `unread`: why its secret could not be read when that was due. `isRefused`: Bitbucket answered 401 to it since. */
type KeptCredential = {
  readonly credential: Credential;
  readonly until: Instant;
  readonly unread?: string;
  readonly isRefused?: boolean;
};

type CredentialOptions = AwsClientOptions & {
  /** A secret of Secrets Manager, by name or ARN; it wins over the environment's. */
  readonly secretId?: string;
  /** What the environment variables give, if they do. */
  readonly fromEnvironment?: Credential;
  /** Our clock. With it a credential is kept for some minutes; without it the secret is read every time. */
  readonly now?: Instant;
  /** Where credentials are kept; by default as long as the process lives. */
  readonly cache?: CredentialCache;
};

/** Short enough that a rotated secret is in use soon, long enough that a tick a minute rarely pays for reading it. */
const CREDENTIAL_KEPT_MS = 5 * 60 * 1_000;

const EXPECTED =
  'expected {"kind":"apiToken","email","token"}, {"kind":"oauth","clientId","clientSecret"}, {"kind":"accessToken","token"} or {"kind":"appPassword","username","password"}';

const processCache: CredentialCache = new Map();

/** A value that goes into a header: trimmed, since pasted secrets end in a line break, and of one line. */
const Text = z
  .string({ error: (issue) => (issue.input === undefined ? 'is missing' : 'is not a string') })
  .trim()
  .min(1, 'is empty')
  .regex(/^\P{Cc}*$/u, 'contains a line break or another control character');
const Hidden = Text.transform((text) => new Secret(text));
const Email = Text.refine((text) => text.includes('@'), 'is not the e-mail address of an Atlassian account');

const CredentialSchema = z.discriminatedUnion(
  'kind',
  [
    z.object({ kind: z.literal('apiToken'), email: Email, token: Hidden }),
    z.object({ kind: z.literal('oauth'), clientId: Text, clientSecret: Hidden }),
    z.object({ kind: z.literal('accessToken'), token: Hidden }),
    z.object({ kind: z.literal('appPassword'), username: Text, password: Hidden }),
  ],
  'is not one of apiToken, oauth, accessToken and appPassword',
);

/** A day counts from its first moment, in UTC. */
const Expiry = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).transform((text) => Date.parse(text));

/** Only warnings depend on it, so that one which cannot be read is no reason to refuse the credential. */
function readExpiry(value: object): Credential['expiresAt'] {
  const text: unknown = Reflect.get(value, 'expiresAt');
  return text === undefined || text === null ? undefined : (Expiry.safeParse(text).data ?? 'unreadable');
}

/**
 * The credential in a secret's JSON. `source` names the secret in messages, such as `Secret ci/bitbucket`. Throws
 * `InputError` with one sentence; other fields than the expected ones are ignored.
 */
export function parseCredential(json: string, source: string): Credential {
  const value = jsonIn(json);
  if (!isRecord(value)) {
    const isEncoded = isRecord(jsonIn(Buffer.from(json, 'base64').toString('utf8')));
    const fault = isEncoded ? 'is base64 of the JSON, store the JSON itself' : 'is not a JSON object';
    throw new InputError(`${source} ${fault}: ${EXPECTED}`);
  }
  const parsed = CredentialSchema.safeParse(value);
  if (parsed.success) return { ...parsed.data, expiresAt: readExpiry(value) };
  const faults = parsed.error.issues.map((issue) => `"${issue.path.join('.')}" ${issue.message}`);
  throw new InputError(`${source}: ${faults.join(', ')}; ${EXPECTED}`);
}

/**
 * The credential from Secrets Manager when there is a `secretId`, else the environment's. One that is known stays in use
 * while Secrets Manager cannot be asked, until Bitbucket refuses it. Throws `InputError` when there is neither or the
 * secret's content is wrong, `ServiceError` when it cannot be read.
 */
export async function loadCredential(options: CredentialOptions): Promise<Credential> {
  const { secretId, fromEnvironment, now } = options;
  if (secretId === undefined) {
    if (fromEnvironment !== undefined) return fromEnvironment;
    throw new InputError(
      'There is no Bitbucket credential; set BITBUCKET_SECRET_ID, or ATLASSIAN_ACCOUNT_EMAIL and ATLASSIAN_API_TOKEN, or BITBUCKET_OAUTH_CLIENT_ID and BITBUCKET_OAUTH_CLIENT_SECRET, or BITBUCKET_ACCESS_TOKEN, or BITBUCKET_USERNAME and BITBUCKET_APP_PASSWORD',
    );
  }
  if (now === undefined) return (await readCredential(secretId, options)).credential;
  const cache = options.cache ?? processCache;
  const found = cache.get(secretId);
  const kept = found?.isRefused ? undefined : found;
  if (kept !== undefined && now < kept.until) return kept.credential;
  const { credential, unread } = await readCredential(secretId, options, kept?.credential);
  cache.set(secretId, { credential, until: now + CREDENTIAL_KEPT_MS, ...(unread && { unread }) });
  return credential;
}

/** A note for each of these secrets whose credential is in use although it could not be read again. */
export function keptNotes(secretIds: readonly string[], cache = processCache): readonly string[] {
  return secretIds.flatMap((secretId) => {
    const { unread, isRefused } = cache.get(secretId) ?? {};
    if (unread === undefined || isRefused) return [];
    return [
      `The credential of secret ${secretId} that was read before stays in use until Bitbucket answers 401: ${unread}.`,
    ];
  });
}

/**
 * What to throw when Bitbucket has answered 401 to this credential. One that stayed in use without being read again is
 * forgotten, and the error says both.
 */
export function refusalOf(
  { secretId, credential, error }: { secretId?: string; credential: Credential; error: ServiceError },
  cache = processCache,
): CredentialError {
  // What was being done is the same for whatever else is asked with it.
  const reason = error.message.replace(/^.*? failed(?: \(tried \d+ times\))?: /, '');
  const where = secretId === undefined ? 'of the environment' : `in secret ${secretId}`;
  const message = `The credential ${where} is refused: ${reason}`;
  const kept = cache.get(secretId ?? '');
  if (kept?.unread === undefined || kept.credential !== credential)
    return new CredentialError(message, { cause: error });
  cache.set(secretId ?? '', { ...kept, isRefused: true });
  const unread = `It was read before, and its secret could not be read again: ${kept.unread}.`;
  return new CredentialError(`${message} ${unread}`, { cause: error });
}

/** What is known of the expiry of those of these secrets that this process has read. */
export function knownExpiries(secretIds: readonly string[], cache = processCache): readonly KnownExpiry[] {
  return secretIds.flatMap((secretId): readonly KnownExpiry[] => {
    const { expiresAt } = cache.get(secretId)?.credential ?? {};
    return expiresAt === undefined ? [] : [{ secretId, expiresAt }];
  });
}

/** `known`: what to go on with while Secrets Manager cannot be asked. */
async function readCredential(
  secretId: string,
  options: AwsClientOptions,
  known?: Credential,
): Promise<Pick<KeptCredential, 'credential' | 'unread'>> {
  const { GetSecretValueCommand, SecretsManagerClient } = await import('./aws/secrets-manager.ts');
  const client = countCalls(new SecretsManagerClient(awsClientSettings(options)), options.onCall);
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    const json = answer.SecretString ?? Buffer.from(answer.SecretBinary ?? []).toString('utf8');
    return { credential: parseCredential(json, `Secret ${secretId}`) };
  } catch (error) {
    const failure = awsReadFailure(error, {
      action: 'secretsmanager:GetSecretValue',
      subject: `secret ${secretId}`,
      ifMissing: 'create it or correct BITBUCKET_SECRET_ID, the secretId of the workspace and AWS_REGION',
    });
    if (known === undefined || !isAwsOutage(error)) throw failure;
    return { credential: known, unread: failure.message };
  }
}
