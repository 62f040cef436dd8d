/** Bitbucket may give a runner other labels than it was asked for: who finds that tells it, in one sentence. Pure. */
import type { RunnerGroup } from './model/configuration.ts';
import type { Runner } from './model/observation.ts';

/** Whether a runner of the group has other labels than were asked for. */
export function hasOtherLabels({ labels }: Runner, group: RunnerGroup): boolean {
  return labels.join(' ') !== group.labels.join(' ');
}

/** The sentence about labels that Bitbucket gave instead. `does`: what it does with how many runners. */
export function tellOtherLabels({ name, labels }: RunnerGroup, does: string, instead: string): string {
  return `Bitbucket ${does} of group "${name}" with labels ${instead} instead of ${labels.join(', ')}: counted as the group's all the same; if its steps do not find them, give the group labels that Bitbucket keeps.`;
}
