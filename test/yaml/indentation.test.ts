/** What SnakeYAML reads and a stricter parser does not. */
import { describe, expect, it } from 'vitest';
import { parseLeniently } from '#yaml/indentation.ts';

function read(text: string) {
  const document = parseLeniently(text, { prettyErrors: false });
  return document.errors.length > 0 ? document.errors.map(({ code }) => code) : document.toJS();
}

describe('a text that SnakeYAML reads', () => {
  it.each<[name: string, text: string, value: unknown]>([
    ['in order', 'a: "b"\nc: [d]', { a: 'b', c: ['d'] }],
    ['a text that goes on in the column of its key', 'a:\n  b: "c\n  d"\n  e: f', { a: { b: 'c d', e: 'f' } }],
    ['a text that goes on in the first column', 'a:\n  b: "c\nd"\n  e: f', { a: { b: 'c d', e: 'f' } }],
    ['a text in a list', '- a: "b\n  c"\n  d: e', [{ a: 'b c', d: 'e' }]],
    ['a text in single quotes, with one in it', "a:\n  b: 'it''s\n  c'\n  d: e", { a: { b: "it's c", d: 'e' } }],
    ['a text with an escaped quote in it', 'a: "b \\" c\nd \\" e"\nf: g', { a: 'b " c d " e', f: 'g' }],
    ['a single quote in double ones', 'a: "it\'s\nb"', { a: "it's b" }],
    ['a double quote in single ones', "a: '\"x\nb'", { a: '"x b' }],
    ['a bracket in too small a column', 'a:\n  b: [\n    c\n]\nd: e', { a: { b: ['c'] }, d: 'e' }],
    ['a brace in too small a column', 'a:\n  b: {\n    c: d\n}\ne: f', { a: { b: { c: 'd' } }, e: 'f' }],
    ['entries in too small a column', 'a:\n  b: [\nc,\n "d]", # e ]\n[f]\n]', { a: { b: ['c', 'd]', ['f']] } }],
    ['several of them', 'a: "b\nc"\nd: "e\nf"\ng:\n  h: [\ni]', { a: 'b c', d: 'e f', g: { h: ['i'] } }],
    ['a comment behind a quote', 'a: "A"#note\nb: c', { a: 'A', b: 'c' }],
    ['a comment behind a bracket, and a text', 'a: [b]#note\nc: "d\ne"#x', { a: ['b'], c: 'd e' }],
    ['an error and its echo', 'a: ["b\n", "d\n"]\nc: "x\ny"', { a: ['b ', 'd '], c: 'x y' }],
    ['brackets, one behind the other', 'a:\n  b: [\nc\n]\n  d: [\ne\n]\nf: g', { a: { b: ['c'], d: ['e'] }, f: 'g' }],
    ['a quote in a comment between them', 'a: "b\nc"\n# "\nd: "e\nf"', { a: 'b c', d: 'e f' }],
    ['thousands of them', '- "b\nc"\n'.repeat(4_000), Array(4_000).fill('b c')],
    ['thousands of brackets', '- a: [\nb\n]\n'.repeat(4_000), Array(4_000).fill({ a: ['b'] })],
    ['quotes in a script', 'a:\n  - |\n    echo "x\n    it\'s\n  - "y\n  z"', { a: ['echo "x\nit\'s\n', 'y z'] }],
  ])('%s', (_name, text, value) => {
    expect(read(text)).toEqual(value);
  });
});

describe('a text that nobody reads', () => {
  it.each<[name: string, text: string, codes: readonly string[]]>([
    ['a quote without end', 'a: "b\nc: d', ['MISSING_CHAR']],
    ['a bracket without end', 'a: [b\nc: d', ['BAD_INDENT']],
    ['a tab', 'a:\n\tb: c', ['TAB_AS_INDENT']],
  ])('%s', (_name, text, codes) => {
    expect(read(text)).toEqual(codes);
  });

  it('is no text whose quotes have no end, however many are escaped', () => {
    expect(read(`a: "${'\\"'.repeat(60_000)}\nb`)).toContain('MISSING_CHAR');
  });
});
