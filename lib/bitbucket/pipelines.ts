/**
 * The work that waits at Bitbucket Cloud: the PipelineApi port over HTTP. There is no queue to ask for, so it is put
 * together from three things: a repository's open pipelines, the steps of each, and the file that says what they ask for.
 */
import type * as z from 'zod';
import { ServiceError } from '../errors.ts';
import type { Scope } from '../model.ts';
import type { OpenPipeline, PipelineApi, WaitingInPipeline } from '../ports.ts';
import { scopeKey } from '../scope.ts';
import { parseAnswer } from './answers.ts';
import type { BitbucketClient, Call } from './client.ts';
import { PipelinePage, RepositoryPage, StepPage, toOpenPipeline, toSeenStep } from './pipeline-answers.ts';
import { type PipelinesFile, parsePipelines, stepsOf } from './pipelines-yaml.ts';
import { createRecent } from './recent.ts';
import { countWaiting, mayWait, type SeenStep } from './waiting-steps.ts';

/** Files that are kept, each some kilobytes: more than the commits at which anything runs at one time. */
const FILES_KEPT = 200;

/** Pages of 100 steps; Bitbucket takes 100 steps in a pipeline. */
const MOST_STEP_PAGES = 3;

type Reading = Pick<Call, 'path' | 'doing' | 'needs'>;

type Page<Value> = { readonly values: readonly Value[]; readonly next?: string | null | undefined };

/** A PipelineApi over a client. A file is read once for as long as the process remembers its commit. */
export function createBitbucketPipelineApi(client: BitbucketClient): PipelineApi {
  const files = createRecent<PipelinesFile>(FILES_KEPT);

  const read = (reading: Reading) => client.send({ operation: 'read', importance: 'queue', ...reading });

  async function readPage<Value>(schema: z.ZodType<Page<Value>>, reading: Reading): Promise<Page<Value>> {
    return parseAnswer(schema, await read(reading), reading.doing);
  }

  function fileAt(scope: Required<Scope>, commit: string): Promise<PipelinesFile> {
    const path = `${repositoryPath(scope)}/src/${encodeURIComponent(commit)}/bitbucket-pipelines.yml`;
    const doing = `Reading bitbucket-pipelines.yml of ${scopeKey(scope)} at ${short(commit)}`;
    return files(path, async () => {
      try {
        return parsePipelines((await read({ path, doing, needs: 'readRepository' })).text);
      } catch (error) {
        if (error instanceof ServiceError && error.status === 404) return { problem: 'is not there' };
        throw error;
      }
    });
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
      return count(scope, pipeline, steps, await fileOf(scope, pipeline));
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

  async function fileOf(scope: Required<Scope>, { commit }: OpenPipeline): Promise<PipelinesFile> {
    return commit === undefined ? { problem: 'is at a commit that Bitbucket does not tell' } : fileAt(scope, commit);
  }
}

const NOTHING: WaitingInPipeline = { waiting: [], notes: [] };

function count(
  scope: Required<Scope>,
  pipeline: OpenPipeline,
  steps: readonly SeenStep[],
  file: PipelinesFile,
): WaitingInPipeline {
  const section = 'problem' in file ? file : stepsOf(file.pipelines, pipeline);
  const place = `bitbucket-pipelines.yml of ${scopeKey(scope)} at ${short(pipeline.commit ?? 'an unknown commit')}`;
  if ('problem' in section)
    return { waiting: [], notes: [`${place} ${section.problem}: its waiting steps are not counted.`] };
  const { waiting, unknown } = countWaiting(steps, section.steps);
  if (unknown === 0) return { waiting, notes: [] };
  return { waiting, notes: [`${place} lacks steps that its pipeline has: ${unknown} that wait are not counted.`] };
}

function repositoryPath({ workspace, repository }: Required<Scope>): string {
  return `/2.0/repositories/${encodeURIComponent(workspace)}/${encodeURIComponent(repository)}`;
}

function short(commit: string): string {
  return /^[0-9a-f]{40}$/i.test(commit) ? commit.slice(0, 12) : commit;
}
