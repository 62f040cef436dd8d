/** Text in columns and within a width. Pure; knows nothing of terminals but how many characters fit on a line. */

/** What a piece of text means; whoever shows it gives it a colour, or not. */
export type Tone = 'heading' | 'quiet' | 'up' | 'down' | 'warning' | 'failure';

/** A text still to be wrapped. */
export type Line = { readonly text: string; readonly tone?: Tone };

/** A column of a table. Its cells are padded to the widest, a left-aligned one is broken where it exceeds `maxWidth`. */
export type Column = { readonly title: string; readonly align: 'left' | 'right'; readonly maxWidth?: number };

/** Breaks at spaces so that no line is longer than `width`; a word that is longer stands alone, unbroken. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

/** How wide each column has to be for its title and its cells. */
export function columnWidths(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly number[] {
  return columns.map(({ title, maxWidth = Number.POSITIVE_INFINITY }, index) => {
    const widest = rows.reduce((width, row) => Math.max(width, row[index]?.length ?? 0), title.length);
    return Math.min(widest, Math.max(maxWidth, title.length));
  });
}

/**
 * One row, two spaces between the columns. A cell that is too long for its column goes on in further lines, so that
 * nothing is ever cut off. Every line is as wide as the columns together.
 */
export function layRow(
  columns: readonly Column[],
  widths: readonly number[],
  cells: readonly string[],
): readonly string[] {
  const broken = columns.map((_, index) => breakHard(cells[index] ?? '', widths[index] ?? 1));
  const height = Math.max(...broken.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map(({ align }, index) => {
        const cell = broken[index]?.[line] ?? '';
        const width = widths[index] ?? 0;
        return align === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  '),
  );
}

function breakHard(text: string, width: number): readonly string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += width) pieces.push(text.slice(start, start + width));
  return pieces.length === 0 ? [''] : pieces;
}

/** `1 runner`, `2 runners` */
export function counted(amount: number, noun: string, plural = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : plural}`;
}

/** `width`: characters per line. `paint` must not change how wide a text looks; by default it leaves it as it is. */
export type TextOptions = { readonly width: number; readonly paint?: (tone: Tone, text: string) => string };

/** Wraps lines; those that go on are indented by two more, so that each entry still stands out. */
export function layLines(lines: readonly Line[], indent: number, options: TextOptions): readonly string[] {
  return lines.flatMap(({ text, tone }) =>
    wrap(text, options.width - indent - 2).map((line, index) => {
      const painted = tone === undefined ? line : paint(options, tone, line);
      return `${' '.repeat(index === 0 ? indent : indent + 2)}${painted}`;
    }),
  );
}

/** The text in the colours of its tone, where there are colours. */
export function paint(options: TextOptions, tone: Tone, text: string): string {
  return options.paint === undefined ? text : options.paint(tone, text);
}
