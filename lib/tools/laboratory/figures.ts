/** What a run came to, in the units that people decide by. Pure; the definitions here are those of every table and page. */
import type { Calls } from '#core/model/report.ts';
import { HOUR_MS } from '#core/time.ts';
import type { NodeFigures } from './nodes.ts';
import type { Scenario } from './scenario.ts';
import type { Books, StepCounts } from './tally.ts';

/** The figures of one policy in one scenario. */
export type Figures = {
  /** Each step is in exactly one of finished, running, waiting and failed. */
  readonly steps: StepCounts;
  /**
   * From the moment a step is ready until a free runner is there for it, over all steps that were taken, waited in vain or still
   * wait (with what they have waited so far). Steps that failed because nobody was online are not in it. Percentiles are by
   * nearest rank and rounded up to a second; mean and longest are exact.
   */
  readonly waiting: {
    readonly meanMs: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
    readonly p99Ms: number;
    readonly longestMs: number;
    /** Share of the steps that waited for the scenario's `goal` at the most; 1 without steps. */
    readonly withinGoal: number;
  };
  /** How long free runners took to pick up the steps that began. */
  readonly pickUp: { readonly meanMs: number; readonly p95Ms: number };
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
  /** The most calls to Bitbucket in any hour, warm-up included; 0 where they are not counted. */
  readonly callsInAnHour: number;
  readonly money: {
    /** Runner-hours times their price. */
    readonly runners: number;
    /** For every month that was begun, its peak of running steps beyond what is included, times the price of a slot. */
    readonly slots: number;
    readonly total: number;
  };
  /** What nodes for the requests of its pods cost; absent for a policy whose pods do not say what they request. */
  readonly nodes?: NodeFigures;
};

/** The figures of closed books. */
export function figuresOf(
  books: Books,
  {
    runners,
    calls,
    callsInAnHour,
    nodes,
    scenario: { prices, goal },
  }: Pick<Figures, 'runners' | 'calls' | 'callsInAnHour'> & {
    readonly nodes: NodeFigures | undefined;
    readonly scenario: Pick<Scenario, 'prices' | 'goal'>;
  },
): Figures {
  const { waiting, pickUp, peak } = books;
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
      withinGoal: waiting.shareWithin(goal),
    },
    pickUp: { meanMs: pickUp.meanMs, p95Ms: pickUp.quantileMs(0.95) },
    runnerHours,
    peak,
    runners,
    calls,
    callsInAnHour,
    money: { runners: ofRunners, slots: ofSlots, total: ofRunners + ofSlots },
    ...(nodes && { nodes }),
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
