import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breakCells, cellWidth, pad, shorten } from '#text/cells.ts';
import { wrap } from '#text/layout.ts';
import { renderReport } from '#text/report.ts';
import { layColumns, layTable } from '#text/table.ts';
import { group, report } from '../doors/reports.ts';

const FAMILY = '👨‍👩‍👧‍👦';
const ACCENTED = 'e\u0301';

const SAMPLES: readonly (readonly [what: string, text: string, width: number])[] = [
  ['letters', 'builds', 6],
  ['an accent of its own', ACCENTED.repeat(4), 4],
  ['several marks on one letter', 'a\u0323\u0302\u0301', 1],
  ['Chinese', '构建', 4],
  ['Japanese', 'ビルド', 6],
  ['half-width Japanese', 'ﾋﾞﾙﾄﾞ', 5],
  ['Korean', '빌드', 4],
  ['Hangul in parts', '\u1112\u1161\u11ab', 2],
  ['an emoji', '🚀', 2],
  ['a family', FAMILY, 2],
  ['a skin tone', '👩🏽‍💻', 2],
  ['flags', '🇩🇪🇫🇷', 4],
  ['a keycap', '1️⃣', 2],
  ['a heart, as text and as an emoji', '❤❤️', 3],
  ['a mixture', `ci-构建-${FAMILY}-${ACCENTED}`, 12],
];

const ROWS = SAMPLES.map(([what, text]) => [what, text, '7']);
const COLUMNS = [
  { title: 'WHAT', align: 'left' },
  { title: 'GROUP', align: 'left', maxWidth: 5 },
  { title: 'BUSY', align: 'right' },
] as const;

