/** What was found in a history: every line is counted as exactly one thing, and what is odd is told. Pure. */

import { duration, plural } from '#core/quantities.ts';
import { DAY_MS } from '#core/time.ts';
import { isoText } from '#text/time.ts';
import { WaitingHistogram } from '../laboratory/histogram.ts';
import { addOmitted, type Gap, type HistoryEnd, type HistoryHeader, type Range } from './format.ts';
import type { Parsed, Skip, UsableStep } from './parse.ts';

/** Lines of one kind that are of no use, and the first of them, counted from 1; `why` says what is wrong with that. */
type Skipped = { readonly lines: number; readonly firstLine: number; readonly why?: string };

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
  /** Of the steps: those that equal another one in all but an id, which they lack. They may be repetitions. */
  readonly alike: number;
  /** Of the steps: those that ran for less than `HARDLY_ANY_MS`. */
  readonly brief: number;
  /** How long steps really waited, under whatever scaled their runners; absent where no step says so. */
  readonly waited?: {
    readonly steps: number;
    readonly meanMs: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
    readonly longestMs: number;
  };
  /** Absent without a step. `to` is when the last one became ready. */
  readonly span?: Range;
  /** Of several, as when files are put one behind the other: all their time. */
  readonly header?: HistoryHeader;
  readonly end?: HistoryEnd;
  /** Times that the file says are missing, at most `MOST_TOLD` of them; `gapCount` is how many. */
  readonly gaps: readonly Gap[];
  readonly gapCount: number;
  /** The longest times of more than a day without a step, at most `MOST_TOLD`, the longest first. */
  readonly quiet: readonly Range[];
};

const MOST_TOLD = 20;

const QUIET_MS = DAY_MS;

/** Hardly a step is over in that time; written in seconds, most are: the half of them runs for less than 80 minutes. */
const HARDLY_ANY_MS = 5_000;

const SKIPPED: Readonly<Record<Skip, string>> = {
  invalid: 'no valid step',
  'no-labels': 'without labels: which runner the step asked for is not known',
  repeated: 'repeated: the same repository and id',
};

/** The summary in sentences, the steps first; only what there is to say. */
export function describeSummary(summary: HistorySummary): readonly string[] {
  const { name, lines, steps, span, alike } = summary;
  const time = span === undefined ? '' : `, ready from ${isoText(span.from)} to ${isoText(span.to)}`;
  return [
    `${name}: ${count(steps, 'step')} in ${count(lines, 'line')}${time}.`,
    ...Object.entries(SKIPPED).flatMap(([kind, what]) => describeSkipped(summary.skipped[kind as Skip], what)),
    ...(alike > 0 ? [`${count(alike, 'step')} equal another one in everything; they count, for they have no id.`] : []),
    ...describeWaited(summary),
    ...describeBrief(summary),
    ...describeEnd(summary),
    ...describeGaps(summary),
    ...summary.quiet.map(({ from, to }) => `No step for ${duration(to - from)} from ${isoText(from)} on.`),
  ];
}

function describeSkipped(skipped: Skipped | undefined, what: string): readonly string[] {
  if (skipped === undefined) return [];
  const { lines, firstLine, why } = skipped;
  const there = why === undefined ? '' : ` (${why})`;
  return [`Skipped ${count(lines, 'line')} (the first is line ${firstLine}): ${what}${there}.`];
}

function describeWaited({ waited }: HistorySummary): readonly string[] {
  if (waited === undefined) return [];
  const { steps, meanMs, p50Ms, p95Ms, longestMs } = waited;
  return [
    `${count(steps, 'step')} really waited ${duration(meanMs)} on average, half of them at most ${duration(p50Ms)}, 95 % at most ${duration(p95Ms)}, one ${duration(longestMs)}.`,
  ];
}

