/**
 * Bitbucket's answers about pipelines as data. Everything may be missing: what is not there makes a step uncounted, and
 * never an error.
 */
import * as z from 'zod';
import type { Instant } from '#core/model/observation.ts';
import type { OpenPipeline, PipelineSource } from '#core/ports.ts';
import { bracedUuid } from '#core/uuid.ts';
import { parseTimestamp } from './answers.ts';
import { shortName } from './sections.ts';

/** A pipeline with the place where its steps are written. */
export type Pipeline = OpenPipeline & {
  readonly createdAt?: Instant;
  /** Its number in the repository. */
  readonly number?: number;
};

/** A step with how far it is, and what came of it. */
export type SeenStep = {
  readonly name?: string;
  /** In Bitbucket's own word. */
  readonly state: string;
  /** Somebody has to start it. */
  readonly isManual: boolean;
  /** Paused or halted. */
  readonly isHeld: boolean;
  /** In Bitbucket's own word. */
  readonly result?: string;
  readonly startedAt?: Instant;
  readonly completedAt?: Instant;
};

const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);
const Named = z.object({ name: Text, type: Text }).nullish();

const PipelineAnswer = z.object({
  uuid: z.string(),
  build_number: z.number().nullish(),
  created_on: Text,
  target: z
    .object({
      type: Text,
      ref_type: Text,
      ref_name: Text,
      source: Text,
      destination: Text,
      commit: z.object({ hash: Text }).nullish(),
      selector: z.object({ type: Text, pattern: Text }).nullish(),
    })
    .nullish(),
});

const StepAnswer = z.object({
  name: Text,
  state: z.object({ name: Text, type: Text, stage: Named, result: Named }).nullish(),
  started_on: Text,
  completed_on: Text,
  trigger: z.object({ type: Text }).nullish(),
});

/** One page of a list, of which only the link to the next and the values matter. */
const pageOf = <Value extends z.ZodType>(value: Value) => z.object({ values: z.array(value), next: Text });

export const PipelinePage = pageOf(PipelineAnswer.transform(toPipeline));
export const StepPage = pageOf(StepAnswer.transform(toSeenStep));
/** Repositories by slug. */
export const RepositoryPage = pageOf(z.object({ slug: z.string() }).transform(({ slug }) => slug));

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

function toPipeline({ uuid, target, build_number, created_on }: z.output<typeof PipelineAnswer>): Pipeline {
  const isPullRequest = target?.type === 'pipeline_pullrequest_target';
  const byTarget = isPullRequest ? 'pull-requests' : SECTION_OF_REF[target?.ref_type ?? ''];
  return {
    uuid: bracedUuid(uuid),
    section: SECTIONS[target?.selector?.type ?? ''] ?? byTarget ?? 'default',
    commit: target?.commit?.hash,
    pattern: target?.selector?.pattern,
    ref: target?.ref_name ?? target?.source,
    destination: target?.destination,
    createdAt: parseTimestamp(created_on),
    number: build_number ?? undefined,
  };
}

function toSeenStep({ name, state, trigger, started_on, completed_on }: z.output<typeof StepAnswer>): SeenStep {
  return {
    name: name === undefined ? undefined : shortName(name),
    state: wordOf(state),
    isManual: /manual/i.test(trigger?.type ?? ''),
    isHeld: /paused|halted/i.test(wordOf(state?.stage)),
    result: state?.result?.name,
    startedAt: parseTimestamp(started_on),
    completedAt: parseTimestamp(completed_on),
  };
}

/** `READY`, by its name or by its type `pipeline_step_state_ready`. */
function wordOf(state: z.output<typeof Named>): string {
  return (state?.name ?? state?.type?.replace(/^pipeline_step_state_/, '') ?? '').toUpperCase();
}