/** Texts of many scripts, among them those that programs get wrong. */
const cell = fc.oneof(
  fc.array(fc.constantFrom(...SAMPLES.map(([, text]) => text)), { maxLength: 4 }).map((texts) => texts.join('')),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

describe('cells of a terminal', () => {
  it.each(SAMPLES)('counts %s', (_, text, width) => {
    expect(cellWidth(text)).toBe(width);
    expect([pad(text, 14, 'left'), pad(text, 14, 'right')].map(cellWidth)).toEqual([14, 14]);
  });

  it('do not count colours', () => {
    expect(cellWidth('\x1b[31m构建\x1b[39m')).toBe(4);
  });

  it.each([
    ['between letters', 'builds', 4, ['buil', 'ds']],
    ['before a wide character that does not fit', 'a构建', 2, ['a', '构', '建']],
    ['around a family', `ab${FAMILY}cd`, 3, ['ab', `${FAMILY}c`, 'd']],
    ['between flags', '🇩🇪🇫🇷🇮🇹', 4, ['🇩🇪🇫🇷', '🇮🇹']],
    ['behind marks', ACCENTED.repeat(3), 2, [ACCENTED.repeat(2), ACCENTED]],
    ['nothing that fits', 'a构', 3, ['a构']],
    ['not a character that is wider than the cell', '构建', 1, ['构', '建']],
    ['nothing at all', '', 3, ['']],
    ['half a character, which is shown as one that is missing', 'a\ud83d', 9, ['a\ufffd']],
  ] as const)('break %s', (_, text, width, pieces) => {
    expect(breakCells(text, width)).toEqual(pieces);
  });

  it.each([
    ['fits', 'a构', 3, 'a构'],
    ['is too wide', 'a构建', 4, 'a构…'],
    ['ends in the middle of a character', '构建构建', 4, '构…'],
    ['is a family and more', `${FAMILY}${FAMILY}`, 3, `${FAMILY}…`],
    ['has one cell', 'builds', 1, '…'],
    ['has none', 'builds', 0, '…'],
  ] as const)('shorten what %s', (_, text, width, expected) => {
    expect(shorten(text, width)).toBe(expected);
  });

  it('hold a shortened text, whatever it is', () => {
    fc.assert(
      fc.property(cell, fc.integer({ min: 2, max: 30 }), (text, width) => {
        expect(cellWidth(shorten(text, width))).toBeLessThanOrEqual(width);
        expect(shorten(text, width).isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('tables', () => {
  it('keep their columns, whatever the script', () => {
    expect(`\n${layColumns(COLUMNS, ROWS).join('\n')}\n`).toMatchSnapshot();
  });

  it.each(ROWS)('have rows of one width: %s', (what, text) => {
    const lines = layColumns(COLUMNS, [
      ['builds', 'builds', '12'],
      [what, text, '7'],
    ]);
    expect(new Set(lines.map(cellWidth)).size).toBe(1);
  });

  it('have rows of one width and lose nothing, whatever the cells', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell), { minLength: 1 }),
        fc.integer({ min: 4, max: 12 }),
        (rows, maxWidth) => {
          const columns = [
            { title: 'A', align: 'left', maxWidth },
            { title: 'B', align: 'right', maxWidth },
          ] as const;
          const lines = layColumns(columns, rows);
          expect(new Set(lines.map(cellWidth)).size).toBe(1);
          expect(lines.filter((line) => !line.isWellFormed())).toEqual([]);
          const visible = (text: string) => [...text.replace(/\s/g, '')].sort().join('');
          expect(visible(lines.slice(1).join(''))).toBe(visible(rows.flat().join('')));
        },
      ),
    );
  });

  it('break long cells instead of cutting them', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,14}$/);
    fc.assert(
      fc.property(word, word, fc.integer({ min: 1, max: 10 }), (left, right, maxWidth) => {
        const columns = [
          { title: 'A', align: 'left', maxWidth },
          { title: 'B', align: 'right', maxWidth },
        ] as const;
        const [, ...lines] = layColumns(columns, [[left, right]]);
        const first = Math.min(left.length, maxWidth);
        const second = Math.min(right.length, maxWidth);
        expect(new Set(lines.map((line) => line.length))).toEqual(new Set([first + 2 + second]));
        expect(lines.map((line) => line.slice(0, first).trim()).join('')).toBe(left);
        expect(lines.map((line) => line.slice(first + 2).trim()).join('')).toBe(right);
      }),
    );
  });

  it.each([
    ['beneath their rows on 50 columns', 50, 2],
    ['beside their rows on 120 columns', 120, 20],
  ])('put all sentences %s', (_, width, start) => {
    const columns = [
      { title: 'GROUP', align: 'left', maxWidth: 12 },
      { title: 'BUSY', align: 'right' },
    ] as const;
    const rows = SAMPLES.map(([, text]) => ({ cells: [text.repeat(3), '7'], sentences: [{ text: `says: ${text}` }] }));
    const lines = layTable(columns, 'WHY', rows, { width });
    const starts = lines
      .filter((line) => line.includes('says:'))
      .map((line) => cellWidth(line.split('says:', 1)[0] ?? ''));
    expect(starts).toEqual(SAMPLES.map(() => start));
  });

  it('of a report have their numbers beneath each other', () => {
    const names = ['builds', '构建', `${FAMILY} family`, 'é'.normalize('NFD').repeat(30), '🚀'.repeat(20)];
    const lines = renderReport(report({ groups: names.map((name) => group({ name })) }), { width: 160 });
    const rows = lines.filter((line) => line.includes(' hold '));
    expect(rows).toHaveLength(names.length);
    expect(new Set(rows.map((row) => cellWidth(row.slice(0, row.indexOf(' hold '))))).size).toBe(1);
  });
});

describe('wrapped text', () => {
  it.each([
    ['Chinese words', '构建 测试 发布', 9, ['构建 测试', '发布']],
    ['emoji', `${FAMILY} ${FAMILY} ${FAMILY}`, 5, [`${FAMILY} ${FAMILY}`, FAMILY]],
    ['half a character', 'a \ud83d', 9, ['a \ufffd']],
  ] as const)('of %s', (_, text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });
});
