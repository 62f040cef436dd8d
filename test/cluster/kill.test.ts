/**
 * The program is killed before and after each call with which a tick that adds or removes runners writes, with Jobs and Secrets in a
 * real cluster. The following ticks repair what it left, as the API server and Bitbucket both see it.
 */
import { describe, expect, it } from 'vitest';
import { dieAt } from '#kit/die-at.ts';
import type { PortCall } from '#tools/simulator/interrupt.ts';
import { type Cluster, useCluster } from './cluster.ts';
import { runs } from './pod-status.ts';
import { expectSettled, openStage, type Stage } from './stage.ts';

const MINUTE = 60_000;
const RUNNERS = 2;
const START_TIMEOUT_MS = 3 * MINUTE;
const GROUP = { min: RUNNERS, startTimeoutMs: START_TIMEOUT_MS };
/** Until a lease has expired, a start has timed out, its successor has started, and clean-up has looked twice. */
const TICKS_TO_REPAIR = 12;
/** Beside a call that only reads nothing is left that was not left after the write before it. */
const ONLY_READ = ['load', 'list', 'identify', 'get', 'stepInLog'];
/** Scenarios in flight at once; each has a namespace of its own. */
const AT_ONCE = 6;

type Story = {
  readonly name: string;
  /** Brings the stage to just before the tick that is killed. */
  readonly prepare: (stage: Stage) => Promise<void>;
  /** What that tick must do if nobody disturbs it, so that there is something to kill. */
  readonly does: Readonly<Record<string, number>>;
};

const STORIES: readonly Story[] = [
  {
    name: 'an add',
    prepare: async () => undefined,
    does: { 'runners.register': RUNNERS, 'jobs.createJob': RUNNERS, 'jobs.createSecret': RUNNERS },
  },
  {
    name: 'taking runners that found no node out of service',
    prepare: async ({ world, nodes, kubelet, tick }) => {
      nodes.fate = { kind: 'unschedulable', message: '0/5 nodes are available' };
      await tick();
      await kubelet.settle();
      world.advance(START_TIMEOUT_MS + 2 * MINUTE);
      nodes.fate = runs;
    },
    does: { 'runners.disable': RUNNERS },
  },
  {
    name: 'the removal of runners that found no node',
    prepare: async ({ world, nodes, kubelet, tick }) => {
      nodes.fate = { kind: 'unschedulable', message: '0/5 nodes are available' };
      await tick();
      await kubelet.settle();
      world.advance(START_TIMEOUT_MS + 2 * MINUTE);
      await tick();
      world.advance(MINUTE);
      await tick();
      world.advance(2 * MINUTE);
      nodes.fate = runs;
    },
    does: { 'runners.remove': RUNNERS, 'jobs.deleteJob': RUNNERS },
  },
];

/** The calls of the tick in question when nobody disturbs it. */
async function callsOf(story: Story, cluster: Cluster): Promise<readonly PortCall[]> {
  const stage = await openStage(cluster, GROUP);
  await story.prepare(stage);
  const calls: PortCall[] = [];
  await stage.tick((call, proceed) => {
    calls.push(call);
    return proceed();
  });
  return calls;
}

async function surviveDeath(
  story: Story,
  cluster: Cluster,
  { index, port, method }: PortCall,
  when: 'before' | 'after',
): Promise<void> {
  const stage = await openStage(cluster, GROUP);
  const { world, kubelet, tick } = stage;
  await story.prepare(stage);
  await tick(dieAt(index, when)).catch(() => undefined);
  await kubelet.settle();
  for (let count = 0; count < TICKS_TO_REPAIR; count += 1) {
    world.advance(MINUTE);
    await tick();
    await kubelet.settle();
  }
  await expectSettled(stage, RUNNERS, `killed ${when} call ${index}, ${port}.${method}`);
}

describe.each(STORIES)('killed during $name', (story) => {
  it('each step is a call of its own', async () => {
    const calls = (await callsOf(story, useCluster())).map(({ port, method }) => `${port}.${method}`);
    const counts = Object.fromEntries(
      [...Map.groupBy(calls, (call) => call)].map(([call, { length }]) => [call, length]),
    );
    expect(counts).toMatchObject(story.does);
  });

  it.each(['before', 'after'] as const)('%s each call that writes: the next ticks leave nothing over', async (when) => {
    const cluster = useCluster();
    const writes = (await callsOf(story, cluster)).filter(({ method }) => !ONLY_READ.includes(method));
    for (let first = 0; first < writes.length; first += AT_ONCE) {
      const batch = writes.slice(first, first + AT_ONCE);
      await Promise.all(batch.map((call) => surviveDeath(story, cluster, call, when)));
    }
  });
});
