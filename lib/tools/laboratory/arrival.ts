/** A step that comes up in a scenario, wherever it is from: a synthetic load or a history. */

import type { RunnerGroup, Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';

/** When a step became ready to run, whose it is, what it asks for, and how long it runs once it has a runner. */
export type Arrival = {
  readonly at: Instant;
  readonly scope: Scope;
  readonly labels: readonly string[];
  readonly durationMs: number;
};

/** Arrivals in order of time. They are looked at once, so they may come from a file of any length. */
export type Arrivals = Iterable<Arrival> | AsyncIterable<Arrival>;

/** Whether a step may run on the runners of a group: the same rule as Bitbucket's. */
export function mayRun(step: Pick<Arrival, 'scope' | 'labels'>, { scope, labels }: RunnerGroup): boolean {
  return (
    step.scope.workspace === scope.workspace &&
    (scope.repository === undefined || scope.repository === step.scope.repository) &&
    step.labels.every((label) => labels.includes(label))
  );
}

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
  let [low, high] = [0, heads.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const head = heads[middle];
    if (head !== undefined && isLater(head, next.at, order)) low = middle + 1;
    else high = middle;
  }
  heads.splice(low, 0, { order, rest, next });
}

function isLater(head: Head, at: Instant, order: number): boolean {
  return head.next.at > at || (head.next.at === at && head.order > order);
}
