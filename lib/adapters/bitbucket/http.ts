/**
 * One HTTP request, once, bounded in time. What comes back is a value in every case, so that the retry policy can
 * look at it: an answer of any status, or one of three ways to get none.
 */
import type { RateLimit } from '#core/budget/ledger.ts';
import type { Instant } from '#core/model/observation.ts';

/** A request as it goes on the wire. `headers` carries the credential: never print a request. */
export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** An answer of any status, read to its end. `text` may carry a secret: never print it. */
export type Answer = {
  readonly kind: 'answer';
  readonly status: number;
  readonly text: string;
  /** What `Retry-After` asks for, if it is there and can be read. */
  readonly retryAfterMs: number | undefined;
  readonly rateLimit?: RateLimit;
};

/**
 * No answer. `timed-out` and `connection-lost`: the request may have arrived. `unreachable`: it never left.
 * `code` is the system's word, such as ECONNRESET. The error itself is not kept, because the HTTP parser's errors
 * carry bytes of the answer, which may be a secret.
 */
export type NoAnswer = {
  readonly kind: 'timed-out' | 'connection-lost' | 'unreachable';
  readonly code: string;
};

export type Exchange = Answer | NoAnswer;

/** Failures that come before the first byte is sent. */
const NEVER_SENT = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * A function that sends one request. The time-out covers the whole exchange, so that a body that never ends counts
 * too. Redirects are not followed: they would carry the credential to wherever the answer points.
 */
export function createSender(options: {
  readonly timeoutMs: number;
  readonly now: () => Instant;
  /** Called once for each request that leaves. */
  readonly onCall: () => void;
}): (request: HttpRequest) => Promise<Exchange> {
  return async (request) => {
    const abort = new AbortController();
    // Not AbortSignal.timeout: its timer lives on after the answer, and does not hold the process while one is awaited.
    const timer = setTimeout(() => abort.abort(), options.timeoutMs);
    options.onCall();
    try {
      const { url, ...init } = request;
      const response = await fetch(url, { ...init, redirect: 'manual', signal: abort.signal });
      const text = await response.text();
      return {
        kind: 'answer',
        status: response.status,
        text,
        retryAfterMs: readRetryAfter(response.headers, options.now()),
        rateLimit: readRateLimit(response.headers),
      };
    } catch (error) {
      const code = codeOf(error);
      if (abort.signal.aborted) return { kind: 'timed-out', code: 'ETIMEDOUT' };
      return { kind: NEVER_SENT.has(code) ? 'unreachable' : 'connection-lost', code };
    } finally {
      clearTimeout(timer);
    }
  };
}

/** `Retry-After` is seconds or an HTTP date; a date is measured by the server's own clock where it tells it. */
function readRetryAfter(headers: Headers, now: Instant): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value);
  if (Number.isNaN(until)) return undefined;
  const serverNow = Date.parse(headers.get('date') ?? '');
  return Math.max(0, until - (Number.isNaN(serverNow) ? now : serverNow));
}

/** What `X-RateLimit-*` say, as far as they are there and can be read. */
function readRateLimit(headers: Headers): RateLimit {
  const limit = readCount(headers.get('x-ratelimit-limit'));
  const remaining = readCount(headers.get('x-ratelimit-remaining'));
  const near = headers.get('x-ratelimit-nearlimit')?.trim().toLowerCase();
  return {
    ...(limit !== undefined && limit > 0 && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...((near === 'true' || near === 'false') && { nearLimit: near === 'true' }),
  };
}

function readCount(value: string | null): number | undefined {
  return value !== null && /^\d{1,9}$/.test(value.trim()) ? Number(value) : undefined;
}

/** fetch wraps what went wrong in a TypeError; the code is on its cause. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'network error';
}
