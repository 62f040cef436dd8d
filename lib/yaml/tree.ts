/** What the YAML library leaves to do by hand when a tree is changed in place. */
import * as yaml from 'yaml';

/** Where a node begins in the text; 0 for what was not parsed. */
export function offsetOf(node: unknown): number {
  return (yaml.isNode(node) ? node.range?.[0] : undefined) ?? 0;
}

/** The mappings of a List or of a sequence, or the one mapping that the node is. */
export function objectsIn(node: unknown): readonly yaml.YAMLMap[] {
  const items = yaml.isMap(node) ? node.get('items') : node;
  return (yaml.isSeq(items) ? items.items : [node]).filter(yaml.isMap);
}

/** Puts an entry before that of `key`, or first if there is none. */
export function insertBefore(map: yaml.YAMLMap, key: string, pair: yaml.Pair): void {
  const index = map.items.findIndex((item) => yaml.isScalar(item.key) && item.key.value === key);
  map.items.splice(Math.max(index, 0), 0, pair as (typeof map.items)[number]);
}

/** The mapping under a key, which is made if there is none. */
export function mapUnder(document: yaml.Document, parent: yaml.YAMLMap, key: string): yaml.YAMLMap {
  const existing = parent.get(key);
  if (yaml.isMap(existing)) return existing;
  const made = emptyMap(document);
  parent.set(key, made);
  return made;
}

/** A mapping that is written in lines, not in braces. */
export function emptyMap(document: yaml.Document): yaml.YAMLMap {
  const map = new yaml.YAMLMap(document.schema);
  map.flow = false;
  return map;
}
