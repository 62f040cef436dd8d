/** The hourly calls of credentials as caps on what groups create. Pure. */
import type { BudgetObservation, Instant } from '../model/observation.ts';
import { reason } from '../reasons.ts';
import type { Cap } from './caps.ts';

/** One cap for each budget, over all workspaces that it pays for. */
export function budgetCaps(budgets: readonly BudgetObservation[], at: Instant): readonly Cap[] {
  return budgets.map(({ workspaces, creates, credential, limit, left, moreAt }) => ({
    workspaces,
    room: creates,
    explain: (withheld) =>
      reason('api-budget', { credential, limit, left, withheld, moreInMs: Math.max(0, moreAt - at) }),
  }));
}
