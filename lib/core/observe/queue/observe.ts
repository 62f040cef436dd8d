/**
 * The queue as a part of the look: after everything else was seen, the waiting steps of those groups whose size depends
 * on them. It adds to the observation and never takes away: a queue that cannot be counted is `unknown`, with a
 * sentence, and its group is scaled without it.
 */
import { idleBuffer } from '../../decide/idle-buffer.ts';
import { waitingByGroup } from '../../decide/queue.ts';
import { queueAware } from '../../decide/queue-aware.ts';
import type { Scope } from '../../model/configuration.ts';
import type { GroupObservation, Observation, QueueReading } from '../../model/observation.ts';
import type { PipelineApi } from '../../ports.ts';
import { scopeKey } from '../../scope.ts';
import { type Asking, askingGroups } from './asking.ts';
import { type Count, countQueues, MOST_PIPELINES } from './count.ts';
import { type Chosen, chooseRepositories, scopeOf } from './repositories.ts';
import { incomplete, toQueue } from './tally.ts';

/** How long counting may keep a tick from acting. */
const LONGEST_LOOK_MS = 5_000;

/** Notes of one tick; a workspace full of files that cannot be read says it often. */
const MOST_NOTES = 10;

const CUT_SHORT = `not all of it was seen: a tick stops after ${LONGEST_LOOK_MS / 1000} s and ${MOST_PIPELINES} pipelines`;

/** A group that asks, with what became of its question. */
type Answered = { readonly chosen: Chosen; readonly reading: QueueReading; readonly note?: string };

/**
 * The observation with the queues of its saturated `queueAware` groups. Ends after `LONGEST_LOOK_MS`, or when a given
 * signal aborts, whatever is still under way. Never rejects.
 */
export async function observeQueues(
  seen: Observation,
  pipelines: PipelineApi,
  signal?: AbortSignal,
): Promise<Observation> {
  const asking = askingGroups(seen);
  if (asking.length === 0) return seen;
  if (signal !== undefined) return readQueues(seen, asking, pipelines, signal);
  // Not AbortSignal.timeout: its timer would live on after the look.
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), LONGEST_LOOK_MS);
  try {
    return await readQueues(seen, asking, pipelines, abort.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function readQueues(
  seen: Observation,
  asking: readonly Asking[],
  pipelines: PipelineApi,
  signal: AbortSignal,
): Promise<Observation> {
  const timeUp = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const chosen = await Promise.race([timeUp, chooseRepositories(asking, pipelines)]);
  if (chosen === undefined) return withReadings(seen, asking.map(tooLate));

  const count = countQueues(scopesOf(chosen), pipelines, {
    signal,
    isNeeded: ({ scope }) => askersOf(scope, chosen).some((entry) => !isSatisfied(entry, seen, chosen, count)),
  });
  await Promise.race([timeUp, count.done]);
  return conclude(seen, chosen, count);
}

function askersOf({ workspace, repository }: Required<Scope>, chosen: readonly Chosen[]): readonly Chosen[] {
  return chosen.filter(
    ({ asking, repositories }) =>
      asking.observation.group.scope.workspace === workspace && repositories.includes(repository),
  );
}

/** Whether enough waiting steps are known by now. Steps are shared out anew each time, as the decision will. */
function isSatisfied({ asking }: Chosen, seen: Observation, chosen: readonly Chosen[], count: Count): boolean {
  const waiting = waitingByGroup(look(seen, chosen, count)).get(asking.observation.group.name) ?? 0;
  return waiting >= asking.enough;
}

function scopesOf(chosen: readonly Chosen[]) {
  const scopes = chosen.flatMap(({ asking, repositories }) =>
    repositories.map((repository) => scopeOf(asking.observation.group.scope, repository)),
  );
  return [...new Map(scopes.map((scope) => [scopeKey(scope), scope])).values()];
}

/** The observation as if everything that was chosen had been counted with what is there by now. */
function look(seen: Observation, chosen: readonly Chosen[], count: Count): Observation {
  const queues = [...count.repositories.values()].filter(({ open }) => open !== undefined).map(toQueue);
  const counted = chosen.map((entry) => ({ chosen: entry, reading: countedOf(entry) }));
  return withReadings({ ...seen, queues }, counted);
}

function countedOf({ repositories }: Chosen): QueueReading {
  return { kind: 'counted', repositories };
}

function conclude(seen: Observation, chosen: readonly Chosen[], count: Count): Observation {
  const whole = look(seen, chosen, count);
  const waiting = waitingByGroup(whole);
  const answers = chosen.map((entry) => answer(entry, count, waiting.get(entry.asking.observation.group.name) ?? 0));
  const notes = [...answers.flatMap(({ note }) => note ?? []), ...[...count.notes].slice(0, MOST_NOTES)];
  return { ...withReadings(seen, answers), queues: whole.queues, notes: [...seen.notes, ...notes] };
}

/**
 * What is told to the decision. A part of the queue is taken for the queue when it is enough, and when it asks for more
 * runners than the group would get without it.
 */
function answer(chosen: Chosen, count: Count, waiting: number): Answered {
  const { strategy, counts, enough, observation } = chosen.asking;
  const { group } = observation;
  const why = whyIncomplete(chosen, count);
  if (why === undefined || waiting >= enough) return { chosen, reading: countedOf(chosen) };
  const counted = queueAware(strategy, counts, group.min, waiting).working;
  if (counted <= idleBuffer(strategy, counts, group.min).working) return { chosen, reading: { kind: 'unknown', why } };
  const note = `Group ${group.name} has at least ${waiting} steps waiting, but not all of its queue is known: ${why}.`;
  return { chosen, reading: countedOf(chosen), note };
}

function whyIncomplete({ asking, repositories, left }: Chosen, { repositories: tallies }: Count): string | undefined {
  if (left !== undefined) return left;
  for (const repository of repositories) {
    const name = scopeKey(scopeOf(asking.observation.group.scope, repository));
    const tally = tallies.get(name);
    const why = tally && incomplete(tally, CUT_SHORT);
    if (why !== undefined) return why.includes(name) ? placed(why, asking, repository) : why;
  }
  return undefined;
}

/** With the place in the configuration, for a repository that is named there. */
function placed(why: string, { strategy: { repositories: source }, observation }: Asking, repository: string): string {
  if (source.kind === 'query' || observation.group.scope.repository !== undefined) return why;
  return `repositories[${source.names.indexOf(repository)}]: ${why}`;
}

function tooLate(asking: Asking): Answered {
  return { chosen: { asking, repositories: [] }, reading: { kind: 'unknown', why: CUT_SHORT } };
}

function withReadings(seen: Observation, answers: readonly Answered[]): Observation {
  const readings = new Map(answers.map(({ chosen, reading }) => [chosen.asking.observation.group.name, reading]));
  const groups = seen.groups.map((entry): GroupObservation => {
    const queue = readings.get(entry.group.name);
    return queue === undefined ? entry : { ...entry, queue };
  });
  return { ...seen, groups };
}
