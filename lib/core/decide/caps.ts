/**
 * Caps that groups have in common (a workspace's on registrations and on build slots in use at once, a credential's on
 * hourly calls), and what each of them takes from what a group wants to create.
 */
import type { BudgetObservation, Instant, Observation, WorkspaceObservation } from '../model/observation.ts';
import { type Reason, reason } from '../reasons.ts';
import { type Demand, shareOut } from './share-out.ts';

/** What one group is about to create, and where. */
export type GroupDemand = Demand & { readonly group: string; readonly workspace: string };

/** Runners that the groups of some workspaces may create together. */
export type Cap = {
  readonly workspaces: readonly string[];
  readonly room: number;
  readonly explain: (withheld: number) => Reason;
};

/** All caps of a look: those of workspaces, then those of credentials. */
export function capsOf({ workspaces, budgets = [], at }: Observation): readonly Cap[] {
  return [...workspaces.flatMap(workspaceCaps), ...budgetCaps(budgets, at)];
}

/** The caps that hold in one workspace. */
export function workspaceCaps({
  workspace,
  registrations,
  assumed,
  maxRunners,
  slots,
}: WorkspaceObservation): readonly Cap[] {
  const workspaces = [workspace];
  const registered = { registrations, ...(assumed !== undefined && { assumed }) };
  const byRegistrations: Cap = {
    workspaces,
    room: maxRunners - registrations,
    explain: (withheld) => reason('workspace-cap', { cap: maxRunners, ...registered, withheld }),
  };
  if (slots?.max === undefined) return [byRegistrations];
  const { max: cap, committed, peak } = slots;
  const bySlots: Cap = {
    workspaces,
    room: cap - committed,
    explain: (withheld) => reason('peak-cap', { cap, committed, peak: peak.runners, withheld }),
  };
  return [byRegistrations, bySlots];
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

/** Runners that are not created, and the bound that says why. */
export type Withheld = { readonly runners: number; readonly bound: Reason };

/**
 * By group what the caps take from it, in their order: each is asked for no more than those before it have left. Groups
 * from which nothing is taken have no entry.
 */
export function withhold(
  demands: readonly GroupDemand[],
  caps: readonly Cap[],
): ReadonlyMap<string, readonly Withheld[]> {
  const withheld = new Map<string, readonly Withheld[]>();
  for (const { workspaces, room, explain } of caps) {
    const members = demands
      .filter(({ workspace }) => workspaces.includes(workspace))
      .map((demand) => ({ ...demand, wanted: demand.wanted - sumOf(withheld.get(demand.group)) }));
    const shares = shareOut(members, room);
    members.forEach(({ group, wanted }, index) => {
      const runners = wanted - (shares[index] ?? 0);
      if (runners > 0) withheld.set(group, [...(withheld.get(group) ?? []), { runners, bound: explain(runners) }]);
    });
  }
  return withheld;
}

/** The runners of all entries together. */
export function sumOf(withheld: readonly Withheld[] = []): number {
  return withheld.reduce((sum, { runners }) => sum + runners, 0);
}
