/** docs/demo.svg: one moment of the demo and what its day comes to, drawn as its terminal shows them. */
import { escapeHtml } from '#tools/page/script/html.js';
import { playDemo } from '../cli/demo.ts';
import type { Kind } from '../cli/demo-picture.ts';

/** What a person sees in a terminal of this size with the demo's own seed. */
const SCREEN = { columns: 120, rows: 27 };
/** The moment that is drawn: a lunch break, when one rule gives runners back and the other cannot. */
const MOMENT = '12:40';

const CELL = { width: 8, height: 17 };
const MARGIN = 16;

/** Readable on the picture's own dark ground, whatever page it is on. */
const COLOURS: Readonly<Record<Kind | 'plain', string>> = {
  busy: '#3fb950',
  idle: '#39c5cf',
  starting: '#d29922',
  draining: '#a371f7',
  waiting: '#ff7b72',
  faint: '#8b949e',
  strong: '#f0f6fc',
  plain: '#c9d1d9',
};

const START = '\x01';
const END = '\x02';

/** The drawing; the same bytes for the same code. */
export async function drawDemo(): Promise<string> {
  const written: string[] = [];
  await playDemo(
    { seed: 1, speed: 1, json: false },
    {
      screen: SCREEN,
      paint: (kind, text) => `${START}${kind}:${text}${END}`,
      write: (text) => written.push(text),
      sleep: async () => undefined,
      signal: new AbortController().signal,
    },
  );
  const frame = written.find((text) => withoutMoves(text).startsWith(`${START}strong:${MOMENT}${END}`));
  const summary = written.at(-1);
  if (frame === undefined || summary === undefined)
    throw new Error(`The demo has no ${MOMENT}; choose another moment.`);
  return drawing([...linesOf(frame), ...linesOf(summary)]);
}

/** Without what moves the cursor. */
function withoutMoves(text: string): string {
  const [first = '', ...others] = text.split('\x1b[');
  return [first, ...others.map((part) => part.replace(/^\d*[A-Z]/, ''))].join('');
}

function linesOf(text: string): readonly string[] {
  return withoutMoves(text).split('\n').slice(0, -1);
}

function drawing(lines: readonly string[]): string {
  const width = SCREEN.columns * CELL.width + 2 * MARGIN;
  const height = lines.length * CELL.height + 2 * MARGIN;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>One day under Atlassian’s rule and under queueAware, as the demo shows it</title>',
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13">`,
    ...lines.flatMap((line, row) => drawLine(line, MARGIN + row * CELL.height)),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

type Piece = { readonly kind: Kind | 'plain'; readonly text: string };

function piecesOf(line: string): readonly Piece[] {
  return line.split(START).flatMap((part, index): readonly Piece[] => {
    if (index === 0) return [{ kind: 'plain', text: part }];
    const [painted = '', plain = ''] = part.split(END);
    const [kind = 'plain', ...text] = painted.split(':');
    return [
      { kind: kind as Kind, text: text.join(':') },
      { kind: 'plain', text: plain },
    ];
  });
}

/** Pieces of one colour that follow each other are one; a column keeps its place whatever the font's widths are. */
function drawLine(line: string, top: number): readonly string[] {
  const pieces: Piece[] = [];
  for (const { kind, text } of piecesOf(line)) {
    const last = pieces.at(-1);
    if (last?.kind === kind) pieces.splice(-1, 1, { kind, text: last.text + text });
    else if (text !== '') pieces.push({ kind, text });
  }
  let column = 0;
  return pieces.flatMap(({ kind, text }) => {
    const x = MARGIN + column * CELL.width;
    column += text.length;
    if (text.trim() === '') return [];
    const length = text.length * CELL.width;
    // Blanks that follow each other would be drawn as one.
    const shown = escapeHtml(text).replaceAll(' ', '\u00a0');
    return `<text x="${x}" y="${top + 13}" textLength="${length}" lengthAdjust="spacingAndGlyphs" fill="${COLOURS[kind]}">${shown}</text>`;
  });
}
