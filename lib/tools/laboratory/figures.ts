/** What a run came to, in the units that people decide by. Pure; the definitions here are those of every table and page. */
import type { Calls } from '#core/model/report.ts';
import { HOUR_MS } from '#core/time.ts';
import type { Prices } from './scenario.ts';
import type { Books, StepCounts } from './tally.ts';

/** The figures of one policy in one scenario. */
export type Figures = {
  /** Each step is in exactly one of finished, running, waiting and failed. */
  readonly steps: StepCounts;
  /**
   * From the moment a step is ready until a runner takes it, over all steps that were taken, waited in vain or still
   * wait (with what they have waited so far). Steps that failed because nobody was online are not in it. Percentiles are by
   * nearest rank and rounded up to a second; mean and longest are exact.
   */
  readonly waiting: {
    readonly meanMs: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
    readonly p99Ms: number;
    readonly longestMs: number;
  };
  /** Registrations times time. `unavailable`: out of service or offline, without a step. */
  readonly runnerHours: {
    readonly registered: number;
    readonly busy: number;
    readonly idle: number;
    readonly starting: number;
    readonly unavailable: number;
  };
  /** Most registrations at once, all scopes together. */
  readonly peak: number;
  readonly runners: { readonly created: number; readonly removed: number };
  /** As the ports count them; a policy that acts on the world itself makes none. */
  readonly calls: Calls;
  readonly money: {
    /** Runner-hours times their price. */
    readonly runners: number;
    /** For every month that was begun, its peak beyond what is included, times the price of a slot. */
    readonly slots: number;
    readonly total: number;
  };
};

/** The figures of closed books. */
export function figuresOf(
  books: Books,
  { runners, calls, prices }: Pick<Figures, 'runners' | 'calls'> & { readonly prices: Prices },
): Figures {
  const { waiting, peak } = books;
  const runnerHours = hoursOf(books);
  const ofRunners = runnerHours.registered * prices.runnerHour;
  const slots = books.monthlyPeaks.reduce((sum, most) => sum + Math.max(0, most - prices.includedSlots), 0);
  const ofSlots = slots * prices.slotMonth;
  return {
    steps: books.steps,
    waiting: {
      meanMs: waiting.meanMs,
      p50Ms: waiting.quantileMs(0.5),
      p95Ms: waiting.quantileMs(0.95),
      p99Ms: waiting.quantileMs(0.99),
      longestMs: waiting.longestMs,
    },
    runnerHours,
    peak,
    runners,
    calls,
    money: { runners: ofRunners, slots: ofSlots, total: ofRunners + ofSlots },
  };
}

function hoursOf({ runnerMs: { busy, idle, starting, unavailable } }: Books): Figures['runnerHours'] {
  return {
    registered: (busy + idle + starting + unavailable) / HOUR_MS,
    busy: busy / HOUR_MS,
    idle: idle / HOUR_MS,
    starting: starting / HOUR_MS,
    unavailable: unavailable / HOUR_MS,
  };
}
