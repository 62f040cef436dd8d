/** What keeps a group from getting all the runners it wants: its `max`, the pace, and quarantine. */
import type { RunnerGroup } from '../model/configuration.ts';
import type { GroupObservation, Instant } from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import type { ClassifiedGroup } from './classify.ts';
import { nextQuarantine, quarantineRoom } from './quarantine.ts';

/** How many runners a group may create on this tick, how many at any pace (`due`), and what withheld the rest. */
export type Allowance = { readonly creates: number; readonly due: number; readonly bounds: readonly Reason[] };

/** Registrations that the group may still have: each one that is not yet deleted counts, whatever its state. */
export function roomUnderMax({ group, runners }: GroupObservation): number {
  return group.max - runners.length;
}

/**
 * Limits that concern the group alone. Every registration that is not yet deleted counts towards `max`, whatever its
 * state: Bitbucket counts, and bills, them all. Quarantine is that of after this look: a start that it finds to have
 * failed is not replaced at once, and a probe that it finds at work lets the others follow.
 */
export function limitByGroup(
  { observation, classified, counts }: ClassifiedGroup,
  wanted: number,
  at: Instant,
): Allowance {
  const { group, runners, memory } = observation;
  const bounds: Reason[] = [...scheduleBound(group)];
  let creates = wanted;
  const limit = (room: number, explain: (withheld: number) => Reason) => {
    const allowed = Math.max(0, Math.min(creates, room));
    if (allowed < creates) bounds.push(explain(creates - allowed));
    creates = allowed;
  };
  limit(roomUnderMax(observation), (withheld) =>
    reason('max', { max: group.max, registrations: runners.length, withheld }),
  );
  const unpaced = creates;
  limit(group.maxCreatesPerTick, (withheld) =>
    reason('max-creates-per-tick', { limit: group.maxCreatesPerTick, withheld }),
  );
  const quarantine = nextQuarantine(memory.quarantine, classified, at);
  const probing = quarantineRoom(quarantine, counts.starting, at);
  if (probing !== undefined) limit(probing.room, probing.explain);
  return { creates, due: probing === undefined ? unpaced : creates, bounds };
}

/** Which window sets the bounds, where one does. */
function scheduleBound({ window, min, max }: RunnerGroup): readonly Reason[] {
  if (window === undefined) return [];
  return [reason('schedule', { window: window.name, min, max, until: window.until ?? '' })];
}
