/** Caps that groups have in common, and what each of them takes from what a group wants to create. Pure. */
import type { Reason } from '../reasons.ts';
import { type Claim, shareOut } from './share-out.ts';

/** What one group is about to create, and where. */
export type GroupClaim = Claim & { readonly group: string; readonly workspace: string };

/** Runners that the groups of some workspaces may create together. */
export type Cap = {
  readonly workspaces: readonly string[];
  readonly room: number;
  readonly explain: (withheld: number) => Reason;
};

/** Runners that are not created, and the bound that says why. */
export type Withheld = { readonly runners: number; readonly bound: Reason };

/**
 * By group what the caps take from it, in their order: each is asked for no more than those before it have left. Groups
 * from which nothing is taken have no entry.
 */
export function withhold(
  claims: readonly GroupClaim[],
  caps: readonly Cap[],
): ReadonlyMap<string, readonly Withheld[]> {
  const withheld = new Map<string, readonly Withheld[]>();
  for (const { workspaces, room, explain } of caps) {
    const members = claims
      .filter(({ workspace }) => workspaces.includes(workspace))
      .map((claim) => ({ ...claim, wanted: claim.wanted - sumOf(withheld.get(claim.group)) }));
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
