/** Carries a plan out through recorded ports, and the plans that such tests need. */
import { apply } from '#core/apply.ts';
import { groupMemoryKey } from '#core/memory.ts';
import type { Action, Applied, GroupPlan, Plan } from '#core/model/decision.ts';
import type { Runner } from '#core/model/observation.ts';
import { group, NOON } from '#kit/fleet.ts';
import { recordingPorts, type Script } from '../reconcile/ports.ts';

/** A reason to act; which one does not matter to what is done. */
export const REASON = { code: 'excess', text: 'above max 1 and not yet at work', values: { max: 1 } } as const;

export const ADD: Action = { action: 'add', identity: { workspaceUuid: '{acme}' }, reason: REASON };

export const disable = (target: Runner): Action => ({ action: 'disable', runner: target, reason: REASON });

export const remove = (target: Runner, job?: string): Action => ({
  action: 'remove',
  runner: target,
  ...(job === undefined ? {} : { job }),
  reason: REASON,
});

export const removeJob = (runnerUuid: string): Action => ({
  action: 'remove-job',
  runnerUuid,
  job: `runner-${runnerUuid}`,
  reason: REASON,
});

/** What to do about one group, with its memory unchanged unless said otherwise. */
export function groupPlan(actions: readonly Action[], over: Partial<GroupPlan> = {}): GroupPlan {
  const memory = { idleSince: {}, drainingSince: {} };
  const made = over.group ?? group();
  const memoryKey = groupMemoryKey(made.name);
  return { group: made, actions, memory, memoryKey, memoryVersion: 0, memoryChanged: false, ...over };
}

export function planOf(...groups: readonly GroupPlan[]): Plan {
  return { at: NOON, groups, scopeMemory: [] };
}

/** What became of it, and the calls, in order, without the one that claims the groups. */
export async function carryOut(
  plan: Plan,
  script: Script = {},
): Promise<{ readonly applied: Applied; readonly trace: readonly string[] }> {
  const { ports, trace } = recordingPorts(script);
  const applied = await apply(plan, ports);
  return { applied, trace: trace.filter((line) => !line.startsWith('save ')) };
}

/** The outcome of the only action of the only group, and the calls. */
export async function carryOutOne(action: Action, script: Script = {}) {
  const { applied, trace } = await carryOut(planOf(groupPlan([action])), script);
  return { outcome: applied.outcomes.get('builds')?.[0], trace };
}
