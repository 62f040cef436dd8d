/** Saturated groups and scripted queues, for looks that a test can read. */

import { decide, questionsIn } from '#core/decide/decide.ts';
import type { QueueSource } from '#core/model/configuration.ts';
import type { GroupObservation, Observation, WaitingSteps } from '#core/model/observation.ts';
import { observeQueues } from '#core/observe/queue/observe.ts';
import type { PipelineApi, Ports } from '#core/ports.ts';
import { group, groupObservation, observation, population } from '#kit/fleet.ts';
import { recordingPorts } from '../../reconcile/ports.ts';

export const LINUX = ['linux', 'self.hosted'];

export type Seen = {
  readonly name?: string;
  readonly labels?: readonly string[];
  readonly workspace?: string;
  /** Its own repository. */
  readonly repository?: string;
  readonly source?: QueueSource;
  readonly max?: number;
  readonly maxCreatesPerTick?: number;
  readonly runners?: Parameters<typeof population>[0];
  readonly over?: Partial<GroupObservation>;
};

/** Repositories by name. */
export function named(...names: readonly string[]): QueueSource {
  return { kind: 'named', names };
}

/** A `queueAware` group with two busy runners, a buffer of one, and room for eight more, unless said otherwise. */
export function see(seen: Seen = {}): GroupObservation {
  const { name = 'builds', labels = LINUX, workspace = 'acme', repository, source = named('site'), max = 10 } = seen;
  const { runners = { busy: 2 }, maxCreatesPerTick = 50, over } = seen;
  return groupObservation({
    group: group({
      name,
      labels,
      max,
      maxCreatesPerTick,
      scope: repository === undefined ? { workspace } : { workspace, repository },
      strategy: {
        kind: 'queueAware',
        idleCount: 1,
        scaleFactor: 0,
        scaleFactorLimit: 5,
        repositories: repository === undefined ? source : named(repository),
      },
    }),
    runners: population(runners),
    ...over,
  });
}

/** By repository, its pipelines; each with the steps that wait, all for the same labels. */
export type Script = Readonly<Record<string, readonly (number | Partial<WaitingSteps>)[]>>;

/** A Bitbucket with these queues; the uuid of a pipeline is `{repository-index}`. */
export function bitbucketWith(script: Script): PipelineApi {
  return {
    recentRepositories: async (_workspace, { limit }) => Object.keys(script).slice(0, limit),
    openPipelines: async ({ repository }) => ({
      pipelines: (script[repository] ?? []).map((_, index) => ({
        uuid: `{${repository}-${index}}`,
        section: 'default',
      })),
      isWhole: true,
    }),
    waitingSteps: async ({ repository }, { uuid }) => {
      const entry = script[repository]?.[Number(/\d+(?=\}$)/.exec(uuid)?.[0])] ?? 0;
      const { labels = LINUX, steps = 1 } = typeof entry === 'number' ? { steps: entry } : entry;
      return { waiting: steps === 0 ? [] : [{ labels, steps }], notes: [] };
    },
  };
}

/** One look at the queues, and the calls that it took. */
export async function look(
  groups: readonly GroupObservation[],
  script: Script,
  over: Partial<PipelineApi> = {},
  options: {
    readonly maxRunners?: number;
    readonly slots?: Observation['workspaces'][number]['slots'];
    readonly signal?: AbortSignal;
  } = {},
): Promise<{ readonly seen: Observation; readonly trace: readonly string[] }> {
  const { ports, trace } = recordingPorts({ pipelines: { ...bitbucketWith(script), ...over } });
  const before = observation(groups);
  const { maxRunners = 100, slots, signal = new AbortController().signal } = options;
  const deadline = () => ({ signal, cancel: () => undefined });
  const workspaces = before.workspaces.map((workspace) => ({ ...workspace, maxRunners, ...(slots && { slots }) }));
  return { seen: await ask({ ...before, workspaces }, { pipelines: ports.pipelines, deadline }), trace };
}

/** The look with the queues that its decisions ask for. */
export async function ask(seen: Observation, ports: Pick<Ports, 'pipelines' | 'deadline'>): Promise<Observation> {
  const questions = questionsIn(decide(seen));
  return questions.length === 0 ? seen : observeQueues(seen, questions, ports);
}
