/**
 * Atlassian's `runners_config.yaml` as one of ours. It loads unchanged; what has no meaning here goes, and what the Job
 * template said of sizes and nodes comes in. The YAML tree is changed, not the text, so that comments stay.
 */
import * as yaml from 'yaml';
import { readConfig } from '#config/read.ts';
import { formatPath, type Path } from '#yaml/finding.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { insertBefore, offsetOf } from '#yaml/tree.ts';
import { type Change, CONFIG_FILE, TEMPLATE_FILE } from './change.ts';
import { type Excerpt, moved, problemIn } from './excerpt.ts';
import { type Placeholder, placeholdersOf, withStandIns } from './placeholders.ts';

/** What every group gets that does not say it itself: a Job template, resources, a node selector. */
export type GroupDefaults = Readonly<Record<string, unknown>>;

/** A configuration without the constants that have no meaning, or what is wrong with it, placed in the source. */
export type ConvertedConfig = {
  /** Absent exactly if there are problems. */
  readonly document?: yaml.Document;
  readonly changes: readonly Change[];
  readonly problems: readonly InputProblem[];
  readonly warnings: readonly InputProblem[];
  /** The limits that groups give: until now they were those of the runner container. */
  readonly limits: readonly InputProblem[];
  readonly placeholders: readonly Placeholder[];
};

/** Converts a configuration. */
export function convertConfig(excerpt: Excerpt): ConvertedConfig {
  const lines = new yaml.LineCounter();
  const document: yaml.Document = yaml.parseDocument(excerpt.text, {
    merge: true,
    prettyErrors: false,
    lineCounter: lines,
  });
  const placeholders = document.errors.length > 0 ? [] : placeholdersOf(document);
  const problems = problemsOf(excerpt, document, placeholders);
  if (problems.length > 0) return { changes: [], problems, warnings: [], limits: [], placeholders };
  const warn = (offset: number, path: Path, message: string) => {
    const { line, col } = lines.linePos(offset);
    return problemIn(excerpt, { line, column: col }, message, formatPath(path));
  };
  const warnings = placeholders.map(({ path, value, offset }) => warn(offset, path, toReplace(path, value)));
  const limits = limitsOf(document).map(({ offset, path }) => warn(offset, path, LIMITS_STEPS));
  return { document, changes: replaceConstants(document), problems, warnings, limits, placeholders };
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
  document: yaml.Document,
  placeholders: readonly Placeholder[],
): readonly InputProblem[] {
  const { problems } = readConfig(excerpt.text, excerpt.source);
  if (problems.length === 0 || document.errors.length > 0) return problems.map((problem) => moved(excerpt, problem));
  const text = withStandIns(document, placeholders).toString({ lineWidth: 0 });
  const real = new Set(readConfig(text, excerpt.source).problems.map(({ path }) => path));
  return problems.filter(({ path }) => real.has(path)).map((problem) => moved(excerpt, problem));
}

function toReplace(path: Placeholder['path'], value: string): string {
  const subject = `"${value}" is a placeholder`;
  switch (path.at(-1)) {
    case 'workspace':
      return `${subject}; replace it with the slug or the {uuid} of the workspace`;
    case 'repository':
      return `${subject}; replace it with the slug or the {uuid} of the repository, or remove the line for runners of the workspace`;
    case 'namespace':
      return `${subject}; replace it with the namespace of the runner Jobs`;
    default:
      return `${subject}; replace it with a label: lower-case letters, digits and dots`;
  }
}

const PAUSES = ['default_sleep_time_runner_setup', 'default_sleep_time_runner_delete'];
const POLLING = 'runner_api_polling_interval';
const COOL_DOWN = 'runner_cool_down_period';

function replaceConstants(document: yaml.Document): readonly Change[] {
  const constants = document.get('constants');
  if (!yaml.isMap(constants)) return [];
  const interval: unknown = constants.get(POLLING);
  const pauses = PAUSES.filter((key) => constants.delete(key));
  const isPolling = constants.delete(POLLING);
  const coolDown: unknown = constants.get(COOL_DOWN);
  if (constants.items.length === 0) document.delete('constants');
  return [
    ...(isPolling ? [pollingChange(String(interval))] : []),
    ...(pauses.length > 0 ? [pausesChange(pauses)] : []),
    ...(coolDown === undefined ? [] : [coolDownChange(String(coolDown))]),
  ];
}

function pollingChange(interval: string): Change {
  return {
    code: 'polling',
    file: CONFIG_FILE,
    what: `${POLLING} (${interval}) is gone: the schedule of the function, each minute, or "run --every" says how often the groups are looked at`,
    why: 'a look costs one list per workspace or repository, whatever the number of groups, so there is no need to wait',
  };
}

function pausesChange(keys: readonly string[]): Change {
  return {
    code: 'pauses',
    file: CONFIG_FILE,
    what: `${keys.join(' and ')} ${keys.length === 1 ? 'is' : 'are'} gone: maxCreatesPerTick and drainGrace of a group take their place and have defaults`,
    why: 'runners are created side by side, and disabled on one tick and deleted on a later one, so no pause is needed',
  };
}

function coolDownChange(seconds: string): Change {
  return {
    code: 'cool-down',
    file: CONFIG_FILE,
    what: `${COOL_DOWN} (${seconds}) stays, with a better meaning: how long a runner must have been seen idle`,
    why: 'it counted from when the runner was set up, so a runner that had just finished a step could go at once',
  };
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
export function nameTemplate(document: yaml.Document, name: string): Change {
  const root = document.contents;
  if (yaml.isMap(root) && !document.hasIn(['jobTemplates', name])) {
    const entry = { path: TEMPLATE_FILE };
    if (root.has('jobTemplates')) document.setIn(['jobTemplates', name], document.createNode(entry));
    else insertBefore(root, 'groups', document.createPair('jobTemplates', { [name]: entry }));
  }
  return {
    code: 'template-named',
    file: CONFIG_FILE,
    what: `jobTemplates names ${TEMPLATE_FILE} "${name}", and every group refers to it`,
    why: 'groups may have different templates, or none, which is the built-in one',
  };
}
