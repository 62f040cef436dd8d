import { describe, expect, it } from 'vitest';
import { InputError } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import { ACME, CREDENTIALS, RUNNER, setUp } from './setup.ts';

const LIST = 'GET /internal/workspaces/acme/pipelines-config/runners?pagelen=100';
const TOKEN = 'POST /site/oauth2/access_token';
const CREATE = 'POST /internal/workspaces/acme/pipelines-config/runners';

describe('the header of each credential', () => {
  it.each([
    { kind: 'apiToken', auth: ['basic'] },
    { kind: 'appPassword', auth: ['basic'] },
    { kind: 'accessToken', auth: ['bearer'] },
    { kind: 'oauth', auth: ['basic', 'bearer'] },
  ] as const)('$kind', async ({ kind, auth }) => {
    const { api, bitbucket } = await setUp({ credential: CREDENTIALS[kind] });
    await api.list(ACME);
    expect(bitbucket.requests.map((request) => request.auth)).toEqual(auth);
  });

  it.each(['', 'two words', 'line\nbreak', 'tökén'])(
    'an access token that no header can carry is refused: %j',
    async (token) => {
      const credential = { kind: 'accessToken', token: new Secret(token) } as const;
      await expect(setUp({ credential })).rejects.toThrow(InputError);
      await expect(setUp({ credential })).rejects.toThrow(/copy it again/);
    },
  );

  it('carries what is not ASCII as UTF-8', async () => {
    const credential = { kind: 'apiToken', email: 'jürgen@acme.example', token: new Secret('tökén') } as const;
    const { api } = await setUp({ credential });
    expect(await api.list(ACME)).toEqual([]);
  });
});

describe('OAuth tokens', () => {
  it('are fetched once and shared by concurrent requests', async () => {
    const { api, bitbucket, calls } = await setUp({ credential: CREDENTIALS.oauth });
    await Promise.all([api.list(ACME), api.list(ACME), api.list(ACME)]);
    await api.list(ACME);
    expect(bitbucket.trace().filter((line) => line.startsWith(TOKEN))).toHaveLength(1);
    expect(calls()).toBe(5);
  });

  it.each([
    { life: 7200, still: 7_139_000, over: 7_140_000 },
    { life: 3600, still: 3_539_000, over: 3_540_000 },
    { life: 20, still: 9_999, over: 10_000 },
  ])('of $life s are renewed after $over ms', async ({ life, still, over }) => {
    const { api, bitbucket, clock } = await setUp({
      credential: CREDENTIALS.oauth,
      server: { tokenLifeSeconds: life },
    });
    const start = clock.now;
    await api.list(ACME);
    clock.now = start + still;
    await api.list(ACME);
    clock.now = start + over;
    await Promise.all([api.list(ACME), api.list(ACME)]);
    const trace = bitbucket.trace();
    expect(trace.slice(0, 4)).toEqual([`${TOKEN} 200`, `${LIST} 200`, `${LIST} 200`, `${TOKEN} 200`]);
    expect(trace).toHaveLength(6);
  });

  it('are kept until refused when they do not say how long they live', async () => {
    const { api, bitbucket, clock } = await setUp({ credential: CREDENTIALS.oauth });
    bitbucket.script({ reply: { status: 200, body: { access_token: 'ageless' } } });
    await api.list(ACME);
    clock.now += 1e9;
    await api.list(ACME);
    expect(bitbucket.trace()).toEqual([`${TOKEN} 200`, `${LIST} 200`, `${LIST} 200`]);
  });

  it('are renewed once on a 401, and the request repeated, a registration too', async () => {
    const { api, bitbucket } = await setUp({ credential: CREDENTIALS.oauth });
    await api.list(ACME);
    bitbucket.revokeTokens();
    bitbucket.forgetRequests();
    await api.register(ACME, RUNNER);
    expect(bitbucket.trace()).toEqual([`${CREATE} 401`, `${TOKEN} 200`, `${CREATE} 200`]);
    expect(bitbucket.runners(ACME)).toHaveLength(1);
  });

  it('are renewed once for all requests that were refused together', async () => {
    const { api, bitbucket } = await setUp({ credential: CREDENTIALS.oauth });
    await api.list(ACME);
    bitbucket.revokeTokens();
    bitbucket.forgetRequests();
    await Promise.all(Array.from({ length: 10 }, () => api.list(ACME)));
    expect(bitbucket.trace().filter((line) => line.startsWith(TOKEN))).toHaveLength(1);
    expect(bitbucket.trace()).toHaveLength(21);
  });

  it('are renewed exactly once: a second 401 is the answer', async () => {
    const { api, bitbucket } = await setUp({ credential: CREDENTIALS.oauth });
    bitbucket.script({ path: '/runners', times: 10, reply: { status: 401 } });
    await expect(api.list(ACME)).rejects.toThrow(/401 to a fresh OAuth token/);
    expect(bitbucket.trace()).toEqual([`${TOKEN} 200`, `${LIST} 401`, `${TOKEN} 200`, `${LIST} 401`]);
  });

  it('are asked for again when the endpoint stumbles', async () => {
    const { api, bitbucket, waits } = await setUp({ credential: CREDENTIALS.oauth });
    bitbucket.script({ reply: { status: 503 } });
    await api.list(ACME);
    expect(bitbucket.trace()).toEqual([`${TOKEN} 503`, `${TOKEN} 200`, `${LIST} 200`]);
    expect(waits).toEqual([249]);
  });

  it.each([
    {
      status: 400,
      says: /token endpoint answered 400; check the client id and secret, that the consumer is marked private/,
    },
    { status: 401, says: /token endpoint answered 401/ },
    { status: 404, says: /token endpoint answered 404.*BITBUCKET_BASE_URL/ },
  ])('that are refused with $status are an error, and forgotten', async ({ status, says }) => {
    const { api, bitbucket } = await setUp({ credential: CREDENTIALS.oauth });
    bitbucket.script({ reply: { status, body: { error: 'invalid_grant' } } });
    await expect(api.list(ACME)).rejects.toThrow(says);
    await api.list(ACME);
    expect(bitbucket.trace()).toEqual([`${TOKEN} ${status}`, `${TOKEN} 200`, `${LIST} 200`]);
  });

  it.each(['{}', '{"access_token": "a b"}', 'null', '<html>', ''])(
    'that are malformed are an error: %j',
    async (body) => {
      const { api, bitbucket } = await setUp({ credential: CREDENTIALS.oauth });
      bitbucket.script({ reply: { status: 200, body } });
      await expect(api.list(ACME)).rejects.toThrow(/^Getting an OAuth token failed: Bitbucket's answer /);
    },
  );

  it('come from where tokenUrl says', async () => {
    const elsewhere = await setUp();
    const { api, bitbucket } = await setUp({
      credential: CREDENTIALS.oauth,
      tokenUrl: `${elsewhere.bitbucket.url}/site/oauth2/access_token`,
    });
    bitbucket.script({ path: '/runners', reply: { status: 200, body: { values: [] } } });
    await api.list(ACME);
    expect(elsewhere.bitbucket.trace()).toEqual([`${TOKEN} 200`]);
    expect(bitbucket.trace()).toEqual([`${LIST} 200`]);
  });
});

describe('fixed credentials', () => {
  it('are not tried twice on a 401', async () => {
    const { api, bitbucket } = await setUp();
    bitbucket.script({ times: 2, reply: { status: 401 } });
    await expect(api.list(ACME)).rejects.toMatchObject({ status: 401 });
    expect(bitbucket.trace()).toEqual([`${LIST} 401`]);
  });
});
