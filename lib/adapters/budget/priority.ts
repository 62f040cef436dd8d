/**
 * Who may spend what is left of a credential's hour. Pure. In the order of importance:
 *
 * | calls for | may use                                                                            |
 * |-----------|------------------------------------------------------------------------------------|
 * | removal   | everything: taking a runner away safely is refused only while Bitbucket throttles   |
 * | create    | all but 10 % of the limit                                                          |
 * | look      | all but 25 %, spread over the hour; after five minutes all but 10 %                 |
 * | queue     | all but 25 % and what an hour of looking every minute still needs; or what a limit  |
 * |           | that Bitbucket names for where queues are counted has above ours                    |
 */
import type { HeldBack, PlannedLook } from '#core/budget/call-budget.ts';
import { type Importance, isCheapLook, LONGEST_BLIND_MS, LOOK_SPAN_MS, RESERVED, spread } from '#core/budget/hour.ts';
import type { Instant } from '#core/model/observation.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';
import { type BudgetState, extraCalls, leftCalls, limitNow, lookCost, throttledUntil, usedCalls } from './state.ts';

/** What is counted: an hour, and the minute besides that it may begin in (see `MINUTES_COUNTED`). */
const COUNTED_MS = HOUR_MS + MINUTE_MS;

/** Looks that come more often than every minute may take this share of the hour's calls, so that they cost no others. */
const OFTEN_WITHIN = 0.15;

/**
 * How early a look may start, by the time between two: whoever tries things out by hand looks a few times in a row, which
 * costs nothing where calls are plentiful.
 */
function earlyMs(interval: number): number {
  return interval > MINUTE_MS ? MINUTE_MS : 3 * MINUTE_MS;
}

/** The looks for which counting the queue leaves room: one at each end of every minute of the span. */
const LOOKS_PER_SPAN = LOOK_SPAN_MS / MINUTE_MS + 1;

/** Calls that may be made for this now; `Infinity` for removals that Bitbucket does not throttle. */
export function allowance(importance: Importance, state: BudgetState, limit: number, now: Instant): number {
  if (throttledUntil(state, now) !== undefined) return 0;
  if (importance === 'removal') return Number.POSITIVE_INFINITY;
  const kept = reserve(importance, state, limit, now) + (importance === 'queue' ? lookNeed(state, now) : 0);
  const left = Math.max(0, leftCalls(state, limit, now) - kept);
  return importance === 'queue' ? Math.max(left, extraCalls(state, limit, now)) : left;
}

/** Whether `calls` for this must wait. */
export function holdBack(
  importance: Importance,
  calls: number,
  state: BudgetState,
  limit: number,
  now: Instant,
): HeldBack | undefined {
  return heldUntil(state, now, (at) => allowance(importance, state, limit, at) >= calls);
}

/**
 * Whether a look at a workspace, of so many calls, must wait: for its turn, or for calls. `planned` calls of this very
 * tick are as good as made. A look that the whole hour could not pay for begins when it can have most of it.
 */
export function holdBackLook(
  { workspace, calls, planned }: PlannedLook,
  state: BudgetState,
  limit: number,
  now: Instant,
): HeldBack | undefined {
  const { slot, at: lastAt = Number.POSITIVE_INFINITY } = state.looks[workspace] ?? {};
  const most = limit - reserve('look', state, limit, now);
  const isCheap = isCheapLook(calls, limitNow(state, limit, now));
  return heldUntil(state, now, (at) => {
    // Nobody is blind for long, unless it would cost removals theirs.
    if (isCheap && at - lastAt >= LONGEST_BLIND_MS && allowance('create', state, limit, at) - planned >= calls)
      return true;
    const interval = lookInterval(state, limit, at);
    const due = slot === undefined || at >= slot + interval - earlyMs(interval);
    return due && allowance('look', state, limit, at) - planned >= Math.min(calls, most);
  });
}

/**
 * The time between two looks at which an hour of looking fits into what removals, creates and everybody else leave of
 * it. It is far below a minute as long as there is plenty, so that every tick looks.
 */
export function lookInterval(state: BudgetState, limit: number, now: Instant): number {
  const used = usedCalls(state, now);
  const allowed = limitNow(state, limit, now);
  const elsewhere = Math.max(0, allowed - used.look - used.other - leftCalls(state, limit, now));
  const cost = lookCost(state, now);
  const left = allowed - reserve('look', state, limit, now) - used.other - elsewhere;
  const forLooking = Math.min(left, Math.max(LOOKS_PER_SPAN * cost, allowed * OFTEN_WITHIN));
  return cost === 0 ? 0 : spread(cost, forLooking);
}

/** The state after a look at a workspace that took so many calls. The calls themselves are counted as they leave. */
export function addLook(
  workspace: string,
  calls: number,
  state: BudgetState,
  limit: number,
  now: Instant,
): BudgetState['looks'] {
  const before = state.looks[workspace];
  const interval = lookInterval(state, limit, now);
  const slot = before === undefined ? now : Math.max(before.slot + interval, now);
  // A look before its turn, so as not to be blind for long, does not move the turns away.
  return {
    [workspace]: { at: now, slot: Number.isFinite(slot) ? Math.min(slot, now + earlyMs(interval)) : now, calls },
  };
}

/** When more calls than now may be made for this; the end of the hour if that cannot be foreseen. */
export function moreFrom(importance: Importance, state: BudgetState, limit: number, now: Instant): Instant {
  const present = allowance(importance, state, limit, now);
  const isMore = (at: Instant) => allowance(importance, state, limit, at) > present;
  return throttledUntil(state, now) ?? nextMinute(now, isMore);
}

function reserve(importance: Importance, state: BudgetState, limit: number, now: Instant): number {
  return Math.ceil(limitNow(state, limit, now) * RESERVED[importance]);
}

/** Calls for looking that have yet to come until there are as many as an hour of looking takes. */
function lookNeed(state: BudgetState, now: Instant): number {
  return Math.max(0, LOOKS_PER_SPAN * lookCost(state, now) - usedCalls(state, now).look);
}

/** The first minute from now on at which it is allowed, as far as the calls made so far tell. */
function heldUntil(state: BudgetState, now: Instant, isAllowed: (at: Instant) => boolean): HeldBack | undefined {
  const throttled = throttledUntil(state, now);
  if (throttled !== undefined) return { why: 'throttled', until: throttled };
  return isAllowed(now) ? undefined : { why: 'short', until: nextMinute(now, isAllowed) };
}

function nextMinute(now: Instant, isAllowed: (at: Instant) => boolean): Instant {
  const thisMinute = Math.floor(now / MINUTE_MS);
  for (let ahead = 1; ahead <= COUNTED_MS / MINUTE_MS; ahead += 1) {
    const at = (thisMinute + ahead) * MINUTE_MS;
    if (isAllowed(at)) return at;
  }
  return now + HOUR_MS;
}
