/**
 * Values set and removed in the text of a configuration, with everything around them untouched. The parser's tree says
 * where things are; the text is spliced, because a tree that is written anew would lose its author's spacing. Pure.
 */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { targetsOf } from './document.ts';

/** What is to become of an entry of a mapping; the first of its keys that is there is meant. */
export type KeyEdit = {
  readonly keys: readonly [string, ...string[]];
  readonly kind: 'set' | 'keep' | 'remove';
  /** The value that it has, or is to have. */
  readonly text?: string;
};

/** Edits of a group and of its `parameters`. */
export type GroupEdits = { readonly group: readonly KeyEdit[]; readonly parameters: readonly KeyEdit[] };

/** The text after the edits; undefined where the group or a place for them cannot be found. What it means is not checked. */
export function editText(text: string, group: string, edits: GroupEdits): string | undefined {
  // Who writes it has had it read, within bounds.
  const document = parseDocument(text, {
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const map = groupIn(document, group);
  if (map === undefined) return undefined;
  const parameters = pairOf(map, ['parameters'])?.value;
  const splices = isMap(parameters)
    ? [...splicesFor(text, map, edits.group), ...splicesFor(text, parameters, edits.parameters)]
    : splicesFor(text, map, [...edits.group, wholeParameters(edits.parameters)]);
  return splices.includes(undefined) ? undefined : splice(text, splices);
}

/** Where the parameters come from elsewhere, the group gets its own. */
function wholeParameters(parameters: GroupEdits['parameters']): KeyEdit {
  const entries = parameters.flatMap(({ keys: [key], kind, text }) =>
    kind === 'remove' || text === undefined ? [] : [`${key}: ${text}`],
  );
  return { keys: ['parameters'], kind: 'set', text: `{ ${entries.join(', ')} }` };
}

/** Text to put between two offsets. */
type Splice = { readonly from: number; readonly to: number; readonly text: string };

function splice(text: string, splices: readonly (Splice | undefined)[]): string {
  const known = splices.filter((one) => one !== undefined);
  // From the end, so that offsets stay true; at one place first what takes away, then what adds, the last one first, so
  // that it all comes out in order.
  return known
    .map((one, order) => ({ ...one, order }))
    .sort((a, b) => b.from - a.from || b.to - a.to || b.order - a.order)
    .reduce((rest, { from, to, text: put }) => rest.slice(0, from) + put + rest.slice(to), text);
}

/** One for each edit that does something; undefined for one that has no place. */
function splicesFor(text: string, map: YAMLMap, edits: readonly KeyEdit[]): readonly (Splice | undefined)[] {
  const removed = edits.filter(({ kind }) => kind === 'remove').flatMap(({ keys }) => pairOf(map, keys) ?? []);
  const kept = map.items.findLastIndex((pair) => !removed.includes(pair));
  const removals = removed.map((pair) => (map.flow ? removalInFlow(map, pair, kept) : removalOfLines(text, pair)));
  const changes = edits.flatMap(({ keys, kind, text: value = '' }) => {
    if (kind !== 'set') return [];
    const pair = pairOf(map, keys);
    if (pair === undefined) return [addition(text, map, `${keys[0]}: ${value}`)];
    const [from, to] = rangeOf(pair.value) ?? [0, 0];
    return [to === 0 ? undefined : { from, to, text: value }];
  });
  return [...removals, ...changes];
}

/** Entries that others are put behind: on one line of their own, and about the same. */
const NEIGHBOURS = ['scaleFactor', 'idleCount', 'max', 'coolDown', 'strategy'];

function addition(text: string, map: YAMLMap, entry: string): Splice | undefined {
  const onOneLine = map.items.filter(({ value }) => isScalar(value) || isAlias(value));
  const wanted = NEIGHBOURS.map((key) => onOneLine.find((pair) => keyOf(pair) === key)).find(
    (pair) => pair !== undefined,
  );
  const before = wanted ?? onOneLine.at(-1);
  const [keyStart] = rangeOf(before?.key) ?? [];
  const [, valueEnd] = rangeOf(before?.value) ?? [];
  if (keyStart === undefined || valueEnd === undefined) return undefined;
  if (map.flow) return { from: valueEnd, to: valueEnd, text: `, ${entry}` };
  const indent = ' '.repeat(keyStart - lineStart(text, keyStart));
  const end = lineEnd(text, valueEnd);
  return { from: end, to: end, text: `${text.includes('\r\n') ? '\r\n' : '\n'}${indent}${entry}` };
}

function removalOfLines(text: string, pair: Pair): Splice | undefined {
  const [from] = rangeOf(pair.key) ?? [];
  const [, to] = rangeOf(pair.value) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const start = lineStart(text, from);
  // What stands behind the dash of a list cannot go with its line.
  if (text.slice(start, from).trim() !== '') return undefined;
  if (text[to - 1] === '\n') return { from: start, to, text: '' };
  return { from: start, to: text.indexOf('\n', to) + 1 || text.length, text: '' };
}

/** With the comma behind it or, after the last entry that stays (at index `kept`), with that before it. */
function removalInFlow(map: YAMLMap, pair: Pair, kept: number): Splice | undefined {
  const index = map.items.indexOf(pair);
  const isAtEnd = index > kept;
  const [from, to] = isAtEnd
    ? [rangeOf(map.items[index - 1]?.value)?.[1], rangeOf(pair.value)?.[1]]
    : [rangeOf(pair.key)?.[0], rangeOf(map.items[index + 1]?.key)?.[0]];
  return from === undefined || to === undefined ? undefined : { from, to, text: '' };
}

function groupIn(document: Document, name: string): YAMLMap | undefined {
  const groups = document.get('groups');
  if (!isSeq(groups)) return undefined;
  const targets = targetsOf(document);
  const maps = groups.items.map((item) => (isAlias(item) ? targets.get(item) : item));
  return maps.find((map): map is YAMLMap => isMap(map) && map.get('name') === name);
}

function pairOf(map: YAMLMap, keys: readonly string[]): Pair | undefined {
  return map.items.find((pair) => keys.includes(keyOf(pair)));
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : '';
}

/** Where a node begins and where its value ends. */
function rangeOf(node: unknown): readonly [number, number] | undefined {
  const range = isNode(node) ? node.range : undefined;
  return range ? [range[0], range[1]] : undefined;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Before the end of the line, whichever it has. */
function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  if (end < 0) return text.length;
  return text[end - 1] === '\r' ? end - 1 : end;
}
