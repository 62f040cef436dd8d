/** A migration as text for a terminal, and as a JSON document. Pure. */
import { counted, type TextOptions, wrap } from '#text/layout.ts';
import { formatProblem } from '#yaml/problem.ts';
import { CONFIG_FILE, TEMPLATE_FILE } from './changes.ts';
import type { Migration } from './migrate.ts';

/** The answer of `migrate --json`. */
export function migrationDocument(migration: Migration, written: readonly string[]): object {
  const { files: _, ...told } = migration;
  return { version: 1, valid: told.problems.length === 0, written, ...told };
}

/** The answer of `migrate` in lines. `written` are the paths of the files. */
export function renderMigration(
  migration: Migration,
  written: readonly string[],
  { width, paint = (_, text) => text }: TextOptions,
): readonly string[] {
  const { problems, changes, objects } = migration;
  const uninstalled = objects.filter(({ isOfHelm }) => isOfHelm);
  if (problems.length > 0) {
    return [
      ...problems.map(formatProblem),
      `Nothing was written: ${counted(problems.length, 'thing')} cannot be converted.`,
    ];
  }
  const section = (title: string, entries: readonly Entry[]) =>
    entries.length === 0 ? [] : ['', paint('heading', title), ...entries.flatMap((entry) => layEntry(entry, width))];
  const changesIn = (file: (typeof changes)[number]['file']) =>
    changes.filter((change) => change.file === file).map(({ what, why }) => ({ text: what, detail: `Why: ${why}.` }));
  const objectsOf = (fate: (typeof objects)[number]['fate']) =>
    objects
      .filter((object) => object.fate === fate)
      .map(({ kind, name, source, line }) => ({ text: `${kind} ${name} (${source}:${line})` }));
  return [
    `Wrote ${written.join(' and ')}.`,
    summary(migration),
    ...section(`What changed in ${CONFIG_FILE}`, changesIn(CONFIG_FILE)),
    ...section(`What changed in ${TEMPLATE_FILE}`, changesIn(TEMPLATE_FILE)),
    ...section('What changes besides', changesIn(undefined)),
    ...section(
      'To look at',
      migration.warnings.map((warning) => ({ text: formatProblem(warning) })),
    ),
    ...section('No longer needed, once you are done', objectsOf('obsolete')),
    ...section('Still needed', objectsOf('needed')),
    ...section('Not part of the autoscaler, left alone', objectsOf('unknown')),
    ...section('What helm uninstall deletes', uninstalled.length === 0 ? [] : helmEntries(uninstalled)),
    ...section(
      'Next',
      nextSteps(migration, written).map((text) => ({ text })),
    ),
  ];
}

/** An item of a list, and what stands beneath it. */
type Entry = { readonly text: string; readonly detail?: string };

function layEntry({ text, detail }: Entry, width: number): readonly string[] {
  const lines = [text, ...(detail === undefined ? [] : [detail])].flatMap((part) =>
    wrap(part, Math.max(width - 2, 20)),
  );
  return lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}`);
}

/** All that Helm made goes with it, also what is still needed: deleting a namespace deletes the runners in it. */
function helmEntries(objects: Migration['objects']): readonly Entry[] {
  const names = (all: Migration['objects']) => all.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  const kept = objects.filter(({ fate }) => fate !== 'obsolete');
  if (kept.length === 0) return [{ text: `${names(objects)}: nothing of it is needed any more` }];
  const [{ kind, name } = { kind: '', name: '' }] = kept;
  return [
    {
      text: `${names(kept)} too, which ${kept.length === 1 ? 'stays' : 'stay'} in use: a namespace takes its runners and their builds with it`,
      detail: `Before you uninstall: kubectl annotate ${kind.toLowerCase()} ${name} helm.sh/resource-policy=keep${kept.length === 1 ? '' : ', and the others likewise'}.`,
    },
  ];
}

function summary({ groups, files, placeholders }: Migration): string {
  if (groups === 0) return 'The migrated Job template is valid.';
  const template = files.some(({ name }) => name === TEMPLATE_FILE) ? ' with its Job template' : '';
  const condition =
    placeholders === 0
      ? ''
      : ` once ${placeholders === 1 ? 'a placeholder is' : `${placeholders} placeholders are`} replaced`;
  return `The migrated configuration is valid${condition}: ${counted(groups, 'group')}${template}.`;
}

/** Objects that decide about the amounts of pods, and what groups say to them. */
const AMOUNTS_WANTED: Readonly<Record<string, string>> = {
  ResourceQuota:
    'may want limits of every container: limits.cpu and limits.memory under resources and runnerResources of the groups set them',
  LimitRange:
    'gives amounts to containers that have none, and bounds the others: resources and runnerResources of the groups set them',
};

function nextSteps({ files, own, groups, objects }: Migration, written: readonly string[]): readonly string[] {
  const config = written[0] ?? '';
  if (groups === 0) {
    return [
      `name ${config} in the configuration: jobTemplates: { runner: { path: ${TEMPLATE_FILE} } }, and "jobTemplate: runner" in the groups`,
    ];
  }
  const hasTemplate = files.some(({ name }) => name === TEMPLATE_FILE);
  const simpler =
    hasTemplate && own?.others.length === 0
      ? [
          'your template says nothing that groups cannot say: "migrate --built-in" into another directory makes a configuration without one',
        ]
      : [];
  return [
    ...simpler,
    ...objects
      .filter(({ kind }) => kind in AMOUNTS_WANTED)
      .map(({ kind, name }) => `${kind} ${name} ${AMOUNTS_WANTED[kind]}`),
    `runner-autoscaler validate --config ${config}`,
    `runner-autoscaler plan --config ${config} (a dry run against the live workspace)`,
    'docs/migrate.md tells the rest: stop the old one, start this one, and the way back',
  ];
}
