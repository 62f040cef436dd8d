/** The exported, wrapped, bundled handlers, between a Bitbucket and a Kubernetes on the loopback interface. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Diagnosis } from '#doctor/check.ts';
import { awsEnvironment, json, scriptedService } from '#kit/loopback.ts';
import { bundled } from '../doors/bundle.ts';
import { API_TOKEN, configuration } from '../doors/world.ts';
import { type Invocation, linesOf, startLambda } from './lambda.ts';
import { type FunctionWorld, startFunctionWorld } from './world.ts';

const MINUTE = 60_000;

const API_TOKEN_SECRET = { kind: 'apiToken', email: 'ci@acme.example', token: API_TOKEN };

/** A Secrets Manager whose only secret has this text, and the environment that points at it. */
async function startSecrets(text: string) {
  const service = await scriptedService(() => json(200, { Name: 'ci/bitbucket', SecretString: text }));
  return {
    environment: { ...awsEnvironment(service.url), BITBUCKET_SECRET_ID: 'ci/bitbucket' },
    [Symbol.asyncDispose]: service.close,
  };
}

const decisionsOf = ({ report }: Invocation) =>
  report?.groups.map(({ decision: { action, from, to } }) => `${action} ${from} → ${to}`);

const emitted = (invocation: Invocation, metric: string) =>
  linesOf(invocation).flatMap((line) => (metric in line ? [line[metric]] : []));

