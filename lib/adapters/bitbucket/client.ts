/**
 * Calls to one Bitbucket with one credential: a call goes out with its Authorization header, is repeated as the retry
 * policy says, and comes back as a 2xx answer or as a ServiceError.
 *
 * A credential has a number of calls an hour (`lib/core/budget/`), so that every call says how important it is. With a meter
 * the client asks before each call, counts each request, and passes on what answers say of Bitbucket's own limit. A call
 * that must not be made now throws `BudgetError`, a ServiceError of its own: it is no failure, and its caller does
 * without what it asked for, or says that it was held back. Only calls are refused, never their repeats.
 *
 *     await client.send({ operation: 'read', importance: 'queue', path, doing, needs: 'readRepository' });
 */
import type { Meter } from '#core/budget/call-budget.ts';
import type { Importance } from '#core/budget/hour.ts';
import { InputError } from '#core/errors.ts';
import type { Credential } from '../credentials.ts';
import { createDelivery, type Delivery, type DeliveryOptions, type Order } from '../http/delivery.ts';
import { type Answer, type Exchange, type HttpRequest, send } from '../http/exchange.ts';
import { fixedIdentity } from '../http/identity.ts';
import { createAuthorization } from './auth.ts';
import { failure, type Permission } from './failure.ts';
import { readRateLimit } from './rate-limit.ts';

/** What the client is made of; the functions are there for tests. */
export type ClientOptions = Omit<DeliveryOptions, 'backOff'> & {
  /** Where the API is, such as `https://api.bitbucket.org`; a path in it is a prefix of every call. */
  readonly baseUrl: string;
  /** Where OAuth tokens come from; by default bitbucket.org's, or the one under a `baseUrl` of one's own. */
  readonly tokenUrl?: string;
  readonly credential: Credential;
  /** The budget of the credential's calls; without one, nothing is refused. */
  readonly meter?: Meter;
  /** Called once for each HTTP request that leaves, those for tokens included. */
  readonly onCall?: () => void;
  /** For one HTTP request with its whole answer; default 10 s. */
  readonly timeoutMs?: number;
};

/** One call, without address and credential. */
export type Call = {
  readonly operation: keyof typeof METHODS;
  /** What the call is for; by default as `IMPORTANCE` says of its operation. */
  readonly importance?: Importance;
  /** Path and query below the base URL. */
  readonly path: string;
  readonly body?: object;
  /** Such as `Listing the runners of acme`: an error's sentence begins with it. */
  readonly doing: string;
  readonly needs: Permission;
};

export type BitbucketClient = {
  /** A 2xx answer. Anything else is a ServiceError, of which `status` tells "not found" from the rest. */
  readonly send: (call: Call) => Promise<Answer>;
  /** The path below the base URL of a link that an answer gives. Its host is ignored: credentials go to one place. Throws for what is no link. */
  readonly pathOf: (link: string) => string;
};

/** Of calls that do not say it: a `read` that makes a removal safe, or counts the queue, has to. */
const IMPORTANCE = { read: 'look', register: 'create', disable: 'removal', remove: 'removal' } as const;

/** Operations at Bitbucket, except for getting a token. */
const METHODS = { read: 'GET', register: 'POST', disable: 'PUT', remove: 'DELETE' } as const;

const BACK_OFF = { firstMs: 250, longestMs: 4_000 };

/** Throws InputError when an address or the credential cannot be used at all. */
export function createBitbucketClient(options: ClientOptions): BitbucketClient {
  const { credential, meter, onCall = () => {}, timeoutMs = 10_000, now = Date.now } = options;
  const base = readBaseUrl(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const repeatedly = createDelivery({ ...options, backOff: BACK_OFF });
  const authorization = createAuthorization(credential, {
    tokenUrl: options.tokenUrl ?? defaultTokenUrl(base, prefix),
    timeoutMs,
    now,
    // Without a token nothing can be done, not even a removal.
    deliver: (request) =>
      deliver({ operation: 'token', identity: fixedIdentity(request), send: (same) => sendMetered(same, 'removal') }),
  });

  async function deliver<Who>(order: Order<Who>): Promise<Delivery> {
    const delivery = await repeatedly(order);
    const { exchange } = delivery;
    if (exchange.kind === 'answer' && exchange.status === 429) meter?.turnedAway(exchange.retryAfterMs);
    return delivery;
  }

  async function sendMetered(request: HttpRequest, importance: Importance): Promise<Exchange> {
    meter?.count(importance);
    onCall();
    const exchange = await send(request, AbortSignal.timeout(timeoutMs), now);
    if (exchange.kind === 'answer') {
      meter?.heard({ status: exchange.status, rateLimit: readRateLimit(exchange.headers) });
    }
    return exchange;
  }

  return {
    send: async (call) => {
      const importance = call.importance ?? IMPORTANCE[call.operation];
      meter?.admit(importance, call.doing);
      const url = base.origin + prefix + call.path;
      const delivery = await deliver({
        operation: call.operation,
        identity: authorization.header,
        send: (header) => sendMetered(requestFor(call, url, header), importance),
      });
      const { exchange } = delivery;
      if (exchange.kind === 'answer' && exchange.status >= 200 && exchange.status < 300) return exchange;
      throw failure({ ...call, credential: credential.kind, timeoutMs, hide: authorization.hide }, delivery);
    },
    pathOf: (link) => {
      const url = new URL(link, base);
      // Other schemes have paths without a slash, which would run into the host name: `data:@elsewhere/`.
      if (!isHttp(url)) throw new TypeError('not an http(s) link');
      const path = url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : url.pathname;
      return path + url.search;
    },
  };
}

function requestFor(call: Call, url: string, authorization: string): HttpRequest {
  const headers = { authorization, accept: 'application/json' };
  const method = METHODS[call.operation];
  if (call.body === undefined) return { method, url, headers };
  return { method, url, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(call.body) };
}

function readBaseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !isHttp(url) || url.username !== '' || url.password !== '') {
    throw new InputError(
      'BITBUCKET_BASE_URL is not an http(s) address without a user name, such as https://api.bitbucket.org; correct it or leave it out.',
    );
  }
  return url;
}

function isHttp(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:';
}

function defaultTokenUrl(base: URL, prefix: string): string {
  const origin = base.hostname === 'api.bitbucket.org' ? 'https://bitbucket.org' : base.origin + prefix;
  return `${origin}/site/oauth2/access_token`;
}
