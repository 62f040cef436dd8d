/** Which groups ask for their queue: those whose next runners depend on it, so that a quiet tick costs nothing. Pure. */
import { classify, countClasses } from '../../decide/classify.ts';
import { isSaturated } from '../../decide/idle-buffer.ts';
import { isPartial } from '../../decide/partial.ts';
import { workspaceCaps } from '../../decide/workspace-caps.ts';
import type { QueueAware } from '../../model/configuration.ts';
import type { Counts } from '../../model/decision.ts';
import type { GroupObservation, Observation } from '../../model/observation.ts';

/** A group that asks. */
export type Asking = {
  readonly observation: GroupObservation;
  readonly strategy: QueueAware;
  readonly counts: Counts;
  /** Waiting steps that suffice to know: more would not lead to more runners on this tick. */
  readonly enough: number;
};

/**
 * The `queueAware` groups that are saturated and may create. Where nothing is online a step fails at once, so that
 * nothing waits; and a group in quarantine tries one runner at a time, whatever waits.
 */
export function askingGroups(seen: Observation): readonly Asking[] {
  return seen.groups.flatMap((observation) => {
    const { group, memory, runners } = observation;
    const { strategy } = group;
    if (strategy.kind !== 'queueAware' || isPartial(observation) || memory.quarantine !== undefined) return [];
    const counts = countClasses(classify(observation, seen.at));
    const creates = Math.min(group.max - runners.length, roomIn(group.scope.workspace, seen), group.maxCreatesPerTick);
    return isSaturated(counts) && creates > 0
      ? [{ observation, strategy, counts, enough: counts.starting + creates }]
      : [];
  });
}

/** What the tightest cap of the workspace leaves. */
function roomIn(workspace: string, { workspaces }: Observation): number {
  const caps = workspaces.filter((entry) => entry.workspace === workspace).flatMap(workspaceCaps);
  return Math.min(...caps.map(({ room }) => room));
}
