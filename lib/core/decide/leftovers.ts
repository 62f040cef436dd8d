/**
 * What becomes of runners at a place that no group has any more: all of them are taken out of service, which interrupts
 * nothing, and go when their steps are done. Where a group still has their labels in their scope (only its cluster or
 * namespace changed), one stays online until the group has one: a step that finds none online fails at once. Pure.
 */
import { seatsTaken } from '../inventory.ts';
import type { Decision } from '../model/decision.ts';
import type { GroupObservation, Instant, SeenGroup } from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import { labelSetKey } from '../scope.ts';
import {
  type ClassifiedGroup,
  type ClassifiedRunner,
  classifyGroup,
  isOnline,
  isOutOfService,
  isSeen,
  stayingOnline,
  workingIn,
} from './classify.ts';
import { type GroupDecision, holdUnseen, NOTHING_DECIDED } from './decide.ts';

/** Decides for what is left over, given the groups that there are. */
export function decideLeftovers(
  leftovers: readonly GroupObservation[],
  groups: readonly GroupDecision[],
  at: Instant,
): readonly GroupDecision[] {
  return leftovers.map((entry) => {
    const group = classifyGroup(entry, at);
    return isSeen(entry) ? retireAll({ ...group, observation: entry }, groups) : holdUnseen(group);
  });
}

function retireAll(
  { observation, classified, counts }: ClassifiedGroup<SeenGroup>,
  groups: readonly GroupDecision[],
): GroupDecision {
  const { group } = observation;
  const inService = classified.filter(
    // Tidying up takes those out of service whose pods are being taken away, or whose Jobs are not listed any more.
    ({ class: name, runner, leaving, contested }) =>
      name !== 'dead' && !isOutOfService(runner) && leaving === undefined && contested === undefined,
  );
  // Stryker disable next-line ArrayDeclaration: what is no runner keeps none.
  const [last] = isMissedBy(observation, groups) ? stayingOnline(inService).toSorted(busyFirst) : [];
  const why = reason('left-over', { group: group.name });
  const retire = inService.filter((entry) => entry !== last).map(({ runner }) => ({ runner, reason: why }));
  const from = workingIn(counts);
  const to = from - retire.length;
  const decision = { group: group.name, from, to, counts, bounds: [], reason: why };
  return {
    ...{ kind: 'seen', observation, classified, ...NOTHING_DECIDED, retire },
    decision: { ...decision, action: retire.length > 0 ? 'scale-down' : 'hold' },
  };
}

/** Whether a group goes on with the same labels in the same scope, wants runners, and none of its own is online for sure yet. */
function isMissedBy(left: GroupObservation, groups: readonly GroupDecision[]): boolean {
  const isAlone = seatsTaken(left) === 1;
  return groups.some(
    ({ kind, observation, classified, decision }) =>
      labelSetKey(observation.group) === labelSetKey(left.group) &&
      !classified.some((entry) => isOnline(entry) && !entry.retired) &&
      // Of one that could not be seen nobody knows what it wants.
      (kind === 'unseen' || decision.to > 0 || (wantsMore(decision) && !(isAlone && lacksRoom(observation, decision)))),
  );
}

/** Whether the group wants runners and gets none for now. */
function wantsMore({ reason: { code } }: Decision): boolean {
  return code === 'no-room';
}

/** Whether the group's `max` or a cap is full, so that the last one has to make room. Other limits end while it stays. */
function lacksRoom({ group, elsewhere = 0 }: GroupObservation, { bounds }: Decision): boolean {
  return group.max <= elsewhere || bounds.some(isFull);
}

function isFull(bound: Reason): boolean {
  switch (bound.code) {
    case 'workspace-cap':
      return bound.values.registrations >= bound.values.cap;
    case 'peak-cap':
      return bound.values.committed >= bound.values.cap;
    // Stryker disable next-line ConditionalExpression: nothing is as good as false.
    default:
      return false;
  }
}

/** One that is at work stays anyway for a while. */
function busyFirst(a: ClassifiedRunner, b: ClassifiedRunner): number {
  return Number(b.class === 'busy') - Number(a.class === 'busy');
}
