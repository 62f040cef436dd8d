/** The demo's moving picture: one frame as lines of text. Pure; colour is a function that the caller chooses. */
import { pad, shorten } from '#text/cells.ts';

/** What one minute of a day looks like: runners by what they do, and the steps that wait. */
export type Minute = Readonly<Record<'busy' | 'idle' | 'starting' | 'draining' | 'waiting', number>>;

/** A decision as it falls, or anything else worth a line. */
export type Happening = { readonly time: string; readonly text: string };

/** One of the days that are shown beside each other. */
export type Side = {
  readonly title: string;
  /** The day so far. */
  readonly minutes: readonly Minute[];
};

/** Everything that a frame shows. */
export type Frame = {
  readonly time: string;
  readonly sides: readonly Side[];
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

/** Between two days. */
const GAP = '  ';

/** Rows of the chart above `max`, for steps that wait. */
const HEADROOM = 4;

/** Legend, titles, counts and the axis. */
const FIXED_LINES = 4;

/**
 * The frame as lines, none wider than `width` but for the legend. A chart has one column per minute and one row per runner.
 * Where the `height` does not suffice, older happenings go first, then the charts' upper rows: the legend is always in sight.
 */
export function drawFrame(
  { time, sides, happenings, max }: Frame,
  { width, height, paint }: { readonly width: number; readonly height: number; readonly paint: Paint },
): readonly string[] {
  const fullRows = max + HEADROOM;
  const listed = Math.max(0, Math.min(MOST_HAPPENINGS, height - FIXED_LINES - fullRows));
  const rows = Math.max(1, Math.min(fullRows, height - FIXED_LINES));
  const sideWidth = Math.floor((width - GAP.length * (sides.length - 1)) / sides.length);
  const drawn = sides.map((side) => drawSide(side, { width: sideWidth, rows, max, paint }));
  const recent = listed === 0 ? [] : happenings.slice(-listed);
  return [
    `${paint('strong', time)}   ${ORDER.map((kind) => `${paint(kind, MARKS[kind])} ${kind}`).join('   ')}`,
    ...Array.from({ length: rows + FIXED_LINES - 1 }, (_, line) => drawn.map((lines) => lines[line] ?? '').join(GAP)),
    ...Array.from({ length: listed }, (_, index) => {
      const happening = recent[index];
      return happening === undefined ? '' : `${paint('faint', happening.time)}  ${shorten(happening.text, width - 8)}`;
    }),
  ];
}

type SideSize = { readonly width: number; readonly rows: number; readonly max: number; readonly paint: Paint };

/** Title, counts, chart and axis of one day, each as wide as the side. */
function drawSide({ title, minutes }: Side, { width, rows, max, paint }: SideSize): readonly string[] {
  const room = Math.max(1, width - AXIS_WIDTH);
  const columns = minutes.slice(-room);
  const rest = ' '.repeat(room - columns.length);
  const chart = Array.from({ length: rows }, (_, index) => {
    const level = rows - index;
    const axis = pad(level === max || level === 1 ? String(level) : '', AXIS_WIDTH - 2, 'right');
    const cells = columns.map((minute) => cell(minute, level, paint)).join('');
    return `${paint('faint', `${axis} ${level === max ? '┤' : '│'}`)}${cells}${rest}`;
  });
  return [
    paint('strong', fill(title, width)),
    fill(countsOf(minutes.at(-1)), width),
    ...chart,
    `${' '.repeat(AXIS_WIDTH - 1)}${paint('faint', `└${'─'.repeat(room)}`)}`,
  ];
}

function countsOf(minute: Minute | undefined): string {
  if (minute === undefined) return '';
  const { busy, idle, starting, draining, waiting } = minute;
  const runners = busy + idle + starting + draining;
  return `${runners} ${runners === 1 ? 'runner' : 'runners'}, ${busy} busy, ${waiting} waiting`;
}

function fill(text: string, width: number): string {
  return pad(shorten(text, width), width, 'left');
}

/** What stands at this height of a minute's column: runners stacked up by class, waiting steps on top. */
function cell(minute: Minute, level: number, paint: Paint): string {
  let top = 0;
  for (const kind of ORDER) {
    top += minute[kind];
    if (level <= top) return paint(kind, MARKS[kind]);
  }
  return ' ';
}
