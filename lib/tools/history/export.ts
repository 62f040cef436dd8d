/** From past pipelines to a history file, in one go or in many: what was read stays read. */
import { access } from 'node:fs/promises';
import type { PastApi } from '#adapters/bitbucket/past.ts';
import { InputError } from '#core/errors.ts';
import { type FetchOptions, fetchHistory } from './fetch.ts';
import {
  addOmitted,
  type HistoryEnd,
  type HistoryHeader,
  type HistoryStep,
  NOTHING_OMITTED,
  type Omitted,
} from './format.ts';
import { dropJournal, type ExportPlan, journalPath, openJournal, type Progress, readJournal } from './journal.ts';
import { openHistory } from './read.ts';
import { writeHistory } from './write.ts';

/** What is to be done. */
type ExportRequest = {
  readonly file: string;
  readonly plan: ExportPlan;
  /** Whether to go on with an export that was stopped; its range then holds, and not that of the plan. */
  readonly isResumed: boolean;
};

/** What the file has, or would have by now. */
export type ExportResult = Omit<ExportPlan, 'repositories'> & {
  readonly repositories: number;
  readonly pipelines: number;
  readonly steps: number;
  /** Of the steps: those whose labels are not known. */
  readonly unlabelled: number;
  readonly gaps: number;
  readonly omitted: Omitted;
  /** Why labels are not known, in a sentence each; no more than a few. */
  readonly problems: readonly string[];
};

const MOST_PROBLEMS = 5;

/**
 * Exports. Throws `InputError` when the file or a begun export is in the way, or when that is of something else;
 * `ServiceError` and the signal's reason as they come, and what was read until then stays.
 */
export async function exportHistory(
  { file, plan, isResumed }: ExportRequest,
  api: PastApi,
  options: FetchOptions,
): Promise<ExportResult> {
  const path = journalPath(file);
  const begun = await readJournal(path);
  if (begun !== undefined) checkBegun(begun.plan, plan, file, isResumed);
  const journal = await openJournal(path, begun ?? plan);
  try {
    await fetchHistory(api, journal, options);
  } finally {
    await journal.close();
  }
  const { progress } = journal;
  await writeHistory(file, { header: headerOf(progress), steps: stepsOf(progress), ...restOf(progress) });
  await dropJournal(path);
  return resultOf(progress);
}

/** What an export that was stopped has read so far; undefined when there is none. */
export async function begunExport(file: string): Promise<ExportResult | undefined> {
  const progress = await readJournal(journalPath(file));
  return progress && resultOf(progress);
}

/**
 * Whether the file is there already. Throws `InputError` unless it is the whole result of an export that is to be
 * resumed, of which then nothing is left to do.
 */
export async function findFinished(
  file: string,
  isResumed: boolean,
): Promise<(HistoryHeader & HistoryEnd) | undefined> {
  try {
    await access(file);
  } catch {
    return undefined;
  }
  if (!isResumed) throw new InputError(`${file} is there already; name another file with --out, or delete it`);
  const history = await openHistory(file);
  for await (const _ of history.arrivals);
  const { header, end } = history.summary();
  if (header === undefined || end === undefined) {
    throw new InputError(
      `${file} is there already and is no whole history; name another file with --out, or delete it`,
    );
  }
  await dropJournal(journalPath(file));
  return { ...header, ...end };
}

function checkBegun(begun: ExportPlan, plan: ExportPlan, file: string, isResumed: boolean): void {
  const path = journalPath(file);
  if (!isResumed) {
    throw new InputError(`An export to ${file} was begun and stopped; go on with --resume, or delete ${path}`);
  }
  const same = (one: ExportPlan) => JSON.stringify([one.workspace, one.repositories ?? [], one.anonymised]);
  if (same(begun) === same(plan)) return;
  throw new InputError(
    `The export to ${file} was begun with another workspace, other repositories, or another --anonymise; give the same, or delete ${path}`,
  );
}

function headerOf({ plan }: Progress): HistoryHeader {
  const { workspace, from, to, anonymised } = plan;
  return { source: 'bitbucket', workspace, from, to, anonymised };
}

function stepsOf({ pipelines }: Progress): readonly HistoryStep[] {
  return [...pipelines.values()].flatMap(({ steps }) => steps);
}

function restOf({ pipelines, gaps }: Progress) {
  const omitted = [...pipelines.values()].reduce((sum, pipeline) => addOmitted(sum, pipeline.omitted), NOTHING_OMITTED);
  return { gaps, omitted };
}

function resultOf(progress: Progress): ExportResult {
  const { plan, names = [], pipelines } = progress;
  const { repositories: _, ...asked } = plan;
  const { gaps, omitted } = restOf(progress);
  const steps = stepsOf(progress);
  const problems = new Set([...pipelines.values()].flatMap(({ problem }) => problem ?? []));
  return {
    ...asked,
    repositories: names.length,
    pipelines: pipelines.size,
    steps: steps.length,
    unlabelled: steps.filter(({ labels }) => labels === undefined).length,
    gaps: gaps.length,
    omitted,
    problems: [...problems].slice(0, MOST_PROBLEMS),
  };
}
