/**
 * The SDK's exceptions as this project's one sentence. The original is not kept as `cause`: it carries the raw answer,
 * and the answers of Secrets Manager and SSM are secrets.
 */
import { InputError, ServiceError } from '#core/errors.ts';
import { networkFailure } from '../http/exchange.ts';
import { atProxy } from '../http/proxy.ts';

/** What was asked of AWS, for the sentence. */
type AwsCall = {
  /** As IAM spells it, such as `dynamodb:PutItem`. */
  readonly action: string;
  /** With its name and without an article, such as `DynamoDB table "runner-state"`. */
  readonly subject: string;
  /** What to do when the subject does not exist. */
  readonly ifMissing: string;
  /** What else a denial may mean, in brackets after its sentence. */
  readonly ifDenied?: string;
};

/** The parts of the SDK's and Node's errors that tell what happened. */
type AwsError = {
  readonly name: string;
  readonly code: string;
  /** Which proxy it is about, to be put behind the code; empty for none. */
  readonly proxy: string;
  readonly message: string;
  /** The HTTP status of the answer, if one came. */
  readonly status: number | undefined;
  /** The action that AWS denies and names: reading a secret also needs kms:Decrypt. */
  readonly deniedAction: string | undefined;
};

/** The names of exceptions, by what they mean. */
const NAMES = {
  expired: ['ExpiredTokenException', 'ExpiredToken', 'TokenRefreshRequired', 'TokenProviderError'],
  rejected: [
    'UnrecognizedClientException',
    'InvalidClientTokenId',
    'InvalidSignatureException',
    'SignatureDoesNotMatch',
    'InvalidAccessKeyId',
    'MissingAuthenticationToken',
  ],
  missing: [
    'ResourceNotFoundException',
    'ParameterNotFound',
    'ParameterVersionNotFound',
    'NoSuchKey',
    'NoSuchBucket',
    'NotFound',
  ],
  denied: ['AccessDeniedException', 'AccessDenied', 'Forbidden', 'UnauthorizedOperation'],
  throttled: [
    'ProvisionedThroughputExceededException',
    'ThrottlingException',
    'Throttling',
    'ThrottledException',
    'RequestLimitExceeded',
    'TooManyRequestsException',
    'SlowDown',
  ],
} as const;

const isAny = (names: readonly string[], { name }: AwsError) => names.includes(name);
const hasNoCredentials = ({ name }: AwsError) => name === 'CredentialsProviderError';

/** What happened; the first that applies. */
const KINDS = {
  noRegion: ({ message }) => /^Region (?:is missing|not accepted)/.test(message),
  // An expired single sign-on session is a credentials error too, with this word in its text.
  expired: (error) => isAny(NAMES.expired, error) || (hasNoCredentials(error) && /expired/i.test(error.message)),
  noCredentials: hasNoCredentials,
  rejected: (error) => isAny(NAMES.rejected, error),
  missing: (error) => isAny(NAMES.missing, error),
  denied: (error) => isAny(NAMES.denied, error),
  throttled: (error) => isAny(NAMES.throttled, error),
  // The SDK calls these time-outs, too.
  connectionLost: ({ code }) => networkFailure(code) === 'connection-lost',
  timedOut: ({ name, code }) => name === 'TimeoutError' || code === 'ETIMEDOUT',
  unreachable: ({ code }) => networkFailure(code) === 'unreachable',
  unreadable: ({ name, status }) => name === 'SyntaxError' || (status !== undefined && status < 300),
  serverError: ({ status }) => status !== undefined && status >= 500,
  other: () => true,
} satisfies Readonly<Record<string, (error: AwsError) => boolean>>;

type Kind = keyof typeof KINDS;

/** Of the others by the status: 4xx is refused. */
const OUTCOMES: Readonly<Partial<Record<Kind, 'refused' | 'unknown'>>> = {
  noRegion: 'refused',
  expired: 'refused',
  noCredentials: 'refused',
  connectionLost: 'unknown',
  timedOut: 'unknown',
  unreachable: 'refused',
  unreadable: 'unknown',
};

