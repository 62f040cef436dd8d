/**
 * The deployed functions, one after the other: what they do, what they leave in the world, and what they write down; then
 * invocations that meet each other, or that are cut off in their middle.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Report } from '#core/model/report.ts';
import { bareUuid } from '#core/uuid.ts';
import { RUNNER_LABEL } from '#manifests/naming.ts';
import { configuration } from '../doors/world.ts';
import { type Invocation, type Lambda, linesOf } from '../functions/lambda.ts';
import { ACCOUNT } from './emulator.ts';
import { API_TOKEN, CLUSTER, credential, openWorld, type World } from './world.ts';

const MINUTE = 60_000;
const SOON = { timeout: 600_000, interval: 20 };
/** What the rule sends. */
const SCHEDULED = {};

let world: World;
let scale: Lambda;

beforeAll(async () => {
  world = await openWorld('prod', { clusters: CLUSTER });
  scale = await world.start('scale');
});

afterAll(async () => {
  await scale?.kill();
  await world?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  world.advance(MINUTE);
  world.bitbucket.forgetRequests();
});

/** The configuration with a group in the namespace of this test. */
const groups = (over: Parameters<typeof configuration>[0] = {}) =>
  configuration(over).replace('"runners"', `"${world.place.namespace}"`);

const decisionsOf = ({ report }: Invocation) =>
  report?.groups.map(({ decision: { action, from, to } }) => `${action} ${from} → ${to}`);

const tickRecords = async () => (await world.items()).filter(({ pk }) => pk?.S === 'tick').map(({ sk }) => sk?.S ?? '');

describe('before the first runner', () => {
  it('says what is missing: the configuration', async () => {
    const { error } = await scale.invoke(SCHEDULED);
    expect(error?.message).toBe(
      `S3 object s3://runner-autoscaler-prod-${ACCOUNT}-eu-west-1/runners.yaml does not exist; upload it or correct bucket and key`,
    );
  });

  it('says what is missing: the secret', async () => {
    await world.push(groups());
    const invocation = await scale.invoke(SCHEDULED);
    expect(invocation.error?.message).toMatch(/^The tick failed in 1 of 1 groups \(linux-large\)/);
    expect(invocation.output).toContain('Secret bitbucket-runner-autoscaler/prod does not exist; create it');
    expect(world.runners()).toEqual([]);
  });
});

describe('scale', () => {
  let first: Invocation;
  const report = () => first.report as Report;

  it('creates the runners with the first tick, in the cluster that EKS describes', async () => {
    await world.putSecret(credential());
    first = await scale.invoke(SCHEDULED, { requestId: 'request-42' });
    expect(first.error).toBeUndefined();
    expect(decisionsOf(first)).toEqual(['scale-up 0 → 3']);
    expect(world.runners()).toHaveLength(3);
    expect(await world.cluster.names(world.place, 'jobs')).toHaveLength(3);
    expect(await world.cluster.names(world.place, 'secrets')).toHaveLength(3);
    expect(world.verdicts.at(-1)).toMatchObject({
      authenticated: true,
      username: expect.stringMatching(/:role\/.+-ScaleRole-/),
      groups: ['bitbucket-runner-autoscaler-scale-prod'],
    });
  });

  it('has recorded it', async () => {
    expect((await tickRecords()).at(-1)).toContain(`#${report().tick.id}#`);
  });

  it('has given its lease back', async () => {
    expect((await world.items()).filter(({ pk }) => pk?.S?.startsWith('lease#'))).toEqual([]);
  });

  it('has written lines with the request id', () => {
    const lines = linesOf(first).filter((line) => 'message' in line);
    expect(lines.map(({ level, message, function_request_id }) => [level, message, function_request_id])).toEqual([
      ['INFO', expect.stringMatching(/^linux-large: scale-up 0 → 3: /), 'request-42'],
      ['INFO', expect.stringMatching(/^Tick over 1 group took \d+ ms$/), 'request-42'],
    ]);
  });

  it('has emitted metrics of the deployment, each with its value', () => {
    const metrics = metricsOf(first);
    expect(metrics).toMatchObject({ TicksSucceeded: [1], ScaledUpBy: [3], TickDuration: [expect.any(Number)] });
    expect(Object.values(metrics).flat().every(Number.isFinite)).toBe(true);
  });

  it('holds with the second tick, and records that, too', async () => {
    const before = await tickRecords();
    const second = await scale.invoke(SCHEDULED);
    expect(decisionsOf(second)).toEqual(['hold 3 → 3']);
    expect(world.bitbucket.trace().filter((line) => !line.startsWith('GET '))).toEqual([]);
    expect(await world.cluster.names(world.place, 'jobs')).toHaveLength(3);
    expect((await tickRecords()).length - before.length).toBe(1);
  });

  it('has told no secret to anybody', () => {
    for (const secret of [API_TOKEN, ...world.bitbucket.issuedSecrets]) expect(first.output).not.toContain(secret);
  });
});

