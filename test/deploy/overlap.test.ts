/** Invocations of the deployed function that meet each other, or that are cut off in their middle. */
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { bareUuid } from '#core/uuid.ts';
import { RUNNER_LABEL } from '#manifests/naming.ts';
import { configuration } from '../doors/world.ts';
import { type Invocation, type Lambda, linesOf } from '../functions/lambda.ts';
import { CLUSTER, credential, openWorld, type World } from './world.ts';

const MINUTE = 60_000;
const SOON = { timeout: 600_000, interval: 20 };

let world: World;

beforeAll(async () => {
  world = await openWorld('prod', { clusters: CLUSTER });
  await world.putSecret(credential());
});

beforeEach(() => {
  world.advance(MINUTE);
  world.bitbucket.forgetRequests();
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

/** The group shall have exactly so many runners. They may start late, for Bitbucket's clock does not move on with ours. */
async function want(runners: number): Promise<void> {
  const text = `${configuration({ min: runners, max: runners })}    startTimeout: 2h\n`;
  await world.push(text.replace('"runners"', `"${world.place.namespace}"`));
}

/** Invokes, and waits until Bitbucket is asked something: by then the invocation has its lease. */
async function begin(scale: Lambda, options: { readonly requestId: string; readonly remainingMs?: number }) {
  const before = world.bitbucket.requests.length;
  const ended = scale.invoke({}, options);
  // It may be killed before anybody waits for it.
  ended.catch(() => undefined);
  await vi.waitFor(() => expect(world.bitbucket.requests.length).toBeGreaterThan(before), SOON);
  return { ended };
}

const decisionsOf = ({ report }: Invocation) =>
  report?.groups.map(({ decision: { action, from, to } }) => `${action} ${from} → ${to}`);

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

it.each([
  ['two invocations that overlap', 3, ['request-1', 'request-2']],
  ['one invocation that is delivered twice at once', 6, ['request-3', 'request-3']],
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
  await want(9);
  await using scale = await world.start('scale');
  const first = await scale.invoke({}, { requestId: 'request-4' });
  world.advance(MINUTE);
  const second = await scale.invoke({}, { requestId: 'request-4' });
  expect([first, second].map(decisionsOf)).toEqual([['scale-up 6 → 9'], ['hold 9 → 9']]);
  expect(registered()).toBe(3);
  await expectWhole(9);
});

it('a time-out in the middle of its creates leaves nothing behind', async () => {
  await want(12);
  for (const runner of world.runners()) runner.status = 'ONLINE';
  // Of three creates one comes through, one registers and never hears of it, one never arrives.
  world.bitbucket.script({ method: 'POST', reply: 'apply-then-hang' });
  world.bitbucket.script({ method: 'POST', reply: 'hang' });
  const cutOff = await world.start('scale');
  await begin(cutOff, { requestId: 'request-5', remainingMs: 20_000 });
  await vi.waitFor(async () => {
    expect(registered()).toBe(3);
    expect(world.runners()).toHaveLength(11);
    expect(await world.cluster.names(world.place, 'secrets')).toHaveLength(10);
  }, SOON);
  await cutOff.kill();
  world.bitbucket.forgetScripts();

  await using scale = await world.start('scale');
  expect((await scale.invoke({})).report?.tick.skipped).toMatch(/^lease held by tick /);

  // Its lease runs out, what nobody starts is taken away, and its place is filled.
  for (let tick = 0; tick < 3; tick += 1) {
    world.advance(3 * MINUTE);
    expect((await scale.invoke({})).error).toBeUndefined();
    expect(world.runners().length).toBeLessThanOrEqual(12);
  }
  await vi.waitFor(() => expectWhole(12), SOON);
});
