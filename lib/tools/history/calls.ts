/**
 * The calls of an export that takes hours: they wait for their turn in the hourly budget and while Bitbucket throttles,
 * outlast a Bitbucket that is out of order for some minutes, may be limited, and may be shared with an autoscaler.
 */
import type { CallBudget, Meter } from '#core/budget/call-budget.ts';
import { BudgetError, ServiceError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { StateStore } from '#core/ports.ts';
import { MINUTE_MS } from '#core/time.ts';

/** What waiting needs of the world. */
export type Patience = {
  /** Ends early, and without an error, when the export is to stop. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => Instant;
  /** Stops the export. */
  readonly signal: AbortSignal;
  /** Has its turn before each call. */
  readonly beforeCall: () => Promise<void>;
  /** The export waits until then. */
  readonly onWait: (until: Instant, why: string) => void;
};

/** Half a minute, and twice as long each time: a quarter of an hour together. */
const FIRST_WAIT_MS = 30_000;
const MOST_REPEATS = 5;

/** What the call gives. Throws what it throws when waiting does not help, and the signal's reason when it is to stop. */
export async function patiently<Value>(call: () => Promise<Value>, patience: Patience): Promise<Value> {
  for (let failures = 0; ; ) {
    patience.signal.throwIfAborted();
    try {
      await patience.beforeCall();
      return await call();
    } catch (error) {
      const wait = waitAfter(error, failures);
      if (wait === undefined) throw error;
      if (!wait.isTurn) failures += 1;
      patience.onWait(patience.now() + wait.ms, wait.why);
      await patience.sleep(wait.ms);
    }
  }
}

type Wait = { readonly ms: number; readonly why: string; readonly isTurn: boolean };

function waitAfter(error: unknown, failures: number): Wait | undefined {
  if (error instanceof BudgetError) {
    const { why, used, limit } = error.facts;
    const text =
      why === 'throttled' ? 'Bitbucket throttles the credential' : `${used} of ${limit} calls of the hour are used`;
    return { ms: error.facts.waitMs, why: text, isTurn: true };
  }
  if (!(error instanceof ServiceError) || error.service !== 'bitbucket' || failures === MOST_REPEATS) return undefined;
  // The client has told the budget, which says how long to wait.
  if (error.status === 429) return { ms: 0, why: 'Bitbucket throttles the credential', isTurn: true };
  const mayPass = error.status === undefined ? error.outcome === 'unknown' : error.status >= 500;
  return mayPass ? { ms: FIRST_WAIT_MS * 2 ** failures, why: 'Bitbucket does not answer', isTurn: false } : undefined;
}

/** The calls that an export may make are made. */
export class CallsSpent extends Error {
  override readonly name = 'CallsSpent';
}

/** A meter that admits no call once `most` requests have left; the last one may still be repeated when it fails. */
export function limitCalls(meter: Meter, most: number): Meter {
  let made = 0;
  return {
    ...meter,
    admit: (importance, doing) => {
      if (made >= most) throw new CallsSpent(`The ${most} calls that it may make are made`);
      meter.admit(importance, doing);
    },
    count: (importance) => {
      made += 1;
      meter.count(importance);
    },
  };
}

/** A minute is as exact as calls are counted. */
const EVERY_MS = MINUTE_MS;

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
    budget.restore((await store.load([budget.key])).get(budget.key));
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
