/**
 * The memory side of applying: claiming groups before anything is done, and noting afterwards what could not be started.
 *
 * A claim saves a group's memory on the condition that its version is still the one that was read. Of two ticks that saw
 * the same world only one gets to act, even when a lease has failed to keep them apart.
 */
import { deepen } from './decide/quarantine.ts';
import { sentenceOf } from './errors.ts';
import { groupMemoryKey } from './memory.ts';
import type { GroupPlan, Plan } from './model.ts';
import type { MemoryChange, StateStore } from './ports.ts';

/** Which groups another tick got hold of first, or why nothing could be claimed at all. */
export type Claim = { readonly lost: ReadonlySet<string> } | { readonly problem: string };

/** Claims every group that the plan changes, and saves what was learnt about scopes. */
export async function claimGroups(plan: Plan, state: StateStore): Promise<Claim> {
  const touched = plan.groups.filter((group) => group.memoryChanged || group.actions.length > 0);
  const changes = [
    ...touched.map(({ group, memory, memoryVersion }) => change(group.name, memoryVersion, memory)),
    ...plan.scopeMemory.map(({ key, version, memory }) => ({ key, expectedVersion: version, value: memory })),
  ];
  if (changes.length === 0) return { lost: new Set() };
  try {
    const conflicts = new Set(await state.save(changes, plan.at));
    const lost = touched.filter(({ group }) => conflicts.has(groupMemoryKey(group.name)));
    return { lost: new Set(lost.map(({ group }) => group.name)) };
  } catch (error) {
    return { problem: `Nothing was done because memory could not be saved: ${sentenceOf(error)}` };
  }
}

/**
 * Puts the groups into quarantine whose runners were refused (by a quota, a policy, Bitbucket's limit): trying all of them
 * again on every tick would use up the hourly calls. Gives what went wrong with that.
 */
export async function noteRefusedStarts(
  refused: readonly GroupPlan[],
  plan: Plan,
  state: StateStore,
): Promise<readonly string[]> {
  if (refused.length === 0) return [];
  const changes = refused.map(({ group, memory, memoryVersion }) =>
    // One version on: the claim of this tick.
    change(group.name, memoryVersion + 1, { ...memory, quarantine: deepen(memory.quarantine, plan.at) }),
  );
  try {
    await state.save(changes, plan.at);
    return [];
  } catch (error) {
    return [`Failed starts could not be remembered and will be tried again at once: ${sentenceOf(error)}`];
  }
}

function change(group: string, expectedVersion: number, value: GroupPlan['memory']): MemoryChange {
  return { key: groupMemoryKey(group), expectedVersion, value };
}
