/**
 * Whose work a waiting step is. Bitbucket gives a step to any free runner that has all its labels and belongs to its
 * repository or its workspace, so a step may suit several groups; each is counted for exactly one of them.
 */
import type { GroupObservation, Instant, Observation, QueueObservation, WaitingSteps } from '../model/observation.ts';
import { classify, countClasses } from './classify.ts';

/** A group that has seen its queue, and how many waiting steps it has room for at most. */
type Taker = {
  readonly observation: GroupObservation;
  readonly repositories: ReadonlySet<string>;
  readonly room: number;
};

/** Steps that ask for the same, and the groups that can run them, the one that suits best first. */
type Batch = { readonly steps: number; readonly takers: readonly Taker[] };

/**
 * Waiting steps by group name: an entry for every group whose queue was counted, 0 included, and none for the others.
 *
 * The group that suits best takes a step: the one with the fewest labels (a large runner is not started for a step that
 * runs on a small one), then a repository's before a workspace's, then the first in the observation. What exceeds its
 * room goes to the next that can run it, so that the `max` of one hides no work from another; what exceeds the room of
 * all stays with the first. Steps that few groups can run come before those that many can.
 */
export function waitingByGroup(observation: Observation): ReadonlyMap<string, number> {
  const takers = observation.groups.flatMap((group) => takerOf(group, observation.at)).sort(bySuitability);
  const waiting = new Map(takers.map((taker) => [taker.observation.group.name, 0]));
  const add = ({ observation: { group } }: Taker, steps: number): void => {
    waiting.set(group.name, (waiting.get(group.name) ?? 0) + steps);
  };
  for (const { steps, takers: able } of batchesOf(observation.queues ?? [], takers)) {
    let left = steps;
    for (const taker of able) {
      const room = Math.max(0, taker.room - (waiting.get(taker.observation.group.name) ?? 0));
      const taken = Math.min(left, room);
      add(taker, taken);
      left -= taken;
    }
    const [first] = able;
    if (first !== undefined) add(first, left);
  }
  return waiting;
}

function takerOf(observation: GroupObservation, at: Instant): readonly Taker[] {
  if (observation.queue?.kind !== 'counted') return [];
  const { busy, draining, dead } = countClasses(classify(observation, at));
  // Idle and starting runners will take waiting steps; the others' places are not free.
  const room = observation.group.max - busy - draining - dead;
  return [{ observation, repositories: new Set(observation.queue.repositories), room }];
}

function bySuitability({ observation: { group: a } }: Taker, { observation: { group: b } }: Taker): number {
  return a.labels.length - b.labels.length || ownRepository(b) - ownRepository(a);
}

function ownRepository({ scope }: GroupObservation['group']): number {
  return scope.repository === undefined ? 0 : 1;
}

function batchesOf(queues: readonly QueueObservation[], takers: readonly Taker[]): readonly Batch[] {
  return queues
    .flatMap(({ scope, waiting }) =>
      waiting.map((entry) => ({ steps: entry.steps, takers: takers.filter((taker) => canRun(taker, scope, entry)) })),
    )
    .sort((a, b) => a.takers.length - b.takers.length);
}

function canRun(
  { observation: { group }, repositories }: Taker,
  scope: QueueObservation['scope'],
  { labels }: WaitingSteps,
): boolean {
  return (
    group.scope.workspace === scope.workspace &&
    (group.scope.repository ?? scope.repository) === scope.repository &&
    repositories.has(scope.repository) &&
    labels.every((label) => group.labels.includes(label))
  );
}
