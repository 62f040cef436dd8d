/** What a run means for a goal: how long the steps waited that it is about, and what a month like it costs. Pure. */
import { MONTH_MS } from '#core/time.ts';
import type { Figures } from '../laboratory/figures.ts';
import type { Result } from '../laboratory/run.ts';
import type { Point } from './frontier.ts';
import type { Goal } from './goal.ts';

/** By what settings are compared: money by the scenario's prices, or runner-hours. */
export type Measure = 'money' | 'hours';

/** One setting in one part of a history. `cost` is `money` or `hours`, whichever was asked for. */
export type Outcome = Point & {
  readonly steps: number;
  /** Share of the steps that kept the goal's time; 1 without steps. */
  readonly keptShare: number;
  /** Steps that failed for lack of an online runner, or with their runner: they keep no goal. */
  readonly failed: number;
  /** Of 30 days like this, slots included. */
  readonly money: number;
  /** Registered runners times time, of 30 days like this. */
  readonly hours: number;
};

/** Judges the books of a run. Steps of which it is not known how long they would have waited count with what they have. */
export function outcomeOf(
  { books, figures }: Pick<Result, 'books' | 'figures'>,
  goal: Goal,
  measure: Measure,
): Outcome {
  const { spanMs } = books;
  const { noRunner, expired, killed, crashed } = figures.steps.failed;
  const failed = noRunner + expired + killed + crashed;
  // The expired, the killed and the crashed have waited, and are among those that waited.
  const steps = books.waiting.count + noRunner;
  const { keptShare, waitedMs } = waitingOf(books.waiting, steps - failed, steps, goal);
  const money = monthly(figures, spanMs, books.monthlyPeaks.length);
  const hours = (figures.runnerHours.registered * MONTH_MS) / spanMs;
  return { steps, keptShare, waitedMs, failed, money, hours, cost: measure === 'money' ? money : hours };
}

/** Slots are billed by the month whatever its length, so only runners are taken to 30 days. */
function monthly({ money }: Figures, spanMs: number, months: number): number {
  return (money.runners * MONTH_MS) / spanMs + money.slots / Math.max(1, months);
}

/** Failed steps count as the longest waits. How long they really waited is not known, and few steps fail once they run. */
function waitingOf(
  { bins, longestMs }: Result['books']['waiting'],
  unharmed: number,
  steps: number,
  { share, withinMs }: Goal,
): Pick<Outcome, 'keptShare' | 'waitedMs'> {
  if (steps === 0) return { keptShare: 1, waitedMs: 0 };
  const rank = Math.ceil(Number((share * steps).toFixed(6)));
  let waitedMs = Number.POSITIVE_INFINITY;
  let [below, kept] = [0, 0];
  for (const [index, { seconds, steps: count }] of bins.entries()) {
    below += count;
    const timeMs = index === bins.length - 1 ? longestMs : seconds * 1000;
    if (timeMs <= withinMs) kept = below;
    if (below >= rank && rank <= unharmed && waitedMs === Number.POSITIVE_INFINITY) waitedMs = timeMs;
  }
  return { keptShare: Math.min(kept, unharmed) / steps, waitedMs };
}
