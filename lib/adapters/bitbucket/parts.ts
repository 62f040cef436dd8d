/** Lists of repositories, pipelines and steps, part by part. Every call is of the least importance. */
import type * as z from 'zod';
import type { Scope } from '#core/model/configuration.ts';
import { scopeKey } from '#core/scope.ts';
import { parseAnswer } from './answers.ts';
import type { BitbucketClient, Call } from './client.ts';
import { StepPage } from './pipeline-answers.ts';
import { repositoryPath } from './pipelines-file.ts';

/** A part of a list, and the path of the next part. */
export type Part<Value> = { readonly values: readonly Value[]; readonly next?: string };

type Page<Answer> = { readonly values: readonly Answer[]; readonly next?: string | null | undefined };

/** Pages of 100 steps; Bitbucket takes 100 steps in a pipeline. */
const MOST_STEP_PAGES = 3;

export function createPartReader(client: BitbucketClient) {
  async function readPart<Answer, Value>(
    call: Pick<Call, 'path' | 'doing' | 'needs'>,
    schema: z.ZodType<Page<Answer>>,
    convert: (answer: Answer) => Value,
  ): Promise<Part<Value>> {
    const answer = await client.send({ operation: 'read', importance: 'queue', ...call });
    const { values, next } = parseAnswer(schema, answer, call.doing);
    return { values: values.map(convert), ...(next ? { next: client.pathOf(next) } : {}) };
  }

  /** The steps of a pipeline. */
  async function readSteps<Value>(
    scope: Required<Scope>,
    { uuid }: { readonly uuid: string },
    convert: (answer: z.output<typeof StepPage>['values'][number]) => Value,
  ): Promise<readonly Value[]> {
    const doing = `Listing the steps of pipeline ${uuid} of ${scopeKey(scope)}`;
    let path: string | undefined = `${repositoryPath(scope)}/pipelines/${encodeURIComponent(uuid)}/steps/?pagelen=100`;
    const steps: Value[] = [];
    for (let pages = 0; path !== undefined && pages < MOST_STEP_PAGES; pages += 1) {
      const part: Part<Value> = await readPart({ path, doing, needs: 'readPipelines' }, StepPage, convert);
      steps.push(...part.values);
      path = part.next;
    }
    return steps;
  }

  return { readPart, readSteps };
}
