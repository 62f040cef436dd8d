/**
 * The work that waits at Bitbucket Cloud: the PipelineApi port over HTTP. There is no queue to ask for, so it is put
 * together from three things: a repository's open pipelines, the steps of each, and the file that says what they ask for.
 */
import type { PipelineApi, WaitingInPipeline } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import type { BitbucketClient } from './client.ts';
import { createPartReader } from './parts.ts';
import { PipelinePage, RepositoryPage, toOpenPipeline, toSeenStep } from './pipeline-answers.ts';
import { createSectionReader, placeOf, repositoryPath } from './pipelines-file.ts';
import type { SectionSteps } from './pipelines-yaml.ts';
import { countWaiting, mayWait, type SeenStep } from './waiting-steps.ts';

/** A PipelineApi over a client. A file is read once for as long as the process remembers its commit. */
export function createBitbucketPipelineApi(client: BitbucketClient): PipelineApi {
  const sectionOf = createSectionReader(client);

  const { readPart, readSteps } = createPartReader(client);
  return {
    recentRepositories: async (workspace, { query, limit }) => {
      const parameters = new URLSearchParams({ sort: '-updated_on', pagelen: String(limit), fields: 'values.slug' });
      if (query !== undefined) parameters.set('q', query);
      const path = `/2.0/repositories/${encodeURIComponent(workspace)}?${parameters}`;
      const call = { path, doing: `Listing the repositories of ${workspace}`, needs: 'readRepository' } as const;
      const { values } = await readPart(call, RepositoryPage, ({ slug }) => slug);
      return values.slice(0, limit);
    },
    openPipelines: async (scope) => {
      const path = `${repositoryPath(scope)}/pipelines?sort=-created_on&pagelen=100&status=PENDING&status=BUILDING&status=IN_PROGRESS`;
      const call = { path, doing: `Listing the pipelines of ${scopeKey(scope)}`, needs: 'readPipelines' } as const;
      const { values, next } = await readPart(call, PipelinePage, toOpenPipeline);
      return { pipelines: values, isWhole: next === undefined };
    },
    waitingSteps: async (scope, pipeline) => {
      const steps = await readSteps(scope, pipeline, toSeenStep);
      if (!mayWait(steps)) return NOTHING;
      return count(steps, await sectionOf(scope, pipeline), placeOf(scope, pipeline));
    },
  };
}

const NOTHING: WaitingInPipeline = { waiting: [], notes: [] };

function count(steps: readonly SeenStep[], section: SectionSteps, place: string): WaitingInPipeline {
  if ('problem' in section)
    return { waiting: [], notes: [`${place} ${section.problem}: its waiting steps are not counted.`] };
  const { waiting, unknown } = countWaiting(steps, section.steps);
  if (unknown === 0) return { waiting, notes: [] };
  return { waiting, notes: [`${place} lacks steps that its pipeline has: ${unknown} that wait are not counted.`] };
}
