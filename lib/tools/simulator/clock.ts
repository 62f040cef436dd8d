/** Virtual time: a heap of things that will happen. Nothing waits; the clock jumps from one to the next. */
import type { Instant } from '#core/model/observation.ts';

type Happening = {
  readonly at: Instant;
  readonly order: number;
  readonly run: () => void;
  readonly isDue: () => boolean;
};

export class VirtualClock {
  #now: Instant;
  #order = 0;
  #happened = 0;
  readonly #heap: Happening[] = [];

  constructor(start: Instant) {
    this.#now = start;
  }

  get now(): Instant {
    return this.#now;
  }

  /** How many things have happened. */
  get happened(): number {
    return this.#happened;
  }

  /**
   * Has something happen at a time that has not passed; at one time, in the order of asking. What is no longer due when
   * its time has come does not happen.
   */
  schedule(at: Instant, run: () => void, isDue: () => boolean = () => true): void {
    this.#heap.push({ at: Math.max(at, this.#now), order: this.#order++, run, isDue });
    this.#siftUp(this.#heap.length - 1);
  }

  /** Lets everything happen up to and at this time. */
  advanceTo(time: Instant): void {
    for (let first = this.#heap[0]; first !== undefined && first.at <= time; first = this.#heap[0]) {
      this.#removeFirst();
      if (!first.isDue()) continue;
      this.#now = first.at;
      this.#happened += 1;
      first.run();
    }
    this.#now = Math.max(this.#now, time);
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown(0);
  }

  #siftUp(from: number): void {
    for (let child = from; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#swapIfLater(parent, child)) return;
      child = parent;
    }
  }

  #siftDown(from: number): void {
    for (let parent = from; ; ) {
      const left = 2 * parent + 1;
      const child = this.#isLater(left, left + 1) ? left + 1 : left;
      if (!this.#swapIfLater(parent, child)) return;
      parent = child;
    }
  }

  #swapIfLater(first: number, second: number): boolean {
    if (!this.#isLater(first, second)) return false;
    const [a, b] = [this.#heap[first], this.#heap[second]];
    if (a === undefined || b === undefined) return false;
    this.#heap[first] = b;
    this.#heap[second] = a;
    return true;
  }

  /** Whether the entry at `first` happens after the one at `second`; an entry that does not exist is never second. */
  #isLater(first: number, second: number): boolean {
    const [a, b] = [this.#heap[first], this.#heap[second]];
    if (a === undefined || b === undefined) return false;
    return a.at > b.at || (a.at === b.at && a.order > b.order);
  }
}
