/** Which group a step is for, if any. Pure. */
import { bySuitability } from '#core/decide/queue.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { counted } from '#text/layout.ts';
import type { Arrival } from '../arrival.ts';
import { fits } from '../simulator/registrations.ts';
import { repositoryOf } from './load.ts';

/**
 * Tells the steps that are the group's: those that it can run and that suit no other group better. The one with the fewest
 * labels suits best, then a repository's before a workspace's, then the first in the configuration.
 */
export function stepsOf(fleet: Fleet, group: RunnerGroup): (step: Pick<Arrival, 'scope' | 'labels'>) => boolean {
  const inOrder = fleet.groups.toSorted(bySuitability);
  const known = new Map<string, boolean>();
  return (arrival) => {
    const key = JSON.stringify([arrival.scope.workspace, arrival.scope.repository, arrival.labels]);
    const isKnown = known.get(key);
    if (isKnown !== undefined) return isKnown;
    const isOwn = inOrder.find((other) => fits(arrival, other))?.name === group.name;
    known.set(key, isOwn);
    return isOwn;
  };
}

/** Steps of a history that names no repository. */
type HousedSteps = {
  /** The step in its repository. */
  readonly house: (step: Arrival) => Arrival;
  /** One sentence for all that were given one; undefined without any. */
  readonly told: () => string | undefined;
};

/**
 * Gives steps that name no repository one of the group that suits them best, a workspace's before a repository's: queues are counted by repository, so that
 * such steps would be invisible to a group that counts them.
 */
export function houseSteps(groups: readonly RunnerGroup[]): HousedSteps {
  const inOrder = groups.toSorted(bySuitability);
  const given = new Set<string>();
  let steps = 0;
  return {
    house: (step) => {
      if (step.scope.repository !== undefined) return step;
      const inRepositoryOf = (group: RunnerGroup) => ({
        ...step,
        scope: { ...step.scope, repository: repositoryOf(group) },
      });
      const owner =
        inOrder.find((group) => fits(step, group)) ?? inOrder.find((group) => fits(inRepositoryOf(group), group));
      if (owner === undefined) return step;
      steps += 1;
      given.add(repositoryOf(owner));
      return inRepositoryOf(owner);
    },
    told: () => {
      if (steps === 0) return undefined;
      const names = [...given].sort().slice(0, MOST_TOLD).join(', ');
      return `${counted(steps, 'step')} without a repository, played as ${steps === 1 ? 'one' : 'those'} of ${names}${given.size > MOST_TOLD ? ', …' : ''}.`;
    },
  };
}

/** Steps that no group of a configuration can run: they are played and fail, and whoever reads the result must know. */
type UnownedSteps = {
  readonly look: (step: Arrival) => void;
  /** One sentence for all of them; undefined without any. */
  readonly told: () => string | undefined;
};

/** Kinds of steps that are counted one by one; more than that nobody reads. */
const MOST_KINDS = 1_000;
const MOST_TOLD = 3;

/** Looks at steps, each of which a group can run or none can. */
export function watchUnowned(groups: readonly RunnerGroup[]): UnownedSteps {
  const kinds = new Map<string, number>();
  let steps = 0;
  return {
    look: (step) => {
      if (groups.some((group) => fits(step, group))) return;
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
