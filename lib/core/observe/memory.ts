/** What a look needs of memory: documents, the places that no group has any more, and the runners that are known. */
import type { TickBudgets } from '../budget/tick-budgets.ts';
import { hasOldAdds } from '../inventory.ts';
import {
  DEPLOYMENT_KEY,
  groupMemoryKey,
  parseDeployment,
  parseGroupMemory,
  scopeMemoryKey,
  wakeMemoryKey,
  workspaceMemoryKey,
} from '../memory.ts';
import type { Fleet, RunnerGroup } from '../model/configuration.ts';
import type { Instant } from '../model/observation.ts';
import {
  type FormerPlace,
  formerPlaces,
  PLACES_KEYS,
  type Place,
  type Places,
  parsePlaces,
  presentPlaces,
  reachOf,
} from '../places.ts';
import type { MemoryDocument, Ports } from '../ports.ts';
import { attempt, type Documents, documentOf } from './reading.ts';

/** What is remembered. Where memory cannot be read, nothing is, and every group says so. */
export type Memory = {
  readonly documents: Documents;
  /** All places, and the versions of their documents. */
  readonly places: { readonly versions: ReadonlyMap<string, number>; readonly known: Places };
  /** Those that groups of the configuration have, by the name of the group. */
  readonly present: ReturnType<typeof presentPlaces>;
  /** Those that no group has any more, and that this look is to look after. */
  readonly former: readonly FormerPlace[];
  /** Groups with another name than before and no memory of their own yet: the names before, by those of today. */
  readonly renamed: ReadonlyMap<string, string>;
  /** The name of this deployment, if it has one. */
  readonly deployment: string | undefined;
  /** Uuids of the runners that each group, also of a former place, was known to have when it was looked at last. */
  readonly recorded: ReadonlyMap<RunnerGroup, readonly string[]>;
  /** The same groups, where adds are given up if this look does not see them. */
  readonly hopeful: readonly RunnerGroup[];
  /** Uuids of those that drained then: a removal may have been sent since, so that nobody need list them. */
  readonly leaving: ReadonlySet<string>;
};

/** What a look asks memory for. */
type MemoryRequest = {
  readonly fleet: Fleet;
  readonly budgets: TickBudgets;
  readonly at: Instant;
  readonly looksAfter?: (place: Place) => boolean;
};

/** Loads it; twice where a place is left whose own memory nobody could name before. */
export async function loadMemory(
  // Stryker disable next-line ArrowFunction: nothing is no yes either.
  { fleet, budgets, at, looksAfter = () => false }: MemoryRequest,
  peers: readonly RunnerGroup[],
  ports: Ports,
): Promise<Memory> {
  const load = (keys: readonly string[]): Promise<Documents> => attempt('memory', () => ports.state.load(keys));
  const first = await load([...new Set([...keysOf(peers), ...PLACES_KEYS, DEPLOYMENT_KEY, ...budgets.keys])]);
  const known: Places = Object.assign({}, ...PLACES_KEYS.map((key) => parsePlaces(documentOf(first, key)?.value)));
  const present = presentPlaces(fleet);
  const former = formerPlaces(known, fleet, looksAfter, present);
  if (former.length > 0) ports.reach?.(reachOf(former, fleet));
  const renamed = renamedGroups(peers, known, present, first);
  const more = [...keysOfFormer(former), ...[...renamed.values()].map(groupMemoryKey)];
  const documents = withHeirs(more.length === 0 ? first : bothOf(first, await load([...new Set(more)])), [
    ...[...renamed].map(([name, before]) => [groupMemoryKey(name), groupMemoryKey(before)] as const),
    ...former.map(({ memoryKey, group }) => [memoryKey, groupMemoryKey(group.name)] as const),
  ]);
  const memoryIn = (key: string) => parseGroupMemory(documentOf(documents, key)?.value);
  const own = peers.map((group) => [group, [groupMemoryKey(group.name)]] as const);
  const left = former.map(({ memoryKey, group }) => [group, [memoryKey, groupMemoryKey(group.name)]] as const);
  const memories = [...own, ...left].map(([group, keys]) => [group, keys.map(memoryIn)] as const);
  return {
    documents,
    places: { versions: new Map(PLACES_KEYS.map((key) => [key, documentOf(first, key)?.version ?? 0])), known },
    present,
    former,
    renamed,
    deployment: parseDeployment(documentOf(documents, DEPLOYMENT_KEY)?.value),
    recorded: new Map(memories.map(([group, all]) => [group, all.flatMap(({ runners = {} }) => Object.keys(runners))])),
    hopeful: memories.flatMap(([group, all]) => (all.some((memory) => hasOldAdds(memory, at)) ? [group] : [])),
    leaving: new Set(memories.flatMap(([, all]) => all.flatMap(({ drainingSince }) => Object.keys(drainingSince)))),
  };
}

function keysOf(groups: readonly RunnerGroup[]): readonly string[] {
  return groups.flatMap(({ name, scope, wake }) => [
    groupMemoryKey(name),
    ...(wake === undefined ? [] : [wakeMemoryKey(name)]),
    scopeMemoryKey(scope),
    workspaceMemoryKey(scope.workspace),
  ]);
}

/** Groups that have another name than their place remembers, and no memory of their own yet. */
function renamedGroups(
  peers: readonly RunnerGroup[],
  places: Places,
  present: Memory['present'],
  documents: Documents,
): Memory['renamed'] {
  if (!('value' in documents)) return new Map();
  return new Map(
    peers.flatMap(({ name }): readonly [string, string][] => {
      const here = present.get(name);
      const before = here && places[here[0]]?.group;
      const isNew = !documents.value.has(groupMemoryKey(name));
      return before !== undefined && before !== name && isNew ? [[name, before]] : [];
    }),
  );
}

/**
 * A renamed group, and a place that a group has just left, go on with what was remembered of the group, until they have
 * documents of their own.
 */
function withHeirs(documents: Documents, heirs: readonly (readonly [heir: string, of: string])[]): Documents {
  if (!('value' in documents)) return documents;
  const taken = heirs.flatMap(([heir, of]): readonly [string, MemoryDocument][] => {
    const document = documents.value.get(of);
    return document === undefined || documents.value.has(heir) ? [] : [[heir, { version: 0, value: document.value }]];
  });
  // Stryker disable next-line ConditionalExpression: only faster.
  return taken.length === 0 ? documents : { value: new Map([...documents.value, ...taken]) };
}

function keysOfFormer(former: readonly FormerPlace[]): readonly string[] {
  return [...new Set(former.flatMap(({ memoryKey, group }) => [memoryKey, ...keysOf([group])]))];
}

function bothOf(first: Documents, second: Documents): Documents {
  // Stryker disable next-line ConditionalExpression: without a first there is no second; only the compiler does not know.
  if (!('value' in first)) return first;
  return 'value' in second ? { value: new Map([...first.value, ...second.value]) } : second;
}
