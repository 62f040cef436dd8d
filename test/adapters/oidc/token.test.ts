/** Tokens of steps: what is taken, what is refused and in which words, and what the keys cost. */
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createKeyring, KeysUnavailableError } from '#adapters/oidc/keys.ts';
import { issuerOf, TokenRefusedError, verifyToken } from '#adapters/oidc/token.ts';
import { NOON } from '#kit/fleet.ts';

const ISSUER = issuerOf('acme');
const AUDIENCE = 'ari:cloud:bitbucket::workspace/w1';
const SECOND = 1000;
const HOUR = 3600 * SECOND;
const CLAIMS = { stepUuid: '{S1}', repositoryUuid: '{r1}', workspaceUuid: 'w1' };

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let genuine: Pair;
let other: Pair;

beforeAll(async () => {
  [genuine, other] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
});

type Making = { claims?: JWTPayload; key?: Pair['privateKey'] | Uint8Array; alg?: string; kid?: string };

function token({ claims = {}, key = genuine.privateKey, alg = 'ES256', kid = 'k1' }: Making = {}): Promise<string> {
  const at = NOON / SECOND;
  const payload = { ...CLAIMS, iss: ISSUER, aud: AUDIENCE, exp: at + 600, nbf: at, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(key);
}

/** A door with a clock, and an issuer whose keys can be changed or withheld. */
function door() {
  const state = { now: NOON, fetches: [] as string[], kid: 'k1', isDown: false };
  const keysOf = createKeyring(
    async (issuer) => {
      state.fetches.push(issuer);
      if (state.isDown) throw new Error('503');
      return { keys: [{ ...(await exportJWK(genuine.publicKey)), kid: state.kid, alg: 'ES256' }] };
    },
    () => state.now,
  );
  const rules = { issuers: [ISSUER], keysOf };
  return Object.assign(state, { verify: (text: string) => verifyToken(text, rules, state.now) });
}

it('a genuine token says who sent it', async () => {
  expect(await door().verify(await token())).toEqual({
    step: '{s1}',
    repositoryUuid: '{r1}',
    workspaceUuid: '{w1}',
    // With what clocks may differ: until then it is taken.
    expiresAt: NOON + 630 * SECOND,
  });
});

it.each([
  ['bare', 'ari:cloud:bitbucket::workspace/w1', { workspaceUuid: '{w1}' }],
  ['in braces', 'ari:cloud:bitbucket::workspace/{w1}', { workspaceUuid: 'w1' }],
])('the audience may have its uuid %s; the pipeline is read', async (_, aud, claims) => {
  const text = await token({ claims: { aud, pipelineUuid: 'P1', ...claims } });
  expect(await door().verify(text)).toMatchObject({ workspaceUuid: '{w1}', pipeline: '{p1}' });
});

it('when it was issued is read, where it says so', async () => {
  const issued = await token({ claims: { iat: NOON / SECOND - 5 } });
  expect(await door().verify(issued)).toMatchObject({ issuedAt: NOON - 5 * SECOND });
});

it('the issuer of a workspace is the one that Bitbucket documents', () => {
  expect(ISSUER).toBe('https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc');
});

describe('refused', () => {
  const at = NOON / SECOND;
  const stranger =
    'the token is of no workspace that may wake a group here; wake.from of a group has to name the repository, with the slug of its workspace';
  const forged = 'the token is none that Bitbucket signed; send $BITBUCKET_STEP_OIDC_TOKEN of a step';
  const unsigned = 'the token is not signed with a private key; send $BITBUCKET_STEP_OIDC_TOKEN of a step';
  const nameless = 'the token names no step, repository and workspace; send $BITBUCKET_STEP_OIDC_TOKEN of a step';
  const misaddressed = 'the token is for another audience; leave out "audiences" of the step that wakes';
  const mute = 'the token lacks what it has to say; send $BITBUCKET_STEP_OIDC_TOKEN of a step';
  const none = (header: object) =>
    token().then((text) => `${btoa(JSON.stringify(header)).replace(/=+$/, '')}.${text.split('.')[1]}.`);
  const rows: readonly (readonly [name: string, make: () => Promise<string>, why: string, fetches: number])[] = [
    ['another issuer', () => token({ claims: { iss: issuerOf('evil') } }), stranger, 0],
    ['no issuer', () => token({ claims: { iss: undefined } }), stranger, 0],
    ['another key under the name of ours', () => token({ key: other.privateKey }), forged, 1],
    ['algorithm none', () => none({ alg: 'none' }), unsigned, 0],
    [
      'HS256 with the public key',
      async () => token({ alg: 'HS256', key: new TextEncoder().encode(await exportSPKI(genuine.publicKey)) }),
      unsigned,
      0,
    ],
    ['another audience', () => token({ claims: { aud: 'sts.amazonaws.com' } }), misaddressed, 1],
    ['no audience', () => token({ claims: { aud: undefined } }), misaddressed, 1],
    ['no step', () => token({ claims: { stepUuid: undefined } }), nameless, 1],
    ['no repository', () => token({ claims: { repositoryUuid: '' } }), nameless, 1],
    ['no workspace', () => token({ claims: { workspaceUuid: 7 } }), misaddressed, 1],
    [
      'a workspace without a name',
      () => token({ claims: { workspaceUuid: '', aud: 'ari:cloud:bitbucket::workspace/' } }),
      nameless,
      1,
    ],
    ['a step of 101 characters', () => token({ claims: { stepUuid: 's'.repeat(101) } }), nameless, 1],
    [
      'expired',
      () => token({ claims: { exp: at - 30 } }),
      'the token has run out; a step gets a new one when it begins',
      1,
    ],
    ['for ever', () => token({ claims: { exp: undefined } }), mute, 1],
    ['not yet valid', () => token({ claims: { nbf: at + 31 } }), 'the token is not valid yet; run the step again', 1],
    ['cut', async () => (await token()).slice(0, -9), forged, 1],
    ['cut in its claims', async () => (await token()).slice(0, 90), forged, 0],
    ['empty', async () => '', forged, 0],
    ['1 MB', async () => 'a'.repeat(1_048_576), 'the token is longer than any of Bitbucket', 0],
    ['16,384 characters', async () => 'a'.repeat(16_384), forged, 0],
  ];
  it.each(rows)('%s', async (_, make, why, fetches) => {
    const at = door();
    const text = await make();
    const error = await at.verify(text).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TokenRefusedError);
    expect(Object(error).message).toBe(why);
    // What its own workspace has not signed is forged; the rest is only of no use.
    const isForged = [stranger, forged, unsigned, 'the token is longer than any of Bitbucket'].includes(why);
    expect(Object(error).isForged).toBe(isForged);
    expect(at.fetches).toHaveLength(fetches);
  });

  it.each([
    ['29 seconds after its end', { exp: at - 29 }],
    ['30 seconds before its time', { nbf: at + 30 }],
  ])('not: clocks differ, %s', async (_, claims) => {
    expect(await door().verify(await token({ claims }))).toMatchObject({ step: '{s1}' });
  });
});

