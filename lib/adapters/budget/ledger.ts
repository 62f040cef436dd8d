/**
 * A credential's budget while the process lives: what the store remembers of it, and what this process has added since
 * and not yet saved. The Bitbucket client asks it before every call and tells it of every request and answer.
 */
import type { BudgetUsage, CallBudget, HeldBack } from '#core/budget/call-budget.ts';
import { type Importance, isCheapLook } from '#core/budget/hour.ts';
import { BudgetError, type BudgetFacts } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import { duration } from '#core/quantities.ts';
import { addLook, allowance, holdBack, holdBackLook, moreFrom } from './priority.ts';
import {
  addBudgets,
  addCalls,
  type BudgetState,
  EMPTY_BUDGET,
  extraCalls,
  forgetOld,
  leftCalls,
  limitNow,
  parseBudget,
  throttledUntil,
  usedCalls,
} from './state.ts';
import { largerIn, nextThrottle, wordOf } from './throttle.ts';

/** Used by nobody yet. `limit` is asked each time, since the configuration may change it. */
export function createCallBudget(options: {
  readonly credential: string;
  readonly key: string;
  /** Calls an hour. */
  readonly limit: () => number;
  readonly now: () => Instant;
}): CallBudget {
  const { credential, key, now } = options;
  let stored: BudgetState = EMPTY_BUDGET;
  let version = 0;
  /** What `unsaved` gave, and of which nobody has said yet that it is saved. Calls may come while it is being saved. */
  let unconfirmed: BudgetState = EMPTY_BUDGET;
  /** What has come since. */
  let own: BudgetState = EMPTY_BUDGET;
  let throttledAnswers = 0;
  let unsent = 0;
  /** Calls for cheap looks that were allowed and not made yet: these may come although looking has had its part. */
  let granted = 0;
  const refused: Record<Importance, number> = { removal: 0, create: 0, look: 0, queue: 0 };
  const state = () => addBudgets(addBudgets(stored, unconfirmed), own);
  const { limit } = options;
  const payerOf = (importance: Importance) => {
    if (importance === 'look') return 'look';
    return importance === 'queue' && extraCalls(state(), limit(), now()) > 0 ? 'extra' : 'other';
  };
  const noteRefusal = (importance: Importance, calls: number, { why }: HeldBack) => {
    refused[importance] += calls;
    if (why === 'throttled') unsent += calls;
  };

  return {
    credential,
    key,
    admit: (importance, doing) => {
      if (importance === 'look' && granted > 0 && throttledUntil(state(), now()) === undefined) {
        granted -= 1;
        return;
      }
      const held = holdBack(importance, 1, state(), limit(), now());
      if (held === undefined) return;
      noteRefusal(importance, 1, held);
      const { limit: allowed, used } = usageOf(state(), limit(), now());
      const facts = { credential, why: held.why, used, limit: allowed, waitMs: held.until - now() };
      throw new BudgetError(describe(doing, facts), facts);
    },
    count: (importance) => {
      own = addCalls(own, payerOf(importance), 1, now());
    },
    heard: ({ status, rateLimit }) => {
      if (status === 429) throttledAnswers += 1;
      own = { ...own, ...wordOf(rateLimit, limit(), now()), ...largerIn(rateLimit, now()) };
    },
    turnedAway: (retryAfterMs) => {
      own = { ...own, throttle: nextThrottle(state(), retryAfterMs, now()) };
    },
    restore: (document) => {
      granted = 0;
      stored = forgetOld(parseBudget(document?.value), now());
      version = document?.version ?? 0;
    },
    unsaved: () => {
      if (own === EMPTY_BUDGET && unconfirmed === EMPTY_BUDGET) return undefined;
      unconfirmed = forgetOld(addBudgets(unconfirmed, own), now());
      own = EMPTY_BUDGET;
      return { key, expectedVersion: version, value: forgetOld(state(), now()) };
    },
    saved: () => {
      stored = forgetOld(addBudgets(stored, unconfirmed), now());
      version += 1;
      unconfirmed = EMPTY_BUDGET;
    },
    holdBackLook: (look, at) => {
      const held = holdBackLook(look, state(), limit(), at);
      if (held !== undefined) noteRefusal('look', look.calls, held);
      else if (isCheapLook(look.calls, limitNow(state(), limit(), at))) granted += look.calls;
      return held;
    },
    lastLook: (workspace) => state().looks[workspace]?.calls,
    looked: (workspace, calls, at) => {
      own = { ...own, looks: { ...own.looks, ...addLook(workspace, calls, state(), limit(), at) } };
    },
    usage: () => ({ ...usageOf(state(), limit(), now()), throttledAnswers, unsent, refused: { ...refused } }),
  };
}

function usageOf(
  state: BudgetState,
  limit: number,
  now: Instant,
): Omit<BudgetUsage, 'throttledAnswers' | 'unsent' | 'refused'> {
  const { look, other } = usedCalls(state, now);
  const throttled = throttledUntil(state, now);
  return {
    limit: limitNow(state, limit, now),
    used: look + other,
    left: leftCalls(state, limit, now),
    leftForQueues: extraCalls(state, limit, now),
    creates: allowance('create', state, limit, now),
    moreAt: moreFrom('create', state, limit, now),
    ...(throttled !== undefined && { throttledUntil: throttled }),
  };
}

function describe(doing: string, { credential, why, waitMs }: BudgetFacts): string {
  const wait = duration(waitMs);
  return why === 'throttled'
    ? `${doing} was held back: Bitbucket throttles the credential ${credential}; it goes on in ${wait}.`
    : `${doing} was held back: what is left of the hourly calls of the credential ${credential} is kept for what is more important; it goes on in ${wait}.`;
}
