/**
 * The memory side of applying: claiming groups before anything is done, and noting afterwards what could not be started.
 *
 * A claim saves a group's memory on the condition that its version is still the one that was read. Of two ticks that saw
 * the same world only one gets to act, even when a lease has failed to keep them apart.
 */
import { extendQuarantine } from './decide/quarantine.ts';
import { sentenceOf } from './errors.ts';
import { groupMemoryKey } from './memory.ts';
import type { GroupPlan, Plan } from './model/decision.ts';
import type { MemoryChange, StateStore, UnsavedDocument } from './ports.ts';

/** The groups that may not be touched, by name, and why; and what went wrong. */
export type Claim = { readonly lost: ReadonlyMap<string, string>; readonly problems: readonly string[] };

const CLAIMED_BY_ANOTHER = 'another tick is changing this group; the next one looks again';

/** Claims every group that the plan changes, and saves what was learnt about scopes and workspaces. */
export async function claimGroups(plan: Plan, state: StateStore): Promise<Claim> {
  const touched = plan.groups.filter((group) => group.memoryChanged || group.actions.length > 0);
  const changes = [
    ...touched.map(({ group, memory, memoryVersion }) => change(group.name, memoryVersion, memory)),
    ...[...plan.scopeMemory, ...(plan.workspaceMemory ?? [])].map(({ key, version, memory }) => ({
      key,
      expectedVersion: version,
      value: memory,
    })),
  ];
  if (changes.length === 0) return { lost: new Map(), problems: [] };
  const unsaved = await saveAll(changes, plan, state);
  const lost = touched.flatMap(({ group }): readonly [string, string][] => {
    const document = unsaved.find(({ key }) => key === groupMemoryKey(group.name));
    return document === undefined ? [] : [[group.name, document.failure ?? CLAIMED_BY_ANOTHER]];
  });
  return {
    lost: new Map(lost),
    problems: describeFailures('could not be saved, so nothing that needs it was done', unsaved),
  };
}

/** A group of which every start was refused (by a quota, a policy, Bitbucket's limit), and a sentence that says why. */
export type RefusedStarts = { readonly group: GroupPlan; readonly cause: string };

/**
 * Puts these groups into quarantine: trying all of their starts again on every tick would use up the hourly calls. Gives
 * what went wrong with that.
 */
export async function noteRefusedStarts(
  refused: readonly RefusedStarts[],
  plan: Plan,
  state: StateStore,
): Promise<readonly string[]> {
  if (refused.length === 0) return [];
  const changes = refused.map(({ group: { group, memory, memoryVersion }, cause }) => {
    const quarantine = extendQuarantine(memory.quarantine, group, [{ at: plan.at, cause }], plan.at);
    // One version on: the claim of this tick.
    return change(group.name, memoryVersion + 1, { ...memory, quarantine });
  });
  const unsaved = await saveAll(changes, plan, state);
  return describeFailures('could not be saved, so failed starts will be tried again at once', unsaved);
}

/** A store that fails as a whole has failed for each document. */
async function saveAll(
  changes: readonly MemoryChange[],
  plan: Plan,
  state: StateStore,
): Promise<readonly UnsavedDocument[]> {
  try {
    return await state.save(changes, plan.at);
  } catch (error) {
    return changes.map(({ key }) => ({ key, failure: sentenceOf(error) }));
  }
}

/** One sentence for each reason, with the documents that it kept from being saved. */
function describeFailures(what: string, unsaved: readonly UnsavedDocument[]): readonly string[] {
  const failures = Map.groupBy(unsaved, ({ failure }) => failure);
  return [...failures].flatMap(([failure, documents]) =>
    failure === undefined ? [] : [`Memory of ${documents.map(({ key }) => key).join(', ')} ${what}: ${failure}`],
  );
}

function change(group: string, expectedVersion: number, value: GroupPlan['memory']): MemoryChange {
  return { key: groupMemoryKey(group), expectedVersion, value };
}
