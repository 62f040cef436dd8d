/** Steps that no group of a configuration can run: they are played and fail, and whoever reads the result must know. Pure. */
import type { RunnerGroup } from '#core/model/configuration.ts';
import { counted } from '#text/layout.ts';
import { type Arrival, mayRun } from './arrival.ts';

export type Strangers = {
  readonly look: (step: Arrival) => void;
  /** One sentence for all of them; undefined without any. */
  readonly told: () => string | undefined;
};

/** Kinds of steps that are counted one by one; more than that nobody reads. */
const MOST_KINDS = 1_000;
const MOST_TOLD = 3;

/** Looks at steps, each of which is a stranger or is not. */
export function watchStrangers(groups: readonly RunnerGroup[]): Strangers {
  const kinds = new Map<string, number>();
  let steps = 0;
  return {
    look: (step) => {
      if (groups.some((group) => mayRun(step, group))) return;
      steps += 1;
      const kind = `${step.labels.join(' ')} in ${step.scope.repository ?? step.scope.workspace}`;
      if (kinds.has(kind) || kinds.size < MOST_KINDS) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    },
    told: () => {
      if (steps === 0) return undefined;
      const most = [...kinds].sort(([, a], [, b]) => b - a).slice(0, MOST_TOLD);
      const some = most.map(([kind, count]) => `${kind}: ${count}`).join('; ');
      const more = kinds.size > most.length ? '; …' : '';
      return `${counted(steps, 'step')} of labels or repositories that no group has (${some}${more}); such steps fail in every run.`;
    },
  };
}
