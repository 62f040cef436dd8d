/**
 * Bounds for YAML. The parser takes memory for every token and follows aliases and merges without end, so a text is
 * measured before it is parsed, and its values are put together here, by code that counts. Pure.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Path } from './finding.ts';
import { isRecord } from './values.ts';

/** How much a text may hold. */
export type YamlLimits = {
  /** Characters of the text. */
  readonly characters: number;
  /** Pieces that the parser takes it apart into, such as a word, an indentation or a comma: a node has at least one. */
  readonly tokens: number;
  /** Values that it comes to, those of an alias or a merge counted wherever they are used. */
  readonly values: number;
};

/** Why the text must not be parsed, as the end of a sentence about it; undefined when it may. */
export function tooLarge(text: string, { characters, tokens }: Omit<YamlLimits, 'values'>): string | undefined {
  if (text.length > characters) return `is longer than ${characters / 1024} KiB`;
  const lexer = new Lexer().lex(text);
  let left = tokens;
  for (const _ of lexer) {
    left -= 1;
    if (left < 0) return `has more than ${tokens} pieces of YAML`;
  }
  return undefined;
}

/**
 * How foreign texts are parsed: nothing is printed or quoted, and repeated keys are left to `plainValue`, since the parser
 * takes the square of their number.
 */
const PARSING = { prettyErrors: false, uniqueKeys: false, logLevel: 'error' } as const;

/** What `parse` makes of a text within bounds. Throws `YamlError` for one that is too large or nested too deeply. */
export function parseWithin<Parsed>(
  text: string,
  limits: Omit<YamlLimits, 'values'>,
  parse: (text: string, options: typeof PARSING) => Parsed,
): Parsed {
  const excess = tooLarge(text, limits);
  if (excess !== undefined) throw new YamlError(excess, undefined);
  try {
    return parse(text, PARSING);
  } catch (error) {
    // The parser recurses: nesting of many thousand levels ends in an exception.
    throw error instanceof RangeError ? new YamlError('is not valid YAML: it is nested too deeply', undefined) : error;
  }
}

/** What keeps a document from being put together. The message ends a sentence about the text; the offset is in it. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  readonly offset: number | undefined;

  constructor(message: string, offset: number | undefined) {
    super(message);
    this.offset = offset;
  }
}

export type Reading = Pick<YamlLimits, 'values'> & {
  /** The value of a scalar; default: as the document's schema has it. */
  readonly scalar?: (node: Scalar) => unknown;
  /** Called for a key that stands a second time in its mapping, which then counts. */
  readonly onRepeatedKey?: (path: Path, offset: number | undefined) => void;
};

/** Far deeper than any manifest. */
const DEEPEST = 100;

/** A value, and how many values it is made of. */
type Sized = { readonly value: unknown; readonly size: number };

/** What is known while a document is read. */
type Progress = Reading & { readonly anchors: Map<string, Sized>; used: number };

/**
 * The document as plain data. Values of aliases are shared, not copied; merge keys (`<<`) bring in what a mapping does not
 * say itself. Keys that are lists or mappings are left out. Throws `YamlError` when it is too much, or cannot be resolved.
 */
export function plainValue(document: Pick<Document, 'contents'>, reading: Reading): unknown {
  return read(document.contents, [], { ...reading, anchors: new Map(), used: 0 }).value;
}

function read(node: unknown, path: Path, progress: Progress): Sized {
  if (isAlias(node)) return readAlias(node, progress);
  if (path.length > DEEPEST) throw new YamlError('is nested too deeply', offsetOf(node));
  const before = progress.used;
  use(1, node, progress);
  const value = contentsOf(node, path, progress);
  const sized = { value, size: progress.used - before };
  if (hasAnchor(node)) progress.anchors.set(node.anchor, sized);
  return sized;
}

function readAlias(node: Alias, progress: Progress): Sized {
  const target = progress.anchors.get(node.source);
  if (target === undefined) {
    const message = `uses the alias "*${node.source}", but no "&${node.source}" stands before it`;
    throw new YamlError(message, offsetOf(node));
  }
  use(target.size, node, progress);
  return target;
}

function use(amount: number, node: unknown, progress: Progress): void {
  progress.used += amount;
  if (progress.used > progress.values) {
    throw new YamlError('its aliases and merges multiply into too many values', offsetOf(node));
  }
}

function contentsOf(node: unknown, path: Path, progress: Progress): unknown {
  if (isScalar(node)) return progress.scalar === undefined ? node.value : progress.scalar(node);
  if (isSeq(node)) return node.items.map((item, index) => read(item, [...path, index], progress).value);
  return isMap(node) ? entriesOf(node, path, progress) : null;
}

function entriesOf(node: YAMLMap, path: Path, progress: Progress): unknown {
  const own = new Map<string, unknown>();
  const merged: (readonly [string, unknown])[] = [];
  for (const { key, value } of node.items) {
    // Also what is left out may have an anchor that others use.
    const { value: keyValue } = read(key, path, progress);
    const name = nameOf(key, keyValue);
    const entry = read(value, [...path, name ?? ''], progress).value;
    if (isMergeKey(key)) merge(entry, merged, node);
    else if (name !== undefined) {
      if (own.has(name)) progress.onRepeatedKey?.([...path, name], offsetOf(key));
      own.set(name, entry);
    }
  }
  // Of several sources the first one counts.
  return Object.fromEntries([...merged.toReversed(), ...own]);
}

/** A collection as a key has no name: its text would hold what its aliases multiply, which no budget counts. */
function nameOf(key: unknown, value: unknown): string | undefined {
  if (isScalar(key)) return String(key.value);
  return typeof value === 'object' && value !== null ? undefined : String(value);
}

/** Adds what a merge key brings in. */
function merge(value: unknown, merged: (readonly [string, unknown])[], node: YAMLMap): void {
  for (const source of Array.isArray(value) ? value : [value]) {
    if (!isRecord(source)) throw new YamlError('merges (<<) what is no mapping', offsetOf(node));
    for (const entry of Object.entries(source)) merged.push(entry);
  }
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

function hasAnchor(node: unknown): node is { readonly anchor: string } {
  return isNode(node) && !isAlias(node) && node.anchor !== undefined;
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
