/** Steps as they come up, from a synthetic load or a history, as streams that are read no further than they are needed. */
import { countWhile } from '#core/halving.ts';
import type { Instant } from '#core/model/observation.ts';
import { HOUR_MS } from '#core/time.ts';
import type { StepRequest } from './simulator/step.ts';

/** When a step became ready to run, whose it is, what it asks for, and how long it runs once it has a runner. */
export type Arrival = StepRequest & { readonly at: Instant };

/** Bitbucket ends a step after two hours: one that is drawn longer, or was longer in another system, is played so long. */
export function stepTime(durationMs: number): number {
  return Math.min(durationMs, 2 * HOUR_MS);
}

/** Arrivals in order of time. They are looked at once, so they may come from a file of any length. */
export type Arrivals = Iterable<Arrival> | AsyncIterable<Arrival>;

/** Streams of arrivals as one, in order of time; those of one moment in the order of the streams. */
export function* mergeArrivals(streams: readonly Iterable<Arrival>[]): Generator<Arrival> {
  const heads: Head[] = [];
  for (const [order, stream] of streams.entries()) advance(heads, { order, rest: stream[Symbol.iterator]() });
  for (let first = heads.pop(); first !== undefined; first = heads.pop()) {
    yield first.next;
    advance(heads, first);
  }
}

type Stream = { readonly order: number; readonly rest: Iterator<Arrival> };
type Head = Stream & { readonly next: Arrival };

/** Puts a stream's next arrival in its place; the list is kept with the earliest at its end. */
function advance(heads: Head[], { order, rest }: Stream): void {
  const { value: next, done } = rest.next();
  if (done === true) return;
  const isLater = (head: Head | undefined) =>
    head !== undefined && (head.next.at > next.at || (head.next.at === next.at && head.order > order));
  const place = countWhile(heads.length, (index) => isLater(heads[index]));
  heads.splice(place, 0, { order, rest, next });
}

type Feed = {
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
