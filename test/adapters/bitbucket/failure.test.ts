import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBitbucketRunnerApi } from '#adapters/bitbucket/runners.ts';
import type { Credential } from '#adapters/credentials.ts';
import { Secret } from '#core/secret.ts';
import { type Reply, startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { ACME, APP, CREDENTIALS, RUNNER, setUp } from './setup.ts';

const error = (message: string) => ({ type: 'error', error: { message } });

describe('the sentence of a failure', () => {
  it.each([
    {
      status: 401,
      kind: 'apiToken',
      says: 'Listing the runners of acme failed: Bitbucket answered 401: the API token is wrong, expired or revoked, or does not belong to that e-mail; create one with the scopes read:runner:bitbucket, write:runner:bitbucket, read:workspace:bitbucket, read:repository:bitbucket.',
    },
    {
      status: 401,
      kind: 'appPassword',
      says: 'Listing the runners of acme failed: Bitbucket answered 401: app passwords were removed on 28 July 2026; create an API token with the scopes read:runner:bitbucket, write:runner:bitbucket, read:workspace:bitbucket, read:repository:bitbucket and use it with the e-mail of its account.',
    },
    {
      status: 401,
      kind: 'accessToken',
      says: 'Listing the runners of acme failed: Bitbucket answered 401: the access token is wrong, expired or revoked; create one with the scopes runner, runner:write, account, repository.',
    },
    {
      status: 403,
      kind: 'apiToken',
      says: 'Listing the runners of acme failed: Bitbucket answered 403: the credential lacks the scope read:runner:bitbucket, or its owner may not do this here; grant it and try again.',
    },
    {
      status: 403,
      kind: 'accessToken',
      says: 'Listing the runners of acme failed: Bitbucket answered 403: the credential lacks the scope runner, or its owner may not do this here; grant it and try again.',
    },
    {
      status: 404,
      kind: 'apiToken',
      says: 'Listing the runners of acme failed: Bitbucket answered 404: the workspace or repository does not exist, or the credential cannot see it; check the names in the configuration and the access of the credential.',
    },
    {
      status: 301,
      kind: 'apiToken',
      says: 'Listing the runners of acme failed: Bitbucket answered 301, a redirect, which is not followed with a credential; the workspace or repository may have been renamed, so use its present name.',
    },
    {
      status: 410,
      kind: 'apiToken',
      says: 'Listing the runners of acme failed: Bitbucket answered 410 ("Because."); check the names in the configuration and the credential.',
    },
    {
      status: 429,
      kind: 'apiToken',
      says: "Listing the runners of acme failed (tried 4 times): Bitbucket's rate limit is used up (429); run fewer ticks, or give busy workspaces credentials of their own.",
    },
    {
      status: 502,
      kind: 'apiToken',
      says: 'Listing the runners of acme failed (tried 4 times): Bitbucket answered 502; look at its status page if this goes on.',
    },
  ] as const)('$status with $kind', async ({ status, kind, says }) => {
    const { api, bitbucket } = await setUp({ credential: CREDENTIALS[kind] });
    bitbucket.script({ times: 4, reply: { status, body: error('Because.') } });
    await expect(api.list(ACME)).rejects.toMatchObject({ message: says, status });
  });

  it.each([
    {
      message: 'Runner limit exceeded for this workspace.',
      says: /the runner limit is reached \("Runner limit exceeded for this workspace\."\); remove runners/,
    },
    { message: 'Invalid label: BIG', says: /answered 400 \("Invalid label: BIG"\); check the names and labels/ },
    { message: `a${' \n'.repeat(50)}b`, says: /answered 400 \("a b"\)/ },
    { message: 'x'.repeat(1000), says: /\("x{200}…"\)/ },
    { message: '', says: /answered 400; check/ },
  ])('400 on a registration passes the message on: $message', async ({ message, says }) => {
    const { api, bitbucket } = await setUp();
    bitbucket.script({ reply: { status: 400, body: error(message) } });
    await expect(api.register(APP, RUNNER)).rejects.toThrow(/^Registering runner runner-1 in acme\/app failed: /);
    bitbucket.script({ reply: { status: 400, body: error(message) } });
    await expect(api.register(APP, RUNNER)).rejects.toThrow(says);
  });

  it.each(['<html>', '', '[]', 'null', '{"error": "plain"}'])(
    'takes nothing from a body that is no error object: %j',
    async (body) => {
      const { api, bitbucket } = await setUp();
      bitbucket.script({ reply: { status: 400, body } });
      await expect(api.list(ACME)).rejects.toThrow(/failed: Bitbucket answered 400; check/);
    },
  );

  it.each([
    { name: 'the server is silent', reply: 'hang', says: /did not answer completely within 0\.03 s/ },
    {
      name: 'the connection breaks',
      reply: 'reset',
      says: /the connection to Bitbucket broke \(UND_ERR_SOCKET|ECONNRESET\)/,
    },
  ] as const)('$name', async ({ reply, says }) => {
    const { api, bitbucket } = await setUp({ timeoutMs: reply === 'hang' ? 30 : 10_000 });
    bitbucket.script({ times: 4, reply });
    await expect(api.list(ACME)).rejects.toThrow(says);
  });

  it.each([
    { name: 'nothing listens', baseUrl: 'http://127.0.0.1:2', code: 'ECONNREFUSED' },
    { name: 'the name is unknown', baseUrl: 'http://bitbucket.invalid', code: 'ENOTFOUND|EAI_AGAIN' },
  ])('$name', async ({ baseUrl, code }) => {
    const { api } = await setUp({ baseUrl });
    const thrown = api.register(ACME, RUNNER);
    await expect(thrown).rejects.toThrow(new RegExp(`cannot be reached \\((${code})\\); check BITBUCKET_BASE_URL`));
    await expect(thrown).rejects.toMatchObject({ outcome: 'refused' });
  });
});

describe('secrets', () => {
  const ISSUED = 'issued-access-token';
  const RUNNER_SECRET = 'runner-client-secret';
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  /** A credential and every text that must not be seen with it. */
  const credentials = fc
    .string({ unit: fc.constantFrom(...'abcXYZ019-_=+/'), minLength: 16, maxLength: 40 })
    .chain((text) => {
      const secret = new Secret(text);
      return fc.constantFrom<{ credential: Credential; unseen: string[] }>(
        {
          credential: { kind: 'apiToken', email: 'ops@acme.example', token: secret },
          unseen: [text, base64(`ops@acme.example:${text}`), RUNNER_SECRET],
        },
        {
          credential: { kind: 'oauth', clientId: 'client', clientSecret: secret },
          unseen: [text, base64(`client:${text}`), ISSUED, RUNNER_SECRET],
        },
        { credential: { kind: 'accessToken', token: secret }, unseen: [text, RUNNER_SECRET] },
        {
          credential: { kind: 'appPassword', username: 'ops', password: secret },
          unseen: [text, base64(`ops:${text}`), RUNNER_SECRET],
        },
      );
    });

  /** Replies that repeat in every place what the server got, and what it gave out. */
  const replies = (unseen: readonly string[]): readonly Reply[] => {
    const received = unseen.filter((text) => text !== RUNNER_SECRET).join(' ');
    const all = unseen.join(' ');
    const malformed = { uuid: 1, values: all, access_token: all, oauth_client: { id: 1, secret: RUNNER_SECRET } };
    return [
      ...[302, 400, 401, 403, 404, 409, 410, 422, 429, 500].map((status) => ({ status, body: error(received) })),
      { status: 200, body: all },
      { status: 200, body: malformed },
      { status: 200, body: { ...malformed, uuid: all } },
      'hang',
      'hang-body',
      'cut',
      'reset',
    ];
  };

  it('are hidden as long as the client lives: tokens that were renewed long ago too', async () => {
    const { api, bitbucket } = await setUp({ credential: CREDENTIALS.oauth });
    for (const access_token of ['first-token', 'second-token']) {
      bitbucket.script({ path: '/access_token', reply: { status: 200, body: { access_token } } });
    }
    bitbucket.script({ path: '/runners', reply: { status: 401 } });
    const repeated = error('first-token, Bearer second-token');
    bitbucket.script({ path: '/runners', reply: { status: 410, body: repeated } });
    await expect(api.list(ACME)).rejects.toThrow('410 ("[secret], Bearer [secret]")');
  });

  it('never show in an error, whatever fails and whatever the server repeats', async () => {
    const property = fc.asyncProperty(
      credentials.chain(({ credential, unseen }) =>
        fc.record({
          credential: fc.constant(credential),
          unseen: fc.constant(unseen),
          reply: fc.constantFrom(...replies(unseen)),
        }),
      ),
      fc.constantFrom('/runners', '/access_token'),
      fc.constantFrom('list', 'get', 'register', 'enable', 'disable', 'remove'),
      fc.constantFrom('internal', 'public'),
      async ({ credential, unseen, reply }, path, method, surface) => {
        // One for each run: a request that its client gave up may arrive late, and would take a reply meant for the next.
        await using bitbucket = await startLoopbackBitbucket();
        if (path === '/runners') {
          bitbucket.script({ path: '/access_token', times: 2, reply: { status: 200, body: { access_token: ISSUED } } });
        }
        bitbucket.script({ path, times: 8, reply });
        const api = createBitbucketRunnerApi({
          baseUrl: bitbucket.url,
          credential,
          api: surface,
          // Short only where nothing comes: an answer that does come must never be late, on however slow a machine.
          timeoutMs: reply === 'hang' || reply === 'hang-body' ? 15 : 10_000,
          sleep: async () => {},
        });
        const run = {
          list: () => api.list(ACME),
          get: () => api.get(ACME, '{a}'),
          register: () => api.register(ACME, RUNNER),
          enable: () => api.enable(ACME, '{a}'),
          disable: () => api.disable(ACME, '{a}'),
          remove: () => api.remove(ACME, '{a}'),
        };
        const thrown = await run[method]().catch((cause: unknown) => cause);
        const shown = `${inspect(thrown, { depth: 10, showHidden: true })} ${JSON.stringify(thrown)} ${String(thrown)}`;
        for (const text of unseen) expect(shown).not.toContain(text);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });
});
