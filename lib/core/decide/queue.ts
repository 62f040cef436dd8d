/**
 * Whose work a waiting step is. Bitbucket gives a step to any free runner that has all its labels and belongs to its
 * repository or its workspace, so a step may suit several groups; each is counted for exactly one of them.
 */
import type { RunnerGroup } from '../model/configuration.ts';
import type { QueueObservation, WaitingSteps } from '../model/observation.ts';
import { roomUnderMax } from './allowance.ts';
import type { ClassifiedGroup } from './classify.ts';
import { enableable } from './enabling.ts';

/** A group whose queue was counted, in these repositories, and how many waiting steps it has room for at most. */
export type Taker = {
  readonly group: RunnerGroup;
  readonly repositories: ReadonlySet<string>;
  readonly room: number;
};

/** A group as a taker of what waits in some repositories. */
export function takerOf(entry: ClassifiedGroup, repositories: readonly string[]): Taker {
  const { observation, expected } = entry;
  // Idle and starting runners will take waiting steps, and those that can be put back; the others' seats are not free.
  const room = roomUnderMax(observation) + expected.idle + expected.starting + enableable(entry).length;
  return { group: observation.group, repositories: new Set(repositories), room };
}

/** The takers among the groups: those whose queue was counted. */
export function takersOf(groups: readonly ClassifiedGroup[]): readonly Taker[] {
  return groups.flatMap((entry) => {
    const { queue } = entry.observation;
    return queue?.kind === 'counted' ? [takerOf(entry, queue.repositories)] : [];
  });
}

/** Steps that ask for the same, and the groups that can run them, the one that suits best first. */
type Batch = { readonly steps: number; readonly takers: readonly Taker[] };

/**
 * Waiting steps by group name: an entry for every taker, 0 included. Takers come in the observation's order.
 *
 * The group that suits best takes a step: the one with the fewest labels (a large runner is not started for a step that
 * runs on a small one), then a repository's before a workspace's, then the first in the observation. What exceeds its
 * room goes to the next that can run it, so that the `max` of one hides no work from another; what exceeds the room of
 * all stays with the first. Steps that few groups can run come before those that many can.
 */
export function waitingByGroup(
  takers: readonly Taker[],
  queues: readonly QueueObservation[],
): ReadonlyMap<string, number> {
  const waiting = new Map(takers.map(({ group }) => [group.name, 0]));
  const add = ({ group }: Taker, steps: number): void => {
    waiting.set(group.name, (waiting.get(group.name) ?? 0) + steps);
  };
  for (const { steps, takers: able } of batchesOf(
    queues,
    takers.toSorted((a, b) => bySuitability(a.group, b.group)),
  )) {
    let left = steps;
    for (const taker of able) {
      const room = Math.max(0, taker.room - (waiting.get(taker.group.name) ?? 0));
      const taken = Math.min(left, room);
      add(taker, taken);
      left -= taken;
    }
    const [first] = able;
    if (first !== undefined) add(first, left);
  }
  return waiting;
}

/** Of steps that wait in a repository those that some taker can run; the others' labels are anybody's, and without end. */
export function runnableBy(
  takers: readonly Taker[],
  scope: QueueObservation['scope'],
  waiting: readonly WaitingSteps[],
): readonly WaitingSteps[] {
  return waiting.filter((entry) => takers.some((taker) => canRun(taker, scope, entry)));
}

/** The group that suits a step best first, of those that can run it. */
export function bySuitability(a: RunnerGroup, b: RunnerGroup): number {
  return a.labels.length - b.labels.length || ownRepository(b) - ownRepository(a);
}

function ownRepository({ scope }: RunnerGroup): number {
  return scope.repository === undefined ? 0 : 1;
}

function batchesOf(queues: readonly QueueObservation[], takers: readonly Taker[]): readonly Batch[] {
  return queues
    .flatMap(({ scope, waiting }) =>
      waiting.map((entry) => ({ steps: entry.steps, takers: takers.filter((taker) => canRun(taker, scope, entry)) })),
    )
    .sort((a, b) => a.takers.length - b.takers.length);
}

function canRun({ group, repositories }: Taker, scope: QueueObservation['scope'], { labels }: WaitingSteps): boolean {
  return (
    group.scope.workspace === scope.workspace &&
    (group.scope.repository ?? scope.repository) === scope.repository &&
    repositories.has(scope.repository) &&
    labels.every((label) => group.labels.includes(label))
  );
}
