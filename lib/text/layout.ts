/** Lines within a width. Pure; knows nothing of terminals but how many cells fit on a line. */
import { cellWidth } from './cells.ts';

/** What a piece of text means. The caller may choose a colour for it. */
export type Tone = 'heading' | 'quiet' | 'up' | 'down' | 'warning' | 'failure';

/** A text still to be wrapped. */
export type Line = { readonly text: string; readonly tone?: Tone };

/** What has failed, without what the sentence before it has said. */
export function problemLines(problems: readonly string[], said = ''): readonly Line[] {
  return problems
    .filter((problem) => !said.includes(problem))
    .map((problem) => ({ text: `problem: ${problem}`, tone: 'failure' }));
}

/** Breaks at spaces so that no line is wider than `width` cells; a word that is wider stands alone, unbroken. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.toWellFormed().split(/\s+/).filter(Boolean)) {
    const line = lines.at(-1);
    const fits = line !== undefined && cellWidth(line) + 1 + cellWidth(word) <= width;
    if (fits) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.length === 0 ? [''] : lines;
}

/** `1 runner`, `2 runners` */
export function counted(amount: number, noun: string, plural = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : plural}`;
}

/** `width`: cells per line. `paint` must not change how wide a text looks; by default it leaves it as it is. */
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
