/**
 * Caps that groups have in common (a workspace's on registrations and on build slots in use at once, a credential's on
 * hourly calls), and what each of them takes from what a group wants to create.
 */
import type {
  BudgetObservation,
  Instant,
  Observation,
  SlotObservation,
  WorkspaceObservation,
} from '../model/observation.ts';
import { isCommitted } from '../observe/slots.ts';
import { type Reason, reason } from '../reasons.ts';
import type { FreeSlots } from './enabling.ts';
import { shareOut } from './share-out.ts';
import { type Claimant, countStaying, type Seats, type Share, sharesOf } from './shares.ts';

/** Runners that the groups of some workspaces may create together. */
export type Cap = {
  readonly workspaces: readonly string[];
  readonly room: number;
  readonly explain: (withheld: number) => Reason;
  /** Present where runners hold seats, so that one group can make room for another. */
  readonly seats?: Seats;
  /** Creates of a group that the cap never withholds; absent: none. */
  readonly spares?: (member: Claimant) => number;
};

/** All caps of a look: those of workspaces, then those of credentials. */
export function capsOf({ workspaces, budgets = [], at }: Observation, free: FreeSlots): readonly Cap[] {
  return [...workspaces.flatMap((entry) => workspaceCaps(entry, free)), ...budgetCaps(budgets, at)];
}

/** What limits on build slots leave free, by workspace. */
export function freeSlotsIn({ workspaces }: Observation): FreeSlots {
  return new Map(
    workspaces.flatMap(({ workspace, slots }): readonly [string, number][] =>
      slots?.max === undefined ? [] : [[workspace, freeSlots(slots.max, slots)]],
    ),
  );
}

function freeSlots(max: number, { committed }: SlotObservation): number {
  return max - committed;
}

/** What the tightest cap of the workspace leaves to runners that are not there yet. */
export function roomInWorkspace(workspace: string, { workspaces }: Observation): number {
  const caps = workspaces.filter((entry) => entry.workspace === workspace).flatMap((entry) => workspaceCaps(entry));
  return Math.min(...caps.map(({ room }) => room));
}

/** The caps that hold in one workspace. `free`: slots that are not promised to runners that are put back into service. */
function workspaceCaps(
  { workspace, registrations, assumed, maxRunners, slots }: WorkspaceObservation,
  free: FreeSlots = new Map(),
): readonly Cap[] {
  const workspaces = [workspace];
  const registered = { registrations, ...(assumed !== undefined && { assumed }) };
  const byRegistrations: Cap = {
    workspaces,
    room: maxRunners - registrations,
    explain: (withheld) => reason('workspace-cap', { cap: maxRunners, ...registered, withheld }),
    seats: { cap: maxRunners, isHeldBy: () => true },
  };
  if (slots === undefined) return [byRegistrations];
  return [byRegistrations, ...peakCap(workspace, slots, free), ...stepCap(workspace, slots)];
}

/** On runners that are in use or may come to be so. */
function peakCap(workspace: string, slots: SlotObservation, free: FreeSlots): readonly Cap[] {
  const { max: cap, peak } = slots;
  if (cap === undefined) return [];
  const room = free.get(workspace) ?? freeSlots(cap, slots);
  const explain = (withheld: number) =>
    reason('peak-cap', { cap, committed: cap - room, peak: peak.runners, withheld });
  return [{ workspaces: [workspace], room, explain, seats: { cap, isHeldBy: isCommitted } }];
}

/**
 * On steps that run, and runners on their way to some: more would find no work. Idle runners take none of it, and nobody
 * can make room. A group gets its `min` all the same, and one where that is none: without a runner its steps would not wait
 * for Bitbucket's limit, but fail.
 */
function stepCap(workspace: string, { limit, running, inUse, committed, ...slots }: SlotObservation): readonly Cap[] {
  if (limit === undefined || running === undefined) return [];
  const { coming = committed - inUse } = slots;
  const explain = (withheld: number) => reason('concurrency-limit', { limit, running, coming, withheld });
  const spares = (member: Claimant) => Math.max(0, Math.max(1, member.observation.group.min) - countStaying(member));
  return [{ workspaces: [workspace], room: limit - running - coming, explain, spares }];
}

/** One cap for each budget, over all workspaces that it pays for. */
export function budgetCaps(budgets: readonly BudgetObservation[], at: Instant): readonly Cap[] {
  return budgets.map(({ workspaces, creates, credential, limit, left, moreAt }) => ({
    workspaces,
    room: creates,
    explain: (withheld) =>
      reason('api-budget', { credential, limit, left, withheld, moreInMs: Math.max(0, moreAt - at) }),
  }));
}

/**
 * The groups, in their order, with what the caps leave of their creates and what they give to others. Each cap is asked
 * for no more than those before it have left.
 */
export function underCaps<Member extends Claimant>(
  groups: readonly Member[],
  caps: readonly Cap[],
  at: Instant,
): readonly Member[] {
  return caps.reduce((all, cap) => {
    const members = all.filter(({ observation }) => cap.workspaces.includes(observation.group.scope.workspace));
    const settled = underCap(members, cap, at);
    return all.map((entry) => settled[members.indexOf(entry)] ?? entry);
  }, groups);
}

function underCap<Member extends Claimant>(members: readonly Member[], cap: Cap, at: Instant): readonly Member[] {
  const { room, seats } = cap;
  const shares = seats === undefined ? members.map(unshared) : sharesOf(members, room, seats, at);
  const spared = members.map((member) => Math.min(member.creates, cap.spares?.(member) ?? 0));
  const demands = members.map((member, index) => ({
    // Stryker disable next-line OptionalChaining: each has one; only the compiler does not know.
    wanted: Math.min(member.creates, shares[index]?.missing ?? 0) - (spared[index] ?? 0),
    weight: member.observation.group.weight,
    working: countStaying(member),
  }));
  const granted = shareOut(demands, room - spared.reduce((sum, count) => sum + count, 0));
  return members.map((member, index) => {
    const creates = (spared[index] ?? 0) + (granted[index] ?? 0);
    return settle(member, creates, shares[index] ?? unshared(member), cap);
  });
}

/** The share of a group under a cap whose seats nobody can give back. */
function unshared({ due }: Claimant): Share {
  return { missing: due, gives: [] };
}

function settle<Member extends Claimant>(member: Member, creates: number, share: Share, cap: Cap): Member {
  const withheld = member.creates - creates;
  const { missing, gives, bound } = share;
  return {
    ...member,
    creates,
    due: Math.min(member.due, missing),
    retire: [...member.retire, ...gives],
    bounds: [
      ...member.bounds,
      ...(withheld > 0 ? [cap.explain(withheld)] : []),
      ...(bound && withheld > 0 && creates < missing ? [bound] : []),
    ],
  };
}
