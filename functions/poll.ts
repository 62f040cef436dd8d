/**
 * Faster than the schedule: several ticks within one invocation, at a steady pace, until shortly before the next one is
 * due or the function's own time runs out. Times are milliseconds since the invocation began.
 */

/** When an invocation ticks. */
export type Pace = {
  /** From the start of one tick to the start of the next; what falls into a tick that takes longer is left out. */
  readonly everyMs: number;
  /** When the first tick begins. */
  readonly shiftMs: number;
  /** Time until the process is stopped. */
  readonly remainingMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
};

/** No tick begins later: the schedule's next invocation comes after a minute, and should not find this one at work. */
const LAST_START_MS = 55_000;

/** A tick that begins with less than this left may have no time to look and then to act. */
const TICK_NEEDS_MS = 20_000;

/** The first tick is never put off for longer. */
const MAX_SHIFT_MS = 5_000;

/** Ticks once; with a pace, again and again for as long as `goesOn` says of the latest tick. Gives what each came to. */
export async function poll<Tick>(
  tick: () => Promise<Tick>,
  goesOn: (latest: Tick) => boolean,
  pace: Pace | undefined,
): Promise<readonly Tick[]> {
  if (pace === undefined) return [await tick()];
  const begin = pace.remainingMs();
  await pace.sleep(pace.shiftMs);
  const ticks = [await tick()];
  for (let latest = ticks[0]; latest !== undefined && goesOn(latest); latest = ticks.at(-1)) {
    const remainingMs = pace.remainingMs();
    const waitMs = untilNextStart(begin - remainingMs, pace);
    if (waitMs === undefined || remainingMs - waitMs < TICK_NEEDS_MS) break;
    await pace.sleep(waitMs);
    ticks.push(await tick());
  }
  return ticks;
}

/** Undefined when the next start is the next invocation's. */
function untilNextStart(nowMs: number, { everyMs, shiftMs }: Pace): number | undefined {
  const next = shiftMs + (Math.floor((nowMs - shiftMs) / everyMs) + 1) * everyMs;
  return next <= LAST_START_MS ? next - nowMs : undefined;
}

/** A start that is spread by a number (of a stack, say) over the pace: not all of those that share a credential at once. */
export function shiftOf(spread: number, everyMs: number): number {
  return spread % Math.min(everyMs, MAX_SHIFT_MS);
}
