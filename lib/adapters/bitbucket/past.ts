/**
 * What ran at Bitbucket Cloud: past pipelines, newest first, and their steps. Every call is of the least importance, so
 * that the autoscaler's own calls with the same credential go first; it throws `BudgetError` when it must wait for them.
 */
import type * as z from 'zod';
import type { Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { OpenPipeline } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import { parseAnswer } from './answers.ts';
import type { BitbucketClient, Call } from './client.ts';
import { type RanSteps, stepsThatRan } from './past-steps.ts';
import { PipelinePage, RepositoryPage, StepPage, toPastPipeline, toPastStep } from './pipeline-answers.ts';
import { createSectionReader, placeOf, repositoryPath } from './pipelines-file.ts';

/** A pipeline with its number in the repository; each may be unknown. */
export type PastPipeline = OpenPipeline & { readonly createdAt?: Instant; readonly number?: number };

/** A part of a list, and the path of the next part. */
export type Part<Value> = { readonly values: readonly Value[]; readonly next?: string };

/** Reads what ran. Methods throw `ServiceError` with one sentence; they may be called again. */
export type PastApi = {
  /** Repositories by slug, the oldest first. `path`: of a further part. */
  readonly repositories: (workspace: string, path?: string) => Promise<Part<string>>;
  /** Pipelines, newest first. `path`: of a further part. */
  readonly pipelines: (scope: Required<Scope>, path?: string) => Promise<Part<PastPipeline>>;
  /** The steps of a pipeline; `problem` says why their labels are not known. */
  readonly steps: (scope: Required<Scope>, pipeline: PastPipeline) => Promise<RanSteps & { readonly problem?: string }>;
};

/** Pages of 100 steps; Bitbucket takes 100 steps in a pipeline. */
const MOST_STEP_PAGES = 3;

type Page<Value> = { readonly values: readonly Value[]; readonly next?: string | null | undefined };

/** A PastApi over a client. */
export function createBitbucketPastApi(client: BitbucketClient): PastApi {
  const sectionOf = createSectionReader(client);

  async function read<Answer, Value>(
    call: Pick<Call, 'path' | 'doing' | 'needs'>,
    schema: z.ZodType<Page<Answer>>,
    convert: (answer: Answer) => Value,
  ): Promise<Part<Value>> {
    const answer = await client.send({ operation: 'read', importance: 'queue', ...call });
    const { values, next } = parseAnswer(schema, answer, call.doing);
    return { values: values.map(convert), ...(next ? { next: client.pathOf(next) } : {}) };
  }

  async function readSteps(scope: Required<Scope>, { uuid }: PastPipeline) {
    const doing = `Listing the steps of pipeline ${uuid} of ${scopeKey(scope)}`;
    let path: string | undefined = `${repositoryPath(scope)}/pipelines/${encodeURIComponent(uuid)}/steps/?pagelen=100`;
    const steps = [];
    for (let pages = 0; path !== undefined && pages < MOST_STEP_PAGES; pages += 1) {
      const part: Part<ReturnType<typeof toPastStep>> = await read(
        { path, doing, needs: 'readPipelines' },
        StepPage,
        toPastStep,
      );
      steps.push(...part.values);
      path = part.next;
    }
    return steps;
  }

  return {
    repositories: (workspace, path = firstRepositories(workspace)) =>
      read(
        { path, doing: `Listing the repositories of ${workspace}`, needs: 'readRepository' },
        RepositoryPage,
        ({ slug }) => slug,
      ),
    pipelines: (scope, path = `${repositoryPath(scope)}/pipelines?sort=-created_on&pagelen=100`) =>
      read(
        { path, doing: `Listing the pipelines of ${scopeKey(scope)}`, needs: 'readPipelines' },
        PipelinePage,
        toPastPipeline,
      ),
    steps: async (scope, pipeline) => {
      const steps = await readSteps(scope, pipeline);
      // A pipeline of which nothing ran needs no file.
      const ranAny = steps.some(({ startedAt }) => startedAt !== undefined);
      const section = ranAny ? await sectionOf(scope, pipeline) : { steps: [] };
      if ('steps' in section) return stepsThatRan(steps, section.steps, pipeline.createdAt);
      const problem = `${placeOf(scope, pipeline)} ${section.problem}`;
      return { ...stepsThatRan(steps, undefined, pipeline.createdAt), problem };
    },
  };
}

function firstRepositories(workspace: string): string {
  const parameters = new URLSearchParams({ sort: 'created_on', pagelen: '100', fields: 'values.slug,next' });
  return `/2.0/repositories/${encodeURIComponent(workspace)}?${parameters}`;
}