describe('scale', () => {
  it('creates the runners with the first tick and holds with the second', async () => {
    await using world = await startFunctionWorld();
    await using scale = await startLambda(bundled('scale.js'), world.environment);

    const first = await scale.invoke({ 'detail-type': 'Scheduled Event', source: 'aws.scheduler', detail: '{}' });
    expect(decisionsOf(first)).toEqual(['scale-up 0 → 3']);
    expect(world.runners()).toHaveLength(3);
    expect(world.kubernetes.names('runners', 'jobs')).toHaveLength(3);
    expect(world.kubernetes.names('runners', 'secrets')).toHaveLength(3);
    // The lease twice, one read, the record of the tick; one write each for the place and this deployment's name, and for
    // the group one before and one after its adds.
    expect(first.report?.tick.calls).toMatchObject({ bitbucket: 5, aws: 8 });

    world.bitbucket.forgetRequests();
    const second = await scale.invoke({}, { clockAheadMs: MINUTE });
    expect(decisionsOf(second)).toEqual(['hold 3 → 3']);
    expect(second.report?.tick.calls).toMatchObject({ bitbucket: 1, aws: 4 });
    expect(world.bitbucket.trace()).toEqual(['GET /internal/workspaces/acme/pipelines-config/runners?pagelen=100 200']);
  });

  it('writes a line per group and one for the tick, with the request id, and its metrics', async () => {
    await using world = await startFunctionWorld();
    await using scale = await startLambda(bundled('scale.js'), world.environment);

    const invocation = await scale.invoke({}, { requestId: 'request-42' });
    const lines = linesOf(invocation).filter((line) => 'message' in line);
    expect(lines.map(({ level, message, function_request_id }) => [level, message, function_request_id])).toEqual([
      ['INFO', expect.stringMatching(/^linux-large: scale-up 0 → 3: 0 usable and 0 starting/), 'request-42'],
      ['INFO', expect.stringMatching(/^Tick over 1 group took \d+ ms$/), 'request-42'],
    ]);
    expect(lines[0]).toMatchObject({ tickId: invocation.report?.tick.id, group: invocation.report?.groups[0] });
    expect(emitted(invocation, 'RunnersStarting')).toEqual([0]);
    expect(emitted(invocation, 'ScaledUpBy')).toEqual([3]);
    expect(emitted(invocation, 'TicksSucceeded')).toEqual([1]);
  });

  it('does nothing in a dry run', async () => {
    await using world = await startFunctionWorld();
    await using scale = await startLambda(bundled('scale.js'), world.environment);

    const invocation = await scale.invoke({ dryRun: true, groups: ['linux-large'] });
    expect(invocation.report?.tick.mode).toBe('plan');
    expect(invocation.report?.groups[0]?.plan).toHaveLength(3);
    expect(world.runners()).toEqual([]);
    expect(emitted(invocation, 'DryRuns')).toEqual([1]);
    expect(emitted(invocation, 'TicksSucceeded')).toEqual([]);
  });

  it('fails when Bitbucket does, in one sentence, after the report is logged', async () => {
    await using world = await startFunctionWorld();
    await using scale = await startLambda(bundled('scale.js'), world.environment);
    world.bitbucket.script({ path: '/runners', reply: { status: 403, body: { secret: 'x' } } });

    const invocation = await scale.invoke({});
    expect(invocation.report).toBeUndefined();
    expect(invocation.error?.message).toMatch(
      /^The tick failed in 1 of 1 groups \(linux-large\): see .+ tick [\w-]+\.$/,
    );
    expect(invocation.error?.stack).toBe(`FailedTick: ${invocation.error?.message}`);
    const [ofGroup, ofTick] = linesOf(invocation).filter((line) => 'message' in line);
    expect(ofGroup).toMatchObject({ level: 'ERROR', group: { name: 'linux-large', decision: { action: 'hold' } } });
    expect(ofGroup?.message).toMatch(/403/);
    expect(ofTick).toMatchObject({ level: 'ERROR', tick: { mode: 'apply' } });
    expect(emitted(invocation, 'TicksFailed')).toEqual([1]);
    expect(invocation.output).not.toContain('    at ');

    const healed = await scale.invoke({}, { requestId: 'request-2', clockAheadMs: MINUTE });
    expect(decisionsOf(healed)).toEqual(['scale-up 0 → 3']);
    expect(emitted(healed, 'TicksSucceeded')).toEqual([1]);
  });

  it('leaves other groups alone when one has no credential', async () => {
    const two = `
workspaces:
  beta: { secretId: ci/beta }
${configuration({ min: 2 })}
  - name: "beta-builds"
    workspace: "beta"
    labels: ["beta"]
    namespace: "runners"
    strategy: "percentageRunnersIdle"
    parameters: { min: 1, max: 2, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 }
`;
    await using world = await startFunctionWorld(two);
    // Nobody listens there: Secrets Manager is out of reach.
    const environment = {
      ...world.environment,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'y',
    };
    await using scale = await startLambda(bundled('scale.js'), environment);

    const invocation = await scale.invoke({});
    expect(invocation.error?.message).toMatch(/^The tick failed in 1 of 2 groups \(beta-builds\)/);
    expect(invocation.output).toContain('ci/beta');
    expect(world.runners()).toHaveLength(2);
  });

  const groupOf = (invocation: Invocation, name: string) =>
    linesOf(invocation).flatMap(({ group }) => ((group as { name?: string })?.name === name ? [group] : []));
  const refusal = (cluster: string) =>
    `cluster "${cluster}": it is reached through a kubeconfig, which a function does not read; write "eks: { name: … }" under "clusters" or set EKS_CLUSTER_NAME, or run the autoscaler as a process with "runner-autoscaler run"`;

  it('refuses a cluster that is reached through a kubeconfig, and goes on with the others', async () => {
    const two = `
clusters:
  main: { eks: { name: ci } }
  old: { kubeconfig: { path: old.yaml } }
${configuration({ min: 2 })}    cluster: main
  - { name: legacy, workspace: acme, labels: [old], namespace: runners, cluster: old, strategy: percentageRunnersIdle,
      parameters: { min: 1, max: 2, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 } }
`;
    await using world = await startFunctionWorld(two);
    await using scale = await startLambda(bundled('scale.js'), world.environment);

    const invocation = await scale.invoke({});
    expect(invocation.error?.message).toMatch(/^The tick failed in 1 of 2 groups \(legacy\)/);
    expect(groupOf(invocation, 'legacy')).toMatchObject([{ problems: [expect.stringContaining(refusal('old'))] }]);
    expect(world.runners()).toHaveLength(2);
  });

  it('refuses the kubeconfig that a configuration without clusters means where no EKS cluster is named', async () => {
    await using world = await startFunctionWorld();
    await using scale = await startLambda(bundled('scale.js'), { ...world.environment, EKS_CLUSTER_NAME: '' });

    const invocation = await scale.invoke({});
    expect(groupOf(invocation, 'linux-large')).toMatchObject([
      { problems: [expect.stringContaining(refusal('default'))] },
    ]);
    expect(world.runners()).toEqual([]);
  });

  it('takes a lease that a second tick at the same time respects', async () => {
    await using world = await startFunctionWorld();
    await using first = await startLambda(bundled('scale.js'), world.environment);
    await using second = await startLambda(bundled('scale.js'), world.environment);
    const held = Promise.withResolvers<void>();
    world.bitbucket.script({ reply: { until: held.promise } });

    // The same request id, as when an event is delivered twice.
    const invocations = [first.invoke({}), second.invoke({})];
    await Promise.race(invocations);
    held.resolve();
    const both = await Promise.all(invocations);
    expect(both.map(({ report }) => report?.tick.skipped?.replace(/tick .*/, 'tick …') ?? 'worked').sort()).toEqual([
      'lease held by tick …',
      'worked',
    ]);
    expect(both.flatMap((invocation) => emitted(invocation, 'TicksSkipped'))).toEqual([1]);
    expect(world.runners()).toHaveLength(3);
  });

  describe('in a world that nobody changes', () => {
    let world: FunctionWorld;

    beforeAll(async () => {
      world = await startFunctionWorld();
    });

    afterAll(() => world.close());

    it.each([
      ['an event that is none', { groups: 'linux-large' }, {}, 'InputError', /^The event is not one/],
      ['a group that does not exist', { groups: ['windows'] }, {}, 'InputError', /^No group is called "windows"/],
      ['no configuration', {}, { CONFIG_SOURCE: '' }, 'InputError', /^No configuration is named/],
      ['a configuration that is missing', {}, { CONFIG_SOURCE: '/nowhere.yaml' }, 'InputError', /nowhere\.yaml/],
      ['a variable that is wrong', {}, { STATE_STORE: 'redis:x' }, 'InputError', /STATE_STORE/],
      [
        'a state database',
        {},
        { STATE_STORE: 'sqlite:/tmp/state.sqlite' },
        'InputError',
        /^State database \/tmp\/state\.sqlite would end with the function; set STATE_STORE to dynamodb:TABLE, or run/,
      ],
    ])('refuses %s in one sentence', async (_, event, variables, name, message) => {
      await using scale = await startLambda(bundled('scale.js'), { ...world.environment, ...variables });

      const invocation = await scale.invoke(event);
      expect(invocation.error?.name).toBe(name);
      expect(invocation.error?.message).toMatch(message);
      expect(invocation.error?.message).not.toContain('\n');
      expect(invocation.output).toContain('"level":"ERROR"');
      expect(invocation.output).not.toContain('    at ');
      expect(emitted(invocation, 'TicksFailed')).toEqual([1]);
      expect(world.runners()).toEqual([]);
    });
  });

  it.each([
    [
      'base64 of what it should be',
      (secret: string) => Buffer.from(secret).toString('base64'),
      'is base64 of the JSON, store the JSON itself: expected {',
    ],
    [
      'of an unknown kind',
      (secret: string) => secret.replace('apiToken', 'magic'),
      ': "kind" is not one of apiToken, oauth, accessToken and appPassword; expected {',
    ],
  ])('says in one sentence of a secret that it is %s', async (_, change, sentence) => {
    await using world = await startFunctionWorld();
    await using secrets = await startSecrets(change(JSON.stringify(API_TOKEN_SECRET)));
    await using scale = await startLambda(bundled('scale.js'), { ...world.environment, ...secrets.environment });

    const invocation = await scale.invoke({});
    expect(invocation.error?.message).toMatch(/^The tick failed in 1 of 1 groups \(linux-large\)/);
    const [{ group } = {}] = linesOf(invocation).filter((line) => 'group' in line);
    const { problems } = group as { problems: readonly string[] };
    expect(problems.filter((problem) => problem.includes('Secret ci/bitbucket'))).toHaveLength(problems.length);
    expect(problems[0]).toContain(`Secret ci/bitbucket${sentence.startsWith(':') ? '' : ' '}${sentence}`);
    expect(invocation.output).not.toContain(API_TOKEN);
    expect(invocation.output).not.toContain('    at ');
  });

  it('says of a credential that ends soon when, and goes on; of one that has ended, once Bitbucket refuses it, both', async () => {
    await using world = await startFunctionWorld();
    const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString();
    await using soon = await startSecrets(JSON.stringify({ ...API_TOKEN_SECRET, expiresAt: day(3.5) }));
    await using scale = await startLambda(bundled('scale.js'), { ...world.environment, ...soon.environment });
    const worked = await scale.invoke({});
    expect(worked.report?.notes).toEqual([
      expect.stringMatching(/^The credential in secret ci\/bitbucket expires on \S+, in 3 days; create a new one/),
    ]);
    expect(worked.report?.credential?.daysLeft).toBe(3);
    expect(emitted(worked, 'CredentialDaysLeft')).toEqual([3]);
    expect(decisionsOf(worked)).toEqual(['scale-up 0 → 3']);

    await using ended = await startSecrets(
      JSON.stringify({ ...API_TOKEN_SECRET, token: 'ended', expiresAt: day(-0.5) }),
    );
    await using later = await startLambda(bundled('scale.js'), { ...world.environment, ...ended.environment });
    world.bitbucket.script({ path: '/runners', reply: { status: 401, body: '' } });
    const refused = await later.invoke({}, { clockAheadMs: MINUTE });
    const [{ notes } = {}] = linesOf(refused).filter((line) => 'tick' in line);
    expect(notes).toEqual([
      expect.stringMatching(/^The credential in secret ci\/bitbucket expired on .+, as the secret says/),
    ]);
    const [{ group } = {}] = linesOf(refused).filter((line) => 'group' in line);
    expect(group).toMatchObject({
      problems: [expect.stringContaining('Bitbucket answered 401: the API token is wrong, expired or revoked')],
    });
    expect(emitted(refused, 'CredentialDaysLeft')).toEqual([-1]);
  });

  it('goes on with the last good configuration when the present one is refused, warm and cold, and so does report', async () => {
    await using world = await startFunctionWorld();
    await using warm = await startLambda(bundled('scale.js'), world.environment);
    await warm.invoke({});
    await world.write('runners_config.yaml', configuration().replace('labels', 'lables').replace('min: 3', 'min: 30'));
    await using cold = await startLambda(bundled('scale.js'), world.environment);
    await using report = await startLambda(bundled('report.js'), world.environment);

    for (const [index, lambda] of [warm, cold, report].entries()) {
      const invocation = await lambda.invoke({}, { clockAheadMs: (index + 1) * MINUTE });
      expect(decisionsOf(invocation)).toEqual(['hold 3 → 3']);
      const sentence = expect.stringMatching(
        /^The configuration is refused \(.+runners_config\.yaml:5:\d+ groups\[0\]\.labels: is missing; and 2 more problems\), so the one in force since \d{4}-\d\d-\d\d \d\d:\d\d UTC stays/,
      );
      expect(invocation.report?.notes).toEqual([sentence]);
      expect(invocation.report?.problems).toEqual([]);
      const [warning] = linesOf(invocation).filter(({ level }) => level === 'WARN');
      expect(warning).toMatchObject({ message: sentence, problems: { length: 3 } });
      expect(emitted(invocation, 'ConfigurationRefused')).toEqual(lambda === report ? [] : [1]);
      expect(emitted(invocation, 'TicksSucceeded')).toEqual(lambda === report ? [] : [1]);
    }
  });

  it('writes no secret, at the most talkative level, whether it works or fails', async () => {
    await using world = await startFunctionWorld();
    const environment = { ...world.environment, LOG_LEVEL: 'TRACE' };
    await using scale = await startLambda(bundled('scale.js'), environment);
    const worked = await scale.invoke({});
    world.kubernetes.failNext({ method: 'POST', resource: 'secrets', times: 10, answer: { status: 403 } });
    await world.write('runners_config.yaml', configuration({ min: 5 }));
    const failed = await scale.invoke({}, { clockAheadMs: MINUTE });

    expect(failed.error?.message).toMatch(/^The tick failed/);
    const state = await world.textOfState();
    const everything = worked.output + failed.output + JSON.stringify([worked.report, failed.error]) + state;
    expect(world.bitbucket.issuedSecrets).toHaveLength(5);
    expect(world.secrets().filter((secret) => everything.includes(secret))).toEqual([]);
  });
});

