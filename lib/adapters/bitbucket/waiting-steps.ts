/**
 * Which steps of a pipeline wait for a runner. Bitbucket says of a step only how far it is, the file only what it asks
 * for; the two are brought together here. Pure. In doubt a step is not counted: too few cost a minute, too many money.
 *
 * | step                                                                  | waits |
 * |-----------------------------------------------------------------------|-------|
 * | READY                                                                 | yes   |
 * | PENDING, everything in the blocks before it completed                 | yes   |
 * | PENDING, something before it (not beside it) is not completed         | no    |
 * | PENDING and started by hand, paused or halted                         | no    |
 * | IN_PROGRESS, COMPLETED, a state unknown here                          | no    |
 * | without `runs-on` (Bitbucket's own machines), or not found in the file | no    |
 */
import type { WaitingSteps } from '#core/model/observation.ts';
import type { YamlStep } from './pipelines-yaml.ts';

/** A step as Bitbucket shows it. */
export type SeenStep = {
  readonly name?: string;
  /** In Bitbucket's own word. */
  readonly state: string;
  /** Somebody has to start it. */
  readonly isManual: boolean;
  /** Paused or halted. */
  readonly isHeld: boolean;
};

/** Whether any of them may wait, whatever the file says. */
export function mayWait(steps: readonly SeenStep[]): boolean {
  return steps.some(isCandidate);
}

/** Steps that wait, by their labels; `unknown` ones would, but are not to be found in the file. */
export function countWaiting(
  seen: readonly SeenStep[],
  written: readonly YamlStep[],
): { readonly waiting: readonly WaitingSteps[]; readonly unknown: number } {
  const pairs = pair(seen, written);
  const counts = new Map<string, { readonly labels: readonly string[]; steps: number }>();
  let unknown = 0;
  seen.forEach((step, index) => {
    if (!isCandidate(step) || !(step.state === 'READY' || isNext(seen, pairs, index))) return;
    const labels = pairs[index]?.labels;
    if (labels === undefined) {
      unknown += 1;
    } else if (labels.length > 0) {
      const entry = counts.get(labels.join(' ')) ?? { labels, steps: 0 };
      entry.steps += 1;
      counts.set(labels.join(' '), entry);
    }
  });
  return { waiting: [...counts.values()], unknown };
}

function isCandidate({ state, isManual, isHeld }: SeenStep): boolean {
  return !isHeld && (state === 'READY' || (state === 'PENDING' && !isManual));
}

/** Whether everything before the step's block is completed. A step that is not in the file is a block of its own. */
function isNext(seen: readonly SeenStep[], pairs: readonly (YamlStep | undefined)[], index: number): boolean {
  const block = pairs[index]?.block;
  const start = block === undefined ? index : pairs.findIndex((step) => step?.block === block);
  return seen.slice(0, start).every((step) => step.state === 'COMPLETED');
}

/** The step of the file for each one seen: by position where all names agree, else by name, in order. */
export function pair(
  seen: readonly Pick<SeenStep, 'name'>[],
  written: readonly YamlStep[],
): readonly (YamlStep | undefined)[] {
  const agree = (step: Pick<SeenStep, 'name'>, index: number): boolean => {
    const name = written[index]?.name;
    return name === undefined || step.name === undefined || name === step.name;
  };
  if (seen.length === written.length && seen.every(agree)) return written;
  const left = [...written];
  return seen.map(({ name }) => {
    const at = name === undefined ? -1 : left.findIndex((step) => step.name === name);
    return at === -1 ? undefined : left.splice(at, 1)[0];
  });
}
