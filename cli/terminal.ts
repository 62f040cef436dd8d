/**
 * The two streams of a command: what it answers goes to stdout, what it says about itself to stderr. Colours appear on
 * a terminal only, and not when NO_COLOR is set. Whatever else could move a cursor or hide text is made visible here.
 */
import { randomUUID } from 'node:crypto';
import { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { visible } from '#core/visible.ts';
import type { TextOptions, Tone } from '#text/layout.ts';
import type { Io, Output } from './io.ts';

type Style = Parameters<typeof styleText>[0];

export type Terminal = {
  /** A line of the answer. */
  readonly print: (line: string) => void;
  /** A line about what is going on, never part of the answer. */
  readonly tell: (line: string) => void;
  /** Shows a line that the next one replaces; without a terminal, a line like any other. Empty: takes it away. */
  readonly showProgress: (line: string) => void;
  /** Draws what has no foreign text in it, such as a moving picture: it goes out as it is. */
  readonly draw: (text: string) => void;
  /** How the answer is to be laid out. */
  readonly layout: TextOptions;
  /** Puts a style on a text of the answer, where colours appear. */
  readonly style: (style: Style, text: string) => string;
  /** The process that the command runs in. */
  readonly io: Io;
};

/** Where there is no terminal, as in a file or a CI log: wide enough for sentences beside their table. */
const DEFAULT_WIDTH = 140;

const STYLES: Readonly<Record<Tone, Style>> = {
  heading: 'bold',
  quiet: 'reset',
  up: 'green',
  down: 'cyan',
  warning: 'yellow',
  failure: 'red',
};

/** The terminal of a process. */
export function openTerminal(io: Io): Terminal {
  const { stdout, stderr, env } = io;
  // Stands for the escape character of our own styles until a line is written: nobody else can know it.
  const ownEscape = `\0${randomUUID()}`;
  const style = hasColours(stdout, env)
    ? (format: Style, text: string) => styleText(format, text, { validateStream: false }).replaceAll('\x1b', ownEscape)
    : (_: Style, text: string) => text;
  const shown = (line: string) => line.split(ownEscape).map(visible).join('\x1b');
  const eraseLine = stderr.isTTY ? '\r\x1b[K' : '';
  const showProgress = (line: string) => {
    if (stderr.isTTY) stderr.write(`${eraseLine}${shown(line)}`);
    else if (line !== '') stderr.write(`${shown(line)}\n`);
  };
  return {
    print: (line) => stdout.write(`${shown(line)}\n`),
    tell: (line) => stderr.write(`${eraseLine}${shown(line)}\n`),
    showProgress,
    draw: (text) => stdout.write(text.replaceAll(ownEscape, '\x1b')),
    layout: {
      width: stdout.columns ?? DEFAULT_WIDTH,
      paint: (tone, text) => (tone === 'quiet' ? text : style(STYLES[tone], text)),
    },
    style,
    io,
  };
}

/** Node's own rule (NO_COLOR, FORCE_COLOR, TERM and so on), for an environment that is handed in. */
function hasColours({ isTTY }: Output, env: Io['env']): boolean {
  const mayHave = isTTY === true || env.FORCE_COLOR !== undefined;
  return mayHave && WriteStream.prototype.getColorDepth({ ...env }) > 2;
}
