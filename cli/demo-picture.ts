/** The demo's moving picture: one frame as lines of text. Pure; colour is a function that the caller chooses. */
import type { Counts } from '#core/model/decision.ts';
import { pad, shorten } from '#text/cells.ts';

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

const MOST_HAPPENINGS = 7;
const AXIS_WIDTH = 4;

/** Rows of the chart above `max`, for steps that wait. */
const HEADROOM = 4;

/** Title, legend, an empty line and the axis. */
const FIXED_LINES = 4;

/**
 * The frame as lines, none wider than `width`. The chart has one column per minute and one row per runner. Where the
 * `height` does not suffice, older happenings go first, then the chart's upper rows: the legend is always in sight.
 */
export function drawFrame(
  frame: Frame,
  { width, height, paint }: { readonly width: number; readonly height: number; readonly paint: Paint },
): readonly string[] {
  const fullRows = frame.max + HEADROOM;
  const listed = Math.max(0, Math.min(MOST_HAPPENINGS, height - FIXED_LINES - fullRows));
  const rows = Math.max(1, Math.min(fullRows, height - FIXED_LINES));
  const now = frame.minutes.at(-1);
  const columns = frame.minutes.slice(-(width - AXIS_WIDTH));
  const chart = Array.from({ length: rows }, (_, index) => {
    const level = rows - index;
    const axis = pad(level === frame.max || level === 1 ? String(level) : '', AXIS_WIDTH - 2, 'right');
    return `${paint('faint', `${axis} ${level === frame.max ? '┤' : '│'}`)}${columns.map((minute) => cell(minute, level, paint)).join('')}`;
  });
  const legend = ORDER.map((kind) => {
    const count = kind === 'waiting' ? (now?.waiting ?? 0) : (now?.counts[kind] ?? 0);
    return `${paint(kind, MARKS[kind])} ${kind} ${pad(String(count), 2, 'right')}`;
  }).join('   ');
  const recent = listed === 0 ? [] : frame.happenings.slice(-listed);
  return [
    `${paint('strong', frame.title)}`,
    `${paint('strong', frame.time)}   ${legend}`,
    '',
    ...chart,
    `${' '.repeat(AXIS_WIDTH - 1)}${paint('faint', `└${'─'.repeat(Math.max(0, width - AXIS_WIDTH))}`)}`,
    ...Array.from({ length: listed }, (_, index) => {
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
