/**
 * What Atlassian's examples leave for the user to fill in: `"my guid"`, `"{workspace_uuid}"`, `"<label>"`. A file with
 * placeholders can be migrated; to check the rest of it, each is replaced by something of the right form.
 */
import * as yaml from 'yaml';
import { isPlaceholderName } from '#yaml/fields.ts';
import { offsetOf } from '#yaml/tree.ts';

export type Placeholder = {
  readonly path: readonly (string | number)[];
  readonly value: string;
  readonly offset: number;
};

/** The placeholders among the names, labels and namespaces of all groups. */
export function placeholdersOf(document: yaml.Document): readonly Placeholder[] {
  const groups = document.get('groups');
  if (!yaml.isSeq(groups)) return [];
  return groups.items.flatMap((group, index) => {
    const labels = yaml.isMap(group) ? group.get('labels') : undefined;
    const count = yaml.isSeq(labels) ? labels.items.length : 0;
    const inNames = ['workspace', 'repository', 'namespace'].map((key) => ['groups', index, key]);
    const inLabels = Array.from({ length: count }, (_, label) => ['groups', index, 'labels', label]);
    return [...inNames, ...inLabels].flatMap((path) => placeholderAt(document, path));
  });
}

function placeholderAt(document: yaml.Document, path: readonly (string | number)[]): readonly Placeholder[] {
  const node = document.getIn(path, true);
  if (!yaml.isScalar(node) || typeof node.value !== 'string') return [];
  const isName = path.includes('workspace') || path.includes('repository');
  const isPlaceholder = isName ? isPlaceholderName(node.value) : /^<.*>$/.test(node.value);
  return isPlaceholder ? [{ path, value: node.value, offset: offsetOf(node) }] : [];
}

/** The document with something valid in the place of every placeholder. */
export function withStandIns(document: yaml.Document, placeholders: readonly Placeholder[]): yaml.Document {
  const copy = document.clone();
  for (const { path, value } of placeholders) copy.setIn(path, standInFor(path, value));
  return copy;
}

/** Names stay recognizable in messages; labels differ from each other, as they will when they are filled in. */
function standInFor(path: Placeholder['path'], value: string): string {
  if (path.includes('labels')) return path.join('.').toLowerCase();
  const slug = value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return slug === '' ? 'placeholder' : slug;
}

/** What to write in the place of a placeholder. */
export function toReplace({ path, value }: Placeholder): string {
  const subject = `"${value}" is a placeholder`;
  switch (path.at(-1)) {
    case 'workspace':
      return `${subject}; replace it with the slug or the {uuid} of the workspace`;
    case 'repository':
      return `${subject}; replace it with the slug or the {uuid} of the repository, or remove the line for runners of the workspace`;
    case 'namespace':
      return `${subject}; replace it with the namespace of the runner Jobs`;
    default:
      return `${subject}; replace it with a label: lower-case letters, digits and dots`;
  }
}
