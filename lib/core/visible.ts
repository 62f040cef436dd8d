/**
 * What other people write, made fit to be shown: names, labels and messages may hold characters that clear a terminal, set its
 * title, or turn the direction of what follows. They become visible; nothing is lost. Pure.
 */

/**
 * Control and format characters, line separators and halves of characters. The two joiners stay: emoji and some scripts
 * need them, and they move nothing.
 */
const HIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** What nearly all texts are: a tick looks at every one of its report and observation. */
const PLAIN = /^[ -~]*$/;

/** The text in one line: line ends and tabs are spaces, other hidden characters are written as JSON writes them, `\u001b`. */
export function visible(text: string): string {
  // Stryker disable next-line ConditionalExpression: only faster.
  if (PLAIN.test(text)) return text;
  // Stryker disable next-line EqualityOperator: a plain space is not hidden.
  return text.replace(HIDDEN, (character) => (/\s/.test(character) && character < '\u0020' ? ' ' : escaped(character)));
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** A document with all its texts visible, keys included; what needs no change, and most does not, is not copied. */
export function visibleIn<Value>(value: Value): Value {
  return shown(value) as Value;
}

function shown(value: unknown): unknown {
  if (isVisible(value)) return value;
  if (typeof value === 'string') return visible(value);
  if (Array.isArray(value)) return value.map(shown);
  return Object.fromEntries(Object.entries(Object(value)).map(([key, entry]) => [visible(key), shown(entry)]));
}

function isVisible(value: unknown): boolean {
  if (typeof value === 'string') return visible(value) === value;
  if (typeof value !== 'object' || value === null) return true;
  // Stryker disable next-line ConditionalExpression: only faster.
  if (Array.isArray(value)) return value.every(isVisible);
  return Object.entries(value).every(([key, entry]) => isVisible(key) && isVisible(entry));
}
