/** Text in columns. Nothing is cut off: a long cell goes on in further lines, and sentences wrap. Pure. */
import { breakCells, cellWidth, pad } from './cells.ts';
import { type Line, layLines, paint, type TextOptions, type Tone } from './layout.ts';

/** A column of a table. Its cells are padded to the widest; a cell that is wider than `maxWidth` is broken. */
export type TableColumn = { readonly title: string; readonly align: 'left' | 'right'; readonly maxWidth?: number };

/** The titles, then the rows: lines of equal width, with two spaces between the columns. */
export function layColumns(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = columnWidths(columns, rows);
  return [titlesOf(columns), ...rows].flatMap((cells) => layRow(columns, widths, cells));
}

/** Cells, in the order of the columns, and the sentences that belong to them. */
export type Row = { readonly cells: readonly string[]; readonly tone?: Tone; readonly sentences: readonly Line[] };

/** Less room than this for the sentences, and they go beneath their row instead of beside it. */
const MIN_SENTENCE_WIDTH = 36;

/** A table whose last column, under `title`, is made of sentences: beside the row if there is room, else beneath it. */
export function layTable(
  columns: readonly TableColumn[],
  title: string,
  rows: readonly Row[],
  options: TextOptions,
): readonly string[] {
  const widths = columnWidths(
    columns,
    rows.map(({ cells }) => cells),
  );
  const left = widths.reduce((sum, width) => sum + width + 2, 0);
  const beside = options.width - left >= MIN_SENTENCE_WIDTH;
  const [titles = ''] = layRow(columns, widths, titlesOf(columns));
  return [
    paint(options, 'heading', `${titles}${beside ? `  ${title}` : ''}`.trimEnd()),
    ...rows.flatMap(({ cells, tone = 'quiet', sentences }) => {
      const row = layRow(columns, widths, cells).map((text) => paint(options, tone, beside ? text : text.trimEnd()));
      return beside
        ? zip(row, layLines(sentences, 0, { ...options, width: options.width - left }), ' '.repeat(left - 2))
        : [...row, ...layLines(sentences, 2, options)];
    }),
  ];
}

function titlesOf(columns: readonly TableColumn[]): readonly string[] {
  return columns.map(({ title }) => title);
}

/** How many cells each column needs for its title and its rows. */
function columnWidths(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): readonly number[] {
  return columns.map(({ title, maxWidth = Number.POSITIVE_INFINITY }, index) => {
    const least = cellWidth(title);
    const widest = rows.reduce((width, row) => Math.max(width, cellWidth(row[index] ?? '')), least);
    return Math.min(widest, Math.max(maxWidth, least));
  });
}

/** The lines of one row, each as wide as the columns together. */
function layRow(
  columns: readonly TableColumn[],
  widths: readonly number[],
  cells: readonly string[],
): readonly string[] {
  const broken = columns.map((_, index) => breakCells(cells[index] ?? '', widths[index] ?? 1));
  const height = Math.max(...broken.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns.map(({ align }, index) => pad(broken[index]?.[line] ?? '', widths[index] ?? 0, align)).join('  '),
  );
}

/** Puts two blocks of lines side by side. */
function zip(left: readonly string[], right: readonly string[], blank: string): readonly string[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, line) =>
    `${left[line] ?? blank}  ${right[line] ?? ''}`.trimEnd(),
  );
}
