/**
 * From a template's text to a tree with holes. What could be misread is refused here, with its line and column:
 * several documents, aliases, unquoted `{{x}}` (YAML reads it as a map), logic, and the Jinja of Atlassian's templates.
 */
import * as yaml from 'yaml';
import type { JobTemplate } from '#core/model/configuration.ts';
import { tooLarge } from '#yaml/bounded.ts';
import { formatPath, type Path } from '#yaml/finding.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { offsetOf } from '#yaml/tree.ts';
import { type TextPart, textParts } from './template-text.ts';

/** Where something stands in a template: an offset into its text, and the path from its root. */
export type Place = { readonly offset: number; readonly path: Path };

/** A template's YAML with its scalars taken apart. */
export type TemplateNode = Place &
  (
    | { readonly kind: 'literal'; readonly value: unknown }
    | { readonly kind: 'text'; readonly parts: readonly TextPart[] }
    | { readonly kind: 'list'; readonly hasHoles: boolean; readonly items: readonly TemplateNode[] }
    | {
        readonly kind: 'map';
        readonly hasHoles: boolean;
        readonly isListItem: boolean;
        readonly entries: readonly TemplateEntry[];
      }
  );
type TemplateEntry = readonly [key: string, value: TemplateNode, keyOffset: number];

/** The objects of a template, or what is wrong with it; `problem` makes one for a place in it. */
export type ParsedTemplate = {
  readonly objects: readonly TemplateNode[];
  readonly problems: readonly InputProblem[];
  readonly problem: (place: Place, message: string) => InputProblem;
};

/** Many times any Job; aliases are not read. */
const LIMITS = { characters: 256 * 1024, tokens: 40_000 };

/** Repeated keys are looked for by us: the parser takes the square of their number. */
const OPTIONS = { version: '1.1', prettyErrors: false, uniqueKeys: false } as const;

