/**
 * The Authorization header for each kind of credential. Basic and Bearer headers are fixed; an OAuth consumer's
 * access token is fetched, shared by all requests, kept until shortly before it expires, and renewed on a refusal.
 */
import * as z from 'zod';
import { InputError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Secret } from '#core/secret.ts';
import type { Credential } from '../credentials.ts';
import type { Delivery } from '../http/delivery.ts';
import type { AnswerLimit, HttpRequest } from '../http/exchange.ts';
import { fixedIdentity, type Identity, renewableIdentity } from '../http/identity.ts';
import { parseAnswer } from './answers.ts';
import { failure } from './failure.ts';

export type Authorization = {
  /** The header of requests. It rejects with ServiceError when no token can be had. */
  readonly header: Identity<string>;
  /** The text with every credential in it replaced. */
  readonly hide: (text: string) => string;
};

type TokenEndpoint = {
  readonly tokenUrl: string;
  readonly timeoutMs: number;
  readonly deliver: (request: HttpRequest) => Promise<Delivery>;
  readonly now: () => Instant;
};

/** Throws InputError for a token that no header can carry; a client would print it in its own complaint. */
export function createAuthorization(credential: Credential, endpoint: TokenEndpoint): Authorization {
  switch (credential.kind) {
    case 'apiToken':
      return fixed(basic(credential.email, credential.token), credential.token);
    case 'appPassword':
      return fixed(basic(credential.username, credential.password), credential.password);
    case 'accessToken':
      return fixed(bearer(credential.token.reveal()), credential.token);
    case 'oauth':
      return renewable(credential, endpoint);
  }
}

function fixed(header: string, secret: Secret): Authorization {
  return { header: fixedIdentity(header), hide: hiding(() => [header, secret.reveal()]) };
}

const FORM = 'application/x-www-form-urlencoded';

const TOKEN_ANSWER: AnswerLimit = { bytes: 64 * 1024, beyond: 'refuse' };

const TokenAnswer = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  /** Seconds. */
  expires_in: z.number().positive().nullish(),
});

/** A token is renewed this long before it expires, or after half its life if that is later. */
const RENEWAL_MARGIN_MS = 60_000;

function renewable(credential: Credential & { readonly kind: 'oauth' }, endpoint: TokenEndpoint): Authorization {
  const consumer = basic(credential.clientId, credential.clientSecret);
  const issued = new Set<string>();
  const hide = hiding(() => [consumer, credential.clientSecret.reveal(), ...issued]);
  const header = renewableIdentity({
    now: endpoint.now,
    isRefusal: (exchange) => exchange.kind === 'answer' && exchange.status === 401,
    ask: async () => {
      const askedAt = endpoint.now();
      const answer = await requestToken(consumer, endpoint, hide);
      issued.add(answer.access_token);
      const lifeMs = (answer.expires_in ?? Number.POSITIVE_INFINITY) * 1000;
      const until = askedAt + Math.max(lifeMs / 2, lifeMs - RENEWAL_MARGIN_MS);
      return { who: bearer(answer.access_token), until };
    },
  });
  return { header, hide };
}

async function requestToken(consumer: string, endpoint: TokenEndpoint, hide: Authorization['hide']) {
  const doing = 'Getting an OAuth token';
  const delivery = await endpoint.deliver({
    method: 'POST',
    url: endpoint.tokenUrl,
    limit: TOKEN_ANSWER,
    headers: { authorization: consumer, accept: 'application/json', 'content-type': FORM },
    body: 'grant_type=client_credentials',
  });
  const { exchange } = delivery;
  if (exchange.kind === 'answer' && exchange.status === 200) return parseAnswer(TokenAnswer, exchange, doing);
  const { timeoutMs } = endpoint;
  throw failure({ doing, operation: 'token', needs: 'readRunners', credential: 'oauth', timeoutMs, hide }, delivery);
}

function basic(user: string, password: Secret): string {
  return `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}`;
}

function bearer(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new InputError(
      'The Bitbucket access token is empty or contains a space, a line break or another character that no HTTP header can carry; copy it again.',
    );
  }
  return `Bearer ${token}`;
}

function hiding(secrets: () => readonly string[]): Authorization['hide'] {
  return (text) =>
    secrets()
      .flatMap((secret) => [secret, secret.replace(/^(Basic|Bearer) /, '')])
      .filter((secret) => secret !== '')
      .reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), text);
}
