/** One line of a history: what it is, or why it is of no use. Pure. */
import { parse as parseCsv } from 'csv-parse/sync';
import * as z from 'zod';
import { InputError } from '#core/errors.ts';
import { DAY_MS } from '#core/time.ts';
import { type Fields, isRecord, jsonIn } from '#yaml/values.ts';
import {
  COLUMNS,
  type Gap,
  HISTORY_VERSION,
  type HistoryEnd,
  type HistoryHeader,
  type HistoryStep,
  NOTHING_OMITTED,
} from './format.ts';

/** Why a line is skipped: it is no valid step, it does not say which runner it asked for, or it is there twice. */
export type Skip = 'invalid' | 'no-labels' | 'repeated';

/** A step that can be played. */
export type UsableStep = Pick<HistoryStep, 'ready' | 'durationMs' | 'workspace' | 'repository' | 'waitedMs' | 'id'> & {
  readonly labels: readonly string[];
};

/** What a line is. */
export type Parsed =
  | { readonly kind: 'step'; readonly step: UsableStep }
  | { readonly kind: 'header'; readonly header: HistoryHeader }
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'end'; readonly end: HistoryEnd }
  /** The names of the columns. */
  | { readonly kind: 'names' }
  | { readonly kind: 'blank' }
  | { readonly kind: 'skip'; readonly skip: Skip; readonly why?: string };

/** Reads the lines of one file. */
export type LineParser = {
  readonly parse: (text: string) => Parsed;
  /** A shell command that prints the file in the order of `ready`. `line` is one of its steps, `file` is quoted. */
  readonly sortCommand: (file: string, line: string) => string;
};

/** More than twice as long as Bitbucket lets any step run. */
const LONGEST_STEP_MS = DAY_MS;

/** ISO 8601 with at least seconds; without a zone it is UTC. */
const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/)
  .transform((text) => Date.parse(`${text.replace(' ', 'T')}${/(Z|[+-]\d\d:\d\d)$/.test(text) ? '' : 'Z'}`))
  .pipe(z.number());

const optionalText = z.string().nullish();

const stepFields = z.object({
  ready: instant,
  durationMs: z.number().min(0).max(LONGEST_STEP_MS),
  workspace: z.string().min(1),
  repository: optionalText,
  labels: z.array(z.string().min(1)).nullish(),
  result: optionalText,
  waitedMs: z.number().min(0).nullish(),
  id: optionalText,
});

const headerFields = z.object({
  source: z.enum(['bitbucket', 'ticks']).catch('bitbucket'),
  workspace: z.string(),
  from: instant,
  to: instant,
  anonymised: z.boolean().catch(false),
});

const gapFields = z.object({
  from: instant,
  to: instant,
  repository: z.string().optional().catch(undefined),
  reason: z.string().catch('no reason is given'),
});

const endFields = z.object({
  steps: z.number(),
  gaps: z.number(),
  omitted: z.partialRecord(z.enum(['hosted', 'notRun', 'unfinished', 'outside']), z.number()).catch({}),
});

/**
 * The parser for a file that begins with this line: an object for JSON Lines, anything else names the columns of a CSV.
 * Throws `InputError` for a file that is neither, or of a version that is not known here.
 */
export function parserFor(firstLine: string, name: string): LineParser {
  return firstLine.trimStart().startsWith('{') ? jsonParser(name) : csvParser(firstLine, name);
}

function jsonParser(name: string): LineParser {
  return {
    parse: (text) => {
      const fields = jsonIn(text);
      if (!isRecord(fields)) return invalid('it is no JSON object');
      if ('history' in fields) return parseHeader(fields, name);
      if ('gap' in fields) return parsed(gapFields.safeParse(fields.gap), (gap) => ({ kind: 'gap', gap }));
      if ('end' in fields) return parsed(endFields.safeParse(fields.end), toEnd);
      return parsed(stepFields.safeParse(fields), toStep);
    },
    sortCommand: (file, line) =>
      line.startsWith('{"ready":') ? `LC_ALL=C sort ${file}` : `jq -c -s 'sort_by(.ready)[]' ${file}`,
  };
}

function csvParser(firstLine: string, name: string): LineParser {
  const names = (valuesOf(firstLine) ?? []).map((column) => column.trim());
  const missing = ['ready', 'durationMs', 'workspace', 'labels'].filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new InputError(
      `${name} is no history: its first line is neither a JSON object nor names the columns ${missing.join(', ')}; the columns of a CSV are ${COLUMNS.join(', ')}`,
    );
  }
  const place = names.indexOf('ready') + 1;
  let isFirst = true;
  return {
    parse: (text) => {
      if (isFirst) {
        isFirst = false;
        return { kind: 'names' };
      }
      const values = valuesOf(text);
      if (values?.length !== names.length) return invalid('it has not one value for each column');
      const fields = Object.fromEntries(names.map((column, index) => [column, typed(column, values[index] ?? '')]));
      return parsed(stepFields.safeParse(fields), toStep);
    },
    sortCommand: (file) => `(head -n 1 ${file}; tail -n +2 ${file} | LC_ALL=C sort -t , -k ${place},${place})`,
  };
}

/** The values of one line of CSV; undefined when its quotation marks do not match. No value holds a line break. */
function valuesOf(line: string): readonly string[] | undefined {
  // Most lines quote nothing, and this is fifty times as fast.
  if (!line.includes('"')) return line.split(',');
  try {
    return parseCsv(line)[0];
  } catch {
    return undefined;
  }
}

/** An empty value is an absent one; numbers are numerals, labels stand in one value with spaces between them. */
function typed(column: string, value: string): unknown {
  const text = value.trim();
  if (text === '') return undefined;
  if (column === 'labels') return text.split(/\s+/);
  return column === 'durationMs' || column === 'waitedMs' ? Number(text) : text;
}

function parseHeader(fields: Fields, name: string): Parsed {
  const { history } = fields;
  if (history !== HISTORY_VERSION) {
    throw new InputError(
      `${name} is a history of version ${JSON.stringify(history)}, and this program reads version ${HISTORY_VERSION}; export it anew or use a newer program`,
    );
  }
  return parsed(headerFields.safeParse(fields), (header) => ({ kind: 'header', header }));
}

function toEnd({ omitted, ...end }: z.output<typeof endFields>): Parsed {
  return { kind: 'end', end: { ...end, omitted: { ...NOTHING_OMITTED, ...omitted } } };
}

function toStep({
  ready,
  durationMs,
  workspace,
  repository,
  labels,
  waitedMs,
  id,
}: z.output<typeof stepFields>): Parsed {
  if (!labels?.length) return { kind: 'skip', skip: 'no-labels' };
  const step = { ready, durationMs, workspace, labels: sorted(labels) };
  const waited = typeof waitedMs === 'number' && { waitedMs };
  return { kind: 'step', step: { ...step, ...(repository && { repository }), ...waited, ...(id && { id }) } };
}

function sorted(labels: readonly string[]): readonly string[] {
  return labels.every((label, index) => index === 0 || (labels[index - 1] ?? '') < label)
    ? labels
    : [...new Set(labels)].sort();
}

function parsed<Value>(result: z.ZodSafeParseResult<Value>, give: (value: Value) => Parsed): Parsed {
  if (result.success) return give(result.data);
  const column = result.error.issues[0]?.path[0];
  return invalid(`${String(column ?? 'its value')} is missing, of the wrong type or out of bounds`);
}

/** A line that is no part of a history. */
export function invalid(why: string): Parsed {
  return { kind: 'skip', skip: 'invalid', why };
}
