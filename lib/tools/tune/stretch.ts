/**
 * A history in two parts: one to search in, and the last one, which the search never sees, to check what was found. Each
 * step belongs to the part in which it became ready. Pure.
 */
import type { Instant } from '#core/model/observation.ts';
import type { Arrival, Arrivals } from '../arrival.ts';
import type { Scenario } from '../laboratory/scenario.ts';

/** The scenario before and after the moment that leaves this share (in (0, 1)) to the second part. */
export function splitScenario(scenario: Scenario, holdOut: number): { training: Scenario; holdOut: Scenario } {
  const first = Math.round(scenario.span * (1 - holdOut));
  return { training: partOf(scenario, 0, first), holdOut: partOf(scenario, first, scenario.span) };
}

/** The beginning of a scenario. */
export function beginningOf(scenario: Scenario, share: number): Scenario {
  return share === 1 ? scenario : partOf(scenario, 0, Math.round(scenario.span * share));
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

/** From one moment to another, both counted from the start, with what of nodes and outages falls on it. */
function partOf(scenario: Scenario, from: number, to: number): Scenario {
  const { start, warmUp, nodes, outages } = scenario;
  const before = nodes.findLast((change) => change.from <= from);
  const after = nodes.filter((change) => change.from > from && change.from < to);
  return {
    ...scenario,
    start: start + from,
    span: to - from,
    // What held at the beginning holds during the warm-up too.
    nodes: [
      ...(before === undefined ? [] : [{ ...before, from: -warmUp }]),
      ...after.map((change) => ({ ...change, from: change.from - from })),
    ],
    outages: outages
      .filter((outage) => outage.from < to && outage.to > from)
      .map((outage) => ({ ...outage, from: Math.max(0, outage.from - from), to: Math.min(to, outage.to) - from })),
  };
}
