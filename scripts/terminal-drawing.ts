/** Text of a terminal as a picture, so that a document can show it in colour. */
import { escapeHtml } from '#tools/page/script/html.js';

const CELL = { width: 8, height: 17 };
const MARGIN = 16;
const PLAIN = '#c9d1d9';

const START = '\x01';
const END = '\x02';

/** Text in a colour (`#rrggbb`), for `drawTerminal`. */
export function painted(colour: string, text: string): string {
  return `${START}${colour}:${text}${END}`;
}

/** The lines, which may have painted parts, as an SVG of so many columns; the title is for those who cannot see it. */
export function drawTerminal(title: string, columns: number, lines: readonly string[]): string {
  const width = columns * CELL.width + 2 * MARGIN;
  const height = lines.length * CELL.height + 2 * MARGIN;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeHtml(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13">`,
    ...lines.flatMap((line, row) => drawLine(line, MARGIN + row * CELL.height)),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

type Piece = { readonly colour: string; readonly text: string };

function piecesOf(line: string): readonly Piece[] {
  return line.split(START).flatMap((part, index): readonly Piece[] => {
    if (index === 0) return [{ colour: PLAIN, text: part }];
    const [inColour = '', plain = ''] = part.split(END);
    const [colour = PLAIN, ...text] = inColour.split(':');
    return [
      { colour, text: text.join(':') },
      { colour: PLAIN, text: plain },
    ];
  });
}

/** Pieces of one colour that follow each other are one; a column keeps its place whatever the font's widths are. */
function drawLine(line: string, top: number): readonly string[] {
  const pieces: Piece[] = [];
  for (const { colour, text } of piecesOf(line)) {
    const last = pieces.at(-1);
    if (last?.colour === colour) pieces.splice(-1, 1, { colour, text: last.text + text });
    else if (text !== '') pieces.push({ colour, text });
  }
  let column = 0;
  return pieces.flatMap(({ colour, text }) => {
    const x = MARGIN + column * CELL.width;
    column += text.length;
    if (text.trim() === '') return [];
    const length = text.length * CELL.width;
    // Blanks that follow each other would be drawn as one.
    const shown = escapeHtml(text).replaceAll(' ', '\u00a0');
    return `<text x="${x}" y="${top + 13}" textLength="${length}" lengthAdjust="spacingAndGlyphs" fill="${colour}">${shown}</text>`;
  });
}
