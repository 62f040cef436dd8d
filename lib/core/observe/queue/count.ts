/**
 * Reading the queues of repositories within bounds: in calls, in time, and no further than anybody needs to know. First
 * every repository's pipelines are listed, then their steps are read in turns, the latest pipeline of each repository
 * first: what waits is among the latest, and no repository is left out for the length of another's list.
 */
import { BudgetError, ServiceError, sentenceOf } from '../../errors.ts';
import type { Scope } from '../../model/configuration.ts';
import type { WaitingSteps } from '../../model/observation.ts';
import type { OpenPipeline, PipelineApi } from '../../ports.ts';
import { scopeKey } from '../../scope.ts';
import { addWaiting, newTally, type RepositoryTally } from './tally.ts';

/** Pipelines whose steps are read on one tick. */
export const MOST_PIPELINES = 200;

/** Calls in flight: fast enough for 50 repositories in a second, and few for Bitbucket. */
const CONCURRENT_READS = 20;

/** What makes every further call for a workspace pointless: the credential is refused, or nothing more is allowed. */
const HOPELESS: ReadonlySet<number | undefined> = new Set([401, 403, 429]);

/** What was read, repository by repository. It goes on growing until `done`. */
export type Count = {
  readonly repositories: ReadonlyMap<string, RepositoryTally>;
  /** Notes, each once, with the repository that it came from first. */
  readonly notes: ReadonlyMap<string, Required<Scope>>;
  readonly done: Promise<void>;
};

/** What counts, and when to stop before the end. */
export type Limits = {
  /** Of waiting steps those that anybody here can run. */
  readonly runnable: (scope: Required<Scope>, waiting: readonly WaitingSteps[]) => readonly WaitingSteps[];
  readonly signal: AbortSignal;
  /** When so much is known: whether anybody needs to know more of a repository. */
  readonly whoNeedsMore: (known: readonly RepositoryTally[]) => (scope: Required<Scope>) => boolean;
};

/** Begins to read. Never rejects: what fails is the `trouble` of its repository. */
export function countQueues(scopes: readonly Required<Scope>[], api: PipelineApi, limits: Limits): Count {
  const repositories = new Map(scopes.map((scope) => [scopeKey(scope), newTally(scope)]));
  const notes = new Map<string, Required<Scope>>();
  const hopeless = new Map<string, string>();

  /** Reads something of the repository, unless that is known to be pointless. */
  async function attempt(tally: RepositoryTally, read: () => Promise<void>): Promise<void> {
    const { workspace } = tally.scope;
    const known = tally.trouble ?? hopeless.get(workspace);
    if (known !== undefined) {
      tally.trouble = known;
      return;
    }
    try {
      await read();
    } catch (error) {
      tally.trouble = sentenceOf(error).replace(/\.$/, '');
      if (isHopeless(error)) hopeless.set(workspace, tally.trouble);
    }
  }

  /** Worked out anew when something has been learnt. */
  let isNeeded: ReturnType<Limits['whoNeedsMore']> | undefined;

  const list = (tally: RepositoryTally) => async (): Promise<void> => {
    tally.open = await api.openPipelines(tally.scope);
  };

  const readSteps = (tally: RepositoryTally, pipeline: OpenPipeline) => async (): Promise<void> => {
    const found = await api.waitingSteps(tally.scope, pipeline);
    addWaiting(tally, limits.runnable(tally.scope, found.waiting));
    isNeeded = undefined;
    for (const note of found.notes) if (!notes.has(note)) notes.set(note, tally.scope);
  };

  async function readAll(): Promise<void> {
    const tallies = [...repositories.values()];
    // One repository per workspace first, so a credential without permission fails once instead of twenty times.
    const first = new Map(tallies.toReversed().map((tally) => [tally.scope.workspace, tally]));
    await inTurn([...first.values()], limits.signal, (tally) => attempt(tally, list(tally)));
    const others = tallies.filter((tally) => first.get(tally.scope.workspace) !== tally);
    await inTurn(others, limits.signal, (tally) => attempt(tally, list(tally)));
    await inTurn(turns(tallies), limits.signal, async ({ tally, pipeline }) => {
      isNeeded ??= limits.whoNeedsMore(tallies);
      if (isNeeded(tally.scope)) await attempt(tally, readSteps(tally, pipeline));
    });
  }

  return { repositories, notes, done: readAll() };
}

function isHopeless(error: unknown): boolean {
  return error instanceof BudgetError || (error instanceof ServiceError && HOPELESS.has(error.status));
}

type Turn = { readonly tally: RepositoryTally; readonly pipeline: OpenPipeline };

/** The first pipeline of every repository, then the second, and so on; a pipeline with two names has one turn. */
function turns(tallies: readonly RepositoryTally[]): readonly Turn[] {
  const longest = Math.max(0, ...tallies.map(({ open }) => open?.pipelines.length ?? 0));
  const known = new Set<string>();
  const all: Turn[] = [];
  // Stryker disable next-line EqualityOperator: nobody has a pipeline of that rank.
  for (let rank = 0; rank < longest; rank += 1) {
    for (const tally of tallies) {
      const pipeline = tally.open?.pipelines[rank];
      if (pipeline === undefined) continue;
      if (known.has(pipeline.uuid)) tally.read += 1;
      else all.push({ tally, pipeline });
      known.add(pipeline.uuid);
    }
  }
  return all.slice(0, MOST_PIPELINES);
}

/** Works on the items in their order, some at a time, until the signal stops it; what is under way is waited for. */
async function inTurn<Item>(
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) {
      if (signal.aborted) return;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(items.length, CONCURRENT_READS) }, worker));
}
