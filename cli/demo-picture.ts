/** The demo's moving picture: one frame as lines of text. Pure; colour is a function that the caller chooses. */
import type { Counts } from '../lib/model.ts';

/** What one minute of the day looks like. */
export type Minute = { readonly counts: Counts; readonly waiting: number };

/** A decision as it falls, or anything else worth a line. */
export type Happening = { readonly time: string; readonly text: string };

/** Everything that a frame shows. */
export type Frame = {
  readonly title: string;
  readonly time: string;
  /** The day so far, one entry per minute. */
  readonly minutes: readonly Minute[];
  /** Newest last. */
  readonly happenings: readonly Happening[];
  readonly max: number;
};

export type Kind = 'busy' | 'idle' | 'starting' | 'draining' | 'waiting' | 'faint' | 'strong';

/** Puts colour on a text, or leaves it alone. */
export type Paint = (kind: Kind, text: string) => string;

const MARKS: { readonly [K in 'busy' | 'idle' | 'starting' | 'draining' | 'waiting']: string } = {
  busy: '█',
  idle: '░',
  starting: '▒',
  draining: '▏',
  waiting: '•',
};

const ORDER = ['busy', 'idle', 'starting', 'draining', 'waiting'] as const;

const HAPPENINGS = 7;
const AXIS_WIDTH = 4;

/** The frame as lines, none wider than `width`. The chart has one column per minute and one row per runner. */
export function drawFrame(
  frame: Frame,
  { width, paint }: { readonly width: number; readonly paint: Paint },
): readonly string[] {
  const now = frame.minutes.at(-1);
  const columns = frame.minutes.slice(-(width - AXIS_WIDTH));
  const rows = frame.max + 4;
  const chart = Array.from({ length: rows }, (_, index) => {
    const level = rows - index;
    const axis =
      level === frame.max || level === 1 ? String(level).padStart(AXIS_WIDTH - 2) : ' '.repeat(AXIS_WIDTH - 2);
    return `${paint('faint', `${axis} ${level === frame.max ? '┤' : '│'}`)}${columns.map((minute) => cell(minute, level, paint)).join('')}`;
  });
  const legend = ORDER.map((kind) => {
    const count = kind === 'waiting' ? (now?.waiting ?? 0) : (now?.counts[kind] ?? 0);
    return `${paint(kind, MARKS[kind])} ${kind} ${String(count).padStart(2)}`;
  }).join('   ');
  const recent = frame.happenings.slice(-HAPPENINGS);
  return [
    `${paint('strong', frame.title)}`,
    `${paint('strong', frame.time)}   ${legend}`,
    '',
    ...chart,
    `${' '.repeat(AXIS_WIDTH - 1)}${paint('faint', `└${'─'.repeat(Math.max(0, width - AXIS_WIDTH))}`)}`,
    ...Array.from({ length: HAPPENINGS }, (_, index) => {
      const happening = recent[index];
      return happening === undefined ? '' : `${paint('faint', happening.time)}  ${shorten(happening.text, width - 8)}`;
    }),
  ];
}

/** What stands at this height of a minute's column: runners stacked up by class, waiting steps on top. */
function cell({ counts, waiting }: Minute, level: number, paint: Paint): string {
  let top = 0;
  for (const kind of ORDER) {
    top += kind === 'waiting' ? waiting : counts[kind];
    if (level <= top) return paint(kind, MARKS[kind]);
  }
  return ' ';
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
