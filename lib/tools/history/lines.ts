/** A stream of bytes as lines, none of which is held in memory beyond a length that no honest line has. */

/** Longer than any step with all its labels; in characters. */
const LONGEST_LINE = 64 * 1024;

/** A line without its end. `isWhole`: it has one; only the last line of a file may not. */
export type Line = { readonly text: string; readonly isTooLong: boolean; readonly isWhole: boolean };

/** Takes text piece by piece and gives the lines that are complete by now. Ends are `\n` or `\r\n`. */
export type LineSplitter = {
  readonly push: (piece: Uint8Array | string) => readonly Line[];
  /** The rest, if there is any. */
  readonly end: () => readonly Line[];
};

/** A splitter for one stream of UTF-8; a byte order mark at its beginning is no part of the first line. */
export function splitLines(): LineSplitter {
  const decoder = new TextDecoder();
  let begun = '';
  let isTooLong = false;

  function close(text: string, isWhole: boolean): Line {
    const whole = begun + text;
    const line = { text: whole.endsWith('\r') ? whole.slice(0, -1) : whole, isTooLong, isWhole };
    begun = '';
    isTooLong = false;
    return line.text.length > LONGEST_LINE ? { ...line, isTooLong: true } : line;
  }

  function split(text: string): readonly Line[] {
    const pieces = text.split('\n');
    const rest = pieces.pop() ?? '';
    const lines = pieces.map((piece) => close(piece, true));
    begun += rest;
    if (begun.length > LONGEST_LINE) {
      // What is dropped makes no difference any more; without this a file without line ends would be held whole.
      begun = begun.slice(0, 1);
      isTooLong = true;
    }
    return lines;
  }

  return {
    push: (piece) => split(typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true })),
    end: () => {
      const lines = split(decoder.decode());
      return begun === '' ? lines : [...lines, close('', false)];
    },
  };
}
