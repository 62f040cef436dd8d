/**
 * Runners that pipelines ask for before they need them. What a step asks is a floor until a time; what all of them ask
 * together raises `min`, as a schedule's window does, so that everything below sees plain bounds.
 */
import { parseWakeMemory, wakeMemoryKey } from '../memory.ts';
import type { RunnerGroup } from '../model/configuration.ts';
import type { Instant } from '../model/observation.ts';
import type { StateStore } from '../ports.ts';

/** What a step asked for. */
export type WakeAsk = {
  /** The uuid of the step: asking again, it adds nothing. */
  readonly step: string;
  /** The repository of its pipeline, as `wake.from` names it. */
  readonly by: string;
  /** How many runners it wants to find. */
  readonly runners: number;
  /** The first instant at which they need no longer be there. */
  readonly until: Instant;
  /** The first instant at which the step may be forgotten: its token has run out by then. */
  readonly knownUntil: Instant;
  /** The uuid of its pipeline, if its token names it. */
  readonly pipeline?: string | undefined;
  /** When the step asked for the first time; absent: long ago. */
  readonly askedAt?: Instant | undefined;
  /** Its pipeline was seen to have ended, at `until`. */
  readonly isOver?: true | undefined;
};

/** The group with its `min` raised to what was asked for and has not run out; never above `wake.max` or `max`. */
export function wokenAt(group: RunnerGroup, asks: readonly WakeAsk[], at: Instant): RunnerGroup {
  const { wake, min, max } = group;
  const open = asks.filter(({ until }) => until > at);
  if (wake === undefined || open.length === 0) return group;
  const asked = open.reduce((sum, { runners }) => sum + runners, 0);
  const runners = Math.min(asked, wake.max, max);
  const until = new Date(Math.max(...open.map((ask) => ask.until))).toISOString();
  const by = [...new Set(open.map((ask) => ask.by))].sort();
  return { ...group, min: Math.max(min, runners), woken: { runners, by, until } };
}

/** The most steps that a group remembers: their document has to stay within what a state store takes. */
export const MOST_ASKS = 500;

/** Attempts to write down what a step asks while others write as well. */
const ATTEMPTS = 20;

/**
 * What became of asking: `taken`, it is a floor from now on; `known`, the step had asked before; `full`, too many steps ask;
 * `lost`, others were faster.
 */
export type Asking = {
  readonly outcome: 'taken' | 'known' | 'full' | 'lost';
  /** All that is asked of the group now. */
  readonly asks: readonly WakeAsk[];
};

/**
 * Writes down what a step asks of a group. One that asks again adds nothing; where its floor has run out meanwhile, it gets it
 * back, since its pipeline evidently runs. `issuedAt`: when Bitbucket gave the step the token that it shows. Rejects when the
 * state store does.
 */
export async function ask(
  state: StateStore,
  group: string,
  wanted: WakeAsk,
  now: Instant,
  issuedAt = Number.NEGATIVE_INFINITY,
): Promise<Asking> {
  const key = wakeMemoryKey(group);
  for (let attempt = 1; ; attempt += 1) {
    const document = (await state.load([key])).get(key);
    const asks = parseWakeMemory(document?.value).filter(({ knownUntil }) => knownUntil > now);
    const next = withAsk(asks, wanted, now, issuedAt);
    if (typeof next === 'string') return { outcome: next, asks };
    const [unsaved] = await state.save([{ key, expectedVersion: document?.version ?? 0, value: { asks: next } }], now);
    if (unsaved === undefined) return { outcome: 'taken', asks: next };
    if (unsaved.failure !== undefined) throw new Error(unsaved.failure);
    if (attempt === ATTEMPTS) return { outcome: 'lost', asks };
  }
}

/** All that is asked with what this step asks, or why that changes nothing. */
function withAsk(
  asks: readonly WakeAsk[],
  wanted: WakeAsk,
  now: Instant,
  issuedAt: Instant,
): readonly WakeAsk[] | 'known' | 'full' {
  const own = asks.find(({ step }) => step === wanted.step);
  if (own === undefined) return asks.length >= MOST_ASKS ? 'full' : [...asks, wanted];
  if (own.until > now) return 'known';
  const others = asks.filter((one) => one !== own);
  if (!own.isOver) return [...others, { ...wanted, runners: own.runners }];
  // A token of before the end may be a copy; one that was issued since shows that the step runs again.
  return issuedAt > own.until ? [...others, wanted] : 'known';
}
