/** One request and what comes back of it, from a service that answers as it is told. */

import * as http from 'node:http';
import * as https from 'node:https';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { agents, closeRestingConnections } from '#adapters/http/connections.ts';
import {
  type HttpRequest,
  jsonRequest,
  networkFailure,
  oneLine,
  send,
  silenceOf,
  sizeText,
} from '#adapters/http/exchange.ts';
import { makeCertificate } from '#kit/certificate.ts';
import { listen, type ScriptedAnswer, scriptedService } from '#kit/loopback.ts';
import manifest from '../../../package.json' with { type: 'json' };

const NOON = Date.parse('2026-11-23T12:00:00Z');

async function exchange(
  answer: ScriptedAnswer,
  request: Partial<HttpRequest> = {},
  signal: AbortSignal = AbortSignal.timeout(600_000),
) {
  const service = await scriptedService(() => answer);
  onTestFinished(service.close);
  const came = await send({ method: 'GET', url: `${service.url}/a?b=c`, headers: {}, ...request }, signal, () => NOON);
  return { came, seen: service.seen };
}

/** The connections that an agent keeps. */
const kept = (agent: http.Agent) => Object.values(agent.freeSockets).flat();

afterEach(closeRestingConnections);

describe('a request', () => {
  it('arrives as it is, with its length, also where Node would leave that out', async () => {
    const { seen } = await exchange({ status: 200 }, { method: 'DELETE', headers: { accept: 'x/y' }, body: '{"ü":1}' });
    expect(seen).toMatchObject([
      {
        method: 'DELETE',
        path: '/a?b=c',
        body: '{"ü":1}',
        headers: {
          accept: 'x/y',
          'content-length': '8',
          'user-agent': `bitbucket-runner-autoscaler/${manifest.version}`,
        },
      },
    ]);
  });

  it('without a body has no length', async () => {
    const { seen } = await exchange({ status: 200 });
    expect(seen[0]?.headers).not.toHaveProperty('content-length');
  });
});

