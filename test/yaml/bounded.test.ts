/** Bounds of YAML: what is measured before it is parsed, and what is counted while it is put together. */

import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { parseWithin, plainValue, tooLarge, YamlError } from '#yaml/bounded.ts';

const OPTIONS = { stringKeys: true, uniqueKeys: false, logLevel: 'silent' } as const;

function plain(text: string, values = 1000): unknown {
  return plainValue(parseDocument(text, { ...OPTIONS, stringKeys: false }), { values });
}

function failure(text: string, values?: number): unknown {
  try {
    return plain(text, values);
  } catch (error) {
    return error instanceof YamlError ? `${error.message} @${error.offset}` : error;
  }
}

describe('a text', () => {
  it('may have so many characters', () => {
    const limits = { characters: 1024, tokens: 100, values: 1 };
    expect([tooLarge('x'.repeat(1024), limits), tooLarge('x'.repeat(1025), limits)]).toEqual([
      undefined,
      'is longer than 1 KiB',
    ]);
  });

  it('may have so many pieces', () => {
    const limits = { characters: 1024, tokens: 4, values: 1 };
    // The beginning of the document, a bracket, a word; with the other bracket it is one too many.
    expect([tooLarge('[', limits), tooLarge('[a,]', limits)]).toEqual([undefined, 'has more than 4 pieces of YAML']);
  });
});

describe('parsing within bounds', () => {
  const limits = { characters: 1024, tokens: 10 };
  const fails = (error: unknown) => () =>
    parseWithin('a', limits, () => {
      throw error;
    });

  it('quotes and prints nothing, and leaves repeated keys alone', () => {
    const { errors, warnings } = parseWithin('a: 1\na: !x 2', { characters: 1024, tokens: 100 }, parseDocument);
    expect([errors, warnings.map(({ message }) => message)]).toEqual([[], ['Unresolved tag: !x']]);
  });

  it('ends before the parser begins, or when the parser gives up', () => {
    const tooMany = () => parseWithin('[a, b, c, d]', limits, parseDocument);
    expect(tooMany).toThrow(new YamlError('has more than 10 pieces of YAML', undefined));
    expect(fails(new RangeError('stack'))).toThrow(
      new YamlError('is not valid YAML: it is nested too deeply', undefined),
    );
    expect(fails(new TypeError('ours'))).toThrow(new TypeError('ours'));
  });
});

describe('a document as data', () => {
  it.each<[name: string, text: string, value: unknown]>([
    ['nothing', '', null],
    ['scalars of the schema', '[1, true, ~, x, "1", ]', [1, true, null, 'x', '1']],
    ['mappings, also without values', 'a: {b: 1}\nc:', { a: { b: 1 }, c: null }],
    ['aliases', 'a: &a [x]\nb: *a\nc: &a y\nd: *a', { a: ['x'], b: ['x'], c: 'y', d: 'y' }],
    ['aliases as keys, and anchors at keys', '&k a: 1\nb: *k\n*k : 2', { a: 2, b: 'a' }],
    [
      'a merge, under what the mapping says itself',
      'x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}',
      { x: { a: 1, b: 2 }, y: { a: 1, b: 3 } },
    ],
    ['merges, of which the first counts', 'y: {<<: [{a: 1}, {a: 2, b: 2}]}', { y: { a: 1, b: 2 } }],
    ['a merge in what is merged', 'x: &x {<<: {a: 1}}\ny: {<<: *x}', { x: { a: 1 }, y: { a: 1 } }],
    ['a merge key in quotes', '"<<": {a: 1}', { '<<': { a: 1 } }],
    ['lists as keys', '? &k [a]\n: x\nb: *k', { b: ['a'] }],
    [
      'names of the language',
      '__proto__: {a: 1}\nconstructor: x',
      JSON.parse('{"__proto__":{"a":1},"constructor":"x"}'),
    ],
  ])('%s', (_name, text, value) => {
    expect(plain(text)).toEqual(value);
  });

  it('shares what aliases name', () => {
    const { a, b } = plain('a: &a [x]\nb: *a') as { a: unknown; b: unknown };
    expect(a).toBe(b);
  });

  it.each<[name: string, text: string, message: string]>([
    ['an alias of nothing', 'a: *b', 'uses the alias "*b", but no "&b" stands before it @3'],
    ['an alias of what it is in', 'a: &a [*a]', 'uses the alias "*a", but no "&a" stands before it @7'],
    ['a merge of what is no mapping', 'a: {<<: x}', 'merges (<<) what is no mapping @3'],
    ['a merge of a list of lists', 'a: {<<: [[x]]}', 'merges (<<) what is no mapping @3'],
    ['nesting', `${'['.repeat(102)}x${']'.repeat(102)}`, 'is nested too deeply @101'],
  ])('is not read: %s', (_name, text, message) => {
    expect(failure(text)).toBe(message);
  });

  it('may be nested as deeply as any manifest', () => {
    expect(failure(`${'['.repeat(100)}x${']'.repeat(100)}`)).toBeInstanceOf(Array);
  });

  it.each<[name: string, text: string, values: number]>([
    ['each value', '[a, b]', 3],
    ['keys and values', 'a: b', 3],
    ['an alias as often as it is used', 'x: &x [a]\ny: [*x, *x]', 10],
    ['a merge, as an alias', 'x: &x {a: b}\ny: {<<: *x}', 11],
  ])('counts %s', (_name, text, values) => {
    expect(failure(text, values)).toBeInstanceOf(Object);
    expect(failure(text, values - 1)).toMatch(/^its aliases and merges multiply into too many values @/);
  });

  it('never has the text of a collection that is a key, which its aliases could make longer than any text may be', () => {
    const text = `x: &a ${'b'.repeat(60_000)}\n? [${'*a, '.repeat(9_500)}*a]\n: 1\ny: 2\n`;
    expect(plain(text, 20_000)).toEqual({
      x: 'b'.repeat(60_000),
      y: 2,
    });
  });

  it('tells of keys that are given twice, at their paths', () => {
    const repeated: unknown[] = [];
    const value = plainValue(parseDocument('a:\n  - b: 1\n    b: 2\na: 3', OPTIONS), {
      values: 100,
      onRepeatedKey: (path, offset) => repeated.push([path.join('.'), offset]),
    });
    expect(repeated).toEqual([
      ['a.0.b', 16],
      ['a', 21],
    ]);
    expect(value).toEqual({ a: 3 });
  });

  it('has the scalars that its reader wants', () => {
    expect(plainValue(parseDocument('[1, x]'), { values: 9, scalar: ({ source }) => `${source}!` })).toEqual([
      '1!',
      'x!',
    ]);
  });
});
