/**
 * A look at the queues of 60 saturated groups, beside the way in which it was done before: deciding anew, for every
 * pipeline and every group that asks, whether the group has seen enough. In a process of its own; prints one JSON line.
 */
import { classifyGroup } from '#core/decide/classify.ts';
import { decide, questionsIn } from '#core/decide/decide.ts';
import { takersOf, waitingByGroup } from '#core/decide/queue.ts';
import type { GroupObservation, Observation } from '#core/model/observation.ts';
import { countQueues } from '#core/observe/queue/count.ts';
import { observeQueues } from '#core/observe/queue/observe.ts';
import { type RepositoryTally, toQueue } from '#core/observe/queue/tally.ts';
import type { PipelineApi } from '#core/ports.ts';
import { group, groupObservation, observation, population } from '#kit/fleet.ts';
import { median } from './median.ts';

const GROUPS = 60;
const RUNNERS = 20;
const REPOSITORIES = 50;
const PIPELINES = 4;
const REPEATS = 5;

/** Both ways over the same groups and queues. */
export type QueuesMeasured = { readonly before: QueueMeasured; readonly now: QueueMeasured };

/** What one way took, and what it came to. */
export type QueueMeasured = {
  /** Processor time, in milliseconds. */
  readonly cpuMs: number;
  readonly calls: number;
  /** Groups whose queue is known afterwards. */
  readonly known: number;
  /** The waiting steps, group by group. */
  readonly waiting: readonly number[];
};

const names = Array.from({ length: REPOSITORIES }, (_, index) => `repository-${index}`);
const labelsOf = (index: number) => ['linux', 'self.hosted', `size.${index}`];

/** Every group but the last soon knows enough; the last one finds none of its steps, so that everything is read. */
const seen: Observation = observation(
  Array.from({ length: GROUPS }, (_, index) =>
    groupObservation({
      group: group({
        name: `group-${index}`,
        labels: labelsOf(index),
        max: RUNNERS + 5,
        strategy: {
          kind: 'queueAware',
          idleCount: 1,
          scaleFactor: 0,
          scaleFactorLimit: 5,
          repositories: { kind: 'named', names },
        },
      }),
      runners: population({ busy: RUNNERS }),
    }),
  ),
  [{ workspace: 'acme', registrations: GROUPS * RUNNERS, maxRunners: 5_000 }],
);

function countingPipelines(): { readonly api: PipelineApi; readonly calls: () => number } {
  let calls = 0;
  const api: PipelineApi = {
    recentRepositories: async () => [],
    openPipelines: async ({ repository }) => {
      calls += 1;
      const pipelines = Array.from({ length: PIPELINES }, (_, index) => ({ uuid: `{${repository}/${index}}` }));
      return { pipelines: pipelines.map((pipeline) => ({ ...pipeline, section: 'default' })), isWhole: true };
    },
    waitingSteps: async (_scope, { uuid }) => {
      calls += 1;
      const [repository = 0, index = 0] = (uuid.match(/\d+/g) ?? []).map(Number);
      const labels = labelsOf((repository + index * REPOSITORIES) % (GROUPS - 1));
      return { waiting: [{ labels, steps: 10 }], notes: [] };
    },
  };
  return { api, calls: () => calls };
}

const noDeadline = () => ({ signal: new AbortController().signal, cancel: () => undefined });

async function now(pipelines: PipelineApi): Promise<Observation> {
  return await observeQueues(seen, questionsIn(decide(seen)), { pipelines, deadline: noDeadline });
}

async function before(pipelines: PipelineApi): Promise<Observation> {
  const questions = questionsIn(decide(seen));
  const known = (tallies: readonly RepositoryTally[]): Observation => ({
    ...seen,
    groups: seen.groups.map(
      (entry): GroupObservation => ({ ...entry, queue: { kind: 'counted', repositories: names } }),
    ),
    queues: tallies.filter(({ open }) => open !== undefined).map(toQueue),
  });
  const count = countQueues(
    names.map((repository) => ({ workspace: 'acme', repository })),
    pipelines,
    {
      signal: new AbortController().signal,
      runnable: (_scope, waiting) => waiting,
      whoNeedsMore: (tallies) => () =>
        questions.some(({ group: { observation: asking }, enough }) => {
          return (waitingIn(known(tallies)).get(asking.group.name) ?? 0) < enough;
        }),
    },
  );
  await count.done;
  return known([...count.repositories.values()]);
}

function waitingIn({ groups, queues = [], at }: Observation): ReadonlyMap<string, number> {
  return waitingByGroup(takersOf(groups.map((entry) => classifyGroup(entry, at))), queues);
}

async function measureOnce(look: (pipelines: PipelineApi) => Promise<Observation>): Promise<QueueMeasured> {
  const { api, calls } = countingPipelines();
  const start = process.cpuUsage();
  const found = await look(api);
  decide(found);
  const { user, system } = process.cpuUsage(start);
  return {
    cpuMs: (user + system) / 1000,
    calls: calls(),
    known: found.groups.filter(({ queue }) => queue?.kind === 'counted').length,
    waiting: [...waitingIn(found).values()],
  };
}

/** In turns, so that both see the machine in the same mood; the old way takes seconds, and is shown once. */
const measured = { before: await measureOnce(before), now: [await measureOnce(now)] };
for (let repeat = 1; repeat < REPEATS; repeat += 1) measured.now.push(await measureOnce(now));
const result: QueuesMeasured = {
  before: measured.before,
  now: { ...(measured.now[0] ?? measured.before), cpuMs: median(measured.now.map(({ cpuMs }) => cpuMs)) },
};
console.log(JSON.stringify(result));
