/**
 * What ran at Bitbucket Cloud: past pipelines, newest first, and their steps. Bitbucket says when a step began and ended,
 * but not when it could have begun; that is worked out here:
 *
 * | step                                                      | became ready                                  |
 * |-----------------------------------------------------------|-----------------------------------------------|
 * | in the first block                                        | when its pipeline was created                 |
 * | in a later block                                          | when the last step of those before it ended   |
 * | started by hand                                           | when it began; how long it waited is not known |
 * | began more than 2.5 h after that (run again), or before it | the same: the longest that Bitbucket lets a step wait |
 */
import type { Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { PipelineSource } from '#core/ports.ts';
import type { BitbucketClient } from './client.ts';
import type { Pipeline, SeenStep } from './pipeline-answers.ts';
import { createPipelineReader, type FileReading, type Part, placeOf } from './pipeline-reader.ts';
import type { SectionSteps, YamlStep } from './sections.ts';
import { pair, stepsBefore } from './waiting-steps.ts';

/** Reads what ran. Methods throw `ServiceError` with one sentence, `BudgetError` when they must wait; call them again. */
export type PastApi = {
  /** Repositories by slug, the oldest first. `path`: of a further part. */
  readonly repositories: (workspace: string, path?: string) => Promise<Part<string>>;
  /** Repositories by slug, the most recently active first, 100 at most. */
  readonly recent: (workspace: string) => Promise<readonly string[]>;
  /** What is written of the section that a pipeline runs. */
  readonly written: (scope: Required<Scope>, pipeline: PipelineSource) => Promise<SectionSteps>;
  /** Pipelines, newest first. `path`: of a further part. */
  readonly pipelines: (scope: Required<Scope>, path?: string) => Promise<Part<Pipeline>>;
  /** The steps of a pipeline; `problem` says why their labels are not known. */
  readonly steps: (scope: Required<Scope>, pipeline: Pipeline) => Promise<RanSteps & { readonly problem?: string }>;
};

/** A step that ran. Absent fields are not known. */
type RanStep = {
  readonly ready: Instant;
  readonly durationMs: number;
  readonly labels?: readonly string[];
  readonly result?: string;
  readonly waitedMs?: number;
  /** Its place in the pipeline, from 0. */
  readonly index: number;
};

/** The steps of a pipeline: those that ran, and how many others it has. */
type RanSteps = {
  readonly ran: readonly RanStep[];
  /** Of Bitbucket's own machines. */
  readonly hosted: number;
  readonly notRun: number;
  readonly unfinished: number;
};

const LATEST = { sort: '-updated_on', pagelen: '100', fields: 'values.slug' };
const OLDEST = { sort: 'created_on', pagelen: '100', fields: 'values.slug,next' };

/** As long as Bitbucket lets a step wait for a runner. */
const LONGEST_WAIT_MS = 2.5 * 3_600_000;

/** A PastApi over a client. */
export function createBitbucketPastApi(client: BitbucketClient, reading: FileReading): PastApi {
  const reader = createPipelineReader(client, reading);
  return {
    repositories: (workspace, path) => reader.repositories(workspace, path ?? OLDEST),
    recent: async (workspace) => (await reader.repositories(workspace, LATEST)).values,
    written: reader.section,
    pipelines: (scope, path) => reader.pipelines(scope, '', path),
    steps: async (scope, pipeline) => {
      const steps = await reader.steps(scope, pipeline);
      // A pipeline of which nothing ran needs no file.
      const ranAny = steps.some(({ startedAt }) => startedAt !== undefined);
      const section = ranAny ? await reader.section(scope, pipeline) : { steps: [] };
      if ('steps' in section) return stepsThatRan(steps, section.steps, pipeline.createdAt);
      const problem = `${placeOf(scope, pipeline)} ${section.problem}`;
      return { ...stepsThatRan(steps, undefined, pipeline.createdAt), problem };
    },
  };
}

/** A step as Bitbucket shows it afterwards. */
export type PastStep = Omit<SeenStep, 'isHeld'>;

/** Brings what is shown together with what is written; `written` undefined: the file is not known. Pure. */
export function stepsThatRan(
  seen: readonly PastStep[],
  written: readonly YamlStep[] | undefined,
  createdAt: Instant | undefined,
): RanSteps {
  const pairs = pair(seen, written ?? []);
  const ran: RanStep[] = [];
  const others = { hosted: 0, notRun: 0, unfinished: 0 };
  seen.forEach(({ state, isManual, result, startedAt, completedAt }, index) => {
    const labels = pairs[index]?.labels;
    if (labels?.length === 0) others.hosted += 1;
    else if (state !== 'COMPLETED') others.unfinished += 1;
    else if (startedAt === undefined || completedAt === undefined) others.notRun += 1;
    else {
      const ready = isManual ? undefined : couldBegin(stepsBefore(seen, pairs, index), createdAt);
      const durationMs = Math.max(0, completedAt - startedAt);
      ran.push({ ...readiness(startedAt, ready), durationMs, labels, result, index });
    }
  });
  return { ran, ...others };
}

function couldBegin(before: readonly PastStep[], createdAt: Instant | undefined): Instant | undefined {
  const ends = before.flatMap(({ completedAt }) => completedAt ?? []);
  return ends.length === 0 ? createdAt : Math.max(...ends);
}

function readiness(startedAt: Instant, ready = Number.NaN): Pick<RanStep, 'ready' | 'waitedMs'> {
  const waitedMs = startedAt - ready;
  return waitedMs >= 0 && waitedMs <= LONGEST_WAIT_MS ? { ready, waitedMs } : { ready: startedAt };
}
