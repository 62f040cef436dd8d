/**
 * What a pipeline that has run tells of its steps. Bitbucket says when a step began and ended, and not when it could have
 * begun: that is put together here. Pure.
 *
 * | step                                                      | became ready                                  |
 * |-----------------------------------------------------------|-----------------------------------------------|
 * | in the first block                                        | when its pipeline was created                 |
 * | in a later block                                          | when the last step of those before it ended   |
 * | started by hand                                           | when it began; how long it waited is not known |
 * | began more than 2.5 h after that (run again), or before it | the same: the longest that Bitbucket lets a step wait |
 */
import type { Instant } from '#core/model/observation.ts';
import type { YamlStep } from './pipelines-yaml.ts';
import { pair, type SeenStep } from './waiting-steps.ts';

/** A step as Bitbucket shows it afterwards. */
export type PastStep = Pick<SeenStep, 'name' | 'state' | 'isManual'> & {
  /** In Bitbucket's own word. */
  readonly result?: string;
  readonly startedAt?: Instant;
  readonly completedAt?: Instant;
};

/** A step that ran. */
export type RanStep = {
  readonly ready: Instant;
  readonly durationMs: number;
  /** Absent: not known. */
  readonly labels?: readonly string[];
  readonly result?: string;
  /** Absent: not known. */
  readonly waitedMs?: number;
  /** Its place in the pipeline, from 0. */
  readonly index: number;
};

/** The steps of a pipeline: those that ran, and how many others it has. */
export type RanSteps = {
  readonly ran: readonly RanStep[];
  /** Of Bitbucket's own machines. */
  readonly hosted: number;
  readonly notRun: number;
  readonly unfinished: number;
};

/** As long as Bitbucket lets a step wait for a runner. */
const LONGEST_WAIT_MS = 2.5 * 3_600_000;

/** Brings what is shown together with what is written; `written` undefined: the file is not known. */
export function stepsThatRan(
  seen: readonly PastStep[],
  written: readonly YamlStep[] | undefined,
  createdAt: Instant | undefined,
): RanSteps {
  const pairs = pair(seen, written ?? []);
  const ran: RanStep[] = [];
  const others = { hosted: 0, notRun: 0, unfinished: 0 };
  seen.forEach((step, index) => {
    const labels = pairs[index]?.labels;
    const run = runOf(step);
    if (labels?.length === 0) others.hosted += 1;
    else if (typeof run === 'string') others[run] += 1;
    else {
      const ready = step.isManual ? undefined : couldBegin(seen, pairs, index, createdAt);
      const { result } = step;
      const known = { ...(labels && { labels }), ...(result !== undefined && { result }) };
      ran.push({ ...readiness(run.startedAt, ready), durationMs: run.durationMs, ...known, index });
    }
  });
  return { ran, ...others };
}

type Run = { readonly startedAt: Instant; readonly durationMs: number };

function runOf({ state, startedAt, completedAt }: PastStep): Run | 'unfinished' | 'notRun' {
  if (state !== 'COMPLETED') return 'unfinished';
  if (startedAt === undefined || completedAt === undefined) return 'notRun';
  return { startedAt, durationMs: Math.max(0, completedAt - startedAt) };
}

function readiness(startedAt: Instant, ready: Instant | undefined): Pick<RanStep, 'ready' | 'waitedMs'> {
  const waitedMs = ready === undefined ? Number.NaN : startedAt - ready;
  return ready !== undefined && waitedMs >= 0 && waitedMs <= LONGEST_WAIT_MS
    ? { ready, waitedMs }
    : { ready: startedAt };
}

/** When everything before the step's block had ended. A step that is not in the file is a block of its own. */
function couldBegin(
  seen: readonly PastStep[],
  pairs: readonly (YamlStep | undefined)[],
  index: number,
  createdAt: Instant | undefined,
): Instant | undefined {
  const block = pairs[index]?.block;
  const start = block === undefined ? index : pairs.findIndex((step) => step?.block === block);
  const ends = seen.slice(0, start).flatMap(({ completedAt }) => completedAt ?? []);
  return ends.length === 0 ? createdAt : Math.max(...ends);
}
