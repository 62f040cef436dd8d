/** Strings that other people may write anywhere, and what must not come of them. */
import { createRandom } from '#tools/simulator/random.ts';

/** Pieces that move cursors, set titles, turn directions, end tags and attributes, or are secrets. */
const PIECES = [
  ...[
    '\x1b[2J',
    '\x1b]0;owned\x07',
    '\x1b]52;c;AAAA\x1b\\',
    '\x9b31m',
    '\x1bc',
    '\r',
    '\n',
    '\b\b\b',
    '\x7f',
    '\0',
    '\x85',
  ],
  ...['\u202e', '\u2066', '\u200f', '\u061c', '\ufeff', '\u200b', '\u2028', '\u2029', '\ud800', '\u{e0041}'],
  ...[
    '</script><script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '" onmouseover="x',
    "'><b>",
    '<!--',
    '&lt;',
    '$(x)',
  ],
  ...[' Bearer abcdefgh12345678 ', ' ATATT3xFfGF0secret ', ' https://u:hunter22@host/ ', '{"clientSecret":"hunter22"}'],
  ...[
    'error: all runners were deleted',
    '│ group  9 busy',
    'é',
    '你好',
    '👩‍🚒',
    'a'.repeat(300),
    '__proto__',
    '%s',
    ' ',
  ],
];

/** What in them looks like a secret. */
export const SECRETS = /abcdefgh12345678|3xFfGF0secret|hunter22/;

/** What may not reach a terminal besides the end of a line. */
export const MOVES = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** So many hostile strings, the same in every run. */
export function hostileStrings(count: number): readonly string[] {
  const random = createRandom(7);
  const one = () => PIECES[Math.floor(random.next() * PIECES.length)] ?? '';
  return Array.from({ length: count }, () => Array.from({ length: 1 + Math.floor(random.next() * 4) }, one).join(''));
}

/** The text without what is our own: colours, and the line that goes. */
export function withoutOwn(text: string): string {
  const [first = '', ...others] = text.replaceAll('\r\x1b[K', '').split('\x1b');
  return [first, ...others.map((part) => part.replace(/^\[\d+m/, ''))].join('');
}
