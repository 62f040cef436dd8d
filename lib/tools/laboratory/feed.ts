/** Arrivals as they are needed: a stream of any length is read no further than the run has come. */
import type { Instant } from '#core/model/observation.ts';
import type { Arrival, Arrivals } from './arrival.ts';

export type Feed = {
  /** Passes on every arrival up to and at this time. */
  readonly until: (at: Instant) => Promise<void> | void;
};

/** Opens a stream of arrivals, each of which is passed on once and in order. */
export function openFeed(arrivals: Arrivals, pass: (arrival: Arrival) => void): Feed {
  return Symbol.iterator in arrivals
    ? feedAtOnce(arrivals[Symbol.iterator](), pass)
    : feedInTime(arrivals[Symbol.asyncIterator](), pass);
}

function feedAtOnce(stream: Iterator<Arrival>, pass: (arrival: Arrival) => void): Feed {
  let next = stream.next();
  return {
    until: (at) => {
      for (; next.done !== true && next.value.at <= at; next = stream.next()) pass(next.value);
    },
  };
}

function feedInTime(stream: AsyncIterator<Arrival>, pass: (arrival: Arrival) => void): Feed {
  let next: IteratorResult<Arrival> | undefined;
  return {
    until: async (at) => {
      next ??= await stream.next();
      for (; next.done !== true && next.value.at <= at; next = await stream.next()) pass(next.value);
    },
  };
}
