/** What the door asks of others: the scaler, the secret of the webhook, and the keys of Bitbucket. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment, readScaler } from '#adapters/environment.ts';
import { fetchKeys } from '#adapters/oidc/fetch-keys.ts';
import { KeysUnavailableError } from '#adapters/oidc/keys.ts';
import { invokeLook } from '#adapters/wake/invoke.ts';
import { readWebhookSecret } from '#adapters/wake/webhook-secret.ts';
import { shardOf } from '#core/select.ts';
import { fleet, group } from '#kit/fleet.ts';
import { awsEnvironment, json, jsonError, type Script, scriptedService } from '#kit/loopback.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** An AWS that answers like this. */
async function startAws(script: Script) {
  const service = await scriptedService(script);
  for (const [name, value] of Object.entries(awsEnvironment(service.url))) vi.stubEnv(name, value);
  return { ...service, [Symbol.asyncDispose]: service.close };
}

describe('a look', () => {
  it.each([
    [1, { wake: 'acme' }],
    [3, { wake: 'acme', shard: { index: shardOf('acme', 3), of: 3 } }],
  ])('is begun in the scaler, which nobody waits for: %i shards', async (shards, event) => {
    await using aws = await startAws(() => ({ status: 202 }));
    await invokeLook({ name: 'the-scaler', shards }, 'acme', fleet([group()]));
    expect(
      aws.seen.map(({ path, headers, body }) => [path, headers['x-amz-invocation-type'], JSON.parse(body)]),
    ).toEqual([['/2015-03-31/functions/the-scaler/invocations', 'Event', event]]);
  });

  it.each([
    ['the slug, where groups have it by that', ['acme', '{uuid}'], 'acme'],
    ['the uuid, where all have it by that', ['{uuid}'], '{uuid}'],
  ])('at a workspace by its uuid goes to the shard of %s', async (_, workspaces, name) => {
    await using aws = await startAws(() => ({ status: 202 }));
    const wake = { from: [{ workspace: 'acme', repository: 'shop' }], max: 1, forMs: 600_000 };
    const groups = workspaces.map((workspace) => group({ name: workspace, scope: { workspace }, wake }));
    await invokeLook({ name: 'the-scaler', shards: 40 }, '{uuid}', fleet(groups));
    const shard = { index: shardOf(name, 40), of: 40 };
    expect(JSON.parse(aws.seen[0]?.body ?? '')).toEqual({ wake: '{uuid}', shard });
  });

  it.each([
    ['AccessDeniedException', 403, 'AWS denies lambda:InvokeFunction on function the-scaler; allow this action'],
    ['ResourceNotFoundException', 404, 'Function the-scaler does not exist; deploy the stack again'],
  ])('that cannot be begun says why: %s', async (type, status, sentence) => {
    await using _ = await startAws(() => jsonError(status, type));
    await expect(invokeLook({ name: 'the-scaler', shards: 1 }, 'acme', fleet([group()]))).rejects.toThrow(sentence);
  });

  it('is begun in the scaler that the environment names', () => {
    const variables = { SCALE_FUNCTION: 'x', SHARDS: '3', SCALE_EVERY_MINUTES: '5' };
    expect(readScaler(variables)).toEqual({ name: 'x', shards: 3, everyMinutes: 5 });
    expect(readScaler({})).toEqual({ name: '', shards: 1, everyMinutes: 1 });
  });
});

describe('the secret of the webhook', () => {
  const LONG = 'sixteen letters!';
  const read = (variables: Readonly<Record<string, string>>) => readWebhookSecret(readEnvironment(variables));

  it('is the one of Secrets Manager, or that of the environment, or none', async () => {
    await using aws = await startAws(() => json(200, { SecretString: `${LONG}\n` }));
    expect((await read({ WEBHOOK_SECRET_ID: 'ci/webhook', WEBHOOK_SECRET: 'no'.repeat(9) }))?.reveal()).toBe(LONG);
    expect(JSON.parse(aws.seen[0]?.body ?? '')).toEqual({ SecretId: 'ci/webhook' });
    expect((await read({ WEBHOOK_SECRET: LONG }))?.reveal()).toBe(LONG);
    expect(await read({})).toBeUndefined();
  });

  it('has at least sixteen characters', async () => {
    const short = 'The secret of the webhook has less than 16 characters; make a new one with "openssl rand -hex 32"';
    await expect(read({ WEBHOOK_SECRET: LONG.slice(1) })).rejects.toThrow(short);
    await using _ = await startAws(() => json(200, {}));
    await expect(read({ WEBHOOK_SECRET_ID: 'ci/webhook' })).rejects.toThrow(short);
  });

  it('that is not there is named', async () => {
    await using _ = await startAws(() => jsonError(400, 'ResourceNotFoundException'));
    await expect(read({ WEBHOOK_SECRET_ID: 'ci/webhook' })).rejects.toThrow(
      'Secret ci/webhook does not exist; create it, or correct WEBHOOK_SECRET_ID and AWS_REGION',
    );
  });
});

describe('keys', () => {
  const SET = { keys: [{ kty: 'EC', kid: 'k1', crv: 'P-256' }] };

  it('are read where the issuer has them', async () => {
    const service = await scriptedService(() => json(200, SET));
    expect(await fetchKeys(`${service.url}/oidc`)).toEqual(SET);
    expect(service.seen).toMatchObject([{ method: 'GET', path: '/oidc/keys.json' }]);
    expect(service.seen[0]?.headers).not.toHaveProperty('authorization');
    await service.close();
  });

  it.each([
    ['a refusal', json(403, { error: 'no' }), /it answers 403/],
    ['a refusal with keys in it', json(500, SET), /it answers 500/],
    ['no JSON', { status: 200, body: '<html>' }, /it answers 200/],
    ['no keys', json(200, { keys: [{}] }), /it answers 200/],
    ['a broken connection', 'reset' as const, /ECONNRESET/],
  ])('that cannot be had: %s', async (_, answer, why) => {
    const service = await scriptedService(() => answer);
    const error = await fetchKeys(service.url).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(KeysUnavailableError);
    expect(String(error)).toMatch(why);
    await service.close();
  });
});
