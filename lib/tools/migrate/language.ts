/**
 * From Jinja to `{{variables}}`, with nothing else changed: the YAML tree of a template whose text has lost its tags,
 * its scalars translated. Optional entries are checked to be left out by themselves, and the result is checked by the
 * template engine that will render it, for a workspace and for a repository runner.
 */
import * as yaml from 'yaml';
import { toFleet } from '#config/fleet.ts';
import { readConfig } from '#config/read.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { checkManifests } from '#manifests/check.ts';
import { parseWithin, YamlError, type YamlLimits } from '#yaml/bounded.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { offsetOf } from '#yaml/tree.ts';
import { type Excerpt, type Fault, problemIn } from './excerpt.ts';
import { type Condition, removeTags, withHandlebars } from './jinja.ts';
import { repeatedKeys } from './source-files.ts';

/** A template in the language of this project; `problemAt` gives the place in the source of an offset in the tree. */
type Translated = {
  readonly document: yaml.Document;
  readonly problems: readonly InputProblem[];
  readonly problemAt: (offset: number, message: string) => InputProblem;
};

/** Many times any Job, aliases written out. */
const LIMITS: YamlLimits = { characters: 256 * 1024, tokens: 40_000, values: 40_000 };
export const MOST_VALUES = LIMITS.values;

/** Translates a template; with problems, its document is of no use. Throws `YamlError` for what is too large to be read. */
export function translate(excerpt: Excerpt): Translated {
  const untagged = removeTags(excerpt.text);
  const lineCounter = new yaml.LineCounter();
  const document = parseWithin(untagged.text, LIMITS, (text, options) =>
    yaml.parseDocument(text, { ...options, version: '1.1', lineCounter }),
  );
  const lineOf = (offset: number) => lineCounter.linePos(offset).line;
  const problemAt = (offset: number, message: string) =>
    problemIn(excerpt, { line: untagged.sourceLine(lineOf(offset)), column: lineCounter.linePos(offset).col }, message);
  const located = (faults: readonly Fault[]) => faults.map(({ offset, message }) => problemAt(offset, message));

  const tags = untagged.faults.map(({ line, message }) => problemIn(excerpt, { line }, message));
  const [fault] = document.errors;
  if (fault !== undefined) {
    const place = { offset: fault.pos[0], message: faultMessage(fault, untagged.text) };
    return { document, problems: [...tags, ...located([place])], problemAt };
  }
  const excess = excessIn(document);
  if (excess.length > 0) return { document, problems: [...tags, ...located(excess)], problemAt };
  const scalars = located(translateScalars(document));
  const conditions = untagged.conditions.flatMap((condition) => {
    const { line: tagLine } = excerpt.placeOf({ line: condition.tagLine });
    return conditionFaults(document, { ...condition, tagLine }, lineOf);
  });
  const found = [...tags, ...scalars, ...located(conditions)];
  return { document, problems: found.length > 0 ? found : located(refusals(document)), problemAt };
}

/** Keys that come twice, or why it cannot be put together within bounds. */
function excessIn(document: yaml.Document): readonly Fault[] {
  try {
    return repeatedKeys(document, MOST_VALUES);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return [{ offset: error.offset ?? 0, message: error.message }];
  }
}