/** `doing` is the action on the subject. */
const SENTENCES: Readonly<Record<Kind, (call: AwsCall & { readonly doing: string }, error: AwsError) => string>> = {
  noRegion: ({ subject }) => `There is no valid AWS region for ${subject}; set AWS_REGION, such as eu-west-1`,
  expired: ({ subject }) =>
    `The AWS credentials for ${subject} have expired; log in again (such as "aws sso login") or renew the session token`,
  noCredentials: ({ subject }) =>
    `No AWS credentials were found for ${subject}; give the function a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
  rejected: ({ subject }, { name }) =>
    `AWS does not accept the credentials used for ${subject} (${name}); check AWS_PROFILE or the access key, and the machine's clock`,
  missing: ({ subject, ifMissing }) =>
    `${subject.charAt(0).toUpperCase()}${subject.slice(1)} does not exist; ${ifMissing}`,
  denied: ({ action, subject, ifDenied }, { deniedAction = action }) =>
    `AWS denies ${deniedAction} on ${subject}; allow this action in the policy of the role${ifDenied === undefined ? '' : ` (${ifDenied})`}`,
  throttled: ({ doing }) =>
    `AWS throttles ${doing}, also when asked again; it is tried anew next time, raise the limit or capacity if this lasts`,
  connectionLost: ({ doing }, { code }) =>
    `The connection to AWS broke during ${doing} (${code}); it is tried anew next time`,
  timedOut: ({ doing }) =>
    `AWS did not answer ${doing} in time; check the network path (subnet, NAT, endpoint) if this lasts`,
  unreachable: ({ doing }, { code, proxy }) =>
    `AWS cannot be reached for ${doing} (${code}${proxy}); check the network, AWS_REGION and AWS_ENDPOINT_URL`,
  unreadable: ({ doing }) =>
    `The answer to ${doing} could not be read; check AWS_ENDPOINT_URL and any proxy in between`,
  serverError: ({ doing }, { status, name }) =>
    `AWS failed at ${doing} (${status} ${name}); it is tried anew next time`,
  other: ({ doing }, { status, name, message }) => {
    // Only an error that AWS itself worded is quoted.
    const detail = status === undefined ? name : `${name}: ${message.split('\n')[0]}`;
    return `AWS could not do ${doing} (${detail}); look the error up in AWS's reference of that action`;
  },
};

/** The sentence for whatever an AWS call threw; what already is a `ServiceError` stays as it is. */
export function awsFailure(thrown: unknown, call: AwsCall): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const error = readAwsError(thrown);
  const { status } = error;
  const kind = kindOf(error);
  const message = SENTENCES[kind]({ ...call, doing: `${call.action} on ${call.subject}` }, error);
  const outcome = OUTCOMES[kind] ?? (status !== undefined && status < 500 ? 'refused' : 'unknown');
  return new ServiceError(message, { service: 'aws', outcome, status });
}

/**
 * The same for reading what the user named: that it does not exist is a mistake in the input. An `InputError`, such as
 * about the content, stays as it is.
 */
export function awsReadFailure(thrown: unknown, call: AwsCall): InputError | ServiceError {
  if (thrown instanceof InputError) return thrown;
  const failure = awsFailure(thrown, call);
  return isAny(NAMES.missing, readAwsError(thrown)) ? new InputError(failure.message) : failure;
}

function kindOf(error: AwsError): Kind {
  return (Object.keys(KINDS) as Kind[]).find((one) => KINDS[one](error)) ?? 'other';
}

const OUTAGES: readonly Kind[] = ['throttled', 'connectionLost', 'timedOut', 'unreachable', 'serverError'];

/** Whether AWS could not be asked, or had no time to answer, so that nothing is known of what was asked for. */
export function isAwsOutage(thrown: unknown): boolean {
  return OUTAGES.includes(kindOf(readAwsError(thrown)));
}

/** Whether the SDK threw this exception. */
export function isAwsError(thrown: unknown, name: string): boolean {
  return readAwsError(thrown).name === name;
}

/** A header of the answer that came with the SDK's exception. */
export function answerHeader(thrown: unknown, header: string): string | undefined {
  const value = field(field(field(thrown, '$response'), 'headers'), header);
  return typeof value === 'string' ? value : undefined;
}

/** What can be read of anything that was thrown. */
export function readAwsError(thrown: unknown): AwsError {
  const status = field(field(thrown, '$metadata'), 'httpStatusCode');
  const error = {
    name: String(field(thrown, 'name') ?? 'Error'),
    code: String(field(thrown, 'code') ?? ''),
    proxy: atProxy(Object(thrown)),
    message: String(field(thrown, 'message') ?? ''),
    status: typeof status === 'number' ? status : undefined,
    deniedAction: undefined,
  };
  const [, deniedAction] = /not authorized to perform:? ([a-z0-9-]+:\w+)/.exec(error.message) ?? [];
  return isAny(NAMES.denied, error) ? { ...error, deniedAction } : error;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
