/**
 * What is known of a credential's calls: how many in each of the latest minutes, what Bitbucket last said of its own
 * limit, and when each workspace was looked at. Pure. States are added up, so that every tick and shard that shares a
 * credential contributes its own part to one document.
 */
import * as z from 'zod';
import type { Instant } from '#core/model/observation.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';

/** Calls that left in one minute. `minute`: since the epoch. */
type MinuteCalls = {
  readonly minute: number;
  readonly look: number;
  readonly other: number;
  /** For counting queues, paid by the larger limit. */
  readonly extra?: number | undefined;
};

/** What an answer said of Bitbucket's own limit, and when. */
type LimitWord = {
  readonly at: Instant;
  /** Calls in an hour. */
  readonly limit?: number;
  /** The most calls that can be left of them. */
  readonly left?: number;
};

/** The limit that Bitbucket named for `/2.0/repositories`, where queues are counted; it matters where it is above ours. */
type LargerLimit = { readonly at: Instant; readonly limit: number };

/** Bitbucket turned calls away: nothing is sent before `until`. `strikes`: how often one soon followed another. */
export type Throttle = { readonly at: Instant; readonly until: Instant; readonly strikes: number };

/**
 * The latest look at a workspace. `slot`: the time that it was due at, which may be a little later than it was made; looks
 * are spaced by their slots, so that one that comes early or late is made up for.
 */
export type Look = { readonly at: Instant; readonly slot: Instant; readonly calls: number };

/** All that is remembered of a credential's calls. */
export type BudgetState = {
  /** At most one entry for a minute, in no order. */
  readonly calls: readonly MinuteCalls[];
  readonly word?: LimitWord;
  readonly larger?: LargerLimit;
  readonly throttle?: Throttle;
  /** By workspace. */
  readonly looks: Readonly<Record<string, Look>>;
};

export const EMPTY_BUDGET: BudgetState = { calls: [], looks: {} };

/** Calls of an hour ago may have been made in any second of their minute, so that 61 minutes can hold them. */
const MINUTES_COUNTED = 61;

/** What Bitbucket said counts for this long; other programs may have used, or left, much since. */
const WORD_KEPT_MS = 10 * MINUTE_MS;

/** A larger limit goes with the paid users of a workspace, which change rarely. */
const LARGER_KEPT_MS = HOUR_MS;

/** For how long after its end a throttle makes the next one longer. */
export const STRIKES_KEPT_MS = 15 * MINUTE_MS;

const count = z.int().min(0);
const document = z.object({
  calls: z.array(z.object({ minute: z.int(), look: count, other: count, extra: count.optional() })),
  word: z.object({ at: z.number(), limit: count.optional(), left: count.optional() }).optional(),
  larger: z.object({ at: z.number(), limit: count }).optional(),
  throttle: z.object({ at: z.number(), until: z.number(), strikes: count }).optional(),
  looks: z.record(z.string(), z.object({ at: z.number(), slot: z.number(), calls: count })),
});

/** A budget's state from its document; one that cannot be read starts an hour without calls. */
export function parseBudget(value: unknown): BudgetState {
  return document.safeParse(value).data ?? EMPTY_BUDGET;
}

/** Both states' calls together; of what can be known only once, the later knowledge. */
export function addBudgets(one: BudgetState, other: BudgetState): BudgetState {
  // Stryker disable next-line ConditionalExpression: only faster. Most of what is added up is nothing, at every call.
  if (other === EMPTY_BUDGET) return one;
  const minutes = new Map(one.calls.map((entry) => [entry.minute, entry]));
  for (const entry of other.calls) minutes.set(entry.minute, addEntries(entry, minutes.get(entry.minute)));
  const word = later(one.word, other.word);
  const larger = later(one.larger, other.larger);
  const throttle = later(one.throttle, other.throttle);
  const laterLooks = Object.entries(other.looks).filter(([name, look]) => later(one.looks[name], look) === look);
  return {
    calls: [...minutes.values()],
    ...(word && { word }),
    ...(larger && { larger }),
    ...(throttle && { throttle }),
    looks: { ...one.looks, ...Object.fromEntries(laterLooks) },
  };
}

function addEntries(entry: MinuteCalls, before?: MinuteCalls): MinuteCalls {
  if (before === undefined) return entry;
  const { look, other, extra = 0 } = before;
  const extras = extra + (entry.extra ?? 0);
  return {
    minute: entry.minute,
    look: look + entry.look,
    other: other + entry.other,
    ...(extras > 0 && { extra: extras }),
  };
}

