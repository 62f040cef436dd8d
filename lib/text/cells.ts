/**
 * How much room a text takes in a terminal: an emoji or a Chinese character fills two cells, a combining mark none. All
 * padding, breaking and shortening for a terminal is done here, grapheme by grapheme, so that no character is cut. Pure.
 */
import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** How many cells of a terminal the text fills. */
export function cellWidth(text: string): number {
  return stringWidth(text);
}

/** The text with spaces up to `width` cells. */
export function pad(text: string, width: number, align: 'left' | 'right'): string {
  const spaces = ' '.repeat(Math.max(0, width - cellWidth(text)));
  return align === 'left' ? text + spaces : spaces + text;
}

/** Pieces of at most `width` cells, at least one. A grapheme that is wider stands alone; half a character becomes `�`. */
export function breakCells(text: string, width: number): readonly string[] {
  const whole = text.toWellFormed();
  if (cellWidth(whole) <= width) return [whole];
  const pieces: string[] = [];
  let piece = '';
  let filled = 0;
  for (const { segment } of segmenter.segment(whole)) {
    const more = cellWidth(segment);
    if (piece !== '' && filled + more > width) {
      pieces.push(piece);
      piece = '';
      filled = 0;
    }
    piece += segment;
    filled += more;
  }
  return [...pieces, piece];
}

/** The text in at most `width` cells; `…` shows that there is more of it. */
export function shorten(text: string, width: number): string {
  const whole = text.toWellFormed();
  if (cellWidth(whole) <= width) return whole;
  const [first = ''] = breakCells(whole, width - 1);
  return cellWidth(first) < width ? `${first}…` : '…';
}
