/** Calls an hour that a workspace allows unless it says otherwise: Bitbucket's limit for a user. */
export const CALLS_PER_HOUR = 1_000;

/**
 * What a call is for, most important first. `removal`: taking a runner away and whatever makes that safe, such as the
 * look just before. `create`: registering. `look`: listing runners. `queue`: counting what waits.
 */
export type Importance = 'removal' | 'create' | 'look' | 'queue';

/** The share of the limit that a kind of call leaves to those that are more important. */
export const RESERVED: Readonly<Record<Importance, number>> = { removal: 0, create: 0.1, look: 0.25, queue: 0.25 };

/** The share of the limit that counting queues ahead of need leaves alone: what nobody but creates and removals may use. */
export const SPARED = RESERVED.queue;

/** The span of an hour's looks: counting by the minute makes it up to 61 minutes, and a look may start a minute early. */
export const LOOK_SPAN_MS = 62 * 60_000;

/** The time between two looks of so many calls each. One look more than the span holds can fall into it, at its two ends. */
export function spread(cost: number, calls: number): number {
  return (LOOK_SPAN_MS * cost) / Math.max(0, calls - cost);
}

/** Looks are never further apart than this where one takes at most that share of the hour's calls. */
export const LONGEST_BLIND_MS = 5 * 60_000;
const LOOK_WITHIN = 1 / 12;

/** Whether a look costs so little that nobody is to be blind for long, whatever else the calls are for. */
export function isCheapLook(calls: number, limit: number): boolean {
  return calls <= limit * LOOK_WITHIN;
}

/** How often an hour's calls pay for looks of so many calls each, when nothing else is done: the time between two. */
export function looksEvery(calls: number, limit: number): number {
  const every = spread(calls, limit - Math.ceil(limit * RESERVED.look));
  return isCheapLook(calls, limit) ? Math.min(every, LONGEST_BLIND_MS) : every;
}
