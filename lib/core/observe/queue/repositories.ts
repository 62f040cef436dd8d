/** Which repositories a tick looks at for the groups that ask: each once, whoever asks for it, and never too many. */
import type { QueueQuestion } from '../../decide/asking.ts';
import { MOST_REPOSITORIES } from '../../decide/strategies/queue-aware.ts';
import { sentenceOf } from '../../errors.ts';
import type { Scope } from '../../model/configuration.ts';
import type { PipelineApi } from '../../ports.ts';
import { scopeKey } from '../../scope.ts';

/** The repositories of a group that are looked at, and why some are not. */
export type Chosen = {
  readonly question: QueueQuestion;
  readonly repositories: readonly string[];
  readonly left: string | undefined;
};

type Wanted = { readonly question: QueueQuestion; readonly names: readonly string[]; readonly trouble?: string };

/**
 * The repositories to look at, group by group. Of more than a tick can look at every group gets its first ones, in
 * turns. What is left of a query is no loss, since the most recently active come first; what is left of names is.
 */
export async function chooseRepositories(
  questions: readonly QueueQuestion[],
  pipelines: PipelineApi,
): Promise<readonly Chosen[]> {
  const search = onceEach((workspace: string, query: string | undefined) =>
    pipelines.recentRepositories(workspace, { limit: MOST_REPOSITORIES, ...(query === undefined ? {} : { query }) }),
  );
  const wanted = await Promise.all(questions.map((question) => wantedBy(question, search)));
  const looked = firstOfEach(wanted);
  return wanted.map(({ question, names, trouble }) => {
    const repositories = names.filter((name) => looked.has(keyOf(question, name)));
    const left = trouble ?? leftOut(question, names.length - repositories.length);
    return { question, repositories, left };
  });
}

async function wantedBy(question: QueueQuestion, search: ReturnType<typeof onceEach>): Promise<Wanted> {
  const { source } = question;
  if (source.kind === 'named') return { question, names: [...new Set(source.names)] };
  try {
    return { question, names: await search(question.group.observation.group.scope.workspace, source.query) };
  } catch (error) {
    return { question, names: [], trouble: sentenceOf(error).replace(/\.$/, '') };
  }
}

function leftOut({ source }: QueueQuestion, count: number): string | undefined {
  if (count === 0 || source.kind === 'query') return undefined;
  return `${count} of its repositories are not among the ${MOST_REPOSITORIES} that a tick looks at`;
}

/** The first of every group, then the second of every group, and so on, until there are enough. */
function firstOfEach(wanted: readonly Wanted[]): ReadonlySet<string> {
  const chosen = new Set<string>();
  const longest = Math.max(0, ...wanted.map(({ names }) => names.length));
  // Stryker disable next-line EqualityOperator: nobody has a name of that rank.
  for (let rank = 0; rank < longest; rank += 1) {
    for (const { question, names } of wanted) {
      const name = names[rank];
      if (name !== undefined && chosen.size < MOST_REPOSITORIES) chosen.add(keyOf(question, name));
    }
  }
  return chosen;
}

function keyOf({ group }: QueueQuestion, repository: string): string {
  return scopeKey(scopeOf(group.observation.group.scope, repository));
}

/** A repository of a group. */
export function scopeOf({ workspace }: Scope, repository: string): Required<Scope> {
  return { workspace, repository };
}

function onceEach(search: (workspace: string, query: string | undefined) => Promise<readonly string[]>): typeof search {
  const searches = new Map<string, Promise<readonly string[]>>();
  return (workspace, query) => {
    const key = JSON.stringify([workspace, query]);
    const found = searches.get(key) ?? search(workspace, query);
    searches.set(key, found);
    return found;
  };
}