/** The state without what has no effect any more. */
export function forgetOld({ calls, word, larger, throttle, looks }: BudgetState, now: Instant): BudgetState {
  return {
    calls: calls.filter((entry) => isCounted(entry, now)),
    ...(word && now - word.at < WORD_KEPT_MS && { word }),
    ...(larger && now - larger.at < LARGER_KEPT_MS && { larger }),
    ...(throttle && now - throttle.until < STRIKES_KEPT_MS && { throttle }),
    looks: Object.fromEntries(Object.entries(looks).filter(([, look]) => isCurrent(look, now))),
  };
}

/** The state after `calls` more, for looking, paid by a larger limit, or for anything else. */
export function addCalls(
  state: BudgetState,
  kind: 'look' | 'other' | 'extra',
  calls: number,
  now: Instant,
): BudgetState {
  const minute = minuteOf(now);
  const before = state.calls.find((entry) => entry.minute === minute) ?? { minute, look: 0, other: 0 };
  const others = state.calls.filter((entry) => entry.minute !== minute && isCounted(entry, now));
  return { ...state, calls: [...others, { ...before, [kind]: (before[kind] ?? 0) + calls }] };
}

/**
 * Calls that a larger limit of Bitbucket still pays for; 0 without one. What it has above the configuration's `limit` is
 * counted apart, so that both together never exceed it; of what Bitbucket says is left, as much stays for other calls.
 */
export function extraCalls(state: BudgetState, limit: number, now: Instant): number {
  const { calls, larger } = state;
  if (larger === undefined || now - larger.at >= LARGER_KEPT_MS) return 0;
  const extra = sum(
    calls.filter((entry) => isCounted(entry, now)),
    'extra',
  );
  return Math.max(0, Math.min(larger.limit - extra, leftByWord(state, now)) - limit);
}

/** Calls of the past hour, but for those that a larger limit paid. */
export function usedCalls(state: BudgetState, now: Instant): { readonly look: number; readonly other: number } {
  const counted = state.calls.filter((entry) => isCounted(entry, now));
  return { look: sum(counted, 'look'), other: sum(counted, 'other') };
}

/** The calls that one look at everything takes: of every workspace that was looked at in the past hours. */
export function lookCost({ looks }: BudgetState, now: Instant): number {
  return Object.values(looks).reduce((total, look) => total + (isCurrent(look, now) ? look.calls : 0), 0);
}

/** The calls an hour that are allowed: those of the configuration, or what Bitbucket says if that is less. */
export function limitNow({ word }: BudgetState, limit: number, now: Instant): number {
  return word?.limit !== undefined && now - word.at < WORD_KEPT_MS ? Math.min(limit, word.limit) : limit;
}

/** The calls that are left of the hour, by our own count or by Bitbucket's, whichever is less; never below 0. */
export function leftCalls(state: BudgetState, limit: number, now: Instant): number {
  const { look, other } = usedCalls(state, now);
  return Math.max(0, Math.min(limitNow(state, limit, now) - look - other, leftByWord(state, now)));
}

/** While Bitbucket turns calls away: until when. */
export function throttledUntil({ throttle }: BudgetState, now: Instant): Instant | undefined {
  return throttle !== undefined && now < throttle.until ? throttle.until : undefined;
}

/** What Bitbucket said was left, less the calls of the minutes since. */
function leftByWord({ word, calls }: BudgetState, now: Instant): number {
  if (word?.left === undefined || now - word.at >= WORD_KEPT_MS) return Number.POSITIVE_INFINITY;
  const since = calls.filter(({ minute }) => minute > minuteOf(word.at));
  return word.left - sum(since, 'look') - sum(since, 'other') - sum(since, 'extra');
}

function isCounted({ minute }: MinuteCalls, now: Instant): boolean {
  return minute > minuteOf(now) - MINUTES_COUNTED;
}

/** A workspace that nobody has looked at for so long has left the configuration. */
function isCurrent({ at }: Look, now: Instant): boolean {
  return now - at < 2 * HOUR_MS;
}

function minuteOf(at: Instant): number {
  return Math.floor(at / MINUTE_MS);
}

function later<Known extends { readonly at: Instant }>(one?: Known, other?: Known): Known | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.at >= one.at ? other : one;
}

function sum(entries: readonly MinuteCalls[], kind: 'look' | 'other' | 'extra'): number {
  return entries.reduce((total, entry) => total + (entry[kind] ?? 0), 0);
}
