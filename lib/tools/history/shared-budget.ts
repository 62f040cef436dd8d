/** The hourly calls of an export that shares its credential with an autoscaler: both count towards one budget in the state. */
import type { CallBudget } from '#core/budget/ledger.ts';
import type { Instant } from '#core/model/observation.ts';
import type { StateStore } from '#core/ports.ts';

/** A minute is as exact as calls are counted. */
const EVERY_MS = 60_000;

export type SharedBudget = {
  /** To be called before each call: shares once in a minute. */
  readonly beforeCall: () => Promise<void>;
  /** Takes up what others used, and saves what this process has. To be called at the end. */
  readonly share: () => Promise<void>;
};

/** Shares a budget through the state of the autoscaler. Throws what the store throws. */
export function shareBudget(store: StateStore, budget: CallBudget, now: () => Instant): SharedBudget {
  let sharedAt = Number.NEGATIVE_INFINITY;

  async function share(): Promise<void> {
    sharedAt = now();
    budget.recall((await store.load([budget.key])).get(budget.key));
    const change = budget.unsaved();
    // When somebody else was faster, what is not saved now is saved with the next minute's.
    if (change !== undefined && (await store.save([change], now())).length === 0) budget.saved();
  }

  return {
    share,
    beforeCall: async () => {
      if (now() - sharedAt >= EVERY_MS) await share();
    },
  };
}
