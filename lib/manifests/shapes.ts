/** Reading what a template rendered to, where anything may stand anywhere. */

/** A mapping's entries. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as a mapping; without entries when it is anything else. */
export function recordOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** Whether the value is a mapping. */
export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a list; empty when it is anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
