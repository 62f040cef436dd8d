/**
 * One line of a history: what it is, or why it is of no use. Pure. The fields are checked by hand and not by a schema,
 * because there are ten million of them.
 */
import { InputError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import { parseCsvLine } from './csv.ts';
import {
  COLUMNS,
  type Column,
  type Gap,
  HISTORY_VERSION,
  type HistoryEnd,
  type HistoryHeader,
  type HistoryStep,
  NOTHING_OMITTED,
  type Range,
} from './format.ts';

/** Why a line was skipped. */
export type Skip =
  | 'too-long'
  | 'cut-off'
  | 'unreadable'
  | 'no-time'
  | 'no-duration'
  | 'no-workspace'
  | 'no-labels'
  | 'odd-fields'
  | 'absurd-duration'
  | 'outside'
  | 'out-of-order'
  | 'repeated';

/** A step that can be played. */
export type UsableStep = HistoryStep & { readonly labels: readonly string[] };

/** What a line is. */
export type Parsed =
  | { readonly kind: 'step'; readonly step: UsableStep }
  | { readonly kind: 'header'; readonly header: HistoryHeader }
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'end'; readonly end: HistoryEnd }
  /** The names of the columns. */
  | { readonly kind: 'names' }
  | { readonly kind: 'blank' }
  | { readonly kind: 'skip'; readonly skip: Skip };

/** Reads one line after the other. */
export type LineParser = (text: string) => Parsed;

type Fields = Readonly<Record<string, unknown>>;

/** More than twice as long as Bitbucket lets any step run. */
const LONGEST_STEP_MS = 24 * 3_600_000;

const DATE_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * The parser for a file that begins with this line: an object for JSON Lines, anything else names the columns of a CSV.
 * Throws `InputError` for a file that is neither, or of a version that is not known here.
 */
export function parserFor(firstLine: string, name: string): LineParser {
  return firstLine.trimStart().startsWith('{') ? parserOfJson(name) : parserOfCsv(firstLine, name);
}

function parserOfJson(name: string): LineParser {
  return (text) => {
    if (text.trim() === '') return { kind: 'blank' };
    const fields = parseObject(text);
    if (fields === undefined) return skip('unreadable');
    if ('history' in fields) return parseHeader(fields, name);
    if ('gap' in fields) return parseGap(fields.gap);
    if ('end' in fields) return parseEnd(fields.end);
    return parseStep(fields, textAsIs);
  };
}

function parserOfCsv(firstLine: string, name: string): LineParser {
  const names = (parseCsvLine(firstLine) ?? []).map((column) => column.trim());
  const missing = (['ready', 'durationMs', 'workspace', 'labels'] satisfies Column[]).filter(
    (column) => !names.includes(column),
  );
  if (missing.length > 0) {
    throw new InputError(
      `${name} is no history: its first line is neither a JSON object nor names the columns ${missing.join(', ')}; the columns of a CSV are ${COLUMNS.join(', ')}`,
    );
  }
  let isFirst = true;
  return (text) => {
    if (isFirst) {
      isFirst = false;
      return { kind: 'names' };
    }
    if (text.trim() === '') return { kind: 'blank' };
    const values = parseCsvLine(text);
    if (values?.length !== names.length) return skip('unreadable');
    return parseStep(Object.fromEntries(names.map((column, index) => [column, values[index]])), textOfCsv);
  };
}

/** How a format writes what is neither text nor absent. */
type Reading = (fields: Fields) => Fields;

const textAsIs: Reading = (fields) => fields;

/** An empty field is an absent one; numbers are numerals, labels stand in one field with spaces between them. */
const textOfCsv: Reading = (texts) => {
  const read = (column: Column) => {
    const text = texts[column];
    return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
  };
  const number = (column: Column) => (read(column) === undefined ? undefined : Number(read(column)));
  return {
    ready: read('ready'),
    durationMs: number('durationMs'),
    workspace: read('workspace'),
    repository: read('repository'),
    labels: read('labels')?.split(/\s+/),
    result: read('result'),
    waitedMs: number('waitedMs'),
    id: read('id'),
  };
};