function faultMessage({ code, message, pos: [offset] }: yaml.YAMLError, text: string): string {
  if (code === 'MULTIPLE_DOCS')
    return 'is a second document; give the template as a file of its own, with its objects in a List';
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1).split('\n', 1)[0] ?? '';
  const hint = /:\s+[{%@`]/.test(line) ? '; put quotes around a value that begins with such a character' : '';
  return `is not valid YAML: ${message.split('\n', 1)[0]}${hint}`;
}

function translateScalars(document: yaml.Document): readonly Fault[] {
  const faults: Fault[] = [];
  yaml.visit(document, {
    Scalar(key, node) {
      if (typeof node.value !== 'string') return;
      const offset = offsetOf(node);
      if (key === 'key') {
        if (node.value.includes('<%')) faults.push({ offset, message: QUOTE_OR_MOVE });
        return;
      }
      const translated = withHandlebars(node.value);
      if ('fault' in translated) faults.push({ offset, message: translated.fault });
      else node.value = translated.text;
    },
  });
  return faults;
}

const QUOTE_OR_MOVE = 'a key cannot hold a variable; put quotes around a value that begins with { or <%';

/** Every entry between the tags has to go by itself when the repository has no value, and nothing else may be there. */
function conditionFaults(
  document: yaml.Document,
  { from, to, tagLine }: Condition,
  lineOf: (offset: number) => number,
): readonly Fault[] {
  const faults: Fault[] = [];
  const isWithin = (offset: number) => lineOf(offset) >= from && lineOf(offset) <= to;
  const look = (node: unknown, start: number) => {
    if (!isWithin(start)) return undefined;
    if (!goesByItself(node)) faults.push({ offset: start, message: staysMessage(tagLine) });
    return yaml.visit.SKIP;
  };
  yaml.visit(document, {
    Scalar(key, scalar) {
      const [start = 0, end = 0] = scalar.range ?? [];
      const isAround = lineOf(start) < from && lineOf(Math.max(end - 1, start)) >= from;
      if (isAround && to >= from) faults.push({ offset: start, message: WITHIN_TEXT });
      return typeof key === 'number' ? look(scalar, start) : undefined;
    },
    // Only items of lists have a number; everything else is looked at as part of a pair.
    Map: (key, map) => (typeof key === 'number' ? look(map, offsetOf(map)) : undefined),
    Pair: (_, pair) => look(pair, offsetOf(pair.key)),
  });
  return faults;
}

const WITHIN_TEXT = 'an "if" inside of a text cannot be converted; write a text for each case into two templates';

function staysMessage(tagLine: number): string {
  return `this entry is inside "if repositoryUuid" (line ${tagLine}) and would stay without a repository, as its own value does not use the variable; take it out of the "if", or make two templates and name them in jobTemplates`;
}

/** What the template engine leaves out when the variable has no value: an entry, or an item with `name` and `value`. */
function goesByItself(node: unknown): boolean {
  const value = yaml.isPair(node) ? node.value : yaml.isMap(node) && node.has('name') ? node.get('value') : undefined;
  const text = yaml.isScalar(value) ? value.value : value;
  return typeof text === 'string' && /\{\{\s*repository(Uuid|_uuid)\s*\}\}/.test(text);
}

/** What the template engine itself has to say; its places are found again by their paths. */
function refusals(document: yaml.Document): readonly Fault[] {
  const template = { name: 'migrated', origin: 'template', text: templateText(document) };
  const problems = STAND_INS.flatMap((group) => checkManifests({ ...group, pod: { ...group.pod, template } }).problems);
  const faults = problems.map(({ path, message }) => ({
    offset: offsetAt(document, path),
    message: path === '' ? message : `${path}: ${message}`,
  }));
  return [...new Map(faults.map((fault) => [`${fault.offset} ${fault.message}`, fault])).values()];
}

/** The text of a template's tree, in which no line is broken. */
export function templateText(document: yaml.Document): string {
  return document.toString({ lineWidth: 0 });
}

/** The offset of the node at a path such as `items[1].metadata.name`, or of the nearest one around it. */
function offsetAt(document: yaml.Document, path: string): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node);
  for (const [, quoted, plain = ''] of path.matchAll(/\["([^"]*)"\]|([^.[\]]+)/g)) {
    if (!yaml.isCollection(node)) break;
    const step = quoted ?? plain;
    node = node.get(yaml.isSeq(node) ? Number(step) : step, true);
    if (yaml.isNode(node)) offset = offsetOf(node);
  }
  return offset;
}

/** A group for a workspace and one for a repository, with every variable that a template may use. */
const STAND_INS: readonly RunnerGroup[] = standInGroups();

function standInGroups(): readonly RunnerGroup[] {
  const rule = { strategy: 'idleBuffer', parameters: { min: 1, max: 2 } };
  const group = { workspace: 'acme', namespace: 'runners', ...rule };
  const groups = [
    { ...group, name: 'of a workspace', labels: ['a'] },
    { ...group, name: 'of a repository', labels: ['b'], repository: 'repository' },
  ];
  const { config } = readConfig(JSON.stringify({ groups }), 'stand-in');
  if (config === undefined) throw new Error('the stand-in groups are valid');
  const cluster = { kind: 'kubeconfig' } as const;
  return toFleet(config, { templates: new Map(), defaultCluster: cluster, resolve: (path) => path }).groups;
}
