/** Hostile texts: a function of a seed, made from plain ones by all that is known to hurt parsers. */
import { createRandom, type Random } from '#tools/simulator/random.ts';

/** Fewest characters of the inputs of a class, in which a hostile one is held against a plain one. */
export const SIZES = [1_000, 8_000, 32_000] as const;

const PIECES: readonly string[] = [
  ...[
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '\\',
    ':',
    ': ',
    '- ',
    '? ',
    '|\n',
    '>\n',
    '#',
    '&a ',
    '*a',
    '<<: *a',
    '!x ',
    '%',
    '---\n',
    '\t',
  ],
  ...[
    ',',
    '\n',
    '\n  ',
    '\r\n',
    ' ',
    '~',
    'null',
    'true',
    '1e999',
    '-0',
    '.nan',
    '{{x}}',
    '{{{',
    '<%x%>',
    '{% if %}',
    '__proto__',
  ],
  ...['\0', '\x1b[2J', '\u202e', '\u2028', '\ufeff', '\ud800', '*'.repeat(20), '{a,b}', 'x'.repeat(100)],
];

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[random.between(0, items.length - 1)] as Item;

/** The text again and again, up to a size. */
export function grown(text: string, size: number): string {
  return text.repeat(Math.max(1, Math.ceil(size / Math.max(1, text.length)))).slice(0, size);
}

type Mutation = (text: string, random: Random, size: number) => string;

const at = (text: string, random: Random) => random.between(0, text.length);

const MUTATIONS: readonly Mutation[] = [
  // Something is put in, taken out, repeated, or comes twice.
  (text, random) => {
    const place = at(text, random);
    return text.slice(0, place) + pick(random, PIECES) + text.slice(place);
  },
  (text, random) => {
    const place = at(text, random);
    return text.slice(0, place) + text.slice(place + random.between(1, 40));
  },
  (text, random, size) => {
    const place = at(text, random);
    return (text.slice(0, place) + grown(pick(random, PIECES), random.between(1, size)) + text.slice(place)).slice(
      0,
      size,
    );
  },
  (text, random, size) => {
    const place = at(text, random);
    const part = text.slice(place, place + random.between(1, 200));
    return (text.slice(0, place) + grown(part, random.between(1, size)) + text.slice(place)).slice(0, size);
  },
  // Anchors that multiply, and merges that do.
  (text, random) => {
    const width = random.between(2, 60);
    const levels = Array.from(
      { length: random.between(1, 9) },
      (_, level) => `a${level + 1}: &a${level + 1} [${Array(width).fill(`*a${level}`).join(', ')}]`,
    );
    return [`a0: &a0 [x]`, ...levels, text].join('\n');
  },
  (text, random) => {
    const keys = Array.from({ length: random.between(1, 1500) }, (_, index) => `k${index}: 1`).join(', ');
    return `x: &a { ${keys} }\ny: [${'{ <<: *a }, '.repeat(random.between(1, 1500))}]\n${text}`;
  },
];

/** A hostile text from a plain one. */
export function hostile(plain: string, seed: number, size: number): string {
  const random = createRandom(seed);
  let text = plain;
  for (let left = random.between(1, 5); left > 0; left -= 1) text = pick(random, MUTATIONS)(text, random, size);
  return text.slice(0, size);
}
