/**
 * Items that are nearly in order, put in order: those that came last are held back, as many as fit, and the earliest of
 * them is let go when there is one too many. What comes later than that cannot be put in its place any more. Bounded by a
 * number and not by a time, so that one item with an absurd time does no harm to the others. Pure.
 */
import type { Instant } from '#core/model/observation.ts';

export type Order<Item> = {
  /** Takes an item; gives the one that is to go, if there is one too many. The item must not be before the last one given. */
  readonly push: (at: Instant, item: Item) => Item | undefined;
  /** The rest, in order. */
  readonly drain: () => Generator<Item>;
};

type Held<Item> = { readonly at: Instant; readonly rank: number; readonly item: Item };

/** Holds at most `size` items. Those of one time stay as they came. */
export function putInOrder<Item>(size: number): Order<Item> {
  // A binary heap: each entry is before its two children, which are at 2i + 1 and 2i + 2.
  const heap: Held<Item>[] = [];
  let pushed = 0;

  function add(entry: Held<Item>): void {
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = entry;
  }

  function takeFirst(): Item | undefined {
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (heap.length > 0) sink(last);
    return first.item;
  }

  /** Puts an entry at the top, and down to where it belongs. */
  function sink(entry: Held<Item>): void {
    let place = 0;
    for (let child = earlierChild(place); child !== undefined; child = earlierChild(place)) {
      const below = heap[child];
      if (below === undefined || !isBefore(below, entry)) break;
      heap[place] = below;
      place = child;
    }
    heap[place] = entry;
  }

  function earlierChild(place: number): number | undefined {
    const left = heap[2 * place + 1];
    const right = heap[2 * place + 2];
    if (left === undefined) return undefined;
    return right !== undefined && isBefore(right, left) ? 2 * place + 2 : 2 * place + 1;
  }

  return {
    push: (at, item) => {
      add({ at, rank: pushed, item });
      pushed += 1;
      return heap.length > size ? takeFirst() : undefined;
    },
    *drain() {
      for (let item = takeFirst(); item !== undefined; item = takeFirst()) yield item;
    },
  };
}

function isBefore<Item>(one: Held<Item>, other: Held<Item>): boolean {
  return one.at < other.at || (one.at === other.at && one.rank < other.rank);
}
