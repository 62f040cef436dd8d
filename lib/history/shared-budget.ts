/** The hourly calls of an export that shares its credential with an autoscaler: both count towards one budget in the state. */
import type { CallBudget } from '../budget/ledger.ts';
import type { Instant } from '../model.ts';
import type { StateStore } from '../ports.ts';

const EVERY_MS = 60_000;

/** To be called before each call: takes up what others used, and saves what this process has, once in a minute. */
export function shareBudget(store: StateStore, budget: CallBudget, now: () => Instant): () => Promise<void> {
  let sharedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (now() - sharedAt < EVERY_MS) return;
    sharedAt = now();
    budget.recall((await store.load([budget.key])).get(budget.key));
    const change = budget.unsaved();
    // Somebody else was faster: what is not saved now is saved with the next minute's.
    if (change !== undefined && (await store.save([change], now())).length === 0) budget.saved();
  };
}
