/**
 * What the caps of workspaces leave of the runners that their groups want: the cap on registrations, then the cap on
 * build slots in use at once. Pure.
 */
import type { WorkspaceObservation } from '../model.ts';
import { type Reason, reason } from '../reasons.ts';
import type { Withheld } from './api-budget.ts';
import { type Claim, shareOut } from './share-out.ts';

/** What one group is about to create, and where. */
export type WorkspaceClaim = Claim & { readonly workspace: string };

type Cap = { readonly room: number; readonly explain: (withheld: number) => Reason };

/** For every claim what the caps of its workspace take from it, in the order of the caps. */
export function withheldByWorkspaces(
  claims: readonly WorkspaceClaim[],
  workspaces: readonly WorkspaceObservation[],
): readonly (readonly Withheld[])[] {
  const withheld = new Map<number, Withheld[]>();
  for (const workspace of workspaces) {
    const members = [...claims.entries()].filter(([, claim]) => claim.workspace === workspace.workspace);
    let wanted = members.map(([, claim]) => claim.wanted);
    for (const { room, explain } of capsOf(workspace)) {
      const shares = shareOut(
        members.map(([, claim], position) => ({ ...claim, wanted: wanted[position] ?? 0 })),
        room,
      );
      members.forEach(([index], position) => {
        const runners = (wanted[position] ?? 0) - (shares[position] ?? 0);
        if (runners > 0) withheld.set(index, [...(withheld.get(index) ?? []), { runners, bound: explain(runners) }]);
      });
      wanted = [...shares];
    }
  }
  return claims.map((_, index) => withheld.get(index) ?? []);
}

function capsOf({ registrations, maxRunners, slots }: WorkspaceObservation): readonly Cap[] {
  const byRegistrations: Cap = {
    room: maxRunners - registrations,
    explain: (withheld) => reason('workspace-cap', { cap: maxRunners, registrations, withheld }),
  };
  if (slots?.max === undefined) return [byRegistrations];
  const { max: cap, committed, peak } = slots;
  const bySlots: Cap = {
    room: cap - committed,
    explain: (withheld) => reason('peak-cap', { cap, committed, peak: peak.runners, withheld }),
  };
  return [byRegistrations, bySlots];
}
