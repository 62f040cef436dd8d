/**
 * What an export has read so far, in a file beside the one that it will become: a line for everything that was read, only
 * ever appended. A process that is killed leaves at most half a line, which is dropped; everything before it is known to
 * the next one. It holds the real names, so nobody but its owner may read it.
 */
import { readFile, truncate, unlink } from 'node:fs/promises';
import { isCode } from '#adapters/file-errors.ts';
import { APPEND, openPrivate, REPLACE } from '#adapters/private-file.ts';
import { InputError } from '#core/errors.ts';
import type { Gap, HistoryStep, Omitted, Range } from './format.ts';

/** What is to be exported. Absent repositories: all of the workspace. */
export type ExportPlan = Range & {
  readonly workspace: string;
  readonly repositories?: readonly string[];
  readonly anonymised: boolean;
};

/** A pipeline that was read. */
export type ReadPipeline = {
  readonly repository: string;
  readonly uuid: string;
  readonly steps: readonly HistoryStep[];
  readonly omitted: Omitted;
  /** Why the labels of its steps are not known. */
  readonly problem?: string;
};

/** One line. */
export type Entry =
  | { readonly kind: 'plan'; readonly version: 1; readonly plan: ExportPlan }
  | { readonly kind: 'repositories'; readonly names: readonly string[] }
  | { readonly kind: 'pipeline'; readonly pipeline: ReadPipeline }
  /** Everything before this part of the repository's list is read. */
  | { readonly kind: 'part'; readonly repository: string; readonly path: string }
  | { readonly kind: 'gap'; readonly gap: Gap; readonly uuid?: string }
  | { readonly kind: 'finished'; readonly repository: string };

/** Everything that was read. */
export type Progress = {
  readonly plan: ExportPlan;
  /** Absent until all are known. */
  names?: readonly string[];
  /** By uuid. */
  readonly pipelines: Map<string, ReadPipeline>;
  /** Pipelines that cannot be read, by uuid. */
  readonly unreadable: Set<string>;
  readonly gaps: Gap[];
  /** By repository. */
  readonly parts: Map<string, string>;
  readonly finished: Set<string>;
};

export type Journal = {
  readonly progress: Progress;
  /** Writes a line and takes it into `progress`. */
  readonly append: (entry: Entry) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** The journal of the export to this file. */
export function journalPath(file: string): string {
  return `${file}.partial`;
}

/** What the journal at `path` knows; undefined when there is none. Throws `InputError` for what is no journal. */
export async function readJournal(path: string): Promise<Progress | undefined> {
  const text = await readIfPresent(path);
  if (text === undefined) return undefined;
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
  const [first, ...rest] = lines.map((line) => parseEntry(line, path));
  if (first === undefined) return undefined;
  if (first.kind !== 'plan' || first.version !== 1) throw noJournal(path);
  const progress = begin(first.plan);
  for (const entry of rest) note(progress, entry);
  return progress;
}

/** Opens the journal to go on with `progress`, or begins one with `plan`. */
export async function openJournal(path: string, begun: Progress | ExportPlan): Promise<Journal> {
  const isNew = !('plan' in begun);
  if (!isNew) await dropHalfLine(path);
  const file = await openPrivate(path, isNew ? REPLACE : APPEND);
  const progress = isNew ? begin(begun) : begun;
  const write = (entry: Entry) => file.appendFile(`${JSON.stringify(entry)}\n`);
  if (isNew) await write({ kind: 'plan', version: 1, plan: begun });
  return {
    progress,
    append: async (entry) => {
      await write(entry);
      note(progress, entry);
    },
    close: () => file.close(),
  };
}

/** Deletes the journal, if there is one. */
export async function dropJournal(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

function begin(plan: ExportPlan): Progress {
  return { plan, pipelines: new Map(), unreadable: new Set(), gaps: [], parts: new Map(), finished: new Set() };
}

function note(progress: Progress, entry: Entry): void {
  switch (entry.kind) {
    case 'plan':
      return;
    case 'repositories':
      progress.names = entry.names;
      return;
    case 'pipeline':
      progress.pipelines.set(entry.pipeline.uuid, entry.pipeline);
      return;
    case 'part':
      progress.parts.set(entry.repository, entry.path);
      return;
    case 'gap':
      if (entry.uuid !== undefined) progress.unreadable.add(entry.uuid);
      progress.gaps.push(entry.gap);
      return;
    case 'finished':
      progress.finished.add(entry.repository);
  }
}

function parseEntry(line: string, path: string): Entry {
  try {
    return JSON.parse(line);
  } catch {
    throw noJournal(path);
  }
}

function noJournal(path: string): InputError {
  return new InputError(`${path} is not what an export of this version left behind; delete it and export anew`);
}

async function dropHalfLine(path: string): Promise<void> {
  const bytes = await readFile(path);
  const length = bytes.lastIndexOf(10) + 1;
  if (length < bytes.length) await truncate(path, length);
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
