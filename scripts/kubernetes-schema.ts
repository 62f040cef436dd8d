/**
 * The field tables by which Job templates are checked, made from the installed client-node: its generated models name
 * every field and its type, and their declarations say which fields are required. So the tables always fit the version
 * of Kubernetes that the dependency was generated from, and no network is needed.
 */
import { readFile } from 'node:fs/promises';

/** The objects that a template may hold. */
const ROOTS = ['V1Job', 'V1Secret'];
const MODELS = new URL('models/', import.meta.resolve('@kubernetes/client-node/dist/gen/index.js'));

type Attribute = { readonly baseName: string; readonly type: string; readonly format: string };
type Fields = Readonly<Record<string, string>>;

/** Every type that the roots reach: its fields, each with its type in the notation of lib/manifests/check-structure.ts. */
export async function kubernetesSchema(): Promise<Readonly<Record<string, Fields>>> {
  const types = new Map<string, Fields>();
  const waiting = [...ROOTS];
  for (const name of waiting) {
    if (types.has(name)) continue;
    const attributes = await attributesOf(name);
    const required = await requiredOf(name);
    types.set(name, fieldsOf(attributes, required));
    waiting.push(...attributes.flatMap(({ type }) => type.match(/\b(?:Core)?V\d\w+/g) ?? []));
  }
  return Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function attributesOf(name: string): Promise<readonly Attribute[]> {
  const model = await import(new URL(`${name}.js`, MODELS).href);
  return model[name].getAttributeTypeMap();
}

/** In a declaration `'name': string` is required and `'image'?: string` is not. */
async function requiredOf(name: string): Promise<ReadonlySet<string>> {
  const declaration = await readFile(new URL(`${name}.d.ts`, MODELS), 'utf8');
  return new Set([...declaration.matchAll(/^ {4}'?([\w$]+)'?: /gm)].map(([, field = '']) => field));
}

function fieldsOf(attributes: readonly Attribute[], required: ReadonlySet<string>): Fields {
  return Object.fromEntries(
    attributes.map((attribute) => [
      attribute.baseName,
      `${notationOf(attribute)}${required.has(attribute.baseName) ? '!' : ''}`,
    ]),
  );
}

function notationOf({ type, format }: Attribute): string {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return `${notationOf({ baseName: '', type: list, format })}[]`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map !== undefined) return `${notationOf({ baseName: '', type: map, format })}{}`;
  return format === '' ? type : format;
}
