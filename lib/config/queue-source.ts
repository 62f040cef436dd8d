/**
 * Where a `queueAware` group looks for waiting steps: the repositories that it names, a query, or, for a group of a
 * repository, that one. Pure.
 */
import type { QueueSource } from '#core/model/configuration.ts';
import { MOST_REPOSITORIES } from '#core/observe/queue/repositories.ts';
import { type Finding, type Path, problem, warning } from '#yaml/finding.ts';
import type { GroupConfig, GroupDraft } from './schema.ts';
import { QUEUE_KEYS } from './strategy-schema.ts';

/** The repositories that a valid group says. */
export function queueSourceOf({ repository, repositories, repositoryQuery: query }: GroupConfig): QueueSource {
  if (repository) return { kind: 'named', names: [repository] };
  if (repositories !== undefined) return { kind: 'named', names: repositories };
  return query === undefined ? { kind: 'query' } : { kind: 'query', query };
}

/** Keys that have no meaning here, that exclude each other, or that say one thing twice. `present`: as written. */
export function queueSourceFindings(path: Path, group: GroupDraft, present: readonly string[]): readonly Finding[] {
  const given = QUEUE_KEYS.filter((key) => present.includes(key));
  const misplaced = misplacement(group);
  if (misplaced !== undefined) return given.map((key) => problem([...path, key], misplaced, 'key'));
  if (given.length === QUEUE_KEYS.length) {
    return [problem([...path, 'repositoryQuery'], 'excludes repositories; keep one of them', 'key')];
  }
  const names = group.repositories ?? [];
  const repeated = names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [problem([...path, 'repositories', index], `"${name}" is in the list already; remove one of them`)],
  );
  return [...repeated, ...excess([...path, 'repositories'], names.length)];
}

function excess(path: Path, count: number): readonly Finding[] {
  if (count <= MOST_REPOSITORIES) return [];
  const message = `names ${count} repositories, but a tick looks at ${MOST_REPOSITORIES} at most, of all groups together, so what waits in the others stays unknown; name those that matter, or use repositoryQuery`;
  return [warning(path, message)];
}

function misplacement({ strategy, repository }: GroupDraft): string | undefined {
  if (strategy !== undefined && strategy !== 'queueAware') {
    return `belongs to strategy queueAware, and this group has ${strategy}; remove the key, or change the strategy`;
  }
  if (!repository) return undefined;
  return `belongs to groups of a workspace; this one looks at its own repository, "${repository}": remove the key`;
}
