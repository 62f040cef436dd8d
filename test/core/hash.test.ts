/** FNV-1a, by its published test vectors; over code points where a text is not ASCII. */
import { expect, it } from 'vitest';
import { hashOf } from '#core/select.ts';

it.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['b', 0xe70c2de5],
  ['foobar', 0xbf9cf968],
])('of "%s"', (text, hash) => {
  expect(hashOf(text)).toBe(hash);
});

it('takes a character for one, however it is encoded', () => {
  expect(hashOf('😀')).not.toBe(hashOf('\u{d83d}'));
  expect(hashOf('😀')).toBeGreaterThanOrEqual(0);
});
