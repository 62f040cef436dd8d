/** What a pipeline's steps ask for: the section that it runs, of bitbucket-pipelines.yml at its commit. */
import { ServiceError } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { PipelineSource } from '#core/ports.ts';
import { scopeKey } from '#core/scope.ts';
import { createRecent } from '../recent.ts';
import type { BitbucketClient } from './client.ts';
import { type PipelinesFile, parsePipelines, type SectionSteps, stepsOf } from './pipelines-yaml.ts';

/** Files that are kept, each some kilobytes: more than the commits at which anything runs at one time. */
const FILES_KEPT = 200;

/** Reads sections; a file is read once for as long as the process remembers its commit. What cannot be told is a `problem`. */
export function createSectionReader(
  client: BitbucketClient,
): (scope: Required<Scope>, source: PipelineSource) => Promise<SectionSteps> {
  const files = createRecent<PipelinesFile>(FILES_KEPT);

  async function readFile(scope: Required<Scope>, path: string, commit: string): Promise<PipelinesFile> {
    const doing = `Reading bitbucket-pipelines.yml of ${scopeKey(scope)} at ${short(commit)}`;
    try {
      const answer = await client.send({
        operation: 'read',
        importance: 'queue',
        path,
        doing,
        needs: 'readRepository',
      });
      return parsePipelines(answer.text);
    } catch (error) {
      if (error instanceof ServiceError && error.status === 404) return { problem: 'is not there' };
      throw error;
    }
  }

  return async (scope, source) => {
    const { commit } = source;
    if (commit === undefined) return { problem: 'is at a commit that Bitbucket does not tell' };
    const path = `${repositoryPath(scope)}/src/${encodeURIComponent(commit)}/bitbucket-pipelines.yml`;
    const file = await files(path, () => readFile(scope, path, commit));
    return 'problem' in file ? file : stepsOf(file.pipelines, source);
  };
}

/** The file in a sentence. */
export function placeOf(scope: Required<Scope>, { commit }: PipelineSource): string {
  return `bitbucket-pipelines.yml of ${scopeKey(scope)} at ${short(commit ?? 'an unknown commit')}`;
}

/** Where a repository is in the API. */
export function repositoryPath({ workspace, repository }: Required<Scope>): string {
  return `/2.0/repositories/${encodeURIComponent(workspace)}/${encodeURIComponent(repository)}`;
}

function short(commit: string): string {
  return /^[0-9a-f]{40}$/i.test(commit) ? commit.slice(0, 12) : commit;
}
