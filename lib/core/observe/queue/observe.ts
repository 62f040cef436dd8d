/**
 * The queue as a part of the look: the waiting steps of those groups whose size depends on them. It adds to the
 * observation and never takes away: a queue that cannot be counted is `unknown`, with a sentence, and its group is scaled
 * without it.
 */
import type { QueueQuestion } from '../../decide/asking.ts';
import { runnableBy, type Taker, takerOf, waitingByGroup } from '../../decide/queue.ts';
import { wishOf } from '../../decide/strategies/index.ts';
import type { Scope } from '../../model/configuration.ts';
import type { GroupObservation, Observation, QueueObservation, QueueReading } from '../../model/observation.ts';
import type { Ports } from '../../ports.ts';
import { scopeKey } from '../../scope.ts';
import { type Count, countQueues, MOST_PIPELINES } from './count.ts';
import { type Chosen, chooseRepositories, scopeOf } from './repositories.ts';
import { incomplete, type RepositoryTally, toQueue } from './tally.ts';

/** How long counting may keep a tick from acting. */
const LONGEST_LOOK_MS = 5_000;

/** Notes of one tick that are told in full; a workspace full of files that cannot be read says it often. */
const MOST_NOTES = 10;

const CUT_SHORT = `not all of it was seen: a tick stops after ${LONGEST_LOOK_MS / 1000} s and ${MOST_PIPELINES} pipelines`;

/** What became of a question. */
type Answered = { readonly question: QueueQuestion; readonly reading: QueueReading; readonly note?: string };

/**
 * The observation with the queues that were asked for. Ends after `LONGEST_LOOK_MS`, or when the deadline aborts,
 * whatever is still under way. Never rejects.
 */
export async function observeQueues(
  seen: Observation,
  questions: readonly QueueQuestion[],
  { pipelines, deadline }: Pick<Ports, 'pipelines' | 'deadline'>,
): Promise<Observation> {
  const { signal, cancel } = deadline(LONGEST_LOOK_MS);
  try {
    const timeUp = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined));
    });
    const chosen = await Promise.race([timeUp, chooseRepositories(questions, pipelines)]);
    if (chosen === undefined) return withAnswers(seen, questions.map(tooLate));
    const asking = chosen.map((entry) => ({ ...entry, taker: takerOf(entry.question.group, entry.repositories) }));
    const takers = asking.map(({ taker }) => taker);
    const count = countQueues(scopesOf(chosen), pipelines, {
      runnable: (scope, waiting) => runnableBy(takers, scope, waiting),
      signal,
      whoNeedsMore: (known) => whoNeedsMore(asking, known),
    });
    await Promise.race([timeUp, count.done]);
    return conclude(seen, asking, count);
  } finally {
    cancel();
  }
}

/** A question with the repositories that were chosen for it. */
type Asking = Chosen & { readonly taker: Taker };

/**
 * Whether a group still needs to know more of a repository, when so much is known. Steps are shared out as the decision
 * will, once for all groups.
 */
function whoNeedsMore(asking: readonly Asking[], known: readonly RepositoryTally[]) {
  const waiting = shareOut(asking, known);
  const takers = asking
    .filter(({ question }) => (waiting.get(nameOf(question)) ?? 0) < question.enough)
    .map(({ taker }) => taker);
  return ({ workspace, repository }: Required<Scope>): boolean =>
    takers.some(({ group, repositories }) => group.scope.workspace === workspace && repositories.has(repository));
}

/** The waiting steps by group, as if everything that was chosen had been counted with what is known by now. */
function shareOut(asking: readonly Asking[], known: readonly RepositoryTally[]): ReadonlyMap<string, number> {
  return waitingByGroup(
    asking.map(({ taker }) => taker),
    queuesIn(known),
  );
}

function queuesIn(known: readonly RepositoryTally[]): readonly QueueObservation[] {
  return known.filter(({ open }) => open !== undefined).map(toQueue);
}

