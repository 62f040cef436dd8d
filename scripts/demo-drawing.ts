/** docs/demo.svg: one moment of the demo and what its day comes to, drawn as its terminal shows them. */
import { playDemo } from '../cli/demo.ts';
import type { Kind } from '../cli/demo-picture.ts';
import { drawTerminal, painted } from './terminal-drawing.ts';

/** What a person sees in a terminal of this size with the demo's own seed. */
const SCREEN = { columns: 120, rows: 27 };
/** The moment that is drawn: a lunch break, when one rule gives runners back and the other cannot. */
const MOMENT = '12:40';

const TITLE = 'One day under Atlassian’s rule and under queueAware, as the demo shows it';
/** Readable on the picture's own dark ground, whatever page it is on. */
const COLOURS: Readonly<Record<Kind, string>> = {
  busy: '#3fb950',
  idle: '#39c5cf',
  starting: '#d29922',
  draining: '#a371f7',
  waiting: '#ff7b72',
  faint: '#8b949e',
  strong: '#f0f6fc',
};

/** The drawing; the same bytes for the same code. */
export async function drawDemo(): Promise<string> {
  const written: string[] = [];
  await playDemo(
    { seed: 1, speed: 1, json: false },
    {
      screen: SCREEN,
      paint: (kind, text) => painted(COLOURS[kind], text),
      write: (text) => written.push(text),
      sleep: async () => undefined,
      signal: new AbortController().signal,
    },
  );
  const frame = written.find((text) => withoutMoves(text).startsWith(painted(COLOURS.strong, MOMENT)));
  const summary = written.at(-1);
  if (frame === undefined || summary === undefined)
    throw new Error(`The demo has no ${MOMENT}; choose another moment.`);
  return drawTerminal(TITLE, SCREEN.columns, [...linesOf(frame), ...linesOf(summary)]);
}

/** Without what moves the cursor. */
function withoutMoves(text: string): string {
  const [first = '', ...others] = text.split('\x1b[');
  return [first, ...others.map((part) => part.replace(/^\d*[A-Z]/, ''))].join('');
}

function linesOf(text: string): readonly string[] {
  return withoutMoves(text).split('\n').slice(0, -1);
}
