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
  readonly node: yaml.Scalar;
};

/** The placeholders among the names, labels and namespaces of all groups. */
export function placeholdersOf(document: yaml.Document): readonly Placeholder[] {
  const groups = document.get('groups');
  if (!yaml.isSeq(groups)) return [];
  return groups.items.flatMap((group, index) => {
    if (!yaml.isMap(group)) return [];
    const labels = group.get('labels');
    const inNames = ['workspace', 'repository', 'namespace'].flatMap((key) =>
      placeholderAt(['groups', index, key], group.get(key, true)),
    );
    const inLabels = (yaml.isSeq(labels) ? labels.items : []).flatMap((node, label) =>
      placeholderAt(['groups', index, 'labels', label], node),
    );
    return [...inNames, ...inLabels];
  });
}

function placeholderAt(path: Placeholder['path'], node: unknown): readonly Placeholder[] {
  if (!yaml.isScalar(node) || typeof node.value !== 'string') return [];
  const isName = path.includes('workspace') || path.includes('repository');
  const isPlaceholder = isName ? isPlaceholderName(node.value) : /^<.*>$/.test(node.value);
  return isPlaceholder ? [{ path, value: node.value, offset: offsetOf(node), node }] : [];
}

/** The document's text with something valid in the place of every placeholder. */
export function textWithStandIns(document: yaml.Document, placeholders: readonly Placeholder[]): string {
  for (const { path, value, node } of placeholders) node.value = standInFor(path, value);
  const text = document.toString({ lineWidth: 0 });
  for (const { value, node } of placeholders) node.value = value;
  return text;
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
