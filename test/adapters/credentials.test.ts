/** Credentials: their shapes, where they come from, and that no message shows what a secret contains. */
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Credential, keptNotes, loadCredential, parseCredential, refusalOf } from '#adapters/credentials.ts';
import { ServiceError, sentenceOf } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import { awsEnvironment, json, jsonError, type ScriptedAnswer, scriptedService } from '#kit/loopback.ts';

const SHAPES =
  'expected {"kind":"apiToken","email","token"}, {"kind":"oauth","clientId","clientSecret"}, {"kind":"accessToken","token"} or {"kind":"appPassword","username","password"}';

const API_TOKEN = { kind: 'apiToken', email: 'a@example.org', token: 'hunter2' };

/** With its secrets in the open, for comparison. */
function revealed(credential: Credential): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(credential).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  );
}

describe('parseCredential', () => {
  it.each([
    [API_TOKEN],
    [{ kind: 'oauth', clientId: 'key', clientSecret: 'hunter2' }],
    [{ kind: 'accessToken', token: 'hunter2' }],
    [{ kind: 'appPassword', username: 'me', password: 'hunter2' }],
  ])('reads %j and hides its secret', (value) => {
    const credential = parseCredential(JSON.stringify(value), 'Secret s');
    expect(revealed(credential)).toEqual(value);
    expect(JSON.stringify(credential)).not.toContain('hunter2');
  });

  it('trims values and ignores other fields', () => {
    const text = JSON.stringify({ ...API_TOKEN, email: ' a@example.org', token: 'hunter2\n', rotated: '2026-11-20' });
    expect(revealed(parseCredential(`\n${text}\n`, 'Secret s'))).toEqual(API_TOKEN);
  });

  it.each([
    ['a day, from its first moment', '2027-03-31', Date.UTC(2027, 2, 31)],
    ['a time', '2027-03-31T18:30:00Z', Date.UTC(2027, 2, 31, 18, 30)],
    ['a time of a zone', '2027-03-31T18:30:00+02:00', Date.UTC(2027, 2, 31, 16, 30)],
    ['a day that does not exist', '2027-02-30', 'unreadable'],
    ['another way to write it', '31.3.2027', 'unreadable'],
    ['a time without its zone', '2027-03-31T18:30:00', 'unreadable'],
    ['a number', 1_806_451_200_000, 'unreadable'],
    ['null', null, undefined],
  ])('reads when it ends: %s', (_, expiresAt, expected) => {
    for (const value of [
      API_TOKEN,
      { kind: 'oauth', clientId: 'key', clientSecret: 'hunter2' },
      { kind: 'accessToken', token: 'hunter2' },
      { kind: 'appPassword', username: 'me', password: 'hunter2' },
    ]) {
      const credential = parseCredential(JSON.stringify({ ...value, expiresAt }), 'Secret s');
      expect(revealed(credential)).toEqual(expected === undefined ? value : { ...value, expiresAt: expected });
    }
  });

  it.each([
    ['no JSON', 'hunter2', `Secret s is not a JSON object: ${SHAPES}`],
    ['nothing', '', `Secret s is not a JSON object: ${SHAPES}`],
    ['a JSON text', '"hunter2"', `Secret s is not a JSON object: ${SHAPES}`],
    ['a JSON list', '["hunter2"]', `Secret s is not a JSON object: ${SHAPES}`],
    ['user:password', 'me:hunter2', `Secret s is not a JSON object: ${SHAPES}`],
    [
      'base64 of the JSON',
      Buffer.from(JSON.stringify(API_TOKEN)).toString('base64'),
      `Secret s is base64 of the JSON, store the JSON itself: ${SHAPES}`,
    ],
    [
      'no kind',
      '{"token":"hunter2"}',
      `Secret s: "kind" is not one of apiToken, oauth, accessToken and appPassword; ${SHAPES}`,
    ],
    [
      'an unknown kind',
      '{"kind":"hunter2"}',
      `Secret s: "kind" is not one of apiToken, oauth, accessToken and appPassword; ${SHAPES}`,
    ],
    [
      'missing fields',
      '{"kind":"oauth","token":"hunter2"}',
      `Secret s: "clientId" is missing, "clientSecret" is missing; ${SHAPES}`,
    ],
    [
      'a name instead of the e-mail address',
      '{"kind":"apiToken","email":"hunter2","token":"hunter2"}',
      `Secret s: "email" is not the e-mail address of an Atlassian account; ${SHAPES}`,
    ],
    ['a number', '{"kind":"accessToken","token":12345}', `Secret s: "token" is not a string; ${SHAPES}`],
    ['an empty token', '{"kind":"accessToken","token":" "}', `Secret s: "token" is empty; ${SHAPES}`],
    [
      'two lines',
      '{"kind":"accessToken","token":"hunter\\n2"}',
      `Secret s: "token" contains a line break or another control character; ${SHAPES}`,
    ],
  ])('refuses %s', (_case, text, message) => {
    expect(() => parseCredential(text, 'Secret s')).toThrow(expect.objectContaining({ name: 'InputError', message }));
  });

  it('never shows what the secret contains', () => {
    const marked = fc.string().map((text) => `<<${text}>>`);
    const content = fc.oneof(
      marked,
      marked.map((text) => JSON.stringify(text)),
      fc.dictionary(fc.constantFrom('kind', 'email', 'token', 'clientId', 'x'), marked).map((it) => JSON.stringify(it)),
    );
    fc.assert(
      fc.property(content, (text) => {
        try {
          parseCredential(text, 'Secret s');
        } catch (error) {
          expect(sentenceOf(error)).not.toContain('<<');
          expect(error).not.toHaveProperty('cause');
        }
      }),
    );
  });
});

