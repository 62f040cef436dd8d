/** What was found in a history: every line is counted as exactly one thing, and what is odd is told. Pure. */
import type { Instant } from '#core/model/observation.ts';
import { duration } from '#core/reasons.ts';
import { type Gap, type HistoryEnd, type HistoryHeader, type Range, timeText } from './format.ts';
import type { Skip } from './parse.ts';

/** Lines of one kind that are of no use, and the first of them, counted from 1. */
export type Skipped = { readonly lines: number; readonly firstLine: number };

/** `lines` = `steps` + `marks` + `blank` + all that are skipped. */
export type HistorySummary = {
  /** What it was read from. */
  readonly name: string;
  readonly lines: number;
  /** Steps that were passed on. */
  readonly steps: number;
  /** Lines about the file itself: its first, its last, names of columns, gaps. */
  readonly marks: number;
  readonly blank: number;
  readonly skipped: Readonly<Partial<Record<Skip, Skipped>>>;
  /** Of the steps: those that stood later in the file than one that became ready after them. */
  readonly reordered: number;
  /** Of the steps: those that equal another one in all but an id, which they lack. They may be repetitions. */
  readonly alike: number;
  /** Absent without a step. `to` is when the last one became ready. */
  readonly span?: Range;
  readonly header?: HistoryHeader;
  readonly end?: HistoryEnd;
  /** Times that the file says are missing, at most `MOST_TOLD` of them; `gapCount` is how many. */
  readonly gaps: readonly Gap[];
  readonly gapCount: number;
  /** The longest times of more than a day without a step, at most `MOST_TOLD`, the longest first. */
  readonly quiet: readonly Range[];
};

export const MOST_TOLD = 20;

const SKIPPED: Readonly<Record<Skip, string>> = {
  'too-long': 'longer than any line of a history',
  'cut-off': 'broken off: the file ends in its middle',
  unreadable: 'unreadable: no JSON object, or not as many values as there are columns',
  'no-time': 'without a time in "ready", such as 2026-11-23T10:15:00Z',
  'no-duration': 'without a number in "durationMs"',
  'no-workspace': 'without a workspace',
  'no-labels': 'without labels: which runner the step asked for is not known',
  'odd-fields': 'with a repository, label, result, wait or id of the wrong type',
  'absurd-duration': 'with a duration below zero or above 24 h',
  outside: 'outside of the time that the file says it covers, or in the future',
  'out-of-order': 'too far from their place in time; sort the file by "ready"',
  repeated: 'repeated: the same repository and id',
};

/** The summary in sentences, the steps first; only what there is to say. */
export function describeSummary(summary: HistorySummary): readonly string[] {
  const { name, lines, steps, span, reordered, alike } = summary;
  const time = span === undefined ? '' : `, ready from ${timeText(span.from)} to ${timeText(span.to)}`;
  return [
    `${name}: ${count(steps, 'step')} in ${count(lines, 'line')}${time}.`,
    ...Object.entries(SKIPPED).flatMap(([kind, what]) => describeSkipped(summary.skipped[kind as Skip], what)),
    ...(reordered > 0 ? [`${count(reordered, 'step')} stood too late in the file and were put in their place.`] : []),
    ...(alike > 0 ? [`${count(alike, 'step')} equal another one in everything; they count, for they have no id.`] : []),
    ...describeEnd(summary),
    ...describeGaps(summary),
    ...summary.quiet.map(({ from, to }) => `No step for ${duration(to - from)} from ${timeText(from)} on.`),
  ];
}

function describeSkipped(skipped: Skipped | undefined, what: string): readonly string[] {
  if (skipped === undefined) return [];
  return [`Skipped ${count(skipped.lines, 'line')} (the first is line ${skipped.firstLine}): ${what}.`];
}

function describeEnd({ header, end, steps, skipped }: HistorySummary): readonly string[] {
  if (header === undefined) return [];
  if (end === undefined) return ['The file lacks its last line: it was cut off, and steps are missing.'];
  const found = steps + Object.values(skipped).reduce((sum, { lines }) => sum + lines, 0);
  if (found === end.steps) return [];
  return [`The file says that it has ${count(end.steps, 'step')}, but has ${count(found, 'line')} for them.`];
}

function describeGaps({ gaps, gapCount }: HistorySummary): readonly string[] {
  const told = gaps.map(
    ({ from, to, repository, reason }) =>
      `Steps ${repository === undefined ? '' : `of ${repository} `}from ${timeText(from)} to ${timeText(to)} are missing: ${reason}.`,
  );
  return gapCount > gaps.length ? [...told, `${gapCount - gaps.length} more times are missing.`] : told;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}

const QUIET_MS = 24 * 3_600_000;

/** Keeps the longest times without a step; `look` is told when each step became ready, in order. */
export function watchQuiet(): { readonly look: (at: Instant) => void; readonly longest: () => readonly Range[] } {
  let before: Instant | undefined;
  const quiet: Range[] = [];
  return {
    look: (at) => {
      if (before !== undefined && at - before > QUIET_MS) {
        quiet.push({ from: before, to: at });
        quiet.sort((one, other) => other.to - other.from - (one.to - one.from));
        quiet.length = Math.min(quiet.length, MOST_TOLD);
      }
      before = at;
    },
    longest: () => [...quiet],
  };
}
