/**
 * What went wrong with Bitbucket, in one sentence that names the thing, the reason and the next step. The only text
 * that is taken from an answer is the message of Bitbucket's error object, shortened and with every credential hidden.
 */
import { ServiceError } from '#core/errors.ts';
import { jsonIn, recordOf } from '#yaml/values.ts';
import type { Credential } from '../credentials.ts';
import { type Delivery, effectOf } from '../http/delivery.ts';
import { type Answer, type NoAnswer, oneLine, sizeText, type TooLarge } from '../http/exchange.ts';
import type { Operation } from '../http/retry-policy.ts';

/** What a call needs the credential to allow. */
export type Permission = keyof typeof SCOPES;

/** The scopes of API tokens, and those that OAuth consumers and access tokens know. */
const SCOPES = {
  readRunners: { apiToken: 'read:runner:bitbucket', oauth: 'runner' },
  writeRunners: { apiToken: 'write:runner:bitbucket', oauth: 'runner:write' },
  readWorkspace: { apiToken: 'read:workspace:bitbucket', oauth: 'account' },
  readRepository: { apiToken: 'read:repository:bitbucket', oauth: 'repository' },
  readPipelines: { apiToken: 'read:pipeline:bitbucket', oauth: 'pipeline' },
} as const;

/** What a sentence needs to know of the call that failed. */
type CallFacts = {
  /** Such as `Listing the runners of acme`: the sentence begins with it. */
  readonly doing: string;
  readonly operation: Operation;
  readonly needs: Permission;
  readonly credential: Credential['kind'];
  readonly timeoutMs: number;
  /** Replaces every credential in a text. */
  readonly hide: (text: string) => string;
};

/** The error for a delivery that did not end in a 2xx answer; without a token, what kept us from getting one. */
export function failure(facts: CallFacts, delivery: Delivery): Error {
  const { exchange, attempts } = delivery;
  if (exchange.kind === 'not-sent') return exchange.error;
  const reason =
    exchange.kind === 'answer' ? explainAnswer(facts, exchange) : explainSilence(exchange, facts.timeoutMs);
  const tried = attempts > 1 ? ` (tried ${attempts} times)` : '';
  const sentence = `${facts.doing} failed${tried}: ${reason}.`;
  return new ServiceError(sentence, { service: 'bitbucket', ...effectOf(delivery) });
}

/** The error for a 2xx answer that cannot be used; what was asked for did happen. */
export function unusableAnswer(doing: string, reason: string, status?: number): ServiceError {
  return new ServiceError(`${doing} failed: ${reason}.`, { service: 'bitbucket', outcome: 'unknown', status });
}

function explainSilence(silence: NoAnswer | TooLarge, timeoutMs: number): string {
  switch (silence.kind) {
    case 'too-large':
      return `Bitbucket's answer is larger than ${sizeText(silence.bytes)}, so it is not used; check BITBUCKET_BASE_URL and any proxy on the way`;
    case 'timed-out':
      return `Bitbucket did not answer completely within ${timeoutMs / 1000} s; look at its status page if this goes on`;
    case 'connection-lost':
      return `the connection to Bitbucket broke (${silence.code}); look at the network if this goes on`;
    case 'unreachable':
    case 'untrusted':
      return `Bitbucket cannot be reached (${silence.code}); check BITBUCKET_BASE_URL, name resolution and the way out of the network (a function in a VPC needs a NAT gateway)`;
  }
}

function explainAnswer(facts: CallFacts, answer: Answer): string {
  const { status } = answer;
  if (facts.operation === 'token' && status < 429) {
    return `the OAuth token endpoint answered ${status}; check the client id and secret, that the consumer is marked private, and BITBUCKET_BASE_URL`;
  }
  const explain = BY_STATUS[status];
  if (explain !== undefined) return explain(facts, answer);
  const answered = `Bitbucket answered ${status}`;
  if (status >= 500) return `${answered}; look at its status page if this goes on`;
  if (status >= 300 && status < 400) {
    return `${answered}, a redirect, which is not followed with a credential; the workspace or repository may have been renamed, so use its present name`;
  }
  return `${answered}${quote(facts, answer)}; check the names in the configuration and the credential`;
}

const BY_STATUS: Readonly<Record<number, (facts: CallFacts, answer: Answer) => string>> = {
  400: (facts, answer) =>
    isRunnerLimit(answer)
      ? `the runner limit is reached${quote(facts, answer)}; remove runners that nobody uses, or lower maxRunners of the workspace to what its plan allows`
      : `Bitbucket answered 400${quote(facts, answer)}; check the names and labels in the configuration`,
  401: ({ credential }) => `Bitbucket answered 401${UNAUTHORISED[credential]}`,
  403: ({ needs, credential }) =>
    `Bitbucket answered 403: the credential lacks the scope ${SCOPES[needs][SCOPES_OF[credential]]}, or its owner may not do this here; grant it and try again`,
  404: () =>
    'Bitbucket answered 404: the workspace or repository does not exist, or the credential cannot see it; check the names in the configuration and the access of the credential',
  409: (facts, answer) =>
    `Bitbucket answered 409, a conflict with another change${quote(facts, answer)}; the next tick looks again`,
  429: (_facts, { retryAfterMs }) => {
    const asked = retryAfterMs === undefined ? '' : ` and asks to wait ${Math.ceil(retryAfterMs / 1000)} s`;
    return `Bitbucket's rate limit is used up (429)${asked}; run fewer ticks, or give busy workspaces credentials of their own`;
  },
};

/** Whose words for scopes a credential uses. */
const SCOPES_OF = { apiToken: 'apiToken', appPassword: 'apiToken', oauth: 'oauth', accessToken: 'oauth' } as const;

/** What every credential needs; looking at pipelines is only for those who have their queue counted, and a 403 names it. */
const { readPipelines: _optional, ...NEEDED } = SCOPES;
const API_TOKEN_SCOPES = Object.values(NEEDED)
  .map(({ apiToken }) => apiToken)
  .join(', ');
const OAUTH_SCOPES = Object.values(NEEDED)
  .map(({ oauth }) => oauth)
  .join(', ');

const UNAUTHORISED: Readonly<Record<Credential['kind'], string>> = {
  appPassword: `: app passwords were removed on 28 July 2026; create an API token with the scopes ${API_TOKEN_SCOPES} and use it with the e-mail of its account`,
  apiToken: `: the API token is wrong, expired or revoked, or does not belong to that e-mail; create one with the scopes ${API_TOKEN_SCOPES}`,
  oauth: ` to a fresh OAuth token; check that the consumer still exists and has the scopes ${OAUTH_SCOPES}`,
  accessToken: `: the access token is wrong, expired or revoked; create one with the scopes ${OAUTH_SCOPES}`,
};

function isRunnerLimit(answer: Answer): boolean {
  const message = messageIn(answer.text);
  return /runner/i.test(message) && /limit|maximum|exceed|too many/i.test(message);
}

const LONGEST_QUOTE = 200;

/** ` ("Bitbucket's message")`, or nothing. Hidden before it is shortened, so that no half of a credential is left. */
function quote(facts: CallFacts, answer: Answer): string {
  const message = oneLine(facts.hide(messageIn(answer.text)), LONGEST_QUOTE);
  return message && ` ("${message}")`;
}

/** The message of Bitbucket's error object `{"error": {"message": …}}`; empty when the body is anything else. */
function messageIn(text: string): string {
  const { message } = recordOf(recordOf(jsonIn(text)).error);
  return typeof message === 'string' ? message : '';
}