describe('report', () => {
  it.each([{}, { dryRun: false }])('never acts, not even when asked: %j', async (event) => {
    await using world = await startFunctionWorld();
    await using report = await startLambda(bundled('report.js'), world.environment);

    const invocation = await report.invoke(event);
    expect(invocation.report?.tick.mode).toBe('plan');
    expect(decisionsOf(invocation)).toEqual(['scale-up 0 → 3']);
    expect(world.runners()).toEqual([]);
    expect(world.kubernetes.requests.every(({ method }) => method === 'GET')).toBe(true);
  });
});

describe('a doctor', () => {
  it('looks from where the report runs, changes nothing, and says whose rights it asked for', async () => {
    await using world = await startFunctionWorld();
    await using report = await startLambda(bundled('report.js'), world.environment);

    const { report: answer, output } = await report.invoke({ doctor: true });
    const diagnosis = answer as unknown as Diagnosis;
    // The first tick has yet to come.
    expect(diagnosis.checks.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id)).toEqual(['ticks']);
    const found = new Map(diagnosis.checks.map((check) => [check.id, check]));
    expect(found.get('cluster')).toMatchObject({ outcome: 'ok', subject: 'default' });
    expect(found.get('rights')?.detail).toBe(
      'autoscaler has both that the report needs; those of the function scale it may not ask for',
    );
    expect(found.get('state')).toMatchObject({ outcome: 'ok' });
    expect(world.runners()).toEqual([]);
    expect(output).toContain('A doctor has looked.');
    expect(world.secrets().filter((secret) => JSON.stringify([diagnosis, output]).includes(secret))).toEqual([]);
  });

  it('is not in the scaler', async () => {
    await using world = await startFunctionWorld();
    await using scale = await startLambda(bundled('scale.js'), world.environment);
    const { error } = await scale.invoke({ doctor: true });
    expect(error).toMatchObject({ name: 'InputError', message: expect.stringMatching(/to the function report/) });
    expect(world.runners()).toEqual([]);
  });

  it('refuses a group that does not exist', async () => {
    await using world = await startFunctionWorld();
    await using report = await startLambda(bundled('report.js'), world.environment);
    expect((await report.invoke({ doctor: true, groups: ['gone'] })).error?.message).toMatch(
      /No group is called "gone"/,
    );
  });
});
