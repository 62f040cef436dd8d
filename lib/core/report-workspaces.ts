/** Workspaces in the report: their caps, and what build slots come to this month. Pure. */
import type { GroupDecision } from './decide/decide.ts';
import type { SlotObservation, WorkspaceObservation } from './model/observation.ts';
import type { WorkspaceReport } from './model/report.ts';

/** Every workspace whose slots were counted, with what this tick adds. */
export function reportWorkspaces(
  workspaces: readonly WorkspaceObservation[],
  decisions: readonly GroupDecision[],
): readonly WorkspaceReport[] {
  return workspaces.flatMap(({ workspace, registrations, assumed, maxRunners, slots }) => {
    if (slots === undefined) return [];
    const { inUse, committed, running, peak, max, limit, price, isPriced } = slots;
    const added = decisions
      .filter(({ observation }) => observation.group.scope.workspace === workspace)
      .reduce((sum, { creates, enable }) => sum + creates + enable.length, 0);
    const expected = committed + added;
    const raises = stepsSoon(slots, expected) >= (peak.steps ?? peak.runners) && price > 0;
    return [
      {
        workspace,
        registrations,
        ...(assumed !== undefined && { assumed }),
        maxRunners,
        inUse,
        expected,
        ...(running !== undefined && { running }),
        ...(max !== undefined && { maxConcurrentRunners: max }),
        ...(limit !== undefined && { concurrencyLimit: limit }),
        ...((max !== undefined || limit !== undefined || isPriced) && { slotsMatter: true as const }),
        peak,
        ...(raises && { nextSlot: { costs: price, currency: 'USD' as const } }),
      },
    ];
  });
}

/** Runners that come are on their way to steps; those that are idle may stay so. */
function stepsSoon({ running, inUse }: SlotObservation, expected: number): number {
  return running === undefined ? expected : running + expected - inUse;
}