function scopesOf(chosen: readonly Chosen[]): readonly Required<Scope>[] {
  const scopes = chosen.flatMap(({ question, repositories }) =>
    repositories.map((repository) => scopeOf(question.group.observation.group.scope, repository)),
  );
  return [...new Map(scopes.map((scope) => [scopeKey(scope), scope])).values()];
}

function conclude(seen: Observation, asking: readonly Asking[], count: Count): Observation {
  const known = [...count.repositories.values()];
  const waiting = shareOut(asking, known);
  const answers = asking.map((entry) => answer(entry, count, waiting.get(nameOf(entry.question)) ?? 0));
  const notes = [...answers.flatMap(({ note }) => note ?? []), ...fewNotes(count)];
  return { ...withAnswers(seen, answers), queues: queuesIn(known), notes: [...seen.notes, ...notes] };
}

/** A note of every repository before a second one of any; whose notes are too many is named all the same. */
function fewNotes({ notes }: Count): readonly string[] {
  const byRepository = [...Map.groupBy(notes, ([, scope]) => scopeKey(scope)).values()];
  const told = [...byRepository.flatMap((all) => all.slice(0, 1)), ...byRepository.flatMap((all) => all.slice(1))];
  const shown = told.slice(0, MOST_NOTES).map(([note]) => note);
  const left = told.slice(MOST_NOTES);
  if (left.length === 0) return shown;
  const scopes = [...new Set(left.map(([, scope]) => scopeKey(scope)))];
  return [...shown, `${left.length} more notes on waiting steps are left out; they are on ${scopes.join(', ')}.`];
}

/**
 * What is told to the decision. A part of the queue is taken for the queue when it is enough, and when it asks for more
 * runners than the group would get without it.
 */
function answer(chosen: Chosen, count: Count, waiting: number): Answered {
  const { question, repositories } = chosen;
  const { observation, counts } = question.group;
  const { name, strategy, min } = observation.group;
  const counted: QueueReading = { kind: 'counted', repositories };
  const why = whyIncomplete(chosen, count);
  if (why === undefined || waiting >= question.enough) return { question, reading: counted };
  if (wishOf(strategy, counts, min, waiting).working <= wishOf(strategy, counts, min).working) {
    return { question, reading: { kind: 'unknown', why } };
  }
  const note = `Group ${name} has at least ${waiting} steps waiting, but not all of its queue is known: ${why}.`;
  return { question, reading: counted, note };
}

function whyIncomplete(chosen: Chosen, { repositories: tallies }: Count): string | undefined {
  const { question, repositories, left } = chosen;
  if (left !== undefined) return left;
  for (const repository of repositories) {
    const name = scopeKey(scopeOf(question.group.observation.group.scope, repository));
    const tally = tallies.get(name);
    const why = tally && incomplete(tally, CUT_SHORT);
    if (why !== undefined) return why.includes(name) ? placed(why, question, repository) : why;
  }
  return undefined;
}

/** With the place in the configuration, for a repository that is named there. */
function placed(why: string, { source, group: { observation } }: QueueQuestion, repository: string): string {
  if (source.kind === 'query' || observation.group.scope.repository !== undefined) return why;
  return `repositories[${source.names.indexOf(repository)}]: ${why}`;
}

function tooLate(question: QueueQuestion): Answered {
  return { question, reading: { kind: 'unknown', why: CUT_SHORT } };
}

function nameOf({ group }: QueueQuestion): string {
  return group.observation.group.name;
}

function withAnswers(seen: Observation, answers: readonly Answered[]): Observation {
  const readings = new Map(answers.map(({ question, reading }) => [nameOf(question), reading]));
  const groups = seen.groups.map((entry): GroupObservation => {
    const queue = readings.get(entry.group.name);
    return queue === undefined ? entry : { ...entry, queue };
  });
  return { ...seen, groups };
}
