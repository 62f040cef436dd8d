/**
 * The parameters of a stage in a file that can be committed: `stages/prod.yaml`. Its keys are the parameters' names, and
 * `region`; lists may be lists. What the command line or a variable says besides wins.
 */
import { InputError } from '#core/errors.ts';
import { parseYaml } from '#yaml/document.ts';
import { problem } from '#yaml/finding.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { didYouMean } from '#yaml/suggest.ts';
import { isRecord } from '#yaml/values.ts';
import { PARAMETERS } from './parameters.ts';

/** What a file says: texts by parameter name, and where each stands. */
export type StageFile = {
  readonly region?: string;
  readonly values: Readonly<Record<string, string>>;
  readonly places: Readonly<Record<string, Pick<InputProblem, 'source' | 'line' | 'column'>>>;
};

const KEYS = ['region', ...Object.keys(PARAMETERS)];

/** Where the file of a stage is, from the folder of the deployment. */
export function stagePath(stage: string): string {
  return `stages/${stage}.yaml`;
}

/** Reads the text of a file named `source`. Throws an `InputError` with every problem at its place. */
export function readStageFile(text: string, source: string): StageFile {
  const { value, findings, locate } = parseYaml(text, source);
  // A file of comments says nothing.
  const given = isRecord(value) ? value : {};
  const entries = Object.entries(given).map(([key, one]) => [key, textOf(one)] as const);
  const wrong = entries.flatMap(([key, one]) => {
    if (!KEYS.includes(key)) return [problem([key], unknownKey(key), 'key')];
    return one === undefined ? [problem([key], 'is no text, number, true, false or list of them')] : [];
  });
  const shape = isRecord(value) || value === null || findings.length > 0 ? [] : [problem([], NO_MAP)];
  const all = [...findings, ...shape, ...wrong].map(locate);
  if (all.length > 0) throw new InputError(all);
  const { region, ...values } = Object.fromEntries(entries.map(([key, one]) => [key, one ?? '']));
  const places = entries.map(([key]) => [key, placeOf(locate(problem([key], '')))] as const);
  return { ...(region && { region }), values, places: Object.fromEntries(places) };
}

const NO_MAP = 'is no list of parameters; write each as a line, such as clusters: ci';

function unknownKey(key: string): string {
  if (key === 'stage') return 'is no key; the name of the file is the stage';
  return `unknown key${didYouMean(key, KEYS) || `; the keys are ${KEYS.join(', ')}`}`;
}

function placeOf({ source, line, column }: InputProblem) {
  return { source, ...(line !== undefined && { line }), ...(column !== undefined && { column }) };
}

/** As the command line would have it; `undefined` for what has no place in one. */
function textOf(value: unknown): string | undefined {
  if (value === null) return '';
  if (!Array.isArray(value)) return isPlain(value) ? String(value) : undefined;
  return value.every(isPlain) ? value.join(',') : undefined;
}

const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
