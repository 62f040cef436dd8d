/** What is seen of a workspace as a whole, over all its scopes that any group uses, and what is remembered of it. */
import { parseWorkspaceMemory, workspaceMemoryKey } from '../memory.ts';
import type { Fleet } from '../model/configuration.ts';
import type { Instant, Runner, WorkspaceMemoryEntry, WorkspaceObservation } from '../model/observation.ts';
import type { MemoryDocument } from '../ports.ts';
import { highestMax } from '../schedule/bounds.ts';
import { scopeKey } from '../scope.ts';
import { nextPeak, PRICE_PER_SLOT, slotsCommitted, slotsInUse } from './slots.ts';

/** What the look has found: lists by scope, without those that failed, and documents, unless they could not be loaded. */
export type WorkspaceReading = {
  readonly lists: ReadonlyMap<string, readonly Runner[]>;
  readonly documents: ReadonlyMap<string, MemoryDocument> | undefined;
};

/** The workspace, and its memory if this look changed it. */
export type ObservedWorkspace = { readonly seen: WorkspaceObservation; readonly memory?: WorkspaceMemoryEntry };

/** Adds up what is registered and in use in a workspace of the fleet. */
export function observeWorkspace(
  workspace: string,
  fleet: Fleet,
  { lists, documents }: WorkspaceReading,
  at: Instant,
): ObservedWorkspace {
  const { maxRunners = 100, maxConcurrentRunners: max, pricePerSlot: price } = fleet.workspaces[workspace] ?? {};
  const { registered, unseen } = registrationsOf(workspace, fleet, lists);
  const key = workspaceMemoryKey(workspace);
  const document = documents?.get(key);
  const inUse = slotsInUse(registered);
  const before = parseWorkspaceMemory(document?.value);
  const peak = nextPeak(before, inUse, at);
  const slots = {
    inUse,
    committed: slotsCommitted(registered) + unseen,
    peak,
    price: price ?? PRICE_PER_SLOT,
    ...(max !== undefined && { max }),
  };
  const seen = {
    workspace,
    registrations: registered.length + unseen,
    ...(unseen > 0 && { assumed: unseen }),
    maxRunners,
    slots,
  };
  // A month that begins with nobody there needs no writing; its first runner will.
  const isNews = peak.runners > (before?.month === peak.month ? before.runners : 0);
  if (documents === undefined || !isNews) return { seen };
  return { seen, memory: { key, version: document?.version ?? 0, memory: peak } };
}

/** All registrations that were seen, and how many there may be where nothing was. */
function registrationsOf(workspace: string, fleet: Fleet, lists: WorkspaceReading['lists']) {
  const scopes = Map.groupBy(
    fleet.groups.filter((group) => group.scope.workspace === workspace),
    (group) => scopeKey(group.scope),
  );
  // A scope that could not be listed is taken at its worst, so that one failing repository stops no other.
  const unseen = [...scopes].filter(([key]) => !lists.has(key)).flatMap(([, groups]) => groups);
  return {
    registered: [...scopes.keys()].flatMap((key) => lists.get(key) ?? []),
    unseen: unseen.reduce((sum, group) => sum + highestMax(group), 0),
  };
}
