/** A history becomes a file: whole or not at all. */
import { rename } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPrivate, REPLACE } from '#adapters/private-file.ts';
import { ANONYMOUS_WORKSPACE, createAnonymiser } from './anonymise.ts';
import {
  endLine,
  type Gap,
  gapLine,
  type HistoryHeader,
  type HistoryStep,
  headerLine,
  type Omitted,
  stepLine,
} from './format.ts';

/** All that goes into a file; steps in any order. */
type HistoryContent = {
  readonly header: HistoryHeader;
  readonly steps: readonly HistoryStep[];
  readonly gaps: readonly Gap[];
  readonly omitted: Omitted;
};

/** Writes the file beside its place and moves it there, so that nobody ever sees half of it. */
export async function writeHistory(path: string, content: HistoryContent): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await openPrivate(temporary, REPLACE);
  await pipeline(Readable.from(linesOf(content)), file.createWriteStream());
  await rename(temporary, path);
}

/** The lines of a file. The same content gives the same lines, whatever order it was read in. */
export function* linesOf({ header, steps, gaps, omitted }: HistoryContent): Generator<string> {
  const names = header.anonymised ? createAnonymiser() : undefined;
  const workspace = names === undefined ? header.workspace : ANONYMOUS_WORKSPACE;
  yield `${headerLine({ ...header, workspace })}\n`;
  for (const step of steps.toSorted(compareSteps)) yield `${stepLine(names?.step(step) ?? step)}\n`;
  for (const gap of gaps.toSorted(compareGaps)) yield `${gapLine(names?.gap(gap) ?? gap)}\n`;
  yield `${endLine({ steps: steps.length, gaps: gaps.length, omitted })}\n`;
}

function compareSteps(one: HistoryStep, other: HistoryStep): number {
  return one.ready - other.ready || compareTexts(one.repository, other.repository) || compareTexts(one.id, other.id);
}

function compareGaps(one: Gap, other: Gap): number {
  return one.from - other.from || one.to - other.to || compareTexts(one.repository, other.repository);
}

function compareTexts(one = '', other = ''): number {
  return one < other ? -1 : Number(one > other);
}
