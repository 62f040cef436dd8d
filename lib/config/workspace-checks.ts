/** Checks of workspaces against the groups: unused or repeated entries, caps, mixed names. Pure. */
import { isUuid } from '#core/uuid.ts';
import { canonicalBitbucketName } from '#yaml/fields.ts';
import { type Finding, problem, warning, when } from '#yaml/finding.ts';
import { type Fields, recordOf } from '#yaml/values.ts';
import { type GroupEntry, highestMaxOf } from './group-checks.ts';
import { WORKSPACE_DEFAULTS } from './schema.ts';

/** The entries of `workspaces` by canonical name, with the keys that their author wrote; the first of a name counts. */
export type WorkspaceEntries = ReadonlyMap<string | undefined, { readonly key: string; readonly settings: Fields }>;

/** Reads `workspaces`, whose values may be anything. */
export function workspaceEntries(workspaces: unknown): WorkspaceEntries {
  const entries = Object.entries(recordOf(workspaces)).map(
    ([key, settings]) => [canonicalBitbucketName(key), { key, settings: recordOf(settings) }] as const,
  );
  return new Map(entries.reverse());
}

/** All that is wrong or doubtful between workspaces and groups; `keys` are those of `workspaces`. */
export function workspaceFindings(
  groups: readonly GroupEntry[],
  entries: WorkspaceEntries,
  keys: readonly string[],
): readonly Finding[] {
  const used = new Set(groups.flatMap(({ draft }) => draft.workspace ?? []));
  return [
    ...keys.flatMap((key) => keyFindings(key, entries, used)),
    ...[...used].flatMap((name) => capFindings(name, groups, entries)),
    ...mixedNames(groups),
  ];
}

function keyFindings(key: string, entries: WorkspaceEntries, used: ReadonlySet<string>): readonly Finding[] {
  const name = canonicalBitbucketName(key);
  const first = entries.get(name)?.key;
  if (first !== key) return [problem(['workspaces', key], `is "${first}" once more; remove one of them`, 'key')];
  return when(!used.has(name), warning(['workspaces', key], 'is not used by any group'));
}

function capFindings(name: string, groups: readonly GroupEntry[], entries: WorkspaceEntries): readonly Finding[] {
  const members = groups.filter(({ draft }) => draft.workspace === name);
  const total = members.reduce((sum, { raw }) => sum + highestMaxOf(raw), 0);
  const configured = entries.get(name)?.settings.maxRunners;
  const cap = typeof configured === 'number' ? configured : WORKSPACE_DEFAULTS.maxRunners;
  const message = `makes ${total} runners for all groups of workspace ${name} together, but the workspace may have ${cap}, so some will be held back; lower a max, or raise maxRunners of the workspace if its plan has more`;
  return when(total > cap, warning(['groups', members.at(-1)?.index ?? 0, 'parameters', 'max'], message));
}

/** Whether a slug and a uuid name one workspace cannot be seen from here; if so, its cap would be counted twice. */
function mixedNames(groups: readonly GroupEntry[]): readonly Finding[] {
  const named = groups.filter(({ draft }) => draft.workspace !== undefined);
  const byUuid = named.find(({ draft }) => isUuid(draft.workspace ?? ''));
  const bySlug = named.find(({ draft }) => !isUuid(draft.workspace ?? ''));
  if (byUuid === undefined || bySlug === undefined) return [];
  const message = `is named by uuid, while other groups name "${bySlug.draft.workspace}"; if these are one workspace, name it in one way, or its runners are counted apart`;
  return [warning(['groups', byUuid.index, 'workspace'], message, 'value')];
}
