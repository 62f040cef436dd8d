/**
 * What ran at Bitbucket Cloud: past pipelines, newest first, and their steps. Every call is of the least importance, so
 * that the autoscaler's own calls with the same credential go first; it throws `BudgetError` when it must wait for them.
 */
import type { Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { OpenPipeline } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import type { BitbucketClient } from './client.ts';
import { createPartReader, type Part } from './parts.ts';
import { type RanSteps, stepsThatRan } from './past-steps.ts';
import { PipelinePage, RepositoryPage, toPastPipeline, toPastStep } from './pipeline-answers.ts';
import { createSectionReader, placeOf, repositoryPath } from './pipelines-file.ts';

export type { Part } from './parts.ts';

/** A pipeline with its number in the repository; each may be unknown. */
export type PastPipeline = OpenPipeline & { readonly createdAt?: Instant; readonly number?: number };

/** Reads what ran. Methods throw `ServiceError` with one sentence; they may be called again. */
export type PastApi = {
  /** Repositories by slug, the oldest first. `path`: of a further part. */
  readonly repositories: (workspace: string, path?: string) => Promise<Part<string>>;
  /** Pipelines, newest first. `path`: of a further part. */
  readonly pipelines: (scope: Required<Scope>, path?: string) => Promise<Part<PastPipeline>>;
  /** The steps of a pipeline; `problem` says why their labels are not known. */
  readonly steps: (scope: Required<Scope>, pipeline: PastPipeline) => Promise<RanSteps & { readonly problem?: string }>;
};

/** A PastApi over a client. */
export function createBitbucketPastApi(client: BitbucketClient): PastApi {
  const sectionOf = createSectionReader(client);
  const { readPart, readSteps } = createPartReader(client);

  return {
    repositories: (workspace, path = firstRepositories(workspace)) =>
      readPart(
        { path, doing: `Listing the repositories of ${workspace}`, needs: 'readRepository' },
        RepositoryPage,
        ({ slug }) => slug,
      ),
    pipelines: (scope, path = `${repositoryPath(scope)}/pipelines?sort=-created_on&pagelen=100`) =>
      readPart(
        { path, doing: `Listing the pipelines of ${scopeKey(scope)}`, needs: 'readPipelines' },
        PipelinePage,
        toPastPipeline,
      ),
    steps: async (scope, pipeline) => {
      const steps = await readSteps(scope, pipeline, toPastStep);
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
