/**
 * What follows from Bitbucket's word on its own limit: from the headers of an answer, and from a call that is turned away
 * (429), after which nothing is sent with the credential for a while. Pure.
 */
import type { RateLimit } from '#core/budget/call-budget.ts';
import type { Instant } from '#core/model/observation.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';
import { type BudgetState, STRIKES_KEPT_MS, type Throttle } from './state.ts';

/** Bitbucket says "near the limit" below this share of it. */
const NEAR = 0.2;

/** How long nothing is sent after a 429 that does not say: this, and twice as long each time that follows soon. */
const FIRST_WAIT_MS = MINUTE_MS;
const LONGEST_WAIT_MS = 15 * MINUTE_MS;

/** What an answer says of the limit that Bitbucket keeps. */
export function wordOf(said: RateLimit | undefined, limit: number, at: Instant): Pick<BudgetState, 'word'> {
  if (said === undefined || (said.limit ?? said.remaining ?? said.nearLimit) === undefined) return {};
  const near = said.nearLimit === true ? Math.floor((said.limit ?? limit) * NEAR) : undefined;
  const left = said.remaining ?? near;
  return { word: { at, ...(said.limit !== undefined && { limit: said.limit }), ...(left !== undefined && { left }) } };
}

/** What Bitbucket calls the addresses under which queues are counted. */
const QUEUES_AT = 'api';

/** The limit for counting queues: it is no word about runners, which are elsewhere, so that it raises nothing else. */
export function largerIn(said: RateLimit | undefined, at: Instant): Pick<BudgetState, 'larger'> {
  const named = said?.resource === QUEUES_AT ? said.limit : undefined;
  // One that is no larger any more ends what an earlier answer said.
  return named === undefined ? {} : { larger: { at, limit: named } };
}

/**
 * Some calls get through while the hour is used up, as older ones leave it: an answer does not mean that the trouble is
 * over, only time does.
 */
export function nextThrottle({ throttle }: BudgetState, retryAfterMs: number | undefined, at: Instant): Throttle {
  // Calls that went out together and came back together are one strike.
  const together = throttle !== undefined && at < throttle.until;
  const before = throttle !== undefined && at - throttle.until < STRIKES_KEPT_MS ? throttle.strikes : 0;
  const strikes = together ? before : before + 1;
  const patience = Math.min(FIRST_WAIT_MS * 2 ** (strikes - 1), LONGEST_WAIT_MS);
  const until = at + Math.min(retryAfterMs ?? patience, HOUR_MS);
  return { at, until: together ? Math.max(until, throttle.until) : until, strikes };
}
