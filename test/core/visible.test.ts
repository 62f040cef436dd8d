import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible, visibleIn } from '#core/visible.ts';

describe('a text that is shown', () => {
  it.each<[name: string, text: string, shown: string]>([
    ['as it is', 'Grüße, 你好 👩‍🚒 می‌خواهم é', 'Grüße, 你好 👩‍🚒 می‌خواهم é'],
    ['in one line', 'a\nb\r\nc\td', 'a b  c d'],
    ['escape sequences', '\x1b]0;title\x07\x1b[2J\x9b1m\x7f', '\\u001b]0;title\\u0007\\u001b[2J\\u009b1m\\u007f'],
    ['other spaces of the control characters', '\v\f\x85', '  \\u0085'],
    ['directions', 'a\u202egnp.exe\u2066\u200f\u061c', 'a\\u202egnp.exe\\u2066\\u200f\\u061c'],
    ['what has no width', '\ufeffa\u200bb\u00ad\u2060', '\\ufeffa\\u200bb\\u00ad\\u2060'],
    ['line separators', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
    ['tags, in two halves', '\u{e0041}', '\\udb40\\udc41'],
    ['half a character', 'a\ud800b', 'a\\ud800b'],
  ])('%s', (_name, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('has nothing hidden in it, whatever it was, and JSON means the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
        expect(JSON.parse(visible(JSON.stringify(text)))).toBe(text);
      }),
    );
  });
});

describe('a document that is shown', () => {
  it('has its texts shown, keys included', () => {
    const written = { a: ['\x1b', 1, null, { '\x1b': true }], b: undefined };
    expect(visibleIn(written)).toEqual({ a: ['\\u001b', 1, null, { '\\u001b': true }], b: undefined });
    expect(written.a[0]).toBe('\x1b');
  });

  it('is the same one when nothing is hidden in it, part by part', () => {
    const plain = { list: ['a'], none: null };
    const written = { plain, other: '\x07', [Symbol.for('x')]: 1 };
    expect(visibleIn(plain)).toBe(plain);
    expect(visibleIn(written).plain).toBe(plain);
  });
});
