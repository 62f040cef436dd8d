/**
 * Reading a history as a stream of arrivals: JSON Lines or CSV of any length, in a memory that does not depend on it.
 * Nothing is dropped in silence: every line is a step, says something of the file, is blank, or is counted as skipped.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { InputError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Arrival } from '../laboratory/arrival.ts';
import { isCode } from './error-code.ts';
import type { Gap, HistoryEnd, HistoryHeader, Range } from './format.ts';
import { type Line, splitLines } from './lines.ts';
import { putInOrder } from './order.ts';
import { type LineParser, type Parsed, parserFor, type Skip, type UsableStep } from './parse.ts';
import { createRecentSet } from './recent-set.ts';
import { type HistorySummary, MOST_TOLD, type Skipped, watchQuiet } from './summary.ts';

/** A history that is being read. */
export type History = {
  /** In order of time. To be looked at once; throws `InputError` for what is no history. */
  readonly arrivals: AsyncIterable<Arrival>;
  /** What was found so far; everything when the arrivals have come to their end. */
  readonly summary: () => HistorySummary;
};

export type ReadOptions = {
  /** What it is read from, as sentences name it. */
  readonly name: string;
  /** How many lines a step may be away from its place; they are held in memory. */
  readonly reorder?: number;
  /** Steps after it are of no use: now, for a history. Absent: any time will do. */
  readonly latest?: Instant;
};

const REORDERED_LINES = 50_000;

/** Opens a file. Throws `InputError` when there is none. */
export async function openHistory(path: string, options: Omit<ReadOptions, 'name'> = {}): Promise<History> {
  try {
    const entry = await stat(path);
    if (entry.isDirectory()) throw new InputError(`History ${path} is a directory; name the file in it`);
  } catch (error) {
    if (isCode(error, 'ENOENT'))
      throw new InputError(`History ${path} does not exist; check its name`, { cause: error });
    throw error;
  }
  return readHistory(createReadStream(path, { highWaterMark: 256 * 1024 }), { name: path, ...options });
}

/** Reads a history from pieces of text or UTF-8. */
export function readHistory(pieces: AsyncIterable<Uint8Array | string>, options: ReadOptions): History {
  const reading = createReading(options);
  return {
    arrivals: (async function* () {
      const splitter = splitLines();
      for await (const piece of pieces) {
        for (const line of splitter.push(piece)) yield* reading.take(line);
      }
      for (const line of splitter.end()) yield* reading.take(line);
      yield* reading.rest();
    })(),
    summary: reading.summary,
  };
}

/** Sorts lines into what they are, and steps into their order. */
function createReading({ name, reorder = REORDERED_LINES, latest = Number.POSITIVE_INFINITY }: ReadOptions) {
  const books = openBooks(name);
  const order = putInOrder<Arrival>(reorder);
  const known = createRecentSet(reorder);
  const alike = watchAlike();
  const share = shareLabels();
  let parse: LineParser | undefined;
  let passed = Number.NEGATIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;

  function whatIs(line: Line): Parsed {
    // What the first line is says what the others are; blank ones before it say nothing.
    if (parse === undefined && line.text.trim() === '') return { kind: 'blank' };
    parse ??= parserFor(line.text, name);
    const parsed = whyBroken(line) ?? parse(line.text);
    const isCutOff = !line.isWhole && parsed.kind === 'skip' && parsed.skip === 'unreadable';
    return isCutOff ? { kind: 'skip', skip: 'cut-off' } : parsed;
  }

  function whyUseless({ ready, workspace, repository, id }: UsableStep): Skip | undefined {
    if (ready > latest || isOutside(ready, books.header())) return 'outside';
    if (ready < passed) return 'out-of-order';
    return id !== undefined && !known.add(JSON.stringify([workspace, repository, id])) ? 'repeated' : undefined;
  }

  function pass(arrival: Arrival): Arrival {
    passed = arrival.at;
    books.passed(arrival.at);
    return arrival;
  }

  function* takeStep(step: UsableStep): Generator<Arrival> {
    const useless = whyUseless(step);
    if (useless !== undefined) return books.skip(useless);
    books.step({ isReordered: step.ready < newest, isAlike: step.id === undefined && alike(step) });
    newest = Math.max(newest, step.ready);
    const first = order.push(step.ready, toArrival(step, share(step.labels)));
    if (first !== undefined) yield pass(first);
  }

  return {
    *take(line: Line): Generator<Arrival> {
      books.line();
      const parsed = whatIs(line);
      if (parsed.kind === 'step') yield* takeStep(parsed.step);
      else if (parsed.kind === 'skip') books.skip(parsed.skip);
      else books.mark(parsed);
    },
    *rest(): Generator<Arrival> {
      for (const arrival of order.drain()) yield pass(arrival);
    },
    summary: books.summary,
  };
}

