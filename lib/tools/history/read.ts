/**
 * Reading a history as a stream of arrivals: JSON Lines or CSV of any length, in a memory that does not depend on it.
 * Nothing is dropped in silence: every line is a step, says something of the file, is blank, or is counted as skipped.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isCode } from '#adapters/file-errors.ts';
import { InputError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import { isoText } from '#text/time.ts';
import { type Arrival, stepTime } from '../arrival.ts';
import { invalid, type LineParser, type Parsed, parserFor, type UsableStep } from './parse.ts';
import { type HistorySummary, keepBooks } from './summary.ts';

/** A history that is being read. */
export type History = {
  /** In order of time. To be looked at once; throws `InputError` for what is no history, or out of order. */
  readonly arrivals: AsyncIterable<Arrival>;
  /** What was found so far; everything when the arrivals have come to their end. */
  readonly summary: () => HistorySummary;
};

export type ReadOptions = {
  /** What it is read from, as sentences name it. */
  readonly name: string;
  /** Steps after it are invalid: now, for a history. Absent: any time will do. */
  readonly latest?: Instant;
};

/** Longer than any step with all its labels; in characters. */
const LONGEST_LINE = 64 * 1024;

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
      for await (const lines of splitLines(pieces)) {
        for (const line of lines) {
          const step = reading.take(line);
          if (step !== undefined) yield toArrival(step);
        }
      }
    })(),
    summary: reading.summary,
  };
}

/** Lines as they come, without their ends; of one that is too long no more than shows that it is. */
async function* splitLines(pieces: AsyncIterable<Uint8Array | string>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let begun = '';
  for await (const piece of pieces) {
    const lines = (begun + (typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true }))).split('\n');
    // Without a bound a file without line ends would be held whole.
    begun = (lines.pop() ?? '').slice(0, LONGEST_LINE + 1);
    yield lines;
  }
  const last = begun + decoder.decode();
  if (last !== '') yield [last];
}

/** Takes line by line, and gives those that are steps to play. */
function createReading({ name, latest = Number.POSITIVE_INFINITY }: ReadOptions) {
  const books = keepBooks(name);
  const wasSeen = watchMoment();
  let parser: LineParser | undefined;
  let newest = Number.NEGATIVE_INFINITY;

  function whatIs(line: string): Parsed {
    if (line.trim() === '') return { kind: 'blank' };
    // What the first line is says what the others are.
    parser ??= parserFor(line, name);
    const parsed = whyBroken(line) ?? parser.parse(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (parsed.kind !== 'step') return parsed;
    const { ready } = parsed.step;
    const { from, to } = books.header() ?? { from: ready, to: Number.POSITIVE_INFINITY };
    const isOutside = ready > latest || ready < from || ready >= to;
    return isOutside ? invalid('ready is not within the time that the file covers, or in the future') : parsed;
  }

  function checkOrder(ready: Instant, line: string): void {
    if (ready < newest) {
      const file = `'${name.replaceAll("'", "'\\''")}'`;
      throw new InputError(
        `${name} is out of order: line ${books.lines()} is ready at ${isoText(ready)}, but a line before it at ${isoText(newest)}; sort it and use the result: ${parser?.sortCommand(file, line)} > ${file}.sorted`,
      );
    }
    newest = ready;
  }

  return {
    take: (line: string): UsableStep | undefined => {
      const parsed = whatIs(line);
      books.note(parsed);
      if (parsed.kind !== 'step') return undefined;
      const { step } = parsed;
      checkOrder(step.ready, line);
      const isSeen = wasSeen(step);
      if (isSeen && step.id !== undefined) {
        books.repeated();
        return undefined;
      }
      books.step(step, isSeen);
      return step;
    },
    summary: books.summary,
  };
}

function whyBroken(line: string): Parsed | undefined {
  if (line.length > LONGEST_LINE) return invalid('it is longer than any line of a history');
  // Bytes that are no UTF-8 have become this character.
  return line.includes('\uFFFD') ? invalid('it is no UTF-8') : undefined;
}

function toArrival({ ready, durationMs, workspace, repository, labels }: UsableStep): Arrival {
  const scope = repository === undefined ? { workspace } : { workspace, repository };
  return { at: ready, scope, labels, durationMs: stepTime(durationMs) };
}

/** Whether there was a step with this id at the same moment, or an equal one where there is no id. */
function watchMoment(): (step: UsableStep) => boolean {
  let moment: Instant | undefined;
  const seen = new Set<string>();
  return ({ ready, workspace, repository, id, durationMs, labels }) => {
    if (ready !== moment) seen.clear();
    moment = ready;
    const before = seen.size;
    seen.add(JSON.stringify([workspace, repository, id ?? [durationMs, labels]]));
    return seen.size === before;
  };
}
