/**
 * Zod's issues in the words of this configuration: one finding for each thing that is wrong. Pure.
 */
import * as z from 'zod';
import { type Finding, type Path, problem } from '#yaml/finding.ts';
import { didYouMean } from '#yaml/suggest.ts';
import { isAbsent, isRecord, nameOf, quoted, wrongType } from '#yaml/values.ts';
import { Config } from './schema.ts';

/** Nobody reads on after so many, and a function has other things to do. */
const MOST_TOLD = 1_000;

/** What is wrong with the file, key by key, as far as anybody reads it; `value` is the parsed YAML. */
export function schemaFindings(value: unknown): readonly Finding[] {
  const result = Config.safeParse(value, { reportInput: true });
  if (result.success) return [];
  const found: Finding[] = [];
  for (const issue of result.error.issues) {
    if (found.length >= MOST_TOLD) return [...found, problem([], MORE)];
    found.push(...describe(issue));
  }
  return found;
}

const MORE = 'has more that is wrong than is told here; correct this first';

/** `around`: where the issue's own path begins. */
function describe(issue: z.core.$ZodIssue, around: Path = []): readonly Finding[] {
  const path = [...around, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MOST_TOLD).map((key) => problem([...path, key], unknownKey(path, key), 'key'));
    case 'invalid_key':
      return issue.issues.map((inner) => problem(path, inner.message, 'key'));
    case 'invalid_type':
      return [
        problem(path, orAbsent(issue.input, wrongType(TYPE_NAMES[issue.expected] ?? issue.expected, issue.input))),
      ];
    case 'invalid_value':
      return [problem(path, wrongValue(issue.values.map(String), issue.input))];
    case 'too_small':
    case 'too_big':
      return [problem(path, outOfRange(issue))];
    case 'invalid_union':
      return inUnion(issue, path);
    default:
      return [problem(path, quoting(issue.input, issue.message))];
  }
}

/** A mapping where one of the alternatives is a mapping is meant as that one. */
function inUnion({ input, message, errors }: z.core.$ZodIssueInvalidUnion, path: Path): readonly Finding[] {
  if (isAbsent(input)) return [problem(path, orAbsent(input, message))];
  const meant = isRecord(input)
    ? errors.find((issues) => issues.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'))
    : undefined;
  return meant?.flatMap((inner) => describe(inner, path)) ?? [problem(path, message)];
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  array: 'a list (- item)',
  boolean: 'true or false',
};

/** `message`, unless there is no value at all. */
function orAbsent(input: unknown, message: string): string {
  if (input === undefined) return 'is missing';
  return input === null ? 'has no value; write one or remove the line' : message;
}

/** A message that starts with a verb speaks about the value, so the value comes first. */
function quoting(input: unknown, message: string): string {
  const isAboutValue = message.startsWith('is ') && typeof input === 'string' && input.trim() !== '';
  return isAboutValue ? `${quoted(input)} ${message}` : message;
}

function wrongValue(allowed: readonly string[], input: unknown): string {
  const expected = allowed.length === 1 ? allowed[0] : `one of ${allowed.join(', ')}`;
  return orAbsent(input, `expected ${expected}, got ${nameOf(input)}${didYouMean(String(input), allowed)}`);
}

function outOfRange(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const isLow = issue.code === 'too_small';
  const bound = isLow ? issue.minimum : issue.maximum;
  if (issue.origin === 'array') return 'is an empty list; write at least one entry';
  if (issue.origin === 'string') return `is longer than ${bound} characters`;
  if (!issue.inclusive) return `expected a number ${isLow ? 'above' : 'below'} ${bound}, got ${String(issue.input)}`;
  return `expected a number of at ${isLow ? 'least' : 'most'} ${bound}, got ${String(issue.input)}`;
}

/** Keys that are not ours, but that people have reason to write. */
const KNOWN_ELSEWHERE = new Map([
  ['config', 'unknown key; it has been called "groups" since 1.0 of Atlassian\'s autoscaler: rename it'],
  ['runners_count', 'unknown key; give min and max under "parameters" instead'],
]);

function unknownKey(path: Path, key: string): string {
  return KNOWN_ELSEWHERE.get(key) ?? `unknown key${didYouMean(key, keysAt(Config, path))}`;
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  const inner = unwrap(schema);
  const [step, ...rest] = path;
  if (step === undefined) return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
  const child = childOf(inner, step);
  return child === undefined ? [] : keysAt(child, rest);
}

function childOf(schema: z.core.$ZodType, step: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[step];
  if (schema instanceof z.ZodArray) return schema.element;
  return schema instanceof z.ZodRecord ? schema.valueType : undefined;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.find((option) => option instanceof z.ZodObject) ?? schema;
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return unwrap(schema.unwrap());
  return schema;
}