function whyBroken({ text, isTooLong }: Line): Parsed | undefined {
  if (isTooLong) return { kind: 'skip', skip: 'too-long' };
  // Bytes that are no UTF-8 have become this character.
  return text.includes('\uFFFD') ? { kind: 'skip', skip: 'unreadable' } : undefined;
}

function isOutside(ready: Instant, header: HistoryHeader | undefined): boolean {
  return header !== undefined && (ready < header.from || ready >= header.to);
}

function toArrival({ ready, durationMs, workspace, repository }: UsableStep, labels: readonly string[]): Arrival {
  return { at: ready, scope: repository === undefined ? { workspace } : { workspace, repository }, labels, durationMs };
}

/** Steps of one moment that equal each other, told from those that do not. */
function watchAlike(): (step: UsableStep) => boolean {
  let moment: Instant | undefined;
  const seen = new Set<string>();
  return ({ ready, durationMs, workspace, repository, labels }) => {
    if (ready !== moment) seen.clear();
    moment = ready;
    const key = JSON.stringify([durationMs, workspace, repository, labels]);
    const isKnown = seen.has(key);
    seen.add(key);
    return isKnown;
  };
}

/** More label sets than a workspace has. */
const MOST_LABEL_SETS = 10_000;

/** One list for all steps that ask for the same, so that what waits for its turn takes little memory. */
function shareLabels(): (labels: readonly string[]) => readonly string[] {
  const shared = new Map<string, readonly string[]>();
  return (labels) => {
    const key = labels.join(' ');
    const known = shared.get(key);
    if (known !== undefined) return known;
    if (shared.size < MOST_LABEL_SETS) shared.set(key, labels);
    return labels;
  };
}

type Mark = Exclude<Parsed, { kind: 'step' } | { kind: 'skip' }>;

/** Counts, line by line. */
function openBooks(name: string) {
  let [lines, steps, marks, blank, reordered, alike, gapCount] = [0, 0, 0, 0, 0, 0, 0];
  const skipped: Partial<Record<Skip, Skipped>> = {};
  const gaps: Gap[] = [];
  const quiet = watchQuiet();
  let span: Range | undefined;
  let header: HistoryHeader | undefined;
  let end: HistoryEnd | undefined;

  function noteMark(mark: Exclude<Mark, { kind: 'blank' }>): void {
    if (mark.kind === 'header') header = mark.header;
    if (mark.kind === 'end') end = mark.end;
    if (mark.kind === 'gap') {
      gapCount += 1;
      if (gaps.length < MOST_TOLD) gaps.push(mark.gap);
    }
  }

  return {
    header: () => header,
    line: () => {
      lines += 1;
    },
    step: (step: { readonly isReordered: boolean; readonly isAlike: boolean }) => {
      steps += 1;
      if (step.isReordered) reordered += 1;
      if (step.isAlike) alike += 1;
    },
    skip: (kind: Skip) => {
      const before = skipped[kind];
      skipped[kind] = { lines: (before?.lines ?? 0) + 1, firstLine: before?.firstLine ?? lines };
    },
    mark: (mark: Mark) => {
      if (mark.kind === 'blank') {
        blank += 1;
        return;
      }
      marks += 1;
      noteMark(mark);
    },
    passed: (at: Instant) => {
      span = { from: span?.from ?? at, to: at };
      quiet.look(at);
    },
    summary: (): HistorySummary => ({
      name,
      lines,
      steps,
      marks,
      blank,
      skipped: { ...skipped },
      reordered,
      alike,
      ...(span && { span }),
      ...(header && { header }),
      ...(end && { end }),
      gaps: [...gaps],
      gapCount,
      quiet: quiet.longest(),
    }),
  };
}
