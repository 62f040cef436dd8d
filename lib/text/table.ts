/** A table whose last column is made of sentences: beside the row where there is room, beneath it where there is none. Pure. */
import {
  type Column,
  columnWidths,
  type Line,
  layLines,
  layRow,
  paint,
  type TextOptions,
  type Tone,
} from './layout.ts';

/** Cells, in the order of the columns, and the sentences that belong to them. */
export type Row = { readonly cells: readonly string[]; readonly tone?: Tone; readonly sentences: readonly Line[] };

/** Less room than this for the sentences, and they go beneath their row instead of beside it. */
const MIN_SENTENCE_WIDTH = 36;

/** The lines of a table; `title` stands over the sentences. Nothing is cut off: sentences wrap, long cells go on below. */
export function layTable(
  columns: readonly Column[],
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
  const titles = layRow(
    columns,
    widths,
    columns.map((column) => column.title),
  );
  return [
    paint(options, 'heading', `${titles.join('')}${beside ? `  ${title}` : ''}`.trimEnd()),
    ...rows.flatMap(({ cells, tone = 'quiet', sentences }) => {
      const row = layRow(columns, widths, cells).map((text) => paint(options, tone, beside ? text : text.trimEnd()));
      return beside
        ? zip(row, layLines(sentences, 0, { ...options, width: options.width - left }), ' '.repeat(left - 2))
        : [...row, ...layLines(sentences, 2, options)];
    }),
  ];
}

/** Puts two blocks of lines side by side. */
function zip(left: readonly string[], right: readonly string[], blank: string): readonly string[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, line) =>
    `${left[line] ?? blank}  ${right[line] ?? ''}`.trimEnd(),
  );
}
