/**
 * Checks across the whole file: names, label sets, references, caps. Every check uses the fields that are valid by
 * themselves, so all problems are reported at once. Pure.
 */
import { scopeKey } from '#core/scope.ts';
import { type Finding, problem, warning, when } from '#yaml/finding.ts';
import { isRecord, listOf, recordOf } from '#yaml/values.ts';
import { budgetFindings, pollFindings } from './call-checks.ts';
import { type GroupEntry, groupFindings } from './group-checks.ts';
import { relationFindings } from './group-relations.ts';
import { architectureOf, registeredLabels } from './labels.ts';
import { draftGroup, type GroupDraft } from './schema.ts';
import { workspaceEntries, workspaceFindings } from './workspace-checks.ts';

/** All problems and warnings that concern more than one key; `value` is the parsed YAML. */
export function crossKeyFindings(value: unknown): readonly Finding[] {
  if (!isRecord(value)) return [];
  const groups = listOf(value.groups).flatMap((raw, index): GroupEntry[] =>
    isRecord(raw) ? [{ index, raw, draft: draftGroup(raw) }] : [],
  );
  const workspaces = workspaceEntries(value.workspaces);
  return [
    ...keysOf(value.constants).flatMap(constantFindings),
    ...groups.flatMap(groupFindings),
    ...repeatedNames(groups),
    ...repeatedLabelSets(groups),
    ...unnamedClusters(groups, keysOf(value.clusters)),
    ...sectionFindings(CLUSTERS, groups, value.clusters),
    ...sectionFindings(JOB_TEMPLATES, groups, value.jobTemplates),
    ...workspaceFindings(groups, workspaces, keysOf(value.workspaces)),
    ...budgetFindings(groups, workspaces),
    ...pollFindings(value.pollEvery, groups, workspaces),
    ...relationFindings(groups, workspaces),
  ];
}

/** Atlassian's constants that have no effect here, and what replaces them. */
const REPLACED: Readonly<Record<string, string>> = {
  default_sleep_time_runner_setup:
    'has no effect: runners are created side by side; maxCreatesPerTick of a group limits how many at once',
  default_sleep_time_runner_delete:
    'has no effect: runners are taken out of service first and deleted on a later tick; drainGrace of a group says how much later',
  runner_api_polling_interval:
    'has no effect: the schedule that invokes the function, or "run --every", says how often the groups are looked at',
};

function constantFindings(key: string): readonly Finding[] {
  return when(Object.hasOwn(REPLACED, key), warning(['constants', key], REPLACED[key] ?? ''));
}

function repeatedNames(groups: readonly GroupEntry[]): readonly Finding[] {
  return repeated(groups, (group) => group.name).map(({ index, draft }) =>
    problem(['groups', index, 'name'], `"${draft.name}" is the name of an earlier group already; give each its own`),
  );
}

function repeatedLabelSets(groups: readonly GroupEntry[]): readonly Finding[] {
  return repeated(groups, labelScope).map(({ index, first }) => {
    const other = first.name ?? 'an earlier group';
    const message = `makes the same label set as "${other}" in the same workspace or repository, so their runners could not be told apart; add a label of its own`;
    return problem(['groups', index, 'labels'], message, 'key');
  });
}

function labelScope({ workspace, repository, labels, architecture }: GroupDraft): string | undefined {
  if (workspace === undefined || labels === undefined) return undefined;
  const scope = scopeKey({ workspace, repository: repository ?? undefined });
  return [scope, ...registeredLabels(labels, architectureOf({ architecture, labels }))].join(' ');
}

/** The groups whose identity an earlier group has already, with the first one that has it. */
function repeated(
  groups: readonly GroupEntry[],
  identify: (group: GroupDraft) => string | undefined,
): readonly (GroupEntry & { first: GroupDraft })[] {
  return [...Map.groupBy(groups, ({ draft }) => identify(draft))].flatMap(([identity, [first, ...others]]) =>
    identity === undefined || first === undefined ? [] : others.map((group) => ({ ...group, first: first.draft })),
  );
}

/** A section of named entries, each of exactly one kind, to which a field of the groups refers. */
type Section = {
  readonly name: 'clusters' | 'jobTemplates';
  readonly field: 'cluster' | 'jobTemplate';
  readonly kinds: readonly string[];
  /** The entry that a group means without naming it. */
  readonly implied: (names: readonly string[]) => string | undefined;
};

const CLUSTERS: Section = {
  name: 'clusters',
  field: 'cluster',
  kinds: ['eks', 'kubeconfig'],
  implied: (names) => (names.length === 1 ? names[0] : 'default'),
};

const JOB_TEMPLATES: Section = {
  name: 'jobTemplates',
  field: 'jobTemplate',
  kinds: ['source', 'path', 'inline'],
  implied: () => undefined,
};

function unnamedClusters(groups: readonly GroupEntry[], names: readonly string[]): readonly Finding[] {
  if (names.length <= 1 || names.includes('default')) return [];
  const message = `is missing; give one of ${names.join(', ')}, or call one of them "default"`;
  return groups
    .filter(({ raw }) => !Object.hasOwn(raw, 'cluster'))
    .map(({ index }) => problem(['groups', index, 'cluster'], message));
}

function sectionFindings(section: Section, groups: readonly GroupEntry[], entries: unknown): readonly Finding[] {
  const names = keysOf(entries);
  const used = new Set(groups.map(({ draft }) => draft[section.field] ?? section.implied(names)));
  return [
    ...groups.flatMap((group) => danglingReference(section, group, names)),
    ...names.filter((name) => !used.has(name)).map((name) => warning([section.name, name], 'is not used by any group')),
    ...names.flatMap((name) => kindFindings(section, name, recordOf(entries)[name])),
  ];
}

function danglingReference(
  section: Section,
  { index, draft }: GroupEntry,
  names: readonly string[],
): readonly Finding[] {
  const name = draft[section.field];
  const isBuiltIn = section === CLUSTERS && names.length === 0 && name === 'default';
  if (name === undefined || names.includes(name) || isBuiltIn) return [];
  const nextStep = names.length === 0 ? `add it under "${section.name}"` : `the file has ${names.join(', ')}`;
  return [problem(['groups', index, section.field], `"${name}" is not defined; ${nextStep}`)];
}

function kindFindings({ name: section, kinds }: Section, name: string, entry: unknown): readonly Finding[] {
  if (!isRecord(entry)) return [];
  const given = kinds.filter((kind) => Object.hasOwn(entry, kind));
  const message = `expected exactly one of ${kinds.join(', ')}, got ${given.join(' and ') || 'none'}`;
  return when(given.length !== 1, problem([section, name], message, 'key'));
}

function keysOf(value: unknown): readonly string[] {
  return Object.keys(recordOf(value));
}
