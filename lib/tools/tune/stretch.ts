/**
 * A history in two parts: one to search in, and one that the search never sees, to check what was found. They take turns,
 * so that both have working days and weekends. Each step belongs to the part in which it became ready. Pure.
 */
import type { Instant } from '#core/model/observation.ts';
import { DAY_MS } from '#core/time.ts';
import type { Arrival, Arrivals } from '../arrival.ts';
import type { Scenario } from '../laboratory/scenario.ts';
import type { Turns } from '../laboratory/turns.ts';

/** How long a turn is. */
export type TurnLength = 'days' | 'weeks';

const WEEK_MS = 7 * DAY_MS;

/** The first Monday of all. */
const MONDAY = 4 * DAY_MS;

/**
 * Whole days or weeks, by default days up to eight weeks; what is shorter than four days or weeks is cut into eight
 * pieces. The first is searched in.
 */
export function turnsOf(
  { start, span }: Pick<Scenario, 'start' | 'span'>,
  length: TurnLength = span < 8 * WEEK_MS ? 'days' : 'weeks',
): Turns {
  const everyMs = length === 'days' ? DAY_MS : WEEK_MS;
  if (span < 4 * everyMs) return { from: start, everyMs: Math.ceil(span / 8) };
  const origin = length === 'days' ? 0 : MONDAY;
  return { from: start - ((start - origin) % everyMs), everyMs };
}

/** The beginning of a scenario. What of nodes and outages lies behind it does no harm. */
export function beginningOf(scenario: Scenario, share: number): Scenario {
  return { ...scenario, span: Math.round(scenario.span * share) };
}

/** What becomes ready within a scenario and is wanted. The stream is read no further than to the end, and closed then. */
export function arrivalsWithin(
  arrivals: Arrivals,
  { start, span }: Pick<Scenario, 'start' | 'span'>,
  isWanted: (arrival: Arrival) => boolean,
): Arrivals {
  const stretch = { from: start, to: start + span };
  return Symbol.iterator in arrivals ? atOnce(arrivals, stretch, isWanted) : inTime(arrivals, stretch, isWanted);
}

type Stretch = { readonly from: Instant; readonly to: Instant };

function* atOnce(
  arrivals: Iterable<Arrival>,
  { from, to }: Stretch,
  isWanted: (arrival: Arrival) => boolean,
): Generator<Arrival> {
  for (const arrival of arrivals) {
    if (arrival.at >= to) return;
    if (arrival.at >= from && isWanted(arrival)) yield arrival;
  }
}

async function* inTime(
  arrivals: AsyncIterable<Arrival>,
  { from, to }: Stretch,
  isWanted: (arrival: Arrival) => boolean,
): AsyncGenerator<Arrival> {
  for await (const arrival of arrivals) {
    if (arrival.at >= to) return;
    if (arrival.at >= from && isWanted(arrival)) yield arrival;
  }
}