describe('loadCredential', () => {
  const NOW = Date.UTC(2026, 10, 20, 10);
  const fromEnvironment: Credential = { kind: 'accessToken', token: new Secret('from the environment') };

  afterEach(() => vi.unstubAllEnvs());

  /** Runs `act` against a Secrets Manager that gives these answers. */
  async function withSecrets<T>(answers: readonly ScriptedAnswer[], act: () => Promise<T>) {
    const service = await scriptedService((_, index) => answers[index] ?? jsonError(400, 'UnexpectedRequest'));
    for (const [name, value] of Object.entries(awsEnvironment(service.url))) vi.stubEnv(name, value);
    try {
      return { result: await act().catch((error: unknown) => error), asked: service.seen.map(({ body }) => body) };
    } finally {
      await service.close();
    }
  }

  const secret = (value: unknown) => json(200, { SecretString: JSON.stringify(value) });

  it('takes the secret before the environment, and counts the call', async () => {
    const onCall = vi.fn();
    const { result, asked } = await withSecrets([secret(API_TOKEN)], async () =>
      revealed(await loadCredential({ secretId: 'ci/bitbucket', fromEnvironment, onCall })),
    );
    expect(result).toEqual(API_TOKEN);
    expect(asked).toEqual(['{"SecretId":"ci/bitbucket"}']);
    expect(onCall).toHaveBeenCalledTimes(1);
  });

  it('reads a binary secret', async () => {
    const binary = json(200, { SecretBinary: Buffer.from(JSON.stringify(API_TOKEN)).toString('base64') });
    const { result } = await withSecrets([binary], async () => revealed(await loadCredential({ secretId: 's' })));
    expect(result).toEqual(API_TOKEN);
  });

  it('without a secret id takes the environment, without a call', async () => {
    expect(await loadCredential({ fromEnvironment })).toBe(fromEnvironment);
  });

  it('with neither lists the ways', async () => {
    await expect(loadCredential({})).rejects.toMatchObject({
      name: 'InputError',
      message:
        'There is no Bitbucket credential; set BITBUCKET_SECRET_ID, or ATLASSIAN_ACCOUNT_EMAIL and ATLASSIAN_API_TOKEN, or BITBUCKET_OAUTH_CLIENT_ID and BITBUCKET_OAUTH_CLIENT_SECRET, or BITBUCKET_ACCESS_TOKEN, or BITBUCKET_USERNAME and BITBUCKET_APP_PASSWORD',
    });
  });

  it('keeps a secret for five minutes, each by its id', async () => {
    const cache = new Map();
    const answers = ['one', 'other', 'two'].map((token) => secret({ kind: 'accessToken', token }));
    const at = async (secretId: string, minutes: number) =>
      revealed(await loadCredential({ secretId, cache, now: NOW + minutes * 60_000 })).token;
    const { result, asked } = await withSecrets(answers, async () => [
      await at('a', 0),
      await at('a', 4.99),
      await at('b', 4.99),
      await at('a', 5),
    ]);
    expect(result).toEqual(['one', 'one', 'other', 'two']);
    expect(asked).toHaveLength(3);
  });

  it('keeps no failure', async () => {
    const cache = new Map();
    const load = () => loadCredential({ secretId: 'a', cache, now: NOW });
    const { result } = await withSecrets([json(200, { SecretString: 'hunter2' }), secret(API_TOKEN)], async () => {
      await expect(load()).rejects.toMatchObject({ name: 'InputError' });
      return revealed(await load());
    });
    expect(result).toEqual(API_TOKEN);
  });

  describe('when the secret is to be read again', () => {
    const token = (value: string) => secret({ kind: 'accessToken', token: value });
    const LATER = NOW + 5 * 60_000;

    /** The first look gives `one`; what a look five minutes later gives, and what there is to say. */
    const again = async (answers: readonly ScriptedAnswer[], cache = new Map()) =>
      withSecrets([token('one'), ...answers], async () => {
        const load = async (now: number) =>
          revealed(await loadCredential({ secretId: 'a', cache, now, timeoutMs: 300 })).token;
        await load(NOW);
        return [await load(LATER), keptNotes(['a', 'b'], cache)];
      });

    it.each<[string, readonly ScriptedAnswer[], string]>([
      ['AWS throttles', Array(3).fill(jsonError(400, 'ThrottlingException')), 'AWS throttles'],
      ['AWS fails', Array(3).fill(jsonError(500, 'InternalServiceError')), 'AWS failed at'],
      ['the connection breaks', Array(3).fill('reset'), 'The connection to AWS broke during'],
      ['AWS does not answer', Array(3).fill('hang'), 'AWS did not answer'],
    ])('keeps what is known while %s, and says so', async (_, answers, why) => {
      const { result } = await again(answers);
      expect(result).toEqual([
        'one',
        [
          expect.stringMatching(
            new RegExp(
              `^The credential of secret a that was read before stays in use until Bitbucket answers 401: ${why} .+\\.$`,
            ),
          ),
        ],
      ]);
    });

    it.each([
      ['the secret is gone', jsonError(400, 'ResourceNotFoundException'), /does not exist/],
      ['access is denied', jsonError(400, 'AccessDeniedException'), /denies/],
      ['its content is wrong', json(200, { SecretString: 'hunter2' }), /is not a JSON object/],
    ])('keeps nothing when %s', async (_, answer, why) => {
      const { result } = await again([answer]);
      expect(sentenceOf(result)).toMatch(why);
    });

    it('goes on with the new one once it can be read, and says nothing', async () => {
      const cache = new Map();
      const { result } = await withSecrets([token('one'), ...Array(3).fill('reset'), token('two')], async () => {
        const load = async (now: number) => revealed(await loadCredential({ secretId: 'a', cache, now })).token;
        return [await load(NOW), await load(LATER), await load(LATER + 299_999), await load(LATER + 300_000)];
      });
      expect(result).toEqual(['one', 'one', 'one', 'two']);
      expect(keptNotes(['a'], cache)).toEqual([]);
    });

    const unauthorised = new ServiceError(
      'Listing the runners of acme failed (tried 2 times): Bitbucket answered 401.',
      {
        service: 'bitbucket',
        outcome: 'refused',
        status: 401,
      },
    );

    it('forgets one that Bitbucket refuses, and says both, to everybody who asks with it', async () => {
      const cache = new Map();
      const { result } = await withSecrets(
        [token('one'), ...Array(3).fill('reset'), ...Array(3).fill('reset')],
        async () => {
          const load = (now: number) => loadCredential({ secretId: 'a', cache, now });
          await load(NOW);
          const credential = await load(LATER);
          const refusals = [1, 2].map(() => refusalOf({ secretId: 'a', credential, error: unauthorised }, cache));
          return { refusals, notes: keptNotes(['a'], cache), later: await load(LATER + 1).catch(sentenceOf) };
        },
      );
      const both = {
        name: 'CredentialError',
        status: 401,
        outcome: 'refused',
        service: 'bitbucket',
        message: expect.stringMatching(
          /^The credential in secret a is refused: Bitbucket answered 401\. It was read before, and its secret could not be read again: The connection to AWS broke .+\.$/,
        ),
      };
      expect(result).toMatchObject({ refusals: [both, both], notes: [], later: expect.stringMatching(/broke/) });
    });

    it('says of one that was read as it should be, or of another, that it is refused, and no more', async () => {
      const cache = new Map();
      await withSecrets([token('one'), ...Array(3).fill('reset')], async () => {
        const credential = await loadCredential({ secretId: 'a', cache, now: NOW });
        const inSecret = 'The credential in secret a is refused: Bitbucket answered 401.';
        expect(refusalOf({ secretId: 'a', credential, error: unauthorised }, cache).message).toBe(inSecret);
        await loadCredential({ secretId: 'a', cache, now: LATER });
        const another = { secretId: 'a', credential: fromEnvironment, error: unauthorised };
        expect(refusalOf(another, cache).message).toBe(inSecret);
        expect(refusalOf({ credential: fromEnvironment, error: unauthorised }, cache)).toMatchObject({
          message: 'The credential of the environment is refused: Bitbucket answered 401.',
          cause: unauthorised,
        });
        expect(keptNotes(['a'], cache)).toHaveLength(1);
      });
    });
  });

  it.each([
    [
      'a missing secret',
      jsonError(400, 'ResourceNotFoundException'),
      'InputError',
      'Secret ci/bitbucket does not exist; create it or correct BITBUCKET_SECRET_ID, the secretId of the workspace and AWS_REGION',
    ],
    [
      'denied access',
      jsonError(400, 'AccessDeniedException'),
      'ServiceError',
      'AWS denies secretsmanager:GetSecretValue on secret ci/bitbucket; allow this action in the policy of the role',
    ],
    [
      'a secret that is being deleted',
      jsonError(400, 'InvalidRequestException', 'the secret is marked for deletion'),
      'ServiceError',
      "AWS could not do secretsmanager:GetSecretValue on secret ci/bitbucket (InvalidRequestException: the secret is marked for deletion); look the error up in AWS's reference of that action",
    ],
    [
      'an answer that is cut off',
      { status: 200, headers: {}, body: '{"SecretString":"hunter2' },
      'ServiceError',
      'The answer to secretsmanager:GetSecretValue on secret ci/bitbucket could not be read; check AWS_ENDPOINT_URL and any proxy in between',
    ],
    ['a secret without content', json(200, {}), 'InputError', `Secret ci/bitbucket is not a JSON object: ${SHAPES}`],
  ])('%s', async (_case, answer, name, message) => {
    const { result } = await withSecrets([answer], () => loadCredential({ secretId: 'ci/bitbucket' }));
    expect(result).toMatchObject({ name, message });
    expect(result).not.toHaveProperty('cause');
  });
});
