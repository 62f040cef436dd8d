/**
 * The work that waits at Bitbucket Cloud: the PipelineApi port over HTTP. There is no queue to ask for, so it is put
 * together from three things: a repository's open pipelines, the steps of each, and the file that says what they ask for.
 */
import type * as z from 'zod';
import type { Scope } from '#core/model/configuration.ts';
import type { OpenPipeline, PipelineApi, WaitingInPipeline } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import { parseAnswer } from './answers.ts';
import type { BitbucketClient, Call } from './client.ts';
import { PipelinePage, RepositoryPage, StepPage, toOpenPipeline, toSeenStep } from './pipeline-answers.ts';
import { createSectionReader, placeOf, repositoryPath } from './pipelines-file.ts';
import type { SectionSteps } from './pipelines-yaml.ts';
import { countWaiting, mayWait, type SeenStep } from './waiting-steps.ts';

/** Pages of 100 steps; Bitbucket takes 100 steps in a pipeline. */
const MOST_STEP_PAGES = 3;

type Reading = Pick<Call, 'path' | 'doing' | 'needs'>;

type Page<Value> = { readonly values: readonly Value[]; readonly next?: string | null | undefined };

/** A PipelineApi over a client. A file is read once for as long as the process remembers its commit. */
export function createBitbucketPipelineApi(client: BitbucketClient): PipelineApi {
  const sectionOf = createSectionReader(client);

  const read = (reading: Reading) => client.send({ operation: 'read', importance: 'queue', ...reading });

  async function readPage<Value>(schema: z.ZodType<Page<Value>>, reading: Reading): Promise<Page<Value>> {
    return parseAnswer(schema, await read(reading), reading.doing);
  }

  return {
    recentRepositories: async (workspace, { query, limit }) => {
      const parameters = new URLSearchParams({ sort: '-updated_on', pagelen: String(limit), fields: 'values.slug' });
      if (query !== undefined) parameters.set('q', query);
      const { values } = await readPage(RepositoryPage, {
        path: `/2.0/repositories/${encodeURIComponent(workspace)}?${parameters}`,
        doing: `Listing the repositories of ${workspace}`,
        needs: 'readRepository',
      });
      return values.slice(0, limit).map(({ slug }) => slug);
    },
    openPipelines: async (scope) => {
      const { values, next } = await readPage(PipelinePage, {
        path: `${repositoryPath(scope)}/pipelines?sort=-created_on&pagelen=100&status=PENDING&status=BUILDING&status=IN_PROGRESS`,
        doing: `Listing the pipelines of ${scopeKey(scope)}`,
        needs: 'readPipelines',
      });
      return { pipelines: values.map(toOpenPipeline), isWhole: !next };
    },
    waitingSteps: async (scope, pipeline) => {
      const doing = `Listing the steps of pipeline ${pipeline.uuid} of ${scopeKey(scope)}`;
      const steps = await readSteps(scope, pipeline, doing);
      if (!mayWait(steps)) return NOTHING;
      return count(steps, await sectionOf(scope, pipeline), placeOf(scope, pipeline));
    },
  };

  async function readSteps(
    scope: Required<Scope>,
    { uuid }: OpenPipeline,
    doing: string,
  ): Promise<readonly SeenStep[]> {
    const steps: SeenStep[] = [];
    let path: string | undefined = `${repositoryPath(scope)}/pipelines/${encodeURIComponent(uuid)}/steps/?pagelen=100`;
    for (let pages = 0; path !== undefined && pages < MOST_STEP_PAGES; pages += 1) {
      const page: Page<z.output<typeof StepPage>['values'][number]> = await readPage(StepPage, {
        path,
        doing,
        needs: 'readPipelines',
      });
      steps.push(...page.values.map(toSeenStep));
      path = page.next ? client.pathOf(page.next) : undefined;
    }
    return steps;
  }
}

const NOTHING: WaitingInPipeline = { waiting: [], notes: [] };

function count(steps: readonly SeenStep[], section: SectionSteps, place: string): WaitingInPipeline {
  if ('problem' in section)
    return { waiting: [], notes: [`${place} ${section.problem}: its waiting steps are not counted.`] };
  const { waiting, unknown } = countWaiting(steps, section.steps);
  if (unknown === 0) return { waiting, notes: [] };
  return { waiting, notes: [`${place} lacks steps that its pipeline has: ${unknown} that wait are not counted.`] };
}
