/**
 * The books of a run: told of every change in the world just before or as it happens, it keeps sums and never steps, so
 * that its size does not depend on how long the run is.
 */
import type { Instant } from '#core/model/observation.ts';
import { MONTH_MS } from '#core/time.ts';
import { Series } from '../series.ts';
import { type RunnerTotals, registeredIn } from '../simulator/registrations.ts';
import type { Step } from '../simulator/step.ts';
import { WaitingHistogram } from './histogram.ts';

/** Numbers of steps by where they are; each step is in exactly one, and each arrived. */
export type StepCounts = {
  readonly arrived: number;
  readonly finished: number;
  readonly running: number;
  readonly waiting: number;
  readonly failed: {
    /** Found nobody online. */
    readonly noRunner: number;
    /** Waited for longer than a step may. */
    readonly expired: number;
    readonly killed: number;
    readonly crashed: number;
  };
};

const LEVELS = ['busy', 'idle', 'starting', 'unavailable', 'waiting'] as const;
type Level = (typeof LEVELS)[number];

/** What has been added up. Times are sums over all runners or steps, in milliseconds. */
export type Books = {
  readonly steps: StepCounts;
  /** Steps that began or waited in vain, and those that still wait with what they have waited so far. */
  readonly waiting: WaitingHistogram;
  /** Of steps that began: from the moment a free runner was there until it took them. */
  readonly pickUp: WaitingHistogram;
  readonly runnerMs: RunnerTotals;
  /** Waiting steps times time, from the length of the queue and not from the steps. */
  readonly queueMs: number;
  /** How long the steps ran that have ended. */
  readonly servedMs: number;
  /** How much time is in the books. */
  readonly spanMs: number;
  /** Most registrations at once. */
  readonly peak: number;
  /** Most steps that ran at once, by month: 30 days each, counted from the start. */
  readonly monthlyPeaks: readonly number[];
  readonly series: Series<Level>;
};

/** How many runners of each kind there are, and how many steps wait. */
export type Present = { readonly totals: RunnerTotals; readonly queued: number };

export class Tally {
  readonly #start: Instant;
  #at: Instant;
  #arrived = 0;
  #begun = 0;
  #finished = 0;
  readonly #failed = { noRunner: 0, expired: 0, killed: 0, crashed: 0 };
  readonly #waiting = new WaitingHistogram();
  readonly #pickUp = new WaitingHistogram();
  readonly #runnerMs = { busy: 0, idle: 0, starting: 0, unavailable: 0 };
  #queueMs = 0;
  #servedMs = 0;
  #spanMs = 0;
  #peak = 0;
  readonly #monthlyPeaks: number[] = [];
  readonly #series: Series<Level>;

  /** Books that begin at `start`, in a world without steps; the series has that many buckets over the span. */
  constructor(start: Instant, spanMs: number, buckets: number) {
    this.#start = start;
    this.#at = start;
    this.#series = new Series(LEVELS, start, spanMs, buckets);
  }

  /** These numbers held since the last call, until now. */
  account(now: Instant, { totals, queued }: Present): void {
    const registered = registeredIn(totals);
    // Also when no time has passed: in the real world some always has.
    this.#peak = Math.max(this.#peak, registered);
    for (let month = this.#monthOf(this.#at); month <= this.#monthOf(Math.max(this.#at, now - 1)); month += 1) {
      this.#monthlyPeaks[month] = Math.max(this.#monthlyPeaks[month] ?? 0, totals.busy);
    }
    const span = now - this.#at;
    if (span === 0) return;
    this.#spanMs += span;
    this.#runnerMs.busy += span * totals.busy;
    this.#runnerMs.idle += span * totals.idle;
    this.#runnerMs.starting += span * totals.starting;
    this.#runnerMs.unavailable += span * totals.unavailable;
    this.#queueMs += span * queued;
    this.#series.add(this.#at, now, { ...totals, waiting: queued });
    this.#at = now;
  }

  /** What was until now is none of these books' time. */
  resume(now: Instant): void {
    this.#at = now;
  }

  /** A step is about to come. */
  stepArrives(): void {
    this.#arrived += 1;
  }

  /** A step waits, runs, has finished or has failed, as of now. */
  stepChanged({ state, failure, readyAt, runnerAt = 0, startedAt, endedAt }: Step): void {
    // What came in the warm-up is none of these books' steps.
    if (readyAt < this.#start) return;
    if (state === 'running' && startedAt !== undefined) {
      this.#begun += 1;
      this.#waiting.add(runnerAt - readyAt);
      this.#pickUp.add(startedAt - runnerAt);
    }
    if (startedAt !== undefined && endedAt !== undefined) this.#servedMs += endedAt - startedAt;
    if (state === 'finished') this.#finished += 1;
    if (failure === 'no-runner') this.#failed.noRunner += 1;
    if (failure === 'expired' && endedAt !== undefined) {
      this.#failed.expired += 1;
      this.#waiting.add(endedAt - readyAt);
    }
    if (failure === 'killed') this.#failed.killed += 1;
    if (failure === 'crashed') this.#failed.crashed += 1;
  }

  /** Closes the books now, with the steps that still wait. */
  close(now: Instant, totals: RunnerTotals, stillWaiting: ReadonlySet<Step>): Books {
    this.account(now, { totals, queued: stillWaiting.size });
    const waiting = [...stillWaiting].filter(({ readyAt }) => readyAt >= this.#start);
    for (const { readyAt, runnerAt = now } of waiting) this.#waiting.add(runnerAt - readyAt);
    const running = this.#begun - this.#finished - this.#failed.killed - this.#failed.crashed;
    return {
      steps: {
        arrived: this.#arrived,
        finished: this.#finished,
        running,
        waiting: waiting.length,
        failed: this.#failed,
      },
      waiting: this.#waiting,
      pickUp: this.#pickUp,
      runnerMs: this.#runnerMs,
      queueMs: this.#queueMs,
      servedMs: this.#servedMs,
      spanMs: this.#spanMs,
      peak: this.#peak,
      monthlyPeaks: this.#monthlyPeaks,
      series: this.#series,
    };
  }

  #monthOf(at: Instant): number {
    return Math.floor((at - this.#start) / MONTH_MS);
  }
}
