/**
 * YAML text to plain data, with the way back from a path in the data to a line and column in the text. Pure.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { plainValue, tooLarge, YamlError, type YamlLimits } from './bounded.ts';
import { type Finding, formatPath, type Path, problem } from './finding.ts';
import type { InputProblem } from './problem.ts';

/** A parsed document. `value` is undefined when the text is not YAML; then `findings` says why. */
export type YamlDocument = {
  readonly value: unknown;
  /** Syntax errors, keys given twice, unknown tags. */
  readonly findings: readonly Finding[];
  /** The finding with its line and column; those of the nearest enclosing node when the path leads nowhere. */
  readonly locate: (finding: Finding) => InputProblem;
};

/** Two thousand groups written out, and more where they share anchors; what a function can hold beside its work. */
export const CONFIGURATION_LIMITS: YamlLimits = { characters: 1024 * 1024, tokens: 400_000, values: 400_000 };

/**
 * Parses one YAML document (1.2, merge keys included, as Atlassian's parser knows them). `source` names the text in
 * the problems. A text that is too large to be read is a problem too.
 */
export function parseYaml(text: string, source: string): YamlDocument {
  const lines = new LineCounter();
  const locateAt = (finding: Finding, offset: number | undefined): InputProblem => {
    const place = offset === undefined ? undefined : lines.linePos(offset);
    const at = place === undefined ? {} : { line: place.line, column: place.col };
    return { source, ...at, path: formatPath(finding.path), message: finding.message };
  };
  const refuse = (message: string, offset?: number): YamlDocument => ({
    value: undefined,
    findings: [problem([], message)],
    locate: (finding) => locateAt(finding, offset),
  });
  const excess = tooLarge(text, CONFIGURATION_LIMITS);
  if (excess !== undefined) return refuse(`${excess}; divide it among several deployments`);
  try {
    const document = parseDocument(text, { ...OPTIONS, lineCounter: lines });
    const complaints = document.errors
      .concat(document.warnings as YAMLError[])
      .map((error) => describeError(text, error));
    // What follows a syntax error is mostly its echo.
    const fatal = complaints.find(({ isFatal }) => isFatal);
    if (fatal !== undefined) return refuse(fatal.finding.message, fatal.offset);
    const value = plainValue(document, {
      values: CONFIGURATION_LIMITS.values,
      onRepeatedKey: (path, offset = 0) => complaints.push(repeatedKey(path, offset)),
    });
    const offsets = new Map(complaints.map(({ finding, offset }) => [finding, offset]));
    let find: ReturnType<typeof finderIn> | undefined;
    return {
      value,
      findings: complaints.map(({ finding }) => finding),
      locate: (finding) => {
        find ??= finderIn(document);
        return locateAt(finding, offsets.get(finding) ?? find(finding));
      },
    };
  } catch (error) {
    // The parser recurses: nesting of many thousand levels ends in an exception.
    const { message, offset } = error instanceof YamlError ? error : { message: notYaml(error), offset: undefined };
    return refuse(message, offset);
  }
}

/** Repeated keys are looked for by us: the parser takes the square of their number. */
const OPTIONS = { merge: false, prettyErrors: false, stringKeys: true, uniqueKeys: false, logLevel: 'error' } as const;

type Complaint = { readonly finding: Finding; readonly offset: number; readonly isFatal: boolean };

function repeatedKey(path: Path, offset: number): Complaint {
  const finding = problem(path, 'is given twice in one mapping; remove one of them', 'key');
  return { finding, offset, isFatal: false };
}

function describeError(text: string, error: YAMLError): Complaint {
  const [offset] = error.pos;
  const complain = (message: string, isFatal = true): Complaint => {
    return { finding: problem([], message, 'key'), offset, isFatal };
  };
  switch (error.code) {
    case 'MULTIPLE_DOCS':
      return complain('holds several YAML documents; keep one, without "---" in between');
    case 'TAB_AS_INDENT':
      return complain('is indented with a tab; YAML allows only spaces');
    case 'TAG_RESOLVE_FAILED':
      return complain(`has the tag "${text.slice(...error.pos)}", which has no meaning here`, false);
    default:
      return complain(notYaml(error));
  }
}

/** The parser's reason; not the lines that it quotes. */
function notYaml(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/stack/i.test(message)) return 'is not valid YAML: it is nested too deeply';
  return `is not valid YAML: ${message.split('\n')[0]}`;
}

/**
 * Finds the offset of what a finding is about. A text may have thousands of problems, so aliases and keys are looked up in
 * indexes that are made once.
 */
function finderIn(document: Document): (finding: Finding) => number | undefined {
  const targets = targetsOf(document);
  const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();
  const resolved = (node: unknown) => (isAlias(node) ? targets.get(node) : node);
  const indexOf = (map: YAMLMap) => {
    const index = indexes.get(map) ?? indexByKey(map);
    indexes.set(map, index);
    return index;
  };

  /** The pair of this key, or the one that a merge key (`<<`) brings in. */
  const pairOf = (map: unknown, key: string): Pair | undefined => {
    if (!isMap(map)) return undefined;
    const index = indexOf(map);
    return index.get(key) ?? firstIn(index.get('<<')?.value, key);
  };
  const firstIn = (merged: unknown, key: string): Pair | undefined => {
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const pair = pairOf(resolved(source), key);
      if (pair !== undefined) return pair;
    }
    return undefined;
  };

  const childOf = (parent: unknown, step: string | number): Child | undefined => {
    const container = resolved(parent);
    if (isSeq(container) && typeof step === 'number') {
      const item = container.items[step];
      return isNode(item) ? { node: item, keyOffset: item.range?.[0], valueOffset: item.range?.[0] } : undefined;
    }
    const pair = pairOf(container, String(step));
    return pair && childIn(pair);
  };

  return (finding) => {
    let node: Node | null | undefined = document.contents;
    let offset = node?.range?.[0];
    for (const [index, step] of finding.path.entries()) {
      const isLast = index === finding.path.length - 1;
      const child = childOf(node, step);
      if (child === undefined) return offset;
      const start = isLast && finding.at === 'key' ? child.keyOffset : child.valueOffset;
      offset = start ?? child.keyOffset ?? offset;
      node = child.node;
    }
    return offset;
  };
}

type Child = { node?: Node | null; keyOffset?: number; valueOffset?: number };

function childIn(pair: Pair): Child {
  const value = isNode(pair.value) ? pair.value : undefined;
  // A key without a value has an empty scalar somewhere behind it: the key is the better place to point at.
  const isEmpty = value === undefined || (isScalar(value) && value.value === null);
  return {
    node: value,
    keyOffset: isNode(pair.key) ? pair.key.range?.[0] : undefined,
    valueOffset: isEmpty ? undefined : value.range?.[0],
  };
}

/** The nodes that aliases stand for: each the last one of its name before it. */
export function targetsOf(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node(_, node) {
      const target = isAlias(node) ? anchors.get(node.source) : undefined;
      if (isAlias(node) && target !== undefined) targets.set(node, target);
      else if (!isAlias(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** Of a key that is given twice the first pair. */
function indexByKey({ items }: YAMLMap): ReadonlyMap<string, Pair> {
  return new Map(items.toReversed().map((item) => [String(isScalar(item.key) ? item.key.value : item.key), item]));
}
