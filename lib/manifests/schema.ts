/**
 * Kubernetes' own field tables for everything that a Job or a Secret may contain, read from the generated
 * `schema.json`. There a field's type is a word: `string`, `boolean`, `int32`, `int64`, `byte` (base64), `date-time`,
 * `int-or-string`, `any` or the name of another table; `[]` after it is a list, `{}` a mapping, `!` a required field.
 */
import schema from './schema.json' with { type: 'json' };

/** What one field may hold. `type`: a scalar's word, or the name of a table. */
export type FieldType = {
  readonly type: string;
  readonly shape: 'one' | 'list' | 'map';
  readonly isRequired: boolean;
};

const TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = schema;
const read = new Map<string, ReadonlyMap<string, FieldType>>();

/** The fields of a table such as `V1Container`; undefined when there is no such table. */
export function fieldsOf(table: string): ReadonlyMap<string, FieldType> | undefined {
  const known = read.get(table);
  if (known !== undefined || !Object.hasOwn(TABLES, table)) return known;
  const fields = new Map(Object.entries(TABLES[table] ?? {}).map(([name, text]) => [name, readType(text)]));
  read.set(table, fields);
  return fields;
}

function readType(text: string): FieldType {
  const type = text.replace(/[^\w-]+$/, '');
  return {
    type,
    shape: text.includes('[]') ? 'list' : text.includes('{}') ? 'map' : 'one',
    isRequired: text.endsWith('!'),
  };
}
