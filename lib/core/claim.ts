/**
 * The memory side of applying: claiming groups before anything is done, and settling afterwards what became of adds. A
 * claim saves a group's memory if its version is still the one that was read: of two ticks that saw the same world only one
 * gets to act, even when a lease has failed to keep them apart.
 */
import { extendQuarantine } from './decide/quarantine.ts';
import { sentenceOf } from './errors.ts';
import { withAdds } from './inventory.ts';
import { DEPLOYMENT_KEY } from './memory.ts';
import type { GroupPlan, Plan } from './model/decision.ts';
import type { DocumentEntry } from './model/observation.ts';
import { type Places, parsePlaces } from './places.ts';
import type { MemoryChange, StateStore, UnsavedDocument } from './ports.ts';

/** What was claimed. */
export type Claim = {
  /** The groups that may not be touched, by the key of their memory, and why. */
  readonly lost: ReadonlyMap<string, string>;
  /** The name to stamp Jobs with; absent while it could not be saved. */
  readonly deployment?: string;
  readonly problems: readonly string[];
};

const CLAIMED_BY_ANOTHER = 'another tick is changing this group; the next one looks again';

/** Claims every group that the plan changes, and saves what was learnt about scopes and workspaces. */
export async function claimGroups(plan: Plan, state: StateStore): Promise<Claim> {
  const touched = [...plan.groups, ...(plan.leftovers ?? [])].filter(
    (group) => group.memoryChanged || group.actions.length > 0,
  );
  const { scopeMemory, workspaceMemory = [], places = [], deployment } = plan;
  // A name is needed with the first runner.
  const naming = deployment?.isNew && touched.some(({ actions }) => actions.some(({ action }) => action === 'add'));
  const changes = [
    ...touched.map(changeOf),
    ...[...scopeMemory, ...workspaceMemory, ...places].map(({ key, version, memory }) => ({
      key,
      expectedVersion: version,
      value: memory,
    })),
    ...(naming ? [{ key: DEPLOYMENT_KEY, expectedVersion: 0, value: { id: deployment.id } }] : []),
  ];
  if (changes.length === 0) return { lost: new Map(), problems: [] };
  const unsaved = await saveAll(changes, plan, state);
  const overtaken = new Set(unsaved.filter(({ failure }) => failure === undefined).map(({ key }) => key));
  await Promise.all(places.map(async (entry) => overtaken.has(entry.key) && addPlaces(entry, plan, state)));
  const lost = touched.flatMap(({ memoryKey }): readonly [string, string][] => {
    const document = unsaved.find(({ key }) => key === memoryKey);
    return document === undefined ? [] : [[memoryKey, document.failure ?? CLAIMED_BY_ANOTHER]];
  });
  const isNamed = !unsaved.some(({ key }) => key === DEPLOYMENT_KEY);
  return {
    lost: new Map(lost),
    ...(isNamed && deployment && { deployment: deployment.id }),
    problems: describeFailures('could not be saved, so nothing that needs it was done', unsaved),
  };
}

/** What became of a group's adds. */
type SettledAdds = {
  readonly group: GroupPlan;
  /** Uuids of the runners that were made. */
  readonly made: readonly string[];
  /** How many came to nothing, and take no seat. */
  readonly gone: number;
  /** Why all were refused (a quota, a policy, Bitbucket's limit). */
  readonly refusal: string | undefined;
};

/**
 * Writes down what became of adds: runners that were made are the group's from now on, whatever any list shows; what came
 * to nothing may be tried again; and a group goes into quarantine whose starts were all refused, since trying them on
 * every tick would use up the hourly calls. Gives what went wrong with that.
 */
export async function settleAdds(
  settled: readonly SettledAdds[],
  plan: Plan,
  state: StateStore,
): Promise<readonly string[]> {
  const news = settled.filter(
    ({ group: { memory }, made, gone, refusal }) =>
      made.length > 0 || refusal !== undefined || (gone > 0 && memory.intended !== undefined),
  );
  if (news.length === 0) return [];
  const changes = news.map(({ group: entry, made, gone, refusal: cause }) => {
    const { group, memoryVersion } = entry;
    const memory = withAdds(entry.memory, made, gone, plan.at);
    const failed = cause !== undefined && extendQuarantine(memory.quarantine, group, [{ at: plan.at, cause }], plan.at);
    // One version on: the claim of this tick.
    return changeOf({
      ...entry,
      memoryVersion: memoryVersion + 1,
      memory: { ...memory, ...(failed && { quarantine: failed }) },
    });
  });
  const unsaved = await saveAll(changes, plan, state);
  return describeFailures('could not be saved, so what became of adds is known only from what lists show', unsaved);
}

/** How often to try, while ticks of other shards write theirs at the same moment. */
const PLACES_TRIES = 5;

/** Adds places to a document that another tick has changed since it was read. Places that are gone go with the next look. */
async function addPlaces({ key, memory }: DocumentEntry<Places>, plan: Plan, state: StateStore): Promise<void> {
  for (let left = PLACES_TRIES; left > 0; left -= 1) {
    const documents = await state.load([key]).catch(() => undefined);
    if (documents === undefined) return;
    const document = documents.get(key);
    const value = { ...parsePlaces(document?.value), ...memory };
    const unsaved = await saveAll([{ key, expectedVersion: document?.version ?? 0, value }], plan, state);
    if (unsaved.length === 0) return;
  }
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

function changeOf({ memoryKey, memoryVersion, memory }: GroupPlan): MemoryChange {
  return { key: memoryKey, expectedVersion: memoryVersion, value: memory };
}
