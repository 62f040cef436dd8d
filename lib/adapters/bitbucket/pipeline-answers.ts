/**
 * Bitbucket's answers about pipelines as data. Everything may be missing: what is not there makes a step uncounted, and
 * never an error.
 */
import * as z from 'zod';
import type { OpenPipeline, PipelineSource } from '#core/ports.ts';
import { parseTimestamp, withBraces } from './answers.ts';
import type { PastPipeline } from './past.ts';
import type { PastStep } from './past-steps.ts';
import type { SeenStep } from './waiting-steps.ts';

const Named = z.object({ name: z.string().nullish(), type: z.string().nullish() });
const Commit = z.object({ hash: z.string().nullish() }).nullish();

const PipelineAnswer = z.object({
  uuid: z.string(),
  build_number: z.number().nullish(),
  created_on: z.string().nullish(),
  target: z
    .object({
      type: z.string().nullish(),
      ref_type: z.string().nullish(),
      ref_name: z.string().nullish(),
      source: z.string().nullish(),
      commit: Commit,
      selector: z.object({ type: z.string().nullish(), pattern: z.string().nullish() }).nullish(),
    })
    .nullish(),
});

const StepAnswer = z.object({
  name: z.string().nullish(),
  state: Named.extend({ stage: Named.nullish(), result: Named.nullish() }).nullish(),
  started_on: z.string().nullish(),
  completed_on: z.string().nullish(),
  trigger: z.object({ type: z.string().nullish() }).nullish(),
});

/** One page of a list, of which only the link to the next and the values matter. */
const pageOf = <Value extends z.ZodType>(value: Value) =>
  z.object({ values: z.array(value), next: z.string().nullish() });

export const PipelinePage = pageOf(PipelineAnswer);
export const StepPage = pageOf(StepAnswer);
export const RepositoryPage = pageOf(z.object({ slug: z.string() }));

const SECTIONS: Readonly<Record<string, PipelineSource['section']>> = {
  default: 'default',
  branches: 'branches',
  tags: 'tags',
  bookmarks: 'bookmarks',
  'pull-requests': 'pull-requests',
  pullrequests: 'pull-requests',
  custom: 'custom',
};

/** The section that a target without a selector runs, by what it is. */
const SECTION_OF_REF: Readonly<Record<string, PipelineSource['section']>> = {
  branch: 'branches',
  named_branch: 'branches',
  tag: 'tags',
  bookmark: 'bookmarks',
};

/** A pipeline with the place where its steps are written. */
export function toOpenPipeline({ uuid, target }: z.output<typeof PipelineAnswer>): OpenPipeline {
  const commit = target?.commit?.hash ?? undefined;
  const pattern = target?.selector?.pattern ?? undefined;
  const ref = target?.ref_name ?? target?.source ?? undefined;
  const isPullRequest = target?.type === 'pipeline_pullrequest_target';
  const byTarget = isPullRequest ? 'pull-requests' : SECTION_OF_REF[target?.ref_type ?? ''];
  return {
    uuid: withBraces(uuid),
    section: SECTIONS[target?.selector?.type ?? ''] ?? byTarget ?? 'default',
    ...(commit === undefined ? {} : { commit }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(ref === undefined ? {} : { ref }),
  };
}

/** A step with how far it is. */
export function toSeenStep({ name, state, trigger }: z.output<typeof StepAnswer>): SeenStep {
  return {
    ...(name === undefined || name === null ? {} : { name }),
    state: wordOf(state),
    isManual: /manual/i.test(trigger?.type ?? ''),
    isHeld: /paused|halted/i.test(wordOf(state?.stage)),
  };
}

/** A pipeline with when it was created. */
export function toPastPipeline(answer: z.output<typeof PipelineAnswer>): PastPipeline {
  const createdAt = parseTimestamp(answer.created_on);
  const number = answer.build_number ?? undefined;
  return {
    ...toOpenPipeline(answer),
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(number === undefined ? {} : { number }),
  };
}

/** A step with when it ran and what came of it. */
export function toPastStep(answer: z.output<typeof StepAnswer>): PastStep {
  const { name, state, isManual } = toSeenStep(answer);
  const startedAt = parseTimestamp(answer.started_on);
  const completedAt = parseTimestamp(answer.completed_on);
  const result = answer.state?.result?.name ?? undefined;
  return {
    ...(name === undefined ? {} : { name }),
    state,
    isManual,
    ...(result === undefined ? {} : { result }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(completedAt === undefined ? {} : { completedAt }),
  };
}

/** `READY`, by its name or by its type `pipeline_step_state_ready`. */
function wordOf(state: z.output<typeof Named> | null | undefined): string {
  return (state?.name ?? state?.type?.replace(/^pipeline_step_state_/, '') ?? '').toUpperCase();
}
