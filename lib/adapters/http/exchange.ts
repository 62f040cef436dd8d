/**
 * One HTTP request, sent once. What comes back is a value in every case, so that the retry policy can look at it: an
 * answer of any status, or one of the ways to get none.
 */
import type * as http from 'node:http';
import type * as https from 'node:https';
import type { Instant } from '#core/model/observation.ts';
// biome-ignore lint/plugin: the version that requests name stands there and nowhere else.
import manifest from '../../../package.json' with { type: 'json' };
import { agents, nodeModule } from './connections.ts';
import { atProxy, TUNNEL_REFUSED } from './proxy.ts';

/** Certificates, and whether and as whom to verify the server. */
export type TlsOptions = Pick<
  https.RequestOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

/** A request as it goes on the wire. `headers` carries the credential: never print a request. */
export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly tls?: TlsOptions;
  /** The way through a proxy; absent: straight, over the connections that all clients share. */
  readonly agent?: http.Agent;
  /** Default: that of one document. */
  readonly limit?: AnswerLimit;
};

/** How far an answer is read, in bytes, give or take what arrives at once. Of more, the rest is cut off, or nothing is used. */
export type AnswerLimit = { readonly bytes: number; readonly beyond: 'cut' | 'refuse' };

/** Of a list's page there may be more, of anything else there never is: etcd's objects have 1.5 MB at most. */
const DOCUMENT: AnswerLimit = { bytes: 4 * 1024 * 1024, beyond: 'refuse' };

/** Whoever refuses needs few words for it; what comes after these is a page for a browser. */
const LONGEST_REFUSAL: AnswerLimit = { bytes: 64 * 1024, beyond: 'cut' };

/** The request with `body`, if there is one, as JSON, and with the headers that say so. */
export function jsonRequest(
  request: Omit<HttpRequest, 'body'>,
  body: unknown,
  contentType = 'application/json',
): HttpRequest {
  const headers = { accept: 'application/json', ...request.headers };
  if (body === undefined) return { ...request, headers };
  return { ...request, headers: { 'content-type': contentType, ...headers }, body: JSON.stringify(body) };
}

/** An answer of any status, read to its end or to where it is cut off. `text` may carry a secret: never print it. */
export type Answer = {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** What `Retry-After` asks for, if it is there and can be read. */
  readonly retryAfterMs?: number;
};

/**
 * No whole answer. `unreachable` (no way to the server) and `untrusted` (the TLS handshake failed): the request was not
 * sent. `connection-lost` and `timed-out`: it may have arrived. `code` is the system's word, such as ECONNRESET, with the
 * proxy that it is about, if any. The
 * error itself is not kept: the HTTP parser's errors carry bytes of the answer, which may be a secret.
 */
export type NoAnswer = { readonly kind: NetworkFailure | 'timed-out'; readonly code: string };

type NetworkFailure = 'unreachable' | 'untrusted' | 'connection-lost';

/** The answer of a request that was granted, larger than anybody can use; the rest was not read. */
export type TooLarge = { readonly kind: 'too-large'; readonly bytes: number };

/** What a request came to. `not-sent`: there was nobody to send it as; the error says why. */
export type Exchange = Answer | NoAnswer | TooLarge | { readonly kind: 'not-sent'; readonly error: Error };

/**
 * Sends a request. When `signal` fires, wherever the exchange stands (connecting, waiting, in the middle of the body),
 * it has timed out. Redirects are not followed: they would carry the credential to wherever the answer points.
 */
export async function send(
  request: HttpRequest,
  signal: AbortSignal,
  now: () => Instant = Date.now,
): Promise<Answer | NoAnswer | TooLarge> {
  try {
    const response = await begin(request, signal);
    const { headers, statusCode: status = 0 } = response;
    const limit = status < 300 ? (request.limit ?? DOCUMENT) : LONGEST_REFUSAL;
    const text = await readText(response, limit);
    if (text === undefined) return { kind: 'too-large', bytes: limit.bytes };
    return { kind: 'answer', status, headers, text, retryAfterMs: retryAfterMs(headers, now) };
  } catch (error) {
    if (signal.aborted) return { kind: 'timed-out', code: 'ETIMEDOUT' };
    const code = codeOf(error);
    return { kind: networkFailure(code) ?? 'connection-lost', code: code + atProxy(Object(error)) };
  }
}

/** Product and version, by which a service's people know who is calling. */
const USER_AGENT = `${manifest.name}/${manifest.version}`;

function begin(request: HttpRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
  const { url, method, headers, body, tls, agent } = request;
  const isPlain = url.startsWith('http:');
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const options: https.RequestOptions = {
    method,
    headers: { 'user-agent': USER_AGENT, ...lengthOf(body), ...headers },
    agent: agent ?? agents[isPlain ? 'http:' : 'https:'],
    signal,
    ...tls,
  };
  // Stryker disable next-line StringLiteral: the agent makes the connection, whichever module asks it to.
  const { request: begun } = isPlain ? nodeModule('http:') : nodeModule('https:');
  const sent = begun(url, options, resolve);
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** Node adds no length to the body of a DELETE; the server would take the body for the connection's next request. */
function lengthOf(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

/** Undefined for more than the limit, unless it is to be cut off. */
async function readText(response: http.IncomingMessage, limit: AnswerLimit): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    bytes += chunk.length;
    // Leaving the loop ends the connection.
    if (bytes <= limit.bytes) continue;
    if (limit.beyond === 'refuse') return undefined;
    break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `Retry-After` is seconds or an HTTP date; a date is measured by the server's own clock where it tells it. */
function retryAfterMs(headers: http.IncomingHttpHeaders, now: () => Instant): number | undefined {
  const value = headers['retry-after'];
  // Stryker disable next-line ConditionalExpression: what is absent is no date either.
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value);
  if (Number.isNaN(until)) return undefined;
  // Stryker disable next-line StringLiteral: one text that is no date is like another.
  const serverNow = Date.parse(headers.date ?? '');
  return Math.max(0, until - (Number.isNaN(serverNow) ? now() : serverNow));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'network error';
}

const UNREACHABLE = new Set([TUNNEL_REFUSED, 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const LOST = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** OpenSSL's codes for certificate chains, Node's for names and for peers that do not speak TLS. */
const UNTRUSTED = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/;

/** Why there is no answer, for brackets: a code such as ECONNRESET, or how large the answer was. */
export function silenceOf(silence: NoAnswer | TooLarge): string {
  return silence.kind === 'too-large' ? `more than ${sizeText(silence.bytes)}` : silence.code;
}

/** `8 MB`, of a limit that is a whole number of KB or MB. */
export function sizeText(bytes: number): string {
  const kilobytes = bytes / 1024;
  return kilobytes < 1024 ? `${kilobytes} KB` : `${kilobytes / 1024} MB`;
}

/** Text of a server as a part of one sentence: in one line, and not longer than `longest` characters. */
export function oneLine(text: string, longest: number): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= longest ? line : `${line.slice(0, longest)}…`;
}

/** What Node's or OpenSSL's code of a failed connection means; undefined for one that is not of the network. */
export function networkFailure(code: string): NetworkFailure | undefined {
  if (UNREACHABLE.has(code)) return 'unreachable';
  if (LOST.has(code)) return 'connection-lost';
  return UNTRUSTED.test(code) ? 'untrusted' : undefined;
}
