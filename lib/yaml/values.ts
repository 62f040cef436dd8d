/** Reads values of unknown type, and names them in messages. Pure. */

/** A mapping's entries. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether the value is a mapping. */
export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a mapping; without entries when it is anything else. */
export function recordOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** The value as a list; empty when it is anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value of a JSON text; undefined for a text that is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether no value is given. Kubernetes treats null as no value. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

const LONGEST_QUOTE = 60;

/** A text in quotes, or a number. Long texts are shortened, never inside a character. */
export function quoted(value: string | number): string {
  const text = String(value);
  if (text.length <= LONGEST_QUOTE) return JSON.stringify(value);
  return JSON.stringify(`${text.slice(0, LONGEST_QUOTE - 3).replace(/[\uD800-\uDBFF]$/, '')}...`);
}

const NUMBER = /^-?\d+(\.\d+)?$/;

/** Texts that were probably meant without quotes, by the expected type. */
const NEEDLESS_QUOTES: Readonly<Record<string, RegExp>> = {
  'a number': NUMBER,
  'a whole number': NUMBER,
  'true or false': /^(?:true|false)$/,
};

/** `expected a whole number, got the text "3"; remove the quotes`; `expected` is `text` for a string. */
export function wrongType(expected: string, value: unknown): string {
  const sentence = `expected ${expected}, got ${nameOf(value)}`;
  if (expected === 'text' && typeof value !== 'object') return `${sentence}; put it in quotes`;
  const isNeedless = typeof value === 'string' && NEEDLESS_QUOTES[expected]?.test(value) === true;
  return isNeedless ? `${sentence}; remove the quotes` : sentence;
}

/** `a list`, `the text "x"`, `the number 3` */
export function nameOf(value: unknown): string {
  if (isAbsent(value)) return 'nothing';
  if (typeof value === 'object') return isRecord(value) ? 'a mapping' : 'a list';
  return typeof value === 'string' ? `the text ${quoted(value)}` : `the ${typeof value} ${String(value)}`;
}
