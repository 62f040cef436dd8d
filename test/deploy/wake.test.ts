/** A stack with wake=true: a step's request at the deployed door, with the rights of its role, becomes a Job. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { json, scriptedService } from '#kit/loopback.ts';
import { openIssuer } from '#kit/step-tokens.ts';
import type { Lambda } from '../functions/lambda.ts';
import { deployedTemplate } from './stack.ts';
import { CLUSTER, credential, openWorld, type World } from './world.ts';

const STAGE = 'prod';
const SHOP = '{3bfa2d3e-6f4c-4b0e-9f0a-3f2f8f1f6c11}';
const SECRET_NAME = 'ci/webhook';
const SECRET = 'a secret of thirty-two characters';

let world: World;
let door: Lambda;
let keys: Awaited<ReturnType<typeof scriptedService>>;
let issuer: Awaited<ReturnType<typeof openIssuer>>;

beforeAll(async () => {
  world = await openWorld(STAGE, { clusters: CLUSTER, wake: 'true', 'webhook-secret': SECRET_NAME });
  await world.putSecret(credential());
  await world.aws.call('secretsmanager', 'create_secret', { Name: SECRET_NAME, SecretString: SECRET });
  await world.push(`
groups:
  - name: sleeper
    workspace: acme
    labels: [large]
    namespace: ${world.place.namespace}
    strategy: queueAware
    parameters: { min: 0, max: 4, idleCount: 0 }
    wake: { from: ["acme/${SHOP}"], max: 3 }
`);
  keys = await scriptedService(() => json(200, issuer.keys));
  issuer = await openIssuer('acme', keys.url);
  door = await world.start('wake', 'wake', { BITBUCKET_BASE_URL: keys.url });
});

afterAll(async () => {
  await door?.kill();
  await keys?.close();
  await world?.[Symbol.asyncDispose]();
});

async function send(headers: Readonly<Record<string, string>>, body: string) {
  const event = { version: '2.0', requestContext: { http: { method: 'POST' } }, headers, body, isBase64Encoded: false };
  const { report, error, output } = await door.invoke(event);
  expect(error).toBeUndefined();
  const { statusCode, body: text } = report as unknown as { statusCode: number; body: string };
  return { status: statusCode, told: JSON.parse(text), output };
}

async function ask(repositoryUuid: string, runners: number) {
  const token = await issuer.token({ stepUuid: '{s1}', repositoryUuid, workspaceUuid: '{acme}' }, Date.now());
  return send({ authorization: `Bearer ${token}` }, JSON.stringify({ group: 'sleeper', runners }));
}

it('a request becomes a look, and the look Jobs', async () => {
  expect(await ask(SHOP, 2)).toMatchObject({ status: 202, told: { group: 'sleeper', wanted: 2 } });
  const [look, ...others] = await world.aws.invoked();
  expect([look, others]).toEqual([{ function: `${world.name}-scale`, event: { wake: 'acme' } }, []]);
  await using scale = await world.start('scale');
  const { report, error } = await scale.invoke(look?.event);
  expect([error, report?.groups[0]?.decision]).toMatchObject([undefined, { action: 'scale-up', to: 2 }]);
  expect(await world.cluster.names(world.place, 'jobs')).toHaveLength(2);
  expect(await ask(SHOP, 2)).toMatchObject({ status: 202, told: { online: 0, starting: 2 } });
});

it('another repository is refused, and nothing is invoked or written', async () => {
  await world.aws.invoked();
  const before = await world.items();
  expect((await ask('{api}', 1)).status).toBe(403);
  expect([await world.aws.invoked(), await world.items()]).toEqual([[], before]);
});

it('an event with the signature of the secret is taken', async () => {
  const body = JSON.stringify({ repository: { full_name: 'acme/shop' } });
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
  const answer = await send({ 'x-event-key': 'repo:push', 'x-hub-signature': signature }, body);
  expect(answer).toMatchObject({ status: 202, told: { message: 'thank you' } });
  expect(answer.output).not.toContain(SECRET);
});

describe('the role', () => {
  it('of the door can neither tick nor read the credential', async () => {
    await using acting = await world.start('scale', 'wake');
    const { error } = await acting.invoke({});
    expect(error?.message).toMatch(/^AWS denies dynamodb:\w+ on DynamoDB table "bitbucket-runner-autoscaler-prod"/);
    expect(
      JSON.stringify(await deployedTemplate(world.aws, STAGE).then(({ Resources }) => Resources.WakeRole)),
    ).not.toMatch(/eks:|sts:AssumeRole"\]|bitbucket-runner-autoscaler\/prod-/);
  });

  it('of the ticks cannot answer: the door needs a right that they have not', async () => {
    await using other = await world.start('wake', 'report', { BITBUCKET_BASE_URL: keys.url });
    const token = await issuer.token({ stepUuid: '{s2}', repositoryUuid: SHOP, workspaceUuid: '{acme}' }, Date.now());
    const event = {
      requestContext: { http: { method: 'POST' } },
      headers: { authorization: `Bearer ${token}` },
      body: '{"group":"sleeper"}',
    };
    const { report, output } = await other.invoke(event);
    expect(report).toMatchObject({ statusCode: 503 });
    expect(output).toContain('AWS denies dynamodb:PutItem');
  });
});