const JINJA = /<%|\{%/;
const START: Place = { offset: 0, path: [] };

/** Parses a template. Its text is a List, a sequence of objects, or one object. */
export function parseTemplate(template: JobTemplate): ParsedTemplate {
  const excess = tooLarge(template.text, LIMITS);
  if (excess !== undefined) return tooLargeTemplate(template, excess);
  try {
    return readTemplate(template, new yaml.LineCounter());
  } catch (error) {
    // Parser and reader recurse: nesting of many thousand levels ends in an exception.
    if (error instanceof RangeError) return tooLargeTemplate(template, 'is nested too deeply');
    throw error;
  }
}

function readTemplate(template: JobTemplate, lineCounter: yaml.LineCounter): ParsedTemplate {
  // Version 1.1 is what kubectl and Atlassian's autoscaler read: `defaultMode: 0644` is octal there.
  const documents = yaml.parseAllDocuments(template.text, { ...OPTIONS, lineCounter });
  const problem = ({ offset, path }: Place, message: string): InputProblem => {
    const { line, col } = lineCounter.linePos(offset);
    return { source: template.origin, line, column: col, path: formatPath(path), message };
  };
  const refusal = refusalOf(template.text, documents);
  if (refusal.length > 0) {
    return { objects: [], problem, problems: refusal.map(({ message, ...place }) => problem(place, message)) };
  }
  const faults: Fault[] = [];
  const root = readNode(documents[0]?.contents, { path: [], isListItem: false, faults });
  const problems = faults.map(({ message, ...place }) => problem(place, message));
  return { objects: objectsOf(root), problems, problem };
}

function tooLargeTemplate({ origin: source }: JobTemplate, excess: string): ParsedTemplate {
  const problem = ({ path }: Place, message: string) => ({ source, path: formatPath(path), message });
  return { objects: [], problem, problems: [problem(START, `${excess}; a template holds one Job`)] };
}

type Fault = Place & { readonly message: string };

/** Why the text cannot be read at all; empty when it can. */
function refusalOf(text: string, documents: readonly yaml.Document.Parsed[]): readonly Fault[] {
  const jinja = JINJA.exec(text.replace(/(^|\s)#.*$/gm, (comment) => ' '.repeat(comment.length)));
  if (jinja !== null) {
    const message =
      "this is Jinja, the language of Atlassian's autoscaler; write {{runnerUuid}} for <%runnerUuid%> and drop the {% if %} lines: an entry without a value is left out by itself";
    return [{ offset: jinja.index, path: [], message }];
  }
  const [document, second] = documents;
  if (document === undefined || document.contents === null) {
    return [{ ...START, message: 'the template is empty; it needs a Job' }];
  }
  if (second !== undefined) {
    const message = 'a template is one YAML document; put its objects under items of a List';
    return [{ offset: second.range[0], path: [], message }];
  }
  // One slip makes YAML stumble over all that follows; the first place is the one to look at.
  const [fault] = [...document.errors, ...document.warnings];
  return fault === undefined ? [] : [{ offset: fault.pos[0], path: [], message: yamlFault(fault, text) }];
}

/** YAML's own words, and the likeliest cause when the line has a hole in it. */
function yamlFault(fault: yaml.YAMLError, text: string): string {
  // The parser reports some of its own overflows as faults of the text.
  if (/stack/.test(fault.message)) return 'is nested too deeply';
  const start = text.lastIndexOf('\n', fault.pos[0] - 1) + 1;
  const line = text.slice(start).split('\n', 1)[0] ?? '';
  const hint = /:\s+\{\{|^\s*-\s+\{\{/.test(line) ? '; put quotes around a value that starts with {{' : '';
  return `${fault.message.split('\n', 1)[0] ?? 'invalid YAML'}${hint}`;
}

type Surroundings = { readonly path: Path; readonly isListItem: boolean; readonly faults: Fault[] };

function readNode(node: unknown, around: Surroundings): TemplateNode {
  const place = { offset: offsetOf(node), path: around.path };
  if (yaml.isMap(node)) {
    const entries = node.items.map((pair) => readEntry(pair, around));
    refuseRepeatedKeys(entries, around);
    const hasHoles = entries.some(([, value]) => isHollow(value));
    return { ...place, kind: 'map', hasHoles, isListItem: around.isListItem, entries };
  }
  if (yaml.isSeq(node)) {
    const items = node.items.map((item, index) =>
      readNode(item, { path: [...around.path, index], isListItem: true, faults: around.faults }),
    );
    return { ...place, kind: 'list', hasHoles: items.some(isHollow), items };
  }
  if (yaml.isScalar(node)) return readScalar(node, place, around.faults);
  if (node !== null) around.faults.push({ ...place, message: 'aliases are not supported; write the value out' });
  return { ...place, kind: 'literal', value: null };
}

function refuseRepeatedKeys(entries: readonly TemplateEntry[], { path, faults }: Surroundings): void {
  const known = new Set<string>();
  for (const [key, , offset] of entries) {
    // A key that is no text has a fault already, and no name.
    if (key !== '' && known.has(key)) faults.push({ offset, path: [...path, key], message: 'Map keys must be unique' });
    known.add(key);
  }
}

function isHollow(node: TemplateNode): boolean {
  return node.kind === 'text' || ('hasHoles' in node && node.hasHoles);
}

function readEntry({ key, value }: yaml.Pair, around: Surroundings): TemplateEntry {
  const at = offsetOf(key);
  if (!yaml.isScalar(key)) {
    const message = 'a value that starts with {{ needs quotes, as in "{{runnerUuid}}": without them YAML reads a map';
    around.faults.push({ offset: at, path: around.path, message });
    return ['', { offset: at, path: around.path, kind: 'literal', value: null }, at];
  }
  const name = key.source ?? String(key.value);
  const path = [...around.path, name];
  if (name.includes('{{')) {
    around.faults.push({ offset: at, path, message: 'keys cannot hold variables; only values can' });
  }
  const read = readNode(value, { path, isListItem: false, faults: around.faults });
  // An empty value has no place of its own.
  return [name, value === null ? { ...read, offset: at } : read, at];
}

function readScalar(node: yaml.Scalar, place: Place, faults: Fault[]): TemplateNode {
  if (typeof node.value !== 'string') return { ...place, kind: 'literal', value: jsonValue(node, place, faults) };
  if (!node.value.includes('{{')) return { ...place, kind: 'literal', value: node.value };
  const parts = textParts(node.value);
  if (typeof parts === 'string') {
    faults.push({ ...place, message: parts });
    return { ...place, kind: 'literal', value: null };
  }
  return { ...place, kind: 'text', parts };
}

/** Dates, which YAML 1.1 makes of `2026-11-01`, are text to Kubernetes; binaries and the like are nothing to it. */
function jsonValue(node: yaml.Scalar, place: Place, faults: Fault[]): unknown {
  if (node.value instanceof Object && node.tag !== undefined) {
    faults.push({ ...place, message: `the YAML tag ${node.tag} is not supported; write plain text` });
  }
  return node.value instanceof Object ? node.source : node.value;
}

function objectsOf(root: TemplateNode): readonly TemplateNode[] {
  if (root.kind === 'list') return root.items;
  const items = root.kind === 'map' ? root.entries.find(([key]) => key === 'items')?.[1] : undefined;
  return items?.kind === 'list' ? items.items : [root];
}
