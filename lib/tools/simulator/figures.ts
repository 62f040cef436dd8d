/** What a simulated run came to, in the units that people decide by: waiting, runner-hours, peaks, failures. */
import type { Instant } from '#core/model/observation.ts';
import { HOUR_MS } from '#core/time.ts';
import { type RunnerTotals, registeredIn, type Step } from './bitbucket.ts';

/** Figures of a run. Waiting is per step that got a runner, in milliseconds. */
export type Figures = {
  readonly steps: { readonly finished: number; readonly running: number; readonly waiting: number };
  readonly failed: { readonly noRunner: number; readonly killed: number; readonly crashed: number };
  readonly waiting: { readonly meanMs: number; readonly p95Ms: number; readonly longestMs: number };
  readonly runnerHours: { readonly registered: number; readonly busy: number };
  readonly peak: number;
};

/** Adds up registrations over time; told of every change just before it happens. */
export class RunnerTime {
  #at: Instant;
  #registeredMs = 0;
  #busyMs = 0;
  #peak = 0;

  constructor(start: Instant) {
    this.#at = start;
  }

  /** The numbers that held until now. */
  account(now: Instant, totals: RunnerTotals): void {
    const span = now - this.#at;
    const registered = registeredIn(totals);
    this.#registeredMs += span * registered;
    this.#busyMs += span * totals.busy;
    this.#peak = Math.max(this.#peak, registered);
    this.#at = now;
  }

  get hours(): Figures['runnerHours'] {
    return { registered: this.#registeredMs / HOUR_MS, busy: this.#busyMs / HOUR_MS };
  }

  get peak(): number {
    return this.#peak;
  }
}

/** The figures of all steps that ever were and the time that runners were there. */
export function summarise(steps: readonly Step[], time: RunnerTime): Figures {
  const waits = steps
    .flatMap((step) => (step.startedAt === undefined ? [] : [step.startedAt - step.readyAt]))
    .sort((a, b) => a - b);
  const count = (state: Step['state']) => steps.filter((step) => step.state === state).length;
  const failures = (failure: Step['failure']) => steps.filter((step) => step.failure === failure).length;
  return {
    steps: { finished: count('finished'), running: count('running'), waiting: count('waiting') },
    failed: { noRunner: failures('no-runner'), killed: failures('killed'), crashed: failures('crashed') },
    waiting: {
      meanMs: waits.length === 0 ? 0 : waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
      p95Ms: waits[Math.max(0, Math.ceil(waits.length * 0.95) - 1)] ?? 0,
      longestMs: waits.at(-1) ?? 0,
    },
    runnerHours: time.hours,
    peak: time.peak,
  };
}
