/** What the hourly calls of a credential leave of what groups want to create. */
import type { BudgetObservation, Instant } from '../model.ts';
import { type Reason, reason } from '../reasons.ts';
import { shareOut } from './share-out.ts';
import type { WorkspaceClaim } from './workspace-caps.ts';

/** Runners that are not created, and the bound that says why. */
export type Withheld = { readonly runners: number; readonly bound: Reason };

/** For every group what the budget of its workspace's credential takes from it; groups share fairly what there is. */
export function withheldByBudgets(
  claims: readonly WorkspaceClaim[],
  budgets: readonly BudgetObservation[],
  at: Instant,
): readonly (Withheld | undefined)[] {
  const withheld: (Withheld | undefined)[] = claims.map(() => undefined);
  for (const budget of budgets) {
    const groups = [...claims.entries()].filter(([, { workspace }]) => budget.workspaces.includes(workspace));
    const shares = shareOut(
      groups.map(([, claim]) => claim),
      budget.creates,
    );
    groups.forEach(([index, { wanted }], position) => {
      const runners = wanted - (shares[position] ?? 0);
      if (runners > 0) withheld[index] = { runners, bound: budgetBound(budget, runners, at) };
    });
  }
  return withheld;
}

function budgetBound({ credential, limit, left, moreAt }: BudgetObservation, withheld: number, at: Instant): Reason {
  return reason('api-budget', { credential, limit, left, withheld, moreInMs: Math.max(0, moreAt - at) });
}
