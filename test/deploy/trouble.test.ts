/** What can be wrong around the deployed functions: one clear sentence each, and what is not concerned goes on. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { REGION } from './emulator.ts';
import type { FunctionName } from './stack.ts';
import { CLUSTER, createCluster, credential, openWorld, type World } from './world.ts';

/** A cluster that EKS describes and nobody reaches; nothing listens at its address. */
const GONE = 'gone';
const TEMPLATES = 'acme-ci-templates';
const MINUTE = 60_000;
const NOWHERE = 'https://127.0.0.1:1';

let world: World;

beforeAll(async () => {
  // The configuration in SSM, which takes no template; that is in a bucket.
  world = await openWorld('prod', {
    clusters: `${CLUSTER},${GONE}`,
    'config-source': 'ssm:/ci/runners',
    templates: `s3://${TEMPLATES}/own.yaml`,
  });
  await createCluster(world.aws, GONE, NOWHERE, world.cluster.address.certificateAuthority);
  const text = fleetOf(world.place.namespace);
  await world.aws.call('s3', 'create_bucket', {
    Bucket: TEMPLATES,
    CreateBucketConfiguration: { LocationConstraint: REGION },
  });
  const { text: Body } = BUILT_IN_TEMPLATE;
  await world.aws.call('s3', 'put_object', { Bucket: TEMPLATES, Key: 'own.yaml', Body });
  await world.push(text);
});

beforeEach(async () => {
  world.advance(MINUTE);
  await world.putSecret(credential());
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

/** A group in each cluster. */
function fleetOf(namespace: string): string {
  const group = (name: string, cluster: string) => `
  - name: ${name}
    workspace: acme
    labels: [${name}]
    namespace: ${namespace}
    cluster: ${cluster}
    jobTemplate: own
    strategy: percentageRunnersIdle
    parameters:
      { min: 1, max: 2, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 }`;
  return `
clusters:
  here: { eks: { name: ${CLUSTER} } }
  elsewhere: { eks: { name: ${GONE} } }
jobTemplates:
  own: { source: s3://${TEMPLATES}/own.yaml }
groups:${group('near', 'here')}${group('far', 'elsewhere')}
`;
}

/** One invocation of a function that has just been started, and the sentences about each group. */
async function invoke(name: FunctionName = 'scale') {
  await using lambda = await world.start(name);
  const { error, output } = await lambda.invoke({});
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  const problems = lines.flatMap((line) => {
    const { group } = JSON.parse(line) as { group?: { name: string; problems: readonly string[] } };
    return group === undefined ? [] : [[group.name, group.problems] as const];
  });
  return { message: error?.message, output, problemsOf: Object.fromEntries(problems) };
}

it('a cluster that cannot be reached is named, with the next step, and other groups go on', async () => {
  const { message, problemsOf } = await invoke();
  expect(message).toMatch(/^The tick failed in 1 of 2 groups \(far\): see the log lines of tick \S+\.$/);
  expect(problemsOf).toEqual({
    near: [],
    far: [
      expect.stringMatching(
        /^Jobs in .+: EKS cluster "gone": cannot list (?:jobs|pods) in namespace ".+": it cannot be reached \(ECONNREFUSED\); check .+$/,
      ),
    ],
  });
  expect(world.runners().map(({ name }) => name)).toEqual(['near']);
  expect(await world.cluster.names(world.place, 'jobs')).toHaveLength(1);
});

describe.each<FunctionName>(['scale', 'report'])('%s, when the secret', (name) => {
  it.each([
    [
      'is base64 of what it should be',
      Buffer.from(credential()).toString('base64'),
      /Secret bitbucket-runner-autoscaler\/prod is base64 of the JSON, store the JSON itself: expected \{"kind"/,
    ],
    [
      'is of an unknown kind',
      credential({ kind: 'personalToken' }),
      /Secret bitbucket-runner-autoscaler\/prod: "kind" is not one of apiToken, oauth, accessToken and appPassword; exp/,
    ],
    [
      'lacks a field',
      credential({ email: undefined }),
      /Secret bitbucket-runner-autoscaler\/prod: "email" is missing; expected \{"kind"/,
    ],
  ])('%s, says so in one sentence that does not quote it', async (_, content, sentence) => {
    await world.putSecret(content);
    world.bitbucket.forgetRequests();
    const { message, output, problemsOf } = await invoke(name);
    expect(message).toMatch(/^The tick failed in 2 of 2 groups \(near, far\)/);
    expect(problemsOf.near).toEqual([expect.stringMatching(sentence)]);
    expect(output).not.toContain('ATATT');
    expect(output).not.toContain(Buffer.from(credential()).toString('base64').slice(0, 20));
    expect(world.bitbucket.trace()).toEqual([]);
  });
});

it('a credential that Bitbucket refuses is said to be, with the next step', async () => {
  world.bitbucket.script({ method: 'GET', times: 10, reply: { status: 401 } });
  const { problemsOf } = await invoke();
  world.bitbucket.forgetScripts();
  expect(problemsOf.near).toEqual([expect.stringMatching(/401/)]);
});

it('a configuration that becomes invalid gives way to the last good one, which is said', async () => {
  const wrong = { Name: '/ci/runners', Type: 'String', Overwrite: true, Value: 'groups: [{ name: near }]' };
  await world.aws.call('ssm', 'put_parameter', wrong);
  const { output, problemsOf } = await invoke();
  expect(Object.keys(problemsOf)).toEqual(['near', 'far']);
  expect(problemsOf.near).toEqual([]);
  expect(output).toMatch(/The configuration is refused \(ssm:\/ci\/runners:1:\d+ groups\[0\].+\), so the one in force/);
  expect(output).toContain('"ConfigurationRefused":1');
});

it('SSM takes no template with holes, and config:push says so before it tries', async () => {
  const path = fleetOf(world.place.namespace).replace(/own: \{ source: .+/, 'own: { path: own.yaml }');
  await expect(world.push(path, { 'own.yaml': BUILT_IN_TEMPLATE.text })).rejects.toThrow(
    /own\.yaml:\d+:\d+ has \{\{, which SSM refuses in any parameter; keep Job templates in S3/,
  );
  const value = { Name: '/ci/own.yaml', Type: 'String', Value: BUILT_IN_TEMPLATE.text };
  await expect(world.aws.call('ssm', 'put_parameter', value)).rejects.toThrow("can't nest another parameter");
});

it('a cluster that its role may not describe is said to be', async () => {
  await using lambda = await world.start('report');
  await createCluster(world.aws, 'other', NOWHERE, world.cluster.address.certificateAuthority);
  const text = fleetOf(world.place.namespace).replace(`name: ${GONE} }`, 'name: other }');
  await world.push(text);
  const { output } = await lambda.invoke({});
  expect(output).toContain('AWS denies eks:DescribeCluster on EKS cluster');
});
