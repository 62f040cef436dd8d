/**
 * YAML text to plain data, with the way back from a path in the data to a line and column in the text. Pure.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
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

/** Enough for thousands of groups that share an anchor; few enough that aliases of aliases cannot fill the memory. */
const MOST_ALIASES = 100_000;

/**
 * Parses one YAML document (1.2, merge keys included, as Atlassian's parser knows them). `source` names the text in
 * the problems.
 */
export function parseYaml(text: string, source: string): YamlDocument {
  const lines = new LineCounter();
  const locateAt = (finding: Finding, offset: number | undefined): InputProblem => {
    const place = offset === undefined ? undefined : lines.linePos(offset);
    const at = place === undefined ? {} : { line: place.line, column: place.col };
    return { source, ...at, path: formatPath(finding.path), message: finding.message };
  };
  try {
    const document = parseDocument(text, { merge: true, prettyErrors: false, lineCounter: lines, stringKeys: true });
    const complaints = complaintsOf(document, text);
    const offsets = new Map(complaints.map(({ finding, offset }) => [finding, offset]));
    const isReadable = complaints.every(({ isFatal }) => !isFatal);
    return {
      value: isReadable ? document.toJS({ maxAliasCount: MOST_ALIASES }) : undefined,
      findings: complaints.map(({ finding }) => finding),
      locate: (finding) => locateAt(finding, offsets.get(finding) ?? offsetOf(document, finding)),
    };
  } catch (error) {
    // The parser recurses: nesting of many thousand levels, or aliases that multiply, end in an exception.
    return {
      value: undefined,
      findings: [problem([], `is not valid YAML: ${sentence(error)}`)],
      locate: (finding) => locateAt(finding, undefined),
    };
  }
}

type Complaint = { readonly finding: Finding; readonly offset: number; readonly isFatal: boolean };

function complaintsOf(document: Document, text: string): readonly Complaint[] {
  const all = [...document.errors, ...document.warnings].map((error) => describeError(document, text, error));
  const fatal = [...all, ...danglingAliases(document)].find(({ isFatal }) => isFatal);
  // What follows a syntax error is mostly its echo.
  return fatal === undefined ? all : [fatal];
}

function danglingAliases(document: Document): readonly Complaint[] {
  const anchors = new Set<string>();
  const complaints: Complaint[] = [];
  visit(document, {
    Node(_, node) {
      if (isAlias(node) && !anchors.has(node.source)) {
        const message = `uses the alias "*${node.source}", but no "&${node.source}" stands before it`;
        complaints.push({ finding: problem([], message), offset: node.range?.[0] ?? 0, isFatal: true });
      }
      if (!isAlias(node) && node.anchor !== undefined) anchors.add(node.anchor);
    },
  });
  return complaints;
}

function describeError(document: Document, text: string, error: YAMLError): Complaint {
  const [offset] = error.pos;
  const complain = (message: string, path: Path = [], isFatal = true): Complaint => {
    return { finding: problem(path, message, 'key'), offset, isFatal };
  };
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return complain('is given twice in one mapping; remove one of them', pathOfKey(document, offset), false);
    case 'MULTIPLE_DOCS':
      return complain('holds several YAML documents; keep one, without "---" in between');
    case 'TAB_AS_INDENT':
      return complain('is indented with a tab; YAML allows only spaces');
    case 'TAG_RESOLVE_FAILED':
      return complain(`has the tag "${text.slice(...error.pos)}", which has no meaning here`, [], false);
    default:
      return complain(`is not valid YAML: ${sentence(error)}`);
  }
}

function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/stack/i.test(message)) return 'it is nested too deeply';
  if (/alias count/i.test(message)) return 'its aliases multiply into too many values';
  return message.split('\n')[0] ?? message;
}

/** The path of the mapping key that starts at this offset. */
function pathOfKey(document: Document, offset: number): Path {
  let found: Path = [];
  visit(document, {
    Pair(_, pair, ancestors) {
      if (!isNode(pair.key) || pair.key.range?.[0] !== offset) return undefined;
      found = [...ancestors, pair].flatMap((ancestor, index, all): Path => {
        if (isPair(ancestor)) return [String(isScalar(ancestor.key) ? ancestor.key.value : ancestor.key)];
        const child = all[index + 1];
        return isSeq(ancestor) ? [ancestor.items.indexOf(child)] : [];
      });
      return visit.BREAK;
    },
  });
  return found;
}

function offsetOf(document: Document, finding: Finding): number | undefined {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0];
  for (const [index, step] of finding.path.entries()) {
    const isLast = index === finding.path.length - 1;
    const child = childOf(document, node, step);
    if (child === undefined) return offset;
    const start = isLast && finding.at === 'key' ? child.keyOffset : child.valueOffset;
    offset = start ?? child.keyOffset ?? offset;
    node = child.node;
  }
  return offset;
}

type Child = { node?: Node | null; keyOffset?: number; valueOffset?: number };

function childOf(document: Document, parent: Node | null | undefined, step: string | number): Child | undefined {
  const container = isAlias(parent) ? parent.resolve(document) : parent;
  if (isSeq(container) && typeof step === 'number') {
    const item = container.items[step];
    return isNode(item) ? { node: item, keyOffset: item.range?.[0], valueOffset: item.range?.[0] } : undefined;
  }
  const pair = isMap(container) ? pairOf(document, container, String(step)) : undefined;
  if (pair === undefined) return undefined;
  const value = isNode(pair.value) ? pair.value : undefined;
  // A key without a value has an empty scalar somewhere behind it: the key is the better place to point at.
  const isEmpty = value === undefined || (isScalar(value) && value.value === null);
  return {
    node: value,
    keyOffset: isNode(pair.key) ? pair.key.range?.[0] : undefined,
    valueOffset: isEmpty ? undefined : value.range?.[0],
  };
}

/** The pair of this key, or the one that a merge key (`<<`) brings in. */
function pairOf(document: Document, map: YAMLMap, key: string): Pair | undefined {
  const named = (wanted: string) =>
    map.items.find((item) => String(isScalar(item.key) ? item.key.value : item.key) === wanted);
  const direct = named(key);
  if (direct !== undefined) return direct;
  const merged = named('<<')?.value;
  const sources = isSeq(merged) ? merged.items : [merged];
  for (const source of sources) {
    const resolved = isAlias(source) ? source.resolve(document) : source;
    const pair = isMap(resolved) ? pairOf(document, resolved, key) : undefined;
    if (pair !== undefined) return pair;
  }
  return undefined;
}