describe('report', () => {
  it('says what would be done, and writes nothing anywhere', async () => {
    await world.push(groups({ min: 5 }));
    const before = await everything();
    await using report = await world.start('report');
    const invocation = await report.invoke({ dryRun: false }, { requestId: 'request-43' });
    expect(decisionsOf(invocation)).toEqual(['scale-up 3 → 5']);
    expect(invocation.report?.tick.mode).toBe('plan');
    expect(linesOf(invocation).filter((line) => 'message' in line)).toMatchObject([
      { function_request_id: 'request-43' },
      { function_request_id: 'request-43' },
    ]);
    expect(metricsOf(invocation)).toMatchObject({ DryRuns: [1] });
    expect(world.bitbucket.trace()).not.toEqual([]);
    expect(world.bitbucket.trace().filter((line) => !line.startsWith('GET '))).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  it('has a role that cannot', async () => {
    await using actingReport = await world.start('scale', 'report');
    const before = await everything();
    const { error } = await actingReport.invoke(SCHEDULED);
    expect(error?.message).toBe(
      'AWS denies dynamodb:PutItem on DynamoDB table "bitbucket-runner-autoscaler-prod"; allow this action in the policy of the role',
    );
    expect(await everything()).toEqual(before);
  });
});

describe('invocations that meet each other, or are cut off', () => {
  it.each([
    ['two invocations that overlap', 6, ['request-1', 'request-2']],
    ['one invocation that is delivered twice at once', 9, ['request-3', 'request-3']],
  ] as const)('of %s one acts', async (_, runners, [firstId, secondId]) => {
    await want(runners);
    await using one = await world.start('scale');
    await using other = await world.start('scale');
    const { promise: until, resolve: answer } = Promise.withResolvers<void>();
    world.bitbucket.script({ method: 'GET', reply: { until } });
    const first = await begin(one, { requestId: firstId });
    const second = await other.invoke({}, { requestId: secondId });
    answer();
    const acted = await first.ended;

    expect(decisionsOf(acted)).toEqual([`scale-up ${runners - 3} → ${runners}`]);
    expect(second.report).toMatchObject({
      tick: { skipped: `lease held by tick ${acted.report?.tick.id}` },
      groups: [],
      problems: [],
    });
    expect(linesOf(second).filter((line) => 'TicksSkipped' in line)).toMatchObject([{ TicksSkipped: 1 }]);
    expect(registered()).toBe(3);
    await expectWhole(runners);
  });

  it('an invocation that is delivered again after its end finds nothing to do', async () => {
    await want(12);
    await using scale = await world.start('scale');
    const first = await scale.invoke({}, { requestId: 'request-4' });
    world.advance(MINUTE);
    const second = await scale.invoke({}, { requestId: 'request-4' });
    expect([first, second].map(decisionsOf)).toEqual([['scale-up 9 → 12'], ['hold 12 → 12']]);
    expect(registered()).toBe(3);
    await expectWhole(12);
  });

  it('a time-out in the middle of its creates leaves nothing behind', async () => {
    await want(15);
    for (const runner of world.runners()) runner.status = 'ONLINE';
    // Of three creates one comes through, one registers and never hears of it, one never arrives.
    world.bitbucket.script({ method: 'POST', reply: 'apply-then-hang' });
    world.bitbucket.script({ method: 'POST', reply: 'hang' });
    const cutOff = await world.start('scale');
    await begin(cutOff, { requestId: 'request-5' });
    await vi.waitFor(async () => {
      expect(registered()).toBe(3);
      expect(world.runners()).toHaveLength(14);
      expect(await world.cluster.names(world.place, 'secrets')).toHaveLength(13);
    }, SOON);
    await cutOff.kill();
    world.bitbucket.forgetScripts();

    await using scale = await world.start('scale');
    expect((await scale.invoke({})).report?.tick.skipped).toMatch(/^lease held by tick /);

    // Its lease runs out, what nobody starts is taken away, and its place is filled.
    for (let tick = 0; tick < 3; tick += 1) {
      world.advance(3 * MINUTE);
      expect((await scale.invoke({})).error).toBeUndefined();
      expect(world.runners().length).toBeLessThanOrEqual(15);
    }
    await vi.waitFor(() => expectWhole(15), SOON);
  });
});

/** The group shall have exactly so many runners. They may start late, for Bitbucket's clock does not move on with ours. */
async function want(runners: number): Promise<void> {
  await world.push(`${groups({ min: runners, max: runners })}    startTimeout: 2h\n`);
}

/** Invokes, and waits until Bitbucket is asked something: by then the invocation has its lease. */
async function begin(scale: Lambda, options: { readonly requestId: string }) {
  const before = world.bitbucket.requests.length;
  const ended = scale.invoke({}, options);
  // It may be killed before anybody waits for it.
  ended.catch(() => undefined);
  await vi.waitFor(() => expect(world.bitbucket.requests.length).toBeGreaterThan(before), SOON);
  return { ended };
}

const registered = () => world.bitbucket.trace().filter((line) => line.startsWith('POST ')).length;

/** Every registration has its Job and its Secret, and there is nothing else. */
async function expectWhole(runners: number): Promise<void> {
  const { cluster, place } = world;
  const jobs = (await cluster.objects(place, 'jobs')).filter(({ metadata }) => !('deletionTimestamp' in metadata));
  expect(world.runners()).toHaveLength(runners);
  expect(jobs.map(({ metadata }) => metadata.labels?.[RUNNER_LABEL]).toSorted()).toEqual(
    world
      .runners()
      .map(({ uuid }) => bareUuid(uuid))
      .toSorted(),
  );
  expect(await cluster.names(place, 'secrets')).toHaveLength(runners);
}

async function everything() {
  const { cluster, place } = world;
  return {
    runners: structuredClone(world.runners()),
    jobs: await cluster.names(place, 'jobs'),
    secrets: await cluster.names(place, 'secrets'),
    items: await world.items(),
  };
}

/** Values by metric, of every embedded metric that CloudWatch would find. */
function metricsOf(invocation: Invocation): Readonly<Record<string, readonly unknown[]>> {
  type Directive = {
    readonly Namespace: string;
    readonly Dimensions: readonly (readonly string[])[];
    readonly Metrics: readonly { readonly Name: string }[];
  };
  const found = linesOf(invocation)
    .filter((line) => '_aws' in line)
    .flatMap((line) => {
      const { CloudWatchMetrics } = line._aws as { CloudWatchMetrics: readonly Directive[] };
      return CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) => {
        expect([Namespace, Dimensions, line.service]).toEqual([expect.any(String), [['service']], world.name]);
        return Metrics.map(({ Name }): readonly [string, unknown] => [Name, line[Name]]);
      });
    });
  const byName = Map.groupBy(found, ([name]) => name);
  return Object.fromEntries([...byName].map(([name, entries]) => [name, entries.flatMap(([, value]) => value)]));
}
