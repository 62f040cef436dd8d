/**
 * Atlassian's `runners_config.yaml` as one of ours. It loads unchanged; what has no meaning here goes, and what the Job
 * template said of sizes and nodes comes in. The YAML tree is changed, not the text, so that comments stay.
 */
import * as yaml from 'yaml';
import { readConfig } from '#config/read.ts';
import { parseWithin, YamlError } from '#yaml/bounded.ts';
import { CONFIGURATION_LIMITS } from '#yaml/document.ts';
import { formatPath, type Path } from '#yaml/finding.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { insertBefore, offsetOf } from '#yaml/tree.ts';
import {
  coolDownChange,
  type MigrationChange,
  pausesChange,
  pollingChange,
  TEMPLATE_FILE,
  templateNamedChange,
} from './changes.ts';
import { type Excerpt, problemIn, problemInFile } from './excerpt.ts';
import { type Placeholder, placeholdersOf, textWithStandIns, toReplace } from './placeholders.ts';

/** What every group gets that does not say it itself: a Job template, resources, a node selector. */
export type GroupDefaults = Readonly<Record<string, unknown>>;

/** A configuration without the constants that have no meaning, or what is wrong with it, placed in the source. */
export type ConvertedConfig = {
  /** Absent exactly if there are problems. */
  readonly document?: yaml.Document;
  readonly changes: readonly MigrationChange[];
  readonly problems: readonly InputProblem[];
  readonly warnings: readonly InputProblem[];
  /** The limits that groups give: until now they were those of the runner container. */
  readonly limits: readonly InputProblem[];
  readonly placeholders: readonly Placeholder[];
};

/** Converts a configuration. */
export function convertConfig(excerpt: Excerpt): ConvertedConfig {
  const lines = new yaml.LineCounter();
  const document = documentIn(excerpt, lines);
  const placeholders = document === undefined ? [] : placeholdersOf(document);
  const problems = problemsOf(excerpt, document, placeholders);
  if (problems.length > 0 || document === undefined)
    return { changes: [], problems, warnings: [], limits: [], placeholders };
  const warn = (offset: number, path: Path, message: string) => {
    const { line, col } = lines.linePos(offset);
    return problemIn(excerpt, { line, column: col }, message, formatPath(path));
  };
  const warnings = placeholders.map((one) => warn(one.offset, one.path, toReplace(one)));
  const limits = limitsOf(document).map(({ offset, path }) => warn(offset, path, LIMITS_STEPS));
  return { document, changes: replaceConstants(document), problems, warnings, limits, placeholders };
}

/** Undefined for what the loader cannot read either. */
function documentIn({ text }: Excerpt, lineCounter: yaml.LineCounter): yaml.Document | undefined {
  try {
    const parse = (within: string, options: yaml.ParseOptions) =>
      yaml.parseDocument(within, { ...options, lineCounter });
    const document = parseWithin(text, CONFIGURATION_LIMITS, parse);
    return document.errors.length > 0 ? undefined : document;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return undefined;
  }
}

const LIMITS_STEPS =
  'limits steps from now on, which had no limit; raise it to what your steps need (1x of Bitbucket is 4Gi), and leave cpu out if they may use what is free';

function limitsOf(document: yaml.Document): readonly { readonly offset: number; readonly path: Path }[] {
  const groups = document.get('groups');
  return (yaml.isSeq(groups) ? groups.items : []).flatMap((group, index) => {
    const limits = yaml.isMap(group) ? group.getIn(['resources', 'limits'], true) : undefined;
    if (!yaml.isMap(limits)) return [];
    return [{ offset: offsetOf(limits), path: ['groups', index, 'resources', 'limits'] }];
  });
}

/** What the loader of this project says, of the text as it is; only placeholders are forgiven. */
function problemsOf(
  excerpt: Excerpt,
  document: yaml.Document | undefined,
  placeholders: readonly Placeholder[],
): readonly InputProblem[] {
  const { problems } = readConfig(excerpt.text, excerpt.source);
  if (problems.length === 0 || document === undefined)
    return problems.map((problem) => problemInFile(excerpt, problem));
  const text = textWithStandIns(document, placeholders);
  const real = new Set(readConfig(text, excerpt.source).problems.map(({ path }) => path));
  return problems.filter(({ path }) => real.has(path)).map((problem) => problemInFile(excerpt, problem));
}

const PAUSES = ['default_sleep_time_runner_setup', 'default_sleep_time_runner_delete'];
const POLLING = 'runner_api_polling_interval';
const COOL_DOWN = 'runner_cool_down_period';

function replaceConstants(document: yaml.Document): readonly MigrationChange[] {
  const constants = document.get('constants');
  if (!yaml.isMap(constants)) return [];
  const interval: unknown = constants.get(POLLING);
  const pauses = PAUSES.filter((key) => constants.delete(key));
  const isPolling = constants.delete(POLLING);
  const coolDown: unknown = constants.get(COOL_DOWN);
  if (constants.items.length === 0) document.delete('constants');
  return [
    ...(isPolling ? [pollingChange(POLLING, String(interval))] : []),
    ...(pauses.length > 0 ? [pausesChange(pauses)] : []),
    ...(coolDown === undefined ? [] : [coolDownChange(COOL_DOWN, String(coolDown))]),
  ];
}

/** Gives every group what it does not say itself. */
export function addToGroups(document: yaml.Document, defaults: GroupDefaults): void {
  const groups = document.get('groups');
  for (const group of yaml.isSeq(groups) ? groups.items : []) {
    if (!yaml.isMap(group)) continue;
    for (const [key, value] of Object.entries(defaults)) {
      if (!group.has(key)) group.add(document.createPair(key, value));
    }
  }
}

/** Names the written template, so that groups can refer to it. */
export function nameTemplate(document: yaml.Document, name: string): MigrationChange {
  const root = document.contents;
  if (yaml.isMap(root) && !document.hasIn(['jobTemplates', name])) {
    const entry = { path: TEMPLATE_FILE };
    if (root.has('jobTemplates')) document.setIn(['jobTemplates', name], document.createNode(entry));
    else insertBefore(root, 'groups', document.createPair('jobTemplates', { [name]: entry }));
  }
  return templateNamedChange(name);
}
