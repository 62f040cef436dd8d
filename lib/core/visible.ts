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
  return text.replace(HIDDEN, (character) => (/\s/.test(character) && character < '\u0020' ? ' ' : escaped(character)));
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** A document with all its texts visible, keys included; the same document when they are. */
export function visibleIn<Value>(value: Value): Value {
  return isPlainIn(value) ? value : (shown(value) as Value);
}

/** Whether nothing in it has to be looked at more closely; it copies nothing, for documents are large and mostly plain. */
function isPlainIn(value: unknown): boolean {
  if (typeof value === 'string') return PLAIN.test(value);
  if (typeof value !== 'object' || value === null) return true;
  for (const key in value) {
    if (!PLAIN.test(key) || !isPlainIn(Reflect.get(value, key))) return false;
  }
  return true;
}

function shown(value: unknown): unknown {
  if (typeof value === 'string') return visible(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map(shown);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const entries = Object.entries(value);
  const visibleEntries = entries.map(([key, entry]) => [visible(key), shown(entry)] as const);
  const isSame = visibleEntries.every(
    ([key, entry], index) => entries[index]?.[0] === key && entries[index]?.[1] === entry,
  );
  return isSame ? value : Object.fromEntries(visibleEntries);
}
