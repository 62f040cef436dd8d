/**
 * What relates the keys of the whole file to each other: names, label sets, references, caps. Every check works on the
 * fields that are valid by themselves, so that all problems come at once. Pure.
 */
import { scopeKey } from '#core/scope.ts';
import { canonicalBitbucketName } from '#yaml/fields.ts';
import { type Finding, problem, warning } from '#yaml/finding.ts';
import { budgetFindings } from './budget-checks.ts';
import { groupFindings, highestMaxOf, type WrittenGroup } from './group-checks.ts';
import { architectureOf, registeredLabels } from './labels.ts';
import { pollFindings } from './poll-checks.ts';
import { draftGroup, type GroupDraft, isRecord, WORKSPACE_DEFAULTS } from './schema.ts';

/** All that is wrong or doubtful between keys, within groups and across the file; `value` is the parsed YAML. */
export function relationFindings(value: unknown): readonly Finding[] {
  if (!isRecord(value)) return [];
  const groups = (Array.isArray(value.groups) ? value.groups : []).flatMap((raw: unknown, index): WrittenGroup[] =>
    isRecord(raw) ? [{ index, raw, draft: draftGroup(raw) }] : [],
  );
  return [
    ...constantFindings(value.constants),
    ...groups.flatMap(groupFindings),
    ...duplicateNames(groups),
    ...duplicateLabelSets(groups),
    ...unnamedClusters(groups, keysOf(value.clusters)),
    ...sectionFindings(CLUSTERS, groups, value.clusters),
    ...sectionFindings(JOB_TEMPLATES, groups, value.jobTemplates),
    ...workspaceFindings(groups, value.workspaces),
    ...capFindings(groups, value.workspaces),
    ...budgetFindings(groups, value.workspaces),
    ...pollFindings(value.pollEvery, groups, value.workspaces),
    ...mixedWorkspaceNames(groups),
  ];
}

/** What takes the place of those of Atlassian's constants that have no meaning here. */
const REPLACED = new Map([
  [
    'default_sleep_time_runner_setup',
    'has no effect: runners are created side by side; maxCreatesPerTick of a group limits how many at once',
  ],
  [
    'default_sleep_time_runner_delete',
    'has no effect: runners are taken out of service first and deleted on a later tick; drainGrace of a group says how much later',
  ],
  [
    'runner_api_polling_interval',
    'has no effect: the schedule that invokes the function, or "run --every", says how often the groups are looked at',
  ],
]);

function constantFindings(constants: unknown): readonly Finding[] {
  return keysOf(constants).flatMap((key) => {
    const message = REPLACED.get(key);
    return message === undefined ? [] : [warning(['constants', key], message)];
  });
}

function duplicateNames(groups: readonly WrittenGroup[]): readonly Finding[] {
  return repeated(groups, (group) => group.name).map(({ index, draft }) =>
    problem(['groups', index, 'name'], `"${draft.name}" is the name of an earlier group already; give each its own`),
  );
}

function duplicateLabelSets(groups: readonly WrittenGroup[]): readonly Finding[] {
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
  groups: readonly WrittenGroup[],
  identify: (group: GroupDraft) => string | undefined,
): readonly (WrittenGroup & { first: GroupDraft })[] {
  const seen = new Map<string, GroupDraft>();
  return groups.flatMap((group) => {
    const identity = identify(group.draft);
    if (identity === undefined) return [];
    const first = seen.get(identity);
    if (first !== undefined) return [{ ...group, first }];
    seen.set(identity, group.draft);
    return [];
  });
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

function unnamedClusters(groups: readonly WrittenGroup[], names: readonly string[]): readonly Finding[] {
  if (names.length <= 1 || names.includes('default')) return [];
  return groups
    .filter(({ raw }) => !Object.hasOwn(raw, 'cluster'))
    .map(({ index }) =>
      problem(
        ['groups', index, 'cluster'],
        `is missing; give one of ${names.join(', ')}, or call one of them "default"`,
      ),
    );
}

function sectionFindings(section: Section, groups: readonly WrittenGroup[], entries: unknown): readonly Finding[] {
  const names = keysOf(entries);
  const used = new Set(groups.map(({ draft }) => draft[section.field] ?? section.implied(names)));
  return [
    ...groups.flatMap((group) => danglingReference(section, group, names)),
    ...names.filter((name) => !used.has(name)).map((name) => warning([section.name, name], 'is not used by any group')),
    ...names.flatMap((name) => kindFindings(section, name, isRecord(entries) ? entries[name] : undefined)),
  ];
}

function danglingReference(
  section: Section,
  { index, draft }: WrittenGroup,
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
  if (given.length === 1) return [];
  const got = given.length === 0 ? 'none' : given.join(' and ');
  return [problem([section, name], `expected exactly one of ${kinds.join(', ')}, got ${got}`, 'key')];
}

function workspaceFindings(groups: readonly WrittenGroup[], workspaces: unknown): readonly Finding[] {
  const used = workspacesOf(groups);
  const listed = new Map<string, string>();
  return keysOf(workspaces).flatMap((key) => {
    const name = canonicalBitbucketName(key);
    const other = listed.get(name);
    listed.set(name, key);
    if (other !== undefined)
      return [problem(['workspaces', key], `is "${other}" once more; remove one of them`, 'key')];
    return used.has(name) ? [] : [warning(['workspaces', key], 'is not used by any group')];
  });
}

function capFindings(groups: readonly WrittenGroup[], workspaces: unknown): readonly Finding[] {
  return [...workspacesOf(groups)].flatMap((name) => {
    const maxima = groups
      .filter(({ draft }) => draft.workspace === name)
      .map(({ index, raw }) => ({ index, max: highestMaxOf(raw) }));
    const total = maxima.reduce((sum, { max }) => sum + max, 0);
    const cap = capOf(name, workspaces);
    const last = maxima.at(-1);
    if (total <= cap || last === undefined) return [];
    const message = `makes ${total} runners for all groups of workspace ${name} together, but the workspace may have ${cap}, so some will be held back; lower a max, or raise maxRunners of the workspace if its plan has more`;
    return [warning(['groups', last.index, 'parameters', 'max'], message)];
  });
}

function capOf(name: string, workspaces: unknown): number {
  const key = keysOf(workspaces).find((candidate) => canonicalBitbucketName(candidate) === name);
  const settings = key !== undefined && isRecord(workspaces) ? workspaces[key] : undefined;
  const cap = isRecord(settings) ? settings.maxRunners : undefined;
  return typeof cap === 'number' ? cap : WORKSPACE_DEFAULTS.maxRunners;
}

/** Whether a slug and a uuid name one workspace cannot be seen from here; if so, its cap would be counted twice. */
function mixedWorkspaceNames(groups: readonly WrittenGroup[]): readonly Finding[] {
  const isUuid = ({ draft }: WrittenGroup) => draft.workspace?.startsWith('{') === true;
  const byUuid = groups.find(isUuid);
  const bySlug = groups.find((group) => group.draft.workspace !== undefined && !isUuid(group));
  if (byUuid === undefined || bySlug === undefined) return [];
  const message = `is named by uuid, while other groups name "${bySlug.draft.workspace}"; if these are one workspace, name it in one way, or its runners are counted apart`;
  return [warning(['groups', byUuid.index, 'workspace'], message, 'value')];
}

function workspacesOf(groups: readonly WrittenGroup[]): ReadonlySet<string> {
  return new Set(groups.flatMap(({ draft }) => (draft.workspace === undefined ? [] : [draft.workspace])));
}

function keysOf(value: unknown): readonly string[] {
  return isRecord(value) ? Object.keys(value) : [];
}
