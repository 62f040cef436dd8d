/**
 * The books of a run, or two of them in turn: every second day, say, goes into the second, with the steps that became
 * ready in it. So one run gives what a setting is chosen by and what it is checked on, of the same weeks.
 */
import type { Instant } from '#core/model/observation.ts';
import type { RunnerTotals } from '../simulator/registrations.ts';
import type { Step, StepRequest } from '../simulator/step.ts';
import { type Books, type Present, Tally } from './tally.ts';

/** Stretches of equal length that begin at `from`, which does not lie after the scenario's start. */
export type Turns = { readonly from: Instant; readonly everyMs: number };

/** Whose turn a moment is: 0 for the first books, 1 for the second. */
export function turnAt({ from, everyMs }: Turns, at: Instant): 0 | 1 {
  return Math.floor((at - from) / everyMs) % 2 === 0 ? 0 : 1;
}

/** What is in the books: one pair of turns, absent for one set of books, and the steps that are counted, absent for all. */
export type Counting = {
  readonly turns?: Turns;
  readonly isCounted?: (step: Pick<StepRequest, 'scope' | 'labels'>) => boolean;
};

const NOBODY: RunnerTotals = { busy: 0, idle: 0, starting: 0, unavailable: 0 };

export class Accounts {
  readonly #turns: Turns;
  readonly #isCounted: NonNullable<Counting['isCounted']>;
  readonly #tallies: readonly [Tally, Tally];
  #until: Instant;
  #turn: 0 | 1;

  constructor(start: Instant, spanMs: number, buckets: number, { turns, isCounted = () => true }: Counting) {
    this.#turns = turns ?? { from: start, everyMs: Number.POSITIVE_INFINITY };
    this.#isCounted = isCounted;
    this.#tallies = [new Tally(start, spanMs, buckets), new Tally(start, spanMs, buckets)];
    this.#turn = turnAt(this.#turns, start);
    this.#until = this.#endOfTurn(start);
  }

  /** These numbers held since the last call, until now. */
  account(now: Instant, present: Present): void {
    while (this.#until <= now) {
      this.#present.account(this.#until, present);
      this.#turn = turnAt(this.#turns, this.#until);
      this.#present.resume(this.#until);
      this.#until = this.#endOfTurn(this.#until);
    }
    this.#present.account(now, present);
  }

  /** A step is about to come. */
  stepArrives(at: Instant, step: StepRequest): void {
    if (this.#isCounted(step)) this.#tallyAt(at).stepArrives();
  }

  /** A step waits, runs, has finished or has failed, as of now. */
  stepChanged(step: Step): void {
    if (this.#isCounted(step)) this.#tallyAt(step.readyAt).stepChanged(step);
  }

  /** Closes the books of the first turns, and of the second, which are empty without turns. */
  close(now: Instant, totals: RunnerTotals, waiting: ReadonlySet<Step>): readonly [Books, Books] {
    this.account(now, { totals, queued: waiting.size });
    const counted = [...waiting].filter(this.#isCounted);
    const closed = (turn: 0 | 1) => {
      const tally = this.#tallies[turn];
      tally.resume(now);
      const own = counted.filter(({ readyAt }) => turnAt(this.#turns, readyAt) === turn);
      return tally.close(now, turn === this.#turn ? totals : NOBODY, new Set(own));
    };
    return [closed(0), closed(1)];
  }

  get #present(): Tally {
    return this.#tallies[this.#turn];
  }

  #tallyAt(at: Instant): Tally {
    return this.#tallies[turnAt(this.#turns, at)];
  }

  #endOfTurn(at: Instant): Instant {
    const { from, everyMs } = this.#turns;
    return Number.isFinite(everyMs) ? from + (Math.floor((at - from) / everyMs) + 1) * everyMs : everyMs;
  }
}
