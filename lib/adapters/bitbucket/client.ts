/**
 * Calls to one Bitbucket with one credential: a call goes out with its Authorization header, is repeated as the retry
 * policy says, and comes back as a 2xx answer or as a ServiceError.
 *
 * A credential has a number of calls an hour (`lib/core/budget/`), so every call says how important it is. With a meter
 * the client asks before each call, counts each request, and passes on what answers say of Bitbucket's own limit. A call
 * that must not be made now throws `BudgetError`: no failure, its caller does without. Repeats are never refused.
 *
 *     await client.send({ operation: 'read', importance: 'queue', path, doing, needs: 'readRepository' });
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Meter, RateLimit } from '#core/budget/call-budget.ts';
import type { Importance } from '#core/budget/hour.ts';
import { InputError, ServiceError } from '#core/errors.ts';
import type { Credential } from '../credentials.ts';
import { createDelivery, type Delivery, type DeliveryOptions, type Order } from '../http/delivery.ts';
import { type Answer, type AnswerLimit, type Exchange, type HttpRequest, jsonRequest, send } from '../http/exchange.ts';
import { fixedIdentity } from '../http/identity.ts';
import { createAuthorization } from './auth.ts';
import { failure, type Permission } from './failure.ts';
import type { Gate } from './first-call.ts';

/** What the client is made of. */
export type ClientOptions = Omit<DeliveryOptions, 'backOff'> & {
  /** Where the API is, such as `https://api.bitbucket.org`; a path in it is a prefix of every call. */
  readonly baseUrl: string;
  /** Where OAuth tokens come from; by default bitbucket.org's, or the one under a `baseUrl` of one's own. */
  readonly tokenUrl?: string;
  readonly credential: Credential;
  /** What to throw when Bitbucket answers 401 to the credential; by default the error that says so. */
  readonly refused?: (error: ServiceError) => ServiceError;
  /** What all clients with this credential go through; without one, every call goes its own way. */
  readonly gate?: Gate;
  /** The budget of the credential's calls; without one, nothing is refused. */
  readonly meter?: Meter;
  /** Called once for each HTTP request that leaves, those for tokens included. */
  readonly onCall?: () => void;
  /** For one HTTP request with its whole answer; default 10 s. */
  readonly timeoutMs?: number;
};

/** One call, without address and credential. */
export type Call = {
  readonly operation: keyof typeof OPERATIONS;
  /** What the call is for; a `read` that makes a removal safe, or counts the queue, has to say it. */
  readonly importance?: Importance;
  /** Path and query below the base URL. */
  readonly path: string;
  readonly body?: object;
  /** Such as `Listing the runners of acme`: an error's sentence begins with it. */
  readonly doing: string;
  readonly needs?: Permission;
  /** What comes back; default: one document. */
  readonly answer?: keyof typeof ANSWERS;
};

/** How large an answer may be that is no single document: many times what Bitbucket sends. */
const ANSWERS = {
  page: { bytes: 8 * 1024 * 1024, beyond: 'refuse' },
  /** What is left of a larger one is too large for whoever reads it. */
  file: { bytes: 512 * 1024, beyond: 'cut' },
} as const satisfies Record<string, AnswerLimit>;

export type BitbucketClient = {
  /** A 2xx answer. Anything else is a ServiceError, of which `status` tells "not found" from the rest. */
  readonly send: (call: Call) => Promise<Answer>;
  /** The path of a link below the base URL. Its host is ignored: credentials go to one place. Throws for what is no link. */
  readonly pathOf: (link: string) => string;
};

/** Operations at Bitbucket except for getting a token, with what holds for calls that do not say otherwise. */
const OPERATIONS = {
  read: { method: 'GET', importance: 'look', needs: 'readRunners' },
  register: { method: 'POST', importance: 'create', needs: 'writeRunners' },
  enable: { method: 'PUT', importance: 'create', needs: 'writeRunners' },
  disable: { method: 'PUT', importance: 'removal', needs: 'writeRunners' },
  remove: { method: 'DELETE', importance: 'removal', needs: 'writeRunners' },
} as const;

const BACK_OFF = { firstMs: 250, longestMs: 4_000 };

/** Throws InputError when an address or the credential cannot be used at all. */
export function createBitbucketClient(options: ClientOptions): BitbucketClient {
  const {
    credential,
    meter,
    refused = (error: ServiceError) => error,
    onCall = () => {},
    timeoutMs = 10_000,
    now = Date.now,
  } = options;
  const base = readBaseUrl(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const tokenHost = base.hostname === 'api.bitbucket.org' ? 'https://bitbucket.org' : base.origin + prefix;
  const repeatedly = createDelivery({ ...options, backOff: BACK_OFF });
  const { header, hide } = createAuthorization(credential, {
    tokenUrl: options.tokenUrl ?? `${tokenHost}/site/oauth2/access_token`,
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

  async function sendCall(call: Call): Promise<Answer> {
    const { operation, doing, path, body } = call;
    const { method, importance, needs } = { ...OPERATIONS[operation], ...call };
    meter?.admit(importance, doing);
    const url = base.origin + prefix + path;
    const delivery = await deliver({
      operation,
      identity: header,
      send: (authorization) =>
        sendMetered(jsonRequest({ method, url, headers: { authorization }, ...limitOf(call) }, body), importance),
    });
    const { exchange } = delivery;
    if (exchange.kind === 'answer' && exchange.status >= 200 && exchange.status < 300) return exchange;
    const error = failure({ ...call, needs, credential: credential.kind, timeoutMs, hide }, delivery);
    throw error instanceof ServiceError && error.status === 401 ? refused(error) : error;
  }

  return {
    send: (call) => (options.gate === undefined ? sendCall(call) : options.gate.pass(() => sendCall(call))),
    pathOf: (link) => {
      const url = new URL(link, base);
      // Other schemes have paths without a slash, which would run into the host name: `data:@elsewhere/`.
      if (!isHttp(url)) throw new TypeError('not an http(s) link');
      const path = url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : url.pathname;
      return path + url.search;
    },
  };
}

function limitOf({ answer }: Call): Pick<HttpRequest, 'limit'> {
  return answer === undefined ? {} : { limit: ANSWERS[answer] };
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

/** What the headers `X-RateLimit-*` say of Bitbucket's own limit, as far as they are there and can be read. */
function readRateLimit(headers: IncomingHttpHeaders): RateLimit {
  // Node joins the values of a header that comes twice, but its types do not say so.
  const read = (name: string) => String(headers[`x-ratelimit-${name}`] ?? '').trim();
  const count = (name: string) => (/^\d{1,9}$/.test(read(name)) ? Number(read(name)) : undefined);
  const near = read('nearlimit').toLowerCase();
  return {
    resource: read('resource').toLowerCase() || undefined,
    limit: count('limit') || undefined,
    remaining: count('remaining'),
    nearLimit: near === 'true' || near === 'false' ? near === 'true' : undefined,
  };
}
