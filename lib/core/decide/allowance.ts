/** What keeps a group from getting all the runners it wants: its `max`, the pace, and quarantine. */
import { seatsTaken } from '../inventory.ts';
import type { RunnerGroup } from '../model/configuration.ts';
import type { GroupObservation, Instant } from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import type { ClassifiedGroup } from './classify.ts';
import { nextQuarantine, quarantineRoom, worksSince } from './quarantine.ts';
import { usualStartUpMs } from './start-up.ts';

/** How many runners a group may create on this tick, how many at any pace (`due`), and what withheld the rest. */
type Allowance = { readonly creates: number; readonly due: number; readonly bounds: readonly Reason[] };

/**
 * Runners that the group may still add. Seats are taken by every registration that is not known to be gone, whatever its
 * state; by every Job whose registration is not listed; by adds that were begun; and by what is left where the group was before.
 */
export function roomUnderMax(observation: GroupObservation): number {
  return observation.group.max - seatsTaken(observation) - (observation.elsewhere ?? 0);
}

/**
 * Limits that concern the group alone. Every seat counts towards `max`: Bitbucket counts, and bills, them all. Quarantine is
 * that of after this look: a start that it finds to have failed is not replaced at once, and a probe that it finds at work
 * lets the others follow.
 */
export function limitByGroup(entry: ClassifiedGroup, wanted: number, at: Instant): Allowance {
  const { observation, classified, counts } = entry;
  const { group } = observation;
  const bounds: Reason[] = [...scheduleBound(group), ...wokenBound(group)];
  let creates = wanted;
  const limit = (room: number, explain: (withheld: number) => Reason) => {
    const allowed = Math.max(0, Math.min(creates, room));
    if (allowed < creates) bounds.push(explain(creates - allowed));
    creates = allowed;
  };
  limit(roomUnderMax(observation), (withheld) =>
    reason('max', { max: group.max, registrations: seatsTaken(observation), withheld }),
  );
  const unpaced = creates;
  limit(group.maxCreatesPerTick, (withheld) =>
    reason('max-creates-per-tick', { limit: group.maxCreatesPerTick, withheld }),
  );
  const quarantine = nextQuarantine(observation, classified, at);
  const probing = quarantineRoom(quarantine, counts.starting, at);
  if (probing !== undefined) limit(probing.room, probing.explain);
  const slow = slowStarts(entry, creates);
  if (slow !== undefined) return { creates: slow.creates, due: slow.creates, bounds: [...bounds, slow.bound] };
  return { creates, due: probing === undefined ? unpaced : creates, bounds };
}

/**
 * Slow starts do not count towards what is wanted, so that others take their place. Unless a runner works that is newer,
 * the next ones may hang as well: then one more at a time shows it.
 */
function slowStarts({ observation, classified, expected }: ClassifiedGroup, wanted: number) {
  const slow = classified.filter((entry) => entry.slow).map(({ runner }) => runner.createdAt);
  const usualMs = usualStartUpMs(observation.memory) ?? 0;
  if (slow.length === 0) return undefined;
  const room = worksSince(classified, Math.max(...slow)) ? wanted : Number(expected.starting === 0);
  const creates = Math.min(wanted, room);
  return { creates, bound: reason('slow-start', { runners: slow.length, usualMs, withheld: wanted - creates }) };
}

/** Which window sets the bounds, where one does. */
function scheduleBound({ window, min, max }: RunnerGroup): readonly Reason[] {
  if (window === undefined) return [];
  return [reason('schedule', { window: window.name, min, max, until: window.until ?? '' })];
}

/** Who asked for runners, where somebody did. */
function wokenBound({ woken }: RunnerGroup): readonly Reason[] {
  if (woken === undefined) return [];
  return [reason('woken', { ...woken, by: woken.by.join(' and ') })];
}
