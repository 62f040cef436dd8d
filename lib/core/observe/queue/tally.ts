/** What a tick has seen of the queue so far: it grows while repositories are read, and can be asked at any moment. */
import type { Scope } from '../../model/configuration.ts';
import type { QueueObservation, WaitingSteps } from '../../model/observation.ts';
import type { OpenPipelines } from '../../ports.ts';
import { scopeKey } from '../../scope.ts';

/** One repository, as far as it was read. */
export type RepositoryTally = {
  readonly scope: Required<Scope>;
  /** By the labels, joined. */
  readonly waiting: Map<string, { readonly labels: readonly string[]; steps: number }>;
  /** Undefined until they are listed; maybe not all of them. */
  open?: OpenPipelines;
  /** Pipelines whose steps were read. */
  read: number;
  /** Why it cannot be known whole. */
  trouble?: string;
};

/** A repository of which nothing is known yet. */
export function newTally(scope: Required<Scope>): RepositoryTally {
  return { scope, waiting: new Map(), read: 0 };
}

/** Adds the steps of one pipeline. */
export function addWaiting(tally: RepositoryTally, waiting: readonly WaitingSteps[]): void {
  tally.read += 1;
  for (const { labels, steps } of waiting) {
    const key = labels.join(' ');
    tally.waiting.set(key, { labels, steps: (tally.waiting.get(key)?.steps ?? 0) + steps });
  }
}

/** Why not all of it was seen, `otherwise` if only time or calls ran out; undefined when all of it was. */
export function incomplete({ trouble, open, read, scope }: RepositoryTally, otherwise: string): string | undefined {
  if (trouble !== undefined) return trouble;
  if (open === undefined || read < open.pipelines.length) return `${otherwise} (${scopeKey(scope)})`;
  return open.isWhole ? undefined : `${scopeKey(scope)} has more than ${read} pipelines under way`;
}

/** As the decision takes it: a copy, which later answers do not change. */
export function toQueue({ scope, waiting }: RepositoryTally): QueueObservation {
  return { scope, waiting: [...waiting.values()].map((entry) => ({ ...entry })) };
}
