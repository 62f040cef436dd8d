/**
 * Checks a manifest against Kubernetes' field tables: unknown fields, wrong types, missing fields and wrong values. Finds
 * what the API server would refuse, without asking it. Pure.
 *
 * The tables are read from the generated `schema.json`. There a field's type is a word: `string`, `boolean`, `int32`,
 * `int64`, `byte` (base64), `date-time`, `int-or-string`, `any` or the name of another table; `[]` after it is a list,
 * `{}` a mapping, `!` a required field.
 */
import { type Finding, type Path, problem } from '#yaml/finding.ts';
import { didYouMean } from '#yaml/suggest.ts';
import { type Fields, isAbsent, isRecord, wrongType } from '#yaml/values.ts';
import { alternativeFindings, type FieldName, isQuantity, keyProblem, valueProblem } from './check-values.ts';
import schema from './schema.json' with { type: 'json' };

const TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = schema;

/** What is wrong with a manifest of the kind that a table such as `V1Job` describes. */
export function structureFindings(manifest: unknown, table: string): readonly Finding[] {
  return tableFindings(manifest, table, []);
}

function tableFindings(value: unknown, table: string, path: Path): readonly Finding[] {
  const types = TABLES[table] ?? {};
  if (!isRecord(value)) return [problem(path, wrongType(MAPPING, value))];
  return [
    ...Object.entries(value).flatMap(([field, entry]) => {
      const at = [...path, field];
      const type = Object.hasOwn(types, field) ? types[field] : undefined;
      return type === undefined
        ? [problem(at, `unknown field${didYouMean(field, Object.keys(types))}`, 'key')]
        : fieldFindings(entry, type, { name: { table, field }, path: at });
    }),
    ...missingFindings(value, types, path),
    ...alternativeFindings(table, value, path),
  ];
}

function missingFindings(value: Fields, types: Readonly<Record<string, string>>, path: Path): readonly Finding[] {
  return Object.entries(types)
    .filter(([field, type]) => type.endsWith('!') && isAbsent(value[field]))
    .map(([field]) => problem([...path, field], 'is missing'));
}

/** A field by its place in the manifest and by its name in the tables. */
type FieldPlace = { readonly name: FieldName; readonly path: Path };

const MAPPING = 'a mapping (key: value)';

function fieldFindings(value: unknown, type: string, { name, path }: FieldPlace): readonly Finding[] {
  if (isAbsent(value)) return [];
  const element = type.replace(/[^\w-]+$/, '');
  if (type.includes('[]')) {
    if (!Array.isArray(value)) return [problem(path, wrongType('a list (- item)', value))];
    return value.flatMap((item, index) => elementFindings(item, element, { name, path: [...path, index] }));
  }
  if (!type.includes('{}')) return elementFindings(value, element, { name, path });
  if (!isRecord(value)) return [problem(path, wrongType(MAPPING, value))];
  return Object.entries(value).flatMap(([key, entry]) => {
    const place = { name, path: [...path, key] };
    const wrong = keyProblem(name, key);
    return [
      ...(wrong === undefined ? [] : [problem(place.path, wrong, 'key')]),
      ...elementFindings(entry, element, place),
    ];
  });
}

function elementFindings(value: unknown, type: string, { name, path }: FieldPlace): readonly Finding[] {
  if (Object.hasOwn(TABLES, type)) return tableFindings(value, type, path);
  const wrong = scalarProblem(value, type, name) ?? valueProblem(name, value);
  return wrong === undefined ? [] : [problem(path, wrong)];
}

type ScalarRule = { readonly expected: string; readonly fits: (value: unknown) => boolean };

const SCALARS: Readonly<Record<string, ScalarRule>> = {
  string: { expected: 'text', fits: (value) => typeof value === 'string' },
  boolean: { expected: 'true or false', fits: (value) => typeof value === 'boolean' },
  int32: { expected: 'a whole number', fits: (value) => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31 },
  int64: { expected: 'a whole number', fits: (value) => Number.isSafeInteger(value) },
  byte: { expected: 'base64', fits: (value) => typeof value === 'string' && isBase64(value) },
  'int-or-string': {
    expected: 'a whole number or text',
    fits: (value) => typeof value === 'string' || Number.isInteger(value),
  },
  'date-time': {
    expected: 'a time such as 2026-11-01T12:00:00Z',
    fits: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value),
  },
};

function scalarProblem(value: unknown, type: string, name: FieldName): string | undefined {
  const rule = SCALARS[type];
  // `any` has no rule; a quantity may be written as a number.
  if (rule === undefined || rule.fits(value) || (isQuantity(name) && typeof value === 'number')) return undefined;
  return wrongType(rule.expected, value);
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