function describeBrief({ brief, steps }: HistorySummary): readonly string[] {
  if (brief * 2 <= steps) return [];
  return [
    `${count(brief, 'step')} ran for less than ${duration(HARDLY_ANY_MS)}: durationMs is in milliseconds; where yours are seconds, multiply them by 1,000.`,
  ];
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
      `Steps ${repository === undefined ? '' : `of ${repository} `}from ${isoText(from)} to ${isoText(to)} are missing: ${reason}.`,
  );
  return gapCount > gaps.length ? [...told, `${gapCount - gaps.length} more times are missing.`] : told;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${plural(number, noun)}`;
}

/** Counts what a reader finds, line by line. */
export function keepBooks(name: string) {
  let [lines, steps, marks, blank, alike, brief, gapCount] = [0, 0, 0, 0, 0, 0, 0];
  const skipped: Partial<Record<Skip, Skipped>> = {};
  const waiting = new WaitingHistogram();
  const gaps: Gap[] = [];
  const quiet: Range[] = [];
  let span: Range | undefined;
  let header: HistoryHeader | undefined;
  let end: HistoryEnd | undefined;

  function skip(kind: Skip, why?: string): void {
    const first = { firstLine: lines, ...(why !== undefined && { why }) };
    skipped[kind] = { ...(skipped[kind] ?? first), lines: (skipped[kind]?.lines ?? 0) + 1 };
  }

  function keepGap(gap: Gap): void {
    gapCount += 1;
    if (gaps.length < MOST_TOLD) gaps.push(gap);
  }

  function keepQuiet(range: Range): void {
    if (range.to - range.from <= QUIET_MS) return;
    quiet.push(range);
    quiet.sort((one, other) => other.to - other.from - (one.to - one.from));
    quiet.length = Math.min(quiet.length, MOST_TOLD);
  }

  return {
    lines: () => lines,
    header: () => header,
    /** Takes a line for what it is; a step is to be told, too. */
    note: (line: Parsed): void => {
      lines += 1;
      if (line.kind === 'skip') skip(line.skip, line.why);
      else if (line.kind === 'blank') blank += 1;
      else if (line.kind !== 'step') marks += 1;
      if (line.kind === 'header') header = both(header, line.header);
      if (line.kind === 'end') end = sumOf(end, line.end);
      if (line.kind === 'gap') keepGap(line.gap);
    },
    repeated: (): void => skip('repeated'),
    /** Takes a step, in order of time. */
    step: ({ ready: at, durationMs, waitedMs }: UsableStep, isAlike: boolean): void => {
      steps += 1;
      if (durationMs < HARDLY_ANY_MS) brief += 1;
      if (waitedMs !== undefined) waiting.add(waitedMs);
      if (isAlike) alike += 1;
      if (span !== undefined) keepQuiet({ from: span.to, to: at });
      span = { from: span?.from ?? at, to: at };
    },
    summary: (): HistorySummary => ({
      name,
      lines,
      steps,
      marks,
      blank,
      skipped: { ...skipped },
      alike,
      brief,
      ...(waiting.count > 0 && { waited: waitedIn(waiting) }),
      ...(span && { span }),
      ...(header && { header }),
      ...(end && { end }),
      gaps: [...gaps],
      gapCount,
      quiet: [...quiet],
    }),
  };
}

function waitedIn(waiting: WaitingHistogram): HistorySummary['waited'] {
  const { count: steps, meanMs, longestMs } = waiting;
  return { steps, meanMs, p50Ms: waiting.quantileMs(0.5), p95Ms: waiting.quantileMs(0.95), longestMs };
}

function both(one: HistoryHeader | undefined, other: HistoryHeader): HistoryHeader {
  if (one === undefined) return other;
  return { ...one, from: Math.min(one.from, other.from), to: Math.max(one.to, other.to) };
}

function sumOf(one: HistoryEnd | undefined, other: HistoryEnd): HistoryEnd {
  if (one === undefined) return other;
  const omitted = addOmitted(one.omitted, other.omitted);
  return { steps: one.steps + other.steps, gaps: one.gaps + other.gaps, omitted };
}
