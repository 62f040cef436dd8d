/**
 * Which steps of a pipeline wait for a runner. Bitbucket says only how far a step is, the file only what it asks for;
 * this joins the two. Pure. In doubt a step is not counted: too few cost a minute, too many cost money.
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
import type { SeenStep } from './pipeline-answers.ts';
import type { YamlStep } from './sections.ts';

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
    const isNext = () => stepsBefore(seen, pairs, index).every(({ state }) => state === 'COMPLETED');
    if (!isCandidate(step) || !(step.state === 'READY' || isNext())) return;
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

/** The steps of the blocks before the step's own. A step that is not in the file is a block of its own. */
export function stepsBefore<Step>(
  seen: readonly Step[],
  pairs: readonly (YamlStep | undefined)[],
  index: number,
): readonly Step[] {
  const block = pairs[index]?.block;
  return seen.slice(0, block === undefined ? index : pairs.findIndex((step) => step?.block === block));
}

type Named = Pick<SeenStep, 'name'>;

/** The step of the file for each one seen: by position where all names agree, else by name, in order. */
export function pair(seen: readonly Named[], written: readonly YamlStep[]): readonly (YamlStep | undefined)[] {
  const agree = (step: Named, index: number): boolean => {
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