describe('a request goes', () => {
  it('over the connections that all share', async () => {
    await exchange({ status: 200 });
    expect(kept(agents['http:'])).toHaveLength(1);
  });

  it('through the agent that it names', async () => {
    const agent = new http.Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    await exchange({ status: 200 }, { agent });
    expect([kept(agent).length, kept(agents['http:']).length]).toEqual([1, 0]);
  });

  it('over TLS to a server whose certificate is trusted, over a connection that is kept, and to no other', async () => {
    const certificate = makeCertificate();
    const server = https.createServer(certificate, (_request, response) => response.end('safe'));
    const { url, close } = await listen(server as unknown as http.Server);
    onTestFinished(close);
    const at = { url: url.replace('http:', 'https:') };
    expect((await exchange('hang', at)).came).toEqual({ kind: 'untrusted', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    const tls = { ca: certificate.cert };
    expect((await exchange('hang', { ...at, tls })).came).toMatchObject({ status: 200, text: 'safe' });
    expect(kept(agents['https:'])).toHaveLength(1);
  });

  it('nowhere when time was up before it began', async () => {
    const { came, seen } = await exchange({ status: 200 }, {}, AbortSignal.abort());
    expect([came, seen]).toEqual([{ kind: 'timed-out', code: 'ETIMEDOUT' }, []]);
  });
});

describe('what comes back', () => {
  it('is an answer of any status, as text', async () => {
    const { came } = await exchange({ status: 418, headers: { 'x-tea': 'pot' }, body: 'grün' });
    expect(came).toMatchObject({ kind: 'answer', status: 418, headers: { 'x-tea': 'pot' }, text: 'grün' });
  });

  it('is put together from its parts, wherever they were cut', async () => {
    const [first, second] = [Buffer.from('grü').subarray(0, 3), Buffer.from('grün').subarray(3)];
    const { url, close } = await listen(
      http.createServer((_request, response) => {
        response.write(first);
        setImmediate(() => response.end(second));
      }),
    );
    onTestFinished(close);
    expect((await exchange('hang', { url })).came).toMatchObject({ text: 'grün' });
  });

  /** A body without end, which counts what was taken of it. */
  async function endless(status: number, request: Partial<HttpRequest>) {
    const part = Buffer.alloc(16 * 1024, 'x');
    let sent = 0;
    const { url, close } = await listen(
      http.createServer((_request, response) => {
        response.writeHead(status);
        const more = () => {
          while (!response.destroyed && response.write(part)) sent += part.length;
        };
        response.on('drain', more);
        more();
      }),
    );
    onTestFinished(close);
    const { came } = await exchange('hang', { url, ...request });
    return { came, sent };
  }

  it.each([
    ['the limit of its kind', { limit: { bytes: 100_000, beyond: 'refuse' } }, 100_000],
    ['the limit of one document', {}, 4 * 1024 * 1024],
  ] as const)('is not used, and not read to its end, beyond %s', async (_name, request, bytes) => {
    const { came, sent } = await endless(200, request);
    expect(came).toEqual({ kind: 'too-large', bytes });
    expect(sent).toBeLessThan(bytes + 8 * 1024 * 1024);
  });

  it('is cut off where the rest is of no use', async () => {
    const { came } = await endless(200, { limit: { bytes: 100_000, beyond: 'cut' } });
    const length = 'text' in came ? came.text.length : 0;
    expect(length).toBeGreaterThan(100_000);
    expect(length).toBeLessThan(200_000);
  });

  it('is cut off when it is a refusal, whose status counts', async () => {
    const { came } = await endless(500, { limit: { bytes: 100, beyond: 'refuse' } });
    expect(came).toMatchObject({ kind: 'answer', status: 500 });
    expect('text' in came && came.text.length).toBeLessThan(200_000);
  });

  it('is never unpacked: 390 KB of gzip stay what they are', async () => {
    const body = gzipSync(Buffer.alloc(390 * 1000 * 1000, 'x'));
    const { url, close } = await listen(
      http.createServer((request, response) => {
        expect(request.headers['accept-encoding']).toBeUndefined();
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
      }),
    );
    onTestFinished(close);
    const { came } = await exchange('hang', { url });
    expect('text' in came && came.text.length).toBeLessThan(400_000);
    expect(body.length).toBeGreaterThan(350_000);
  });

  it('may be as large as its limit', async () => {
    const request = { limit: { bytes: 5, beyond: 'refuse' } } as const;
    expect((await exchange({ status: 200, body: '12345' }, request)).came).toMatchObject({ text: '12345' });
    expect((await exchange({ status: 200, body: '123456' }, request)).came).toEqual({ kind: 'too-large', bytes: 5 });
    expect((await exchange({ status: 300, body: '123456' }, request)).came).toMatchObject({ text: '123456' });
  });

  it('is the redirect itself', async () => {
    const { came, seen } = await exchange({ status: 302, headers: { location: '/elsewhere' } });
    expect([came, seen]).toMatchObject([{ status: 302 }, { length: 1 }]);
  });

  it.each([
    ['7', undefined, 7_000],
    ['12', undefined, 12_000],
    ['1.25', undefined, 1_250],
    ['soon', undefined, undefined],
    ['x5', undefined, undefined],
    ['5x', undefined, undefined],
    ['-1 s', undefined, undefined],
    ['Mon, 23 Nov 2026 13:00:03 GMT', 'Mon, 23 Nov 2026 13:00:00 GMT', 3_000],
    ['Mon, 23 Nov 2026 12:00:03 GMT', 'no date', 3_000],
    ['Mon, 23 Nov 2026 11:00:00 GMT', 'Mon, 23 Nov 2026 13:00:00 GMT', 0],
  ])('asks to wait: %s at %s', async (retryAfter, date, retryAfterMs) => {
    const headers = { 'retry-after': retryAfter, ...(date !== undefined && { date }) };
    expect((await exchange({ status: 429, headers })).came).toMatchObject({ retryAfterMs });
  });

  it('asks for nothing without Retry-After', async () => {
    expect((await exchange({ status: 429 })).came).toMatchObject({ retryAfterMs: undefined });
  });

  it.each(['hang', 'stall'] as const)('is a time-out: %s', async (answer) => {
    expect((await exchange(answer, {}, AbortSignal.timeout(100))).came).toEqual({
      kind: 'timed-out',
      code: 'ETIMEDOUT',
    });
  });

  it.each([
    ['a reset', 'reset', {}, 'connection-lost', 'ECONNRESET'],
    ['nobody there', { status: 200 }, { url: 'http://127.0.0.1:1/' }, 'unreachable', 'ECONNREFUSED'],
    [
      'a header that cannot be sent',
      { status: 200 },
      { headers: { a: 'b\nc' } },
      'connection-lost',
      'ERR_INVALID_CHAR',
    ],
  ] as const)('is the lack of an answer: %s', async (_name, answer, request, kind, code) => {
    expect((await exchange(answer, request)).came).toEqual({ kind, code });
  });

  it.each([
    ['an error without a code', new Error('odd')],
    ['something that is no error', 'odd'],
  ])('is the lack of an answer: %s', async (_name, thrown) => {
    class Odd extends http.Agent {
      override addRequest(request: http.ClientRequest): void {
        setImmediate(() => request.emit('error', thrown));
      }
    }
    const { came } = await exchange('hang', { agent: new Odd() });
    expect(came).toEqual({ kind: 'connection-lost', code: 'network error' });
  });

  it('is that the other end speaks no TLS', async () => {
    const service = await scriptedService(() => ({ status: 200 }));
    onTestFinished(service.close);
    const url = service.url.replace('http:', 'https:');
    const tls = { ca: makeCertificate().cert };
    const came = await send({ method: 'GET', url, headers: {}, tls }, AbortSignal.timeout(600_000));
    expect(came).toMatchObject({ kind: 'untrusted' });
  });
});

describe('codes of the network', () => {
  it.each([
    ['unreachable', ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']],
    ['connection-lost', ['ECONNRESET', 'EPIPE', 'ECONNABORTED']],
    [
      'untrusted',
      [
        'ERR_TLS_CERT_ALTNAME_INVALID',
        'ERR_SSL_WRONG_VERSION_NUMBER',
        'CERT_HAS_EXPIRED',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        'SELF_SIGNED_CERT_IN_CHAIN',
        'DEPTH_ZERO_SELF_SIGNED_CERT',
        'HOSTNAME_MISMATCH',
        'EPROTO',
      ],
    ],
    [undefined, ['', 'ETIMEDOUT', 'HPE_INVALID_CONSTANT', 'NOT_CERT_HAS_EXPIRED']],
  ])('%s', (failure, codes) => {
    expect(codes.map((code) => networkFailure(code))).toEqual(codes.map(() => failure));
  });
});

describe('a request with JSON', () => {
  const request = { method: 'PATCH', url: 'https://host/', headers: { authorization: 'Bearer x' } } as const;

  it('says what it is and what it takes', () => {
    expect(jsonRequest(request, { a: 1 })).toEqual({
      ...request,
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: 'Bearer x' },
      body: '{"a":1}',
    });
  });

  it('may be of another type of content', () => {
    expect(jsonRequest(request, {}, 'application/merge-patch+json').headers['content-type']).toBe(
      'application/merge-patch+json',
    );
  });

  it('without a body has no type of content', () => {
    const headers = { accept: 'application/json', authorization: 'Bearer x' };
    expect(jsonRequest(request, undefined)).toEqual({ ...request, headers });
  });
});

it.each([
  ['a text', 6, 'a text'],
  ['a text', 5, 'a tex…'],
  ['  a\n\tb\u0000 ', 5, 'a b'],
  ['', 5, ''],
])('%j in one line of %d characters is %j', (text, longest, expected) => expect(oneLine(text, longest)).toBe(expected));

it('says why there is no answer: by its code, or by how large it was', () => {
  expect(silenceOf({ kind: 'timed-out', code: 'ETIMEDOUT' })).toBe('ETIMEDOUT');
  expect(silenceOf({ kind: 'too-large', bytes: 8 * 1024 * 1024 })).toBe('more than 8 MB');
});

it('says sizes in round numbers', () => {
  expect([sizeText(64 * 1024), sizeText(1024 * 1024), sizeText(8 * 1024 * 1024)]).toEqual(['64 KB', '1 MB', '8 MB']);
});
