/**
 * Lists of repositories, pipelines and steps, and what bitbucket-pipelines.yml says of the steps. Every call is of the
 * least importance, so that all others with the same credential go first.
 */
import type * as z from 'zod';
import { ServiceError } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { OpenPipeline, PipelineSource } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import { createRecent } from '../recent.ts';
import { parseAnswer } from './answers.ts';
import type { BitbucketClient, Call } from './client.ts';
import { PipelinePage, RepositoryPage, type SeenStep, StepPage } from './pipeline-answers.ts';
import { type PipelinesFile, type SectionSteps, stepsOf } from './sections.ts';
import type { Stop, StoppedFiles } from './stopped-files.ts';
import type { ReadPipelines } from './yaml-box.ts';

/** A part of a list, and the path of the next part. */
export type Part<Value> = { readonly values: readonly Value[]; readonly next?: string };

/** Pages of 100 steps; Bitbucket takes 100 steps in a pipeline. */
const MOST_STEP_PAGES = 3;

/** Files that are kept, each some kilobytes: more than the commits at which anything runs at one time. */
const FILES_KEPT = 100;

/** How files are read; without `stopped` a file that cannot be read keeps no other from being read. */
export type FileReading = { readonly parse: ReadPipelines; readonly stopped?: StoppedFiles };

export function createPipelineReader(client: BitbucketClient, { parse, stopped }: FileReading) {
  const files = createRecent<PipelinesFile>(FILES_KEPT);

  const read = (call: Pick<Call, 'path' | 'doing' | 'needs' | 'answer'>) =>
    client.send({ operation: 'read', importance: 'queue', ...call });

  async function readPart<Value>(
    schema: z.ZodType<{ readonly values: readonly Value[]; readonly next?: string | undefined }>,
    call: Pick<Call, 'path' | 'doing' | 'needs'>,
  ): Promise<Part<Value>> {
    const { values, next } = parseAnswer(schema, await read({ ...call, answer: 'page' }), call.doing);
    return { values, next: next ? client.pathOf(next) : undefined };
  }

  async function readFile(path: string, scope: Required<Scope>, commit: string): Promise<PipelinesFile> {
    const doing = `Reading ${placeOf(scope, { commit })}`;
    try {
      const { text } = await read({ path, doing, needs: 'readRepository', answer: 'file' });
      const file = await parse(text);
      if (!('stopped' in file)) return file;
      await stopped?.add(scopeKey(scope), shortCommit(commit));
      return { problem: `${file.stopped}, so it is not read` };
    } catch (error) {
      if (error instanceof ServiceError && error.status === 404) return { problem: 'is not there' };
      throw error;
    }
  }

  return {
    /** Repositories of a workspace by slug. `query`: what to ask of which, or the path of a further part. */
    repositories: (workspace: string, query: Readonly<Record<string, string>> | string) => {
      const path =
        typeof query === 'string'
          ? query
          : `/2.0/repositories/${encodeURIComponent(workspace)}?${new URLSearchParams(query)}`;
      return readPart(RepositoryPage, {
        path,
        doing: `Listing the repositories of ${workspace}`,
        needs: 'readRepository',
      });
    },
    /** Pipelines, newest first, 100 in a part. `path`: of a further part. */
    pipelines: (
      scope: Required<Scope>,
      filter = '',
      path = `${pipelinesPath(scope)}?sort=-created_on&pagelen=100${filter}`,
    ) => readPart(PipelinePage, { path, doing: `Listing the pipelines of ${scopeKey(scope)}`, needs: 'readPipelines' }),
    steps: async (scope: Required<Scope>, { uuid }: OpenPipeline): Promise<readonly SeenStep[]> => {
      const doing = `Listing the steps of pipeline ${uuid} of ${scopeKey(scope)}`;
      let path: string | undefined = `${pipelinesPath(scope)}/${encodeURIComponent(uuid)}/steps/?pagelen=100`;
      const steps: SeenStep[] = [];
      for (let pages = 0; path !== undefined && pages < MOST_STEP_PAGES; pages += 1) {
        const part: Part<SeenStep> = await readPart(StepPage, { path, doing, needs: 'readPipelines' });
        steps.push(...part.values);
        path = part.next;
      }
      return steps;
    },
    /** The steps of the section that a pipeline runs. A file is read once, for as long as its commit is remembered. */
    section: async (scope: Required<Scope>, source: PipelineSource): Promise<SectionSteps> => {
      const { commit } = source;
      if (commit === undefined) return { problem: 'is at a commit that Bitbucket does not tell' };
      const path = `${repositoryPath(scope)}/src/${encodeURIComponent(commit)}/bitbucket-pipelines.yml`;
      const file = await files(path, async () => {
        const stop = await stopped?.find(scopeKey(scope), shortCommit(commit));
        if (stop !== undefined) throw new NotRead(stop);
        return readFile(path, scope, commit);
      }).catch((error) => {
        if (error instanceof NotRead) return { problem: error.message };
        throw error;
      });
      return 'problem' in file ? file : stepsOf(file.sections, source);
    },
  };
}

/** A failure is not remembered for the file: later it is read. */
class NotRead extends Error {
  constructor({ commits, until }: Stop) {
    const time = new Date(until).toISOString().slice(11, 16);
    const why =
      commits.length === 1
        ? 'since reading it was broken off'
        : `since reading the repository's files at ${commits.join(', ')} was broken off`;
    super(`is not read before ${time} UTC, ${why}`);
  }
}

/** The file in a sentence. */
export function placeOf(scope: Required<Scope>, { commit }: Pick<PipelineSource, 'commit'>): string {
  return `bitbucket-pipelines.yml of ${scopeKey(scope)} at ${commit === undefined ? 'an unknown commit' : shortCommit(commit)}`;
}

function shortCommit(commit: string): string {
  return /^[0-9a-f]{40}$/i.test(commit) ? commit.slice(0, 12) : commit.slice(0, 40);
}

function repositoryPath({ workspace, repository }: Required<Scope>): string {
  return `/2.0/repositories/${encodeURIComponent(workspace)}/${encodeURIComponent(repository)}`;
}

function pipelinesPath(scope: Required<Scope>): string {
  return `${repositoryPath(scope)}/pipelines`;
}
