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
  ...[
    '\0',
    '\x1b[2J',
    '\u202e',
    '\u2028',
    '\ufeff',
    '\ud800',
    '*'.repeat(20),
    '{a,b}',
    'x'.repeat(100),
    ' '.repeat(200),
  ],
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

/**
 * What needs a whole text of its own to hurt: one thing again and again, where each costs a look at all others. `entry` is
 * one of the plain text's.
 */
type Shape = (entry: string, size: number) => string;

/** Grows what `make` makes of a number, up to a size. */
const numbered = (size: number, make: (index: number) => string): string => {
  let text = '';
  for (let index = 0; text.length < size; index += 1) text += make(index);
  return text;
};

/** The entry as the content of an anchor: a list of its own, further in. */
const anchored = (entry: string) => `x:\n  y: &a\n${entry.replaceAll(/^/gm, '    ').trimEnd()}\n`;

export const SHAPES: readonly Shape[] = [
  // Texts and brackets that SnakeYAML reads and our parser does not, in a row, within each other, and with echoes.
  (_, size) => `a:\n${numbered(size, (index) => `  k${index}: "b\nc"\n`)}`,
  (_, size) => `a:\n${numbered(size, (index) => `  k${index}: [\nb\n]\n`)}`,
  (_, size) => `a:\n${numbered(size, (index) => `  k${index}: ['b\n', "c\n"] # it's "\n`)}`,
  (_, size) => `a: ${'[\n'.repeat(80)}${numbered(size, () => '"b\nc",\n')}${']\n'.repeat(80)}`,
  (_, size) => `a: "${'\\"\n'.repeat(size / 3)}`,
  // Aliases of one thing, keys that merge it, merges in a chain, and a mapping that merges all of them.
  (entry, size) => `${anchored(entry)}groups:\n${numbered(size, () => '  - *a\n')}`,
  (entry, size) => `${anchored(entry)}groups: [${numbered(size, (index) => `{ <<: *a, name: g${index} }, `)}]\n`,
  (_, size) =>
    `m0: &m0 { k: 1 }\n${numbered(size, (index) => `m${index + 1}: &m${index + 1} { <<: *m${index}, k${index}: 1 }\n`)}`,
  (_, size) => `x: &a { k: 1 }\ngroups: { <<: [${numbered(size, () => '*a, ')}] }\n`,
  // Lists and mappings as keys, each made of those before it.
  (_, size) => `x: &a0 [${'x'.repeat(100)}]\n${numbered(size, (n) => `? &a${n + 1} [*a${n}, *a${n}]\n: 1\n`)}`,
  (_, size) =>
    `groups:\n  ? &a0 { k: x }\n  : 1\n${numbered(size, (n) => `  ? &a${n + 1} { *a${n} : *a${n} }\n  : 1\n`)}`,
  (_, size) => `a: 1\n${'? '.repeat(90)}b\n${numbered(size, (n) => `? [${n}]\n: { ? {} : [] }\n`)}`,
  // Jinja that begins and has no end, and long runs of spaces in it.
  (entry, size) => `${entry}a: "<% ${' '.repeat(size)}`,
  (entry, size) => `${entry}\n{% ${' '.repeat(size / 2)}x${' '.repeat(size)}`,
  (entry, size) => `${entry}a: |\n  ${'<%{#{{'.repeat(size / 6)}`,
  (entry, size) => entry + '{% if repositoryUuid %}\n{% endif %}\n'.repeat(size / 36),
  // A problem in each line: keys that nobody knows, that come twice, values of the wrong kind, names that are near others.
  (entry, size) => numbered(size, (index) => `unknown${index}: 1\n`) + entry,
  (_, size) => `groups:\n${numbered(size, () => '  - {}\n')}`,
  (_, size) => `groups:\n  - name: a\n${numbered(size, () => '    workspac: [1]\n')}`,
  (entry, size) =>
    `groups:\n${entry}    schedules:\n${numbered(size, (n) => `      - { name: s${n}, from: "07:00", to: "08:00", timezone: ${'x'.repeat(50)}${n} }\n`)}`,
  (entry, size) => `groups:\n${entry}${numbered(size, (index) => `    labls${index}: &a${index} !x ~\n`)}`,
  (_, size) => `{"values":[${numbered(size, () => '{},')}{}],"items":[${numbered(size, () => '{},')}{}]}`,
];

/** Of as many cases one has a shape, the others are mutations. */
const SHAPE_EVERY = 3;

/** A hostile text from a plain one, of which `entry` is a part. */
export function hostile(plain: string, seed: number, size: number, entry = plain): string {
  const random = createRandom(seed);
  const shape = random.between(1, SHAPE_EVERY) === 1 ? pick(random, SHAPES) : undefined;
  if (shape !== undefined && random.between(0, 1) === 0) return shape(entry, size).slice(0, size);
  let text = shape?.(entry, size) ?? plain;
  for (let left = random.between(1, 5); left > 0; left -= 1) text = pick(random, MUTATIONS)(text, random, size);
  return text.slice(0, size);
}