describe('keys', () => {
  it('are fetched once for many, and again after an hour', async () => {
    const at = door();
    const long = await token({ claims: { exp: (NOON + 9 * HOUR) / SECOND } });
    await Promise.all(Array.from({ length: 20 }, () => at.verify(long)));
    expect(at.fetches).toEqual([ISSUER]);
    at.now += HOUR - 1;
    await at.verify(long);
    expect(at.fetches).toHaveLength(1);
    at.now += 1;
    await at.verify(long);
    expect(at.fetches).toHaveLength(2);
  });

  it('that are unknown cost one fetch in 30 seconds', async () => {
    const at = door();
    const unknown = await token({ kid: 'k2' });
    await at.verify(await token());
    const refused = () => expect(at.verify(unknown)).rejects.toThrow(TokenRefusedError);
    // It may be one that is new since.
    const unsure = () =>
      expect(at.verify(unknown)).rejects.toMatchObject({ name: 'KeysUnavailableError', isTooSoon: true });
    at.now += 29_999;
    await Promise.all(Array.from({ length: 20 }, unsure));
    expect(at.fetches).toHaveLength(1);
    at.now += 1;
    await Promise.all(Array.from({ length: 20 }, refused));
    expect(at.fetches).toHaveLength(2);
  });

  it('that were rotated are found', async () => {
    const at = door();
    await at.verify(await token());
    at.now += 30_000;
    at.kid = 'k2';
    expect(await at.verify(await token({ kid: 'k2' }))).toMatchObject({ step: '{s1}' });
  });

  it('that are rotated while they are being fetched: nobody can tell yet', async () => {
    let now = NOON;
    const [first, rotated] = [await token(), await token({ kid: 'k2' })];
    const keys = { keys: [{ ...(await exportJWK(genuine.publicKey)), kid: 'k1', alg: 'ES256' }] };
    const [asked, fetched] = [Promise.withResolvers<void>(), Promise.withResolvers<typeof keys>()];
    const keysOf = createKeyring(
      () => {
        asked.resolve();
        return fetched.promise;
      },
      () => now,
    );
    const verify = (text: string) => verifyToken(text, { issuers: [ISSUER], keysOf }, now);
    const before = verify(first);
    await asked.promise;
    now += 1;
    const since = expect(verify(rotated)).rejects.toMatchObject({ name: 'KeysUnavailableError', isTooSoon: true });
    fetched.resolve(keys);
    expect(await before).toMatchObject({ step: '{s1}' });
    await since;
  });

  it('that were rotated while none can be fetched: nobody can tell', async () => {
    const at = door();
    await at.verify(await token());
    at.now += 30_000;
    at.isDown = true;
    const rotated = await token({ kid: 'k2' });
    const unsure = () =>
      expect(at.verify(rotated)).rejects.toMatchObject({ name: 'KeysUnavailableError', isTooSoon: false });
    await unsure();
    at.now += 1;
    await unsure();
    at.now += 30_000;
    [at.isDown, at.kid] = [false, 'k2'];
    expect(await at.verify(rotated)).toMatchObject({ step: '{s1}' });
  });

  it('that cannot be fetched: those that are known hold for a day, and then nobody can tell', async () => {
    const at = door();
    const long = await token({ claims: { exp: (NOON + 99 * HOUR) / SECOND } });
    await at.verify(long);
    at.isDown = true;
    at.now += 24 * HOUR - 1;
    expect(await at.verify(long)).toMatchObject({ step: '{s1}' });
    at.now += 1;
    await expect(at.verify(long)).rejects.toThrow(KeysUnavailableError);
  });

  it('that were never had: nobody can tell, and one fetch in 30 seconds tries', async () => {
    const at = door();
    at.isDown = true;
    const sentence = 'the keys of Bitbucket cannot be fetched now; ask again in 30 seconds';
    const genuineToken = await token();
    await expect(at.verify(genuineToken)).rejects.toThrow(sentence);
    await expect(at.verify(genuineToken)).rejects.toThrow(sentence);
    expect(at.fetches).toHaveLength(1);
    at.now += 30_000;
    at.isDown = false;
    expect(await at.verify(genuineToken)).toMatchObject({ step: '{s1}' });
  });
});
