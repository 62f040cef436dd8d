/** The queue through the whole line: in the simulated world tick by tick, and through the wiring over HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '#adapters/environment.ts';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import type { QueueAware, RunnerGroup } from '#core/model/configuration.ts';
import { tickIn } from '#kit/drive.ts';
import { fleet, group } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import type { PortCall } from '#tools/simulator/interrupt.ts';
import { World } from '#tools/simulator/world.ts';
import { type DoorsWorld, startDoorsWorld } from '../../../doors/world.ts';

const MINUTE = 60_000;

const strategy: QueueAware = {
  kind: 'queueAware',
  idleCount: 1,
  scaleFactor: 0,
  scaleFactorLimit: 1,
  repositories: { kind: 'query' },
};

function builds(over: Partial<RunnerGroup> = {}): RunnerGroup {
  return group({ strategy, min: 1, max: 40, ...over });
}

/** A world in which all runners of each group are online and work. A later group's labels suit no earlier one. */
async function saturatedWorld(groups: readonly RunnerGroup[]): Promise<World> {
  const world = new World();
  await runTicks(world, fleet(groups), { count: 3 });
  for (const { labels, scope } of groups.toReversed()) {
    for (let runner = 0; runner < 2; runner += 1) {
      const { uuid } = world.bitbucket.register(scope, { name: 'by hand', labels }).runner;
      world.bitbucket.connect(uuid);
    }
    const online = world.bitbucket.list(scope).filter((entry) => entry.labels.join() === labels.join());
    for (const _ of online) world.submit({ scope: { ...scope, repository: 'site' }, labels, durationMs: 60 * MINUTE });
  }
  return world;
}

/** Ports that write down the calls for the queue. */
function listening(world: World) {
  const calls: string[] = [];
  const ports = world.ports((call: PortCall, proceed) => {
    if (call.port === 'pipelines') calls.push(call.method);
    return proceed();
  });
  return { calls, ports };
}

describe('in the simulated world', () => {
  it('a burst gets a runner for every step on the next tick', async () => {
    const config = builds();
    const world = await saturatedWorld([config]);
    const busy = world.bitbucket.totals.busy;
    for (let step = 0; step < 20; step += 1) {
      const scope = { workspace: 'acme', repository: `r${step % 4}` };
      world.submit({ scope, labels: config.labels, durationMs: 5 * MINUTE });
    }
    const report = await tickIn(world, fleet([config]));
    expect(report.groups[0]?.decision).toMatchObject({
      action: 'scale-up',
      to: busy + 20 + 1,
      reason: { code: 'queue-counted', values: { busy, waiting: 20, buffer: 1 } },
    });
    expect(report.problems).toEqual([]);
  });

  it('two groups that look at the same repositories share the steps', async () => {
    const groups = [builds({ labels: ['autoscaler.created', 'linux', 'self.hosted'] }), builds({ name: 'large' })];
    const world = await saturatedWorld(groups);
    for (let step = 0; step < 10; step += 1) {
      const labels = step < 4 ? ['large', 'linux'] : ['linux'];
      world.submit({ scope: { workspace: 'acme', repository: 'site' }, labels, durationMs: 5 * MINUTE });
    }
    const report = await tickIn(world, fleet(groups));
    expect(report.groups.map(({ decision }) => decision.reason.values)).toMatchObject([{ waiting: 6 }, { waiting: 4 }]);
  });

  it('a tick asks nothing while somebody is idle, and nothing at max', async () => {
    const idle = new World();
    await runTicks(idle, fleet([builds()]), { count: 3 });
    const quiet = listening(idle);
    await tickIn(idle, fleet([builds()]), quiet.ports);
    expect(quiet.calls).toEqual([]);

    const saturated = await saturatedWorld([builds()]);
    const full = listening(saturated);
    await tickIn(saturated, fleet([builds({ max: saturated.bitbucket.totals.busy })]), full.ports);
    expect(full.calls).toEqual([]);
  });

  it('a queue that cannot be read costs a bound, and the group doubles', async () => {
    const world = await saturatedWorld([builds()]);
    const busy = world.bitbucket.totals.busy;
    world.submit({ scope: { workspace: 'acme', repository: 'site' }, labels: ['linux'], durationMs: MINUTE });
    const ports = world.ports(async (call, proceed) => {
      if (call.port === 'pipelines') throw new Error('Bitbucket is out.');
      return proceed();
    });
    const report = await tickIn(world, fleet([builds()]), ports);
    expect(report.groups[0]).toMatchObject({
      decision: { action: 'scale-up', to: 2 * busy, reason: { code: 'saturated' } },
      bounds: [{ code: 'queue-unknown', values: { why: 'Bitbucket is out' } }],
      problems: [],
    });
  });
});

describe('through the wiring', () => {
  let world: DoorsWorld;
  beforeEach(async () => {
    world = await startDoorsWorld();
  });
  afterEach(() => world.close());

  it('runners and pipelines share a client, its token and its budget', async () => {
    const oauth = { BITBUCKET_OAUTH_CLIENT_ID: 'id', BITBUCKET_OAUTH_CLIENT_SECRET: 'very-secret' };
    const variables = { ...world.environment, ATLASSIAN_ACCOUNT_EMAIL: '', ATLASSIAN_API_TOKEN: '', ...oauth };
    const { openPorts, calls } = wire(
      readEnvironment(variables),
      localConnectors(() => undefined),
    );
    const scope = { workspace: 'acme', repository: 'app' };
    world.bitbucket.putFile(scope, 'pipelines: { default: [{ step: { runs-on: linux } }] }');
    world.bitbucket.addPipeline(scope, { steps: [{ state: 'READY' }] });
    for (const tick of [fleet([group()]), fleet([group()])]) {
      const { runners, pipelines } = await openPorts(tick);
      await runners.list(scope);
      const [pipeline] = (await pipelines.openPipelines(scope)).pipelines;
      if (pipeline === undefined) throw new Error('no pipeline');
      expect(await pipelines.waitingSteps(scope, pipeline)).toMatchObject({ waiting: [{ steps: 1 }] });
      expect(await pipelines.recentRepositories('acme', { limit: 1 })).toEqual(['app']);
    }
    const kinds = world.bitbucket.requests.map(
      ({ path }) => /token|runners|steps|src|pipelines\?|sort/.exec(path)?.[0],
    );
    // The file of a commit is read once in the life of the process, and so is the token.
    const look = ['runners', 'pipelines?', 'steps'];
    expect(kinds).toEqual(['token', ...look, 'src', 'sort', ...look, 'sort']);
    expect(calls().bitbucket).toBe(world.bitbucket.requests.length);
  });

  it('a workspace without a credential has no queue, and the others have theirs', async () => {
    const { openPorts } = wire(
      readEnvironment({ ...world.environment, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }),
      localConnectors(() => undefined),
    );
    const beta = { maxRunners: 100, api: 'internal', secretId: 'gone' } as const;
    const { pipelines } = await openPorts({ ...fleet([group()]), workspaces: { beta } });
    await expect(pipelines.recentRepositories('beta', { limit: 1 })).rejects.toThrow(/secret/i);
    await expect(pipelines.recentRepositories('acme', { limit: 1 })).resolves.toEqual(['app']);
  });
});
