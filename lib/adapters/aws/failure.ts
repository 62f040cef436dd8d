/**
 * The SDK's exceptions as this project's one sentence. The original is not kept as `cause`: it carries the raw answer,
 * and the answers of Secrets Manager and SSM are secrets.
 */
import { InputError, ServiceError } from '#core/errors.ts';
import { networkFailure } from '../http/network-codes.ts';

/** What was asked of AWS, for the sentence. */
export type AwsCall = {
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
  readonly message: string;
  readonly status: number | undefined;
};

type Rule = {
  readonly applies: (error: AwsError) => boolean;
  /** Absent: by the status, 4xx is refused. */
  readonly outcome?: 'refused' | 'unknown';
  readonly sentence: (call: AwsCall, error: AwsError) => string;
};

const MISSING = new Set([
  'ResourceNotFoundException',
  'ParameterNotFound',
  'ParameterVersionNotFound',
  'NoSuchKey',
  'NoSuchBucket',
  'NotFound',
]);
const DENIED = new Set(['AccessDeniedException', 'AccessDenied', 'Forbidden', 'UnauthorizedOperation']);
const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'SlowDown',
]);
const EXPIRED = new Set(['ExpiredTokenException', 'ExpiredToken', 'TokenRefreshRequired', 'TokenProviderError']);
const REJECTED_CREDENTIALS = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'InvalidAccessKeyId',
  'MissingAuthenticationToken',
]);

/** The first rule that applies gives the sentence. */
const RULES: readonly Rule[] = [
  {
    applies: (error) => /^Region (?:is missing|not accepted)/.test(error.message),
    outcome: 'refused',
    sentence: (call) => `There is no valid AWS region for ${call.subject}; set AWS_REGION, such as eu-west-1`,
  },
  {
    // An expired single sign-on session is a credentials error too, with this word in its text.
    applies: (error) =>
      EXPIRED.has(error.name) || (error.name === 'CredentialsProviderError' && /expired/i.test(error.message)),
    outcome: 'refused',
    sentence: (call) =>
      `The AWS credentials for ${call.subject} have expired; log in again (such as "aws sso login") or renew the session token`,
  },
  {
    applies: (error) => error.name === 'CredentialsProviderError',
    outcome: 'refused',
    sentence: (call) =>
      `No AWS credentials were found for ${call.subject}; give the function a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
  },
  {
    applies: (error) => REJECTED_CREDENTIALS.has(error.name),
    sentence: (call, error) =>
      `AWS does not accept the credentials used for ${call.subject} (${error.name}); check AWS_PROFILE or the access key, and the machine's clock`,
  },
  {
    applies: (error) => MISSING.has(error.name),
    sentence: (call) => `${capitalised(call.subject)} does not exist; ${call.ifMissing}`,
  },
  {
    applies: (error) => DENIED.has(error.name),
    sentence: (call, error) =>
      `AWS denies ${actionIn(error) ?? call.action} on ${call.subject}; allow this action in the policy of the role${call.ifDenied === undefined ? '' : ` (${call.ifDenied})`}`,
  },
  {
    applies: (error) => THROTTLED.has(error.name),
    sentence: (call) =>
      `AWS throttles ${call.action} on ${call.subject}, also when asked again; it is tried anew next time, raise the limit or capacity if this lasts`,
  },
  {
    // The SDK calls these time-outs, too.
    applies: (error) => networkFailure(error.code) === 'connection-lost',
    outcome: 'unknown',
    sentence: (call, error) =>
      `The connection to AWS broke during ${call.action} on ${call.subject} (${error.code}); it is tried anew next time`,
  },
  {
    applies: (error) => error.name === 'TimeoutError' || error.code === 'ETIMEDOUT',
    outcome: 'unknown',
    sentence: (call) =>
      `AWS did not answer ${call.action} on ${call.subject} in time; check the network path (subnet, NAT, endpoint) if this lasts`,
  },
  {
    applies: (error) => networkFailure(error.code) === 'unreachable',
    outcome: 'refused',
    sentence: (call, error) =>
      `AWS cannot be reached for ${call.action} on ${call.subject} (${error.code}); check the network, AWS_REGION and AWS_ENDPOINT_URL`,
  },
  {
    applies: (error) => error.name === 'SyntaxError' || (error.status !== undefined && error.status < 300),
    outcome: 'unknown',
    sentence: (call) =>
      `The answer to ${call.action} on ${call.subject} could not be read; check AWS_ENDPOINT_URL and any proxy in between`,
  },
  {
    applies: (error) => error.status !== undefined && error.status >= 500,
    sentence: (call, error) =>
      `AWS failed at ${call.action} on ${call.subject} (${error.status} ${error.name}); it is tried anew next time`,
  },
];

/** The sentence for whatever an AWS call threw; what already is a `ServiceError` stays as it is. */
export function awsFailure(thrown: unknown, call: AwsCall): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const error = readError(thrown);
  const rule = RULES.find(({ applies }) => applies(error));
  const message = rule?.sentence(call, error) ?? otherSentence(call, error);
  const outcome = rule?.outcome ?? (error.status !== undefined && error.status < 500 ? 'refused' : 'unknown');
  return new ServiceError(message, {
    service: 'aws',
    outcome,
    ...(error.status === undefined ? {} : { status: error.status }),
  });
}

/**
 * The same for reading what the user named: that it does not exist is a mistake in the input. An `InputError`, such as
 * about the content, stays as it is.
 */
export function awsReadFailure(thrown: unknown, call: AwsCall): InputError | ServiceError {
  if (thrown instanceof InputError) return thrown;
  const failure = awsFailure(thrown, call);
  return MISSING.has(readError(thrown).name) ? new InputError(failure.message) : failure;
}

/** Whether the SDK threw this exception. */
export function isAwsError(thrown: unknown, name: string): boolean {
  return readError(thrown).name === name;
}

/** The action that AWS named in a denial, such as `s3:ListBucket`; undefined when this is none, or names none. */
export function deniedAction(thrown: unknown): string | undefined {
  const error = readError(thrown);
  return DENIED.has(error.name) ? actionIn(error) : undefined;
}

/** The HTTP status of the answer that came with the SDK's exception. */
export function answerStatus(thrown: unknown): number | undefined {
  return readError(thrown).status;
}

/** A header of the answer that came with the SDK's exception. */
export function answerHeader(thrown: unknown, header: string): string | undefined {
  const value = field(field(field(thrown, '$response'), 'headers'), header);
  return typeof value === 'string' ? value : undefined;
}

function readError(thrown: unknown): AwsError {
  const status = field(field(thrown, '$metadata'), 'httpStatusCode');
  return {
    name: String(field(thrown, 'name') ?? 'Error'),
    code: String(field(thrown, 'code') ?? ''),
    message: String(field(thrown, 'message') ?? ''),
    status: typeof status === 'number' ? status : undefined,
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** The action that the policy lacks may be another than the one called: reading a secret also needs kms:Decrypt. */
function actionIn(error: AwsError): string | undefined {
  return /not authorized to perform:? ([a-z0-9-]+:\w+)/.exec(error.message)?.[1];
}

function otherSentence(call: AwsCall, error: AwsError): string {
  // Only an error that AWS itself worded is quoted.
  const detail = error.status === undefined ? error.name : `${error.name}: ${error.message.split('\n')[0]}`;
  return `AWS could not do ${call.action} on ${call.subject} (${detail}); look the error up in AWS's reference of that action`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
