/**
 * A manifest against Kubernetes' field tables: unknown fields, wrong types, missing fields, and every value that breaks
 * a rule of its own. What the API server would refuse is told before it is asked. Pure.
 */
import { type Finding, type Path, problem } from '#yaml/finding.ts';
import { didYouMean } from '#yaml/suggest.ts';
import { alternativeFindings, isQuantity, keyProblem, valueProblem } from './check-values.ts';
import { type FieldType, fieldsOf } from './schema.ts';
import { type Fields, isRecord } from './shapes.ts';

/** What is wrong with a manifest of the kind that a table such as `V1Job` describes. */
export function structureFindings(manifest: unknown, table: string): readonly Finding[] {
  return tableFindings(manifest, table, []);
}

function tableFindings(value: unknown, table: string, path: Path): readonly Finding[] {
  const fields = fieldsOf(table);
  if (fields === undefined) throw new Error(`schema.json has no table ${table}`);
  if (!isRecord(value)) return [problem(path, wrongType('a mapping (key: value)', value))];
  return [
    ...Object.entries(value).flatMap(([key, entry]) => {
      const field = fields.get(key);
      return field === undefined
        ? [problem([...path, key], `unknown field${didYouMean(key, [...fields.keys()])}`, 'key')]
        : fieldFindings(entry, field, { name: `${table}.${key}`, path: [...path, key] });
    }),
    ...missingFindings(value, fields, path),
    ...alternativeFindings(table, value, path),
  ];
}

function missingFindings(value: Fields, fields: ReadonlyMap<string, FieldType>, path: Path): readonly Finding[] {
  return [...fields]
    .filter(([key, { isRequired }]) => isRequired && isAbsent(value[key]))
    .map(([key]) => problem([...path, key], 'is missing'));
}

/** Kubernetes takes null for "not given". */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** A field by its place in the manifest and by its name in the rules, such as `V1Container.name`. */
type FieldPlace = { readonly name: string; readonly path: Path };

function fieldFindings(value: unknown, field: FieldType, { name, path }: FieldPlace): readonly Finding[] {
  if (isAbsent(value)) return [];
  switch (field.shape) {
    case 'one':
      return elementFindings(value, field.type, { name, path });
    case 'list':
      if (!Array.isArray(value)) return [problem(path, wrongType('a list (- item)', value))];
      return value.flatMap((item, index) => elementFindings(item, field.type, { name, path: [...path, index] }));
    case 'map':
      if (!isRecord(value)) return [problem(path, wrongType('a mapping (key: value)', value))];
      return Object.entries(value).flatMap(([key, entry]) => {
        const place = { name, path: [...path, key] };
        const wrong = keyProblem(name, key);
        return [
          ...(wrong === undefined ? [] : [problem(place.path, `${JSON.stringify(key)} ${wrong}`, 'key')]),
          ...elementFindings(entry, field.type, place),
        ];
      });
  }
}

function elementFindings(value: unknown, type: string, { name, path }: FieldPlace): readonly Finding[] {
  if (fieldsOf(type) !== undefined) return tableFindings(value, type, path);
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

function scalarProblem(value: unknown, type: string, name: string): string | undefined {
  const rule = SCALARS[type];
  // `any` has no rule; a quantity may be written as a number.
  if (rule === undefined || rule.fits(value) || (isQuantity(name) && typeof value === 'number')) return undefined;
  return wrongType(rule.expected, value);
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function wrongType(expected: string, value: unknown): string {
  const sentence = `expected ${expected}, got ${describe(value)}`;
  if (expected === 'text' && (typeof value === 'number' || typeof value === 'boolean')) {
    return `${sentence}; put it in quotes`;
  }
  const isQuotedScalar = typeof value === 'string' && /^(?:-?\d+|true|false)$/.test(value);
  return isQuotedScalar && /number|true/.test(expected) ? `${sentence}; remove the quotes` : sentence;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a mapping';
  if (value === null) return 'nothing';
  const text = String(value);
  return typeof value === 'string'
    ? `the text ${JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)}`
    : `the ${typeof value} ${text}`;
}