function parseStep(line: Fields, reading: Reading): Parsed {
  const fields = reading(line);
  const at = timeOf(fields.ready);
  if (at === undefined) return skip('no-time');
  const why = whyUseless(fields);
  return why === undefined ? { kind: 'step', step: toStep(at, fields) } : skip(why);
}

function whyUseless({ durationMs, workspace, repository, labels, result, waitedMs, id }: Fields): Skip | undefined {
  if (typeof durationMs !== 'number' || Number.isNaN(durationMs)) return 'no-duration';
  if (durationMs < 0 || durationMs > LONGEST_STEP_MS) return 'absurd-duration';
  if (typeof workspace !== 'string' || workspace === '') return 'no-workspace';
  if (isAbsent(labels) || (Array.isArray(labels) && labels.length === 0)) return 'no-labels';
  const areUsual = [repository, result, id].every(isTextOrAbsent) && isTimeOrAbsent(waitedMs) && isLabels(labels);
  return areUsual ? undefined : 'odd-fields';
}

/** Of fields that are as they should be. */
function toStep(ready: Instant, fields: Fields): UsableStep {
  const { durationMs, workspace, labels } = fields as { durationMs: number; workspace: string; labels: string[] };
  const further = FURTHER.filter((column) => !isAbsent(fields[column])).map((column) => [column, fields[column]]);
  return { ready, durationMs, workspace, labels: sorted(labels), ...Object.fromEntries(further) };
}

const FURTHER = ['repository', 'result', 'waitedMs', 'id'] as const;

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function sorted(labels: readonly string[]): readonly string[] {
  return labels.every((label, index) => index === 0 || (labels[index - 1] ?? '') < label)
    ? labels
    : [...new Set(labels)].sort();
}

function isLabels(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((label) => typeof label === 'string' && label !== '');
}

function isTextOrAbsent(value: unknown): boolean {
  return isAbsent(value) || typeof value === 'string';
}

function isTimeOrAbsent(value: unknown): boolean {
  return isAbsent(value) || (typeof value === 'number' && value >= 0);
}

function parseHeader(fields: Fields, name: string): Parsed {
  const { history, source, workspace, anonymised } = fields;
  if (history !== HISTORY_VERSION) {
    throw new InputError(
      `${name} is a history of version ${JSON.stringify(history)}, and this program reads version ${HISTORY_VERSION}; export it anew or use a newer program`,
    );
  }
  const range = rangeOf(fields);
  if (range === undefined || typeof workspace !== 'string') return skip('unreadable');
  const header = { ...range, workspace, anonymised: anonymised === true };
  return { kind: 'header', header: { ...header, source: source === 'ticks' ? 'ticks' : 'bitbucket' } };
}

function parseGap(value: unknown): Parsed {
  const fields = isObject(value) ? value : {};
  const range = rangeOf(fields);
  if (range === undefined) return skip('unreadable');
  const { repository, reason } = fields;
  const gap = { ...range, reason: typeof reason === 'string' ? reason : 'no reason is given' };
  return { kind: 'gap', gap: typeof repository === 'string' ? { ...gap, repository } : gap };
}

function parseEnd(value: unknown): Parsed {
  const fields = isObject(value) ? value : {};
  const { steps, gaps, omitted } = fields;
  if (typeof steps !== 'number' || typeof gaps !== 'number') return skip('unreadable');
  const counts = Object.entries(isObject(omitted) ? omitted : {}).filter(([, count]) => typeof count === 'number');
  return { kind: 'end', end: { steps, gaps, omitted: { ...NOTHING_OMITTED, ...Object.fromEntries(counts) } } };
}

function rangeOf({ from, to }: Fields): Range | undefined {
  const range = { from: timeOf(from), to: timeOf(to) };
  return range.from === undefined || range.to === undefined ? undefined : { from: range.from, to: range.to };
}

/** ISO 8601 with at least seconds; without a zone it is UTC. */
function timeOf(value: unknown): Instant | undefined {
  if (typeof value !== 'string') return undefined;
  const match = DATE_TIME.exec(value);
  if (match === null) return undefined;
  const at = Date.parse(match[2] === undefined ? `${value.replace(' ', 'T')}Z` : value.replace(' ', 'T'));
  return Number.isNaN(at) ? undefined : at;
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function skip(kind: Skip): Parsed {
  return { kind: 'skip', skip: kind };
}
