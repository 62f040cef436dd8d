/**
 * The history file: the steps that ran, as JSON Lines. The first line says what the file is, the last one that it is
 * whole; between them is a line for each step, in the order in which they became ready, and one for each time that could
 * not be read. docs/laboratory.md describes it for those who write one themselves. Pure.
 */
import type { Instant } from '#core/model/observation.ts';
import { isoText } from '#text/time.ts';

export const HISTORY_VERSION = 1;

/** Where a history comes from: past pipelines at Bitbucket, or the records that ticks leave behind. */
type HistorySource = 'bitbucket' | 'ticks';

/** From when (included) to when (not included). */
export type Range = { readonly from: Instant; readonly to: Instant };

/** What a file says of itself. Every step in it became ready in its range. */
export type HistoryHeader = Range & {
  readonly source: HistorySource;
  readonly workspace: string;
  /** Whether names of workspace, repositories and labels are replaced by numbered ones. */
  readonly anonymised: boolean;
};

/** A step that ran. */
export type HistoryStep = {
  /** When it could have begun, had there been a runner. */
  readonly ready: Instant;
  /** How long it ran. */
  readonly durationMs: number;
  readonly workspace: string;
  readonly repository?: string;
  /** What it asked for, sorted, each once. Absent: not known. */
  readonly labels?: readonly string[];
  /** In Bitbucket's own word. */
  readonly result?: string;
  /** How long it really waited; absent: not known. */
  readonly waitedMs?: number;
  /** Of two lines of one repository with the same id, one is a repetition. */
  readonly id?: string;
};

/** A time of which steps are missing, and why. */
export type Gap = Range & { readonly repository?: string; readonly reason: string };

/** Steps that Bitbucket has and the file has not, by why. */
export type Omitted = {
  /** Of Bitbucket's own machines. */
  readonly hosted: number;
  /** Did not run, such as those behind a step that failed. */
  readonly notRun: number;
  /** Still waiting or running when they were read. */
  readonly unfinished: number;
  /** Became ready outside of the range. */
  readonly outside: number;
};

export const NOTHING_OMITTED: Omitted = { hosted: 0, notRun: 0, unfinished: 0, outside: 0 };

export function addOmitted(one: Omitted, other: Omitted): Omitted {
  return {
    hosted: one.hosted + other.hosted,
    notRun: one.notRun + other.notRun,
    unfinished: one.unfinished + other.unfinished,
    outside: one.outside + other.outside,
  };
}

/** What the last line says; a file without it was cut off. */
export type HistoryEnd = { readonly steps: number; readonly gaps: number; readonly omitted: Omitted };

/** The columns of a step, in JSON Lines and in CSV. */
export const COLUMNS = [
  'ready',
  'durationMs',
  'workspace',
  'repository',
  'labels',
  'result',
  'waitedMs',
  'id',
] as const satisfies readonly (keyof HistoryStep)[];

/** The first line, without its end. */
export function headerLine({ source, workspace, from, to, anonymised }: HistoryHeader): string {
  const range = { from: isoText(from), to: isoText(to) };
  return JSON.stringify({ history: HISTORY_VERSION, source, workspace, ...range, anonymised });
}

/** The line of a step. */
export function stepLine(step: HistoryStep): string {
  const { ready, durationMs, workspace, repository, labels, result, waitedMs, id } = step;
  return JSON.stringify({ ready: isoText(ready), durationMs, workspace, repository, labels, result, waitedMs, id });
}

/** The line of a time that could not be read. */
export function gapLine({ from, to, repository, reason }: Gap): string {
  return JSON.stringify({ gap: { from: isoText(from), to: isoText(to), repository, reason } });
}

/** The last line. */
export function endLine(end: HistoryEnd): string {
  return JSON.stringify({ end });
}
