/**
 * The work that waits at Bitbucket Cloud: the PipelineApi port over HTTP. There is no queue to ask for, so it is put
 * together from three things: a repository's open pipelines, the steps of each, and the file that says what they ask for.
 */
import type { PipelineApi } from '#core/ports.ts';
import type { BitbucketClient } from './client.ts';
import { createPipelineReader, type FileReading, placeOf } from './pipeline-reader.ts';
import { countWaiting, mayWait } from './waiting-steps.ts';

const OPEN = '&status=PENDING&status=BUILDING&status=IN_PROGRESS';

/** A PipelineApi over a client. A file is read once for as long as the process remembers its commit. */
export function createBitbucketPipelineApi(client: BitbucketClient, reading: FileReading): PipelineApi {
  const reader = createPipelineReader(client, reading);
  return {
    recentRepositories: async (workspace, { query, limit }) => {
      const latest = { sort: '-updated_on', pagelen: String(limit), fields: 'values.slug' };
      const { values } = await reader.repositories(workspace, query === undefined ? latest : { ...latest, q: query });
      return values.slice(0, limit);
    },
    openPipelines: async (scope) => {
      const { values, next } = await reader.pipelines(scope, OPEN);
      return { pipelines: values, isWhole: next === undefined };
    },
    waitingSteps: async (scope, pipeline) => {
      const steps = await reader.steps(scope, pipeline);
      if (!mayWait(steps)) return { waiting: [], notes: [] };
      const section = await reader.section(scope, pipeline);
      const place = placeOf(scope, pipeline);
      if ('problem' in section) {
        return { waiting: [], notes: [`${place} ${section.problem}: its waiting steps are not counted.`] };
      }
      const { waiting, unknown } = countWaiting(steps, section.steps);
      if (unknown === 0) return { waiting, notes: [] };
      return { waiting, notes: [`${place} lacks steps that its pipeline has: ${unknown} that wait are not counted.`] };
    },
  };
}
