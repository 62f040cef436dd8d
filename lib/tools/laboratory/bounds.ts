/**
 * How far any policy can get, from the steps alone: what it would cost to know the future, and what may be had by knowing
 * the rate of each hour and nothing else. Both know no `min`, no `max` and no labels, so no fleet is cheaper.
 */
import { countWhile } from '#core/halving.ts';
import type { Instant } from '#core/model/observation.ts';
import { DAY_MS, HOUR_MS, MONTH_MS } from '#core/time.ts';
import type { Arrivals } from '../arrival.ts';
import { createRandom } from '../simulator/random.ts';
import { type Distribution, draw } from './distribution.ts';
import type { Scenario } from './scenario.ts';

/** Points between waiting and cost that belong together. */
export type Bound = {
  readonly name: string;
  /** What it is, and where it is from. */
  readonly source: string;
  readonly points: readonly BoundPoint[];
};

type BoundPoint = {
  readonly label: string;
  readonly waitingMeanMs: number;
  readonly waitingP95Ms: number;
  readonly runnerHours: number;
  /** As of `Figures.money`: runners, and the peak of running steps. */
  readonly money: number;
};

/** Safety β of square-root staffing, and the share of steps that then wait at all: 1 / (1 + β Φ(β) / φ(β)). */
const SAFETIES = [
  { beta: 0.5, waits: 0.5045 },
  { beta: 1, waits: 0.2234 },
  { beta: 2, waits: 0.0269 },
] as const;

/** The bounds of a scenario, from its steps in their order. */
export async function boundsOf(arrivals: Arrivals, scenario: Scenario): Promise<readonly Bound[]> {
  const { start, span, startup, prices } = scenario;
  const future = knowTheFuture(start, start + span, meanOf(startup));
  const hours = keepHours(start, start + span);
  for await (const { at, durationMs } of arrivals) {
    if (at >= start + span) break;
    future.take(at, durationMs);
    hours.take(at, durationMs);
  }
  const slots = future.monthlyPeaks.reduce((sum, most) => sum + Math.max(0, most - prices.includedSlots), 0);
  const point = (label: string, runnerMs: number, waitingMeanMs: number, waitingP95Ms: number): BoundPoint => {
    const runnerHours = runnerMs / HOUR_MS;
    const money = runnerHours * prices.runnerHour + slots * prices.slotMonth;
    return { label, waitingMeanMs, waitingP95Ms, runnerHours, money };
  };
  return [
    {
      name: 'clairvoyant',
      source:
        'Knows the future and no limits, and lets nobody wait: every runner is online when its step is ready, the one that was busy last takes the next, and one is kept idle only where that takes less than a start (Lu, Chen and Andrew 2013, the offline optimum).',
      points: [point('clairvoyant', future.runnerMs(), 0, 0)],
    },
    {
      name: 'square-root staffing',
      source:
        'R + β√R runners, where R of each hour is known beforehand and its steps are independent; batches wait longer (Erlang 1924; Halfin and Whitt 1981).',
      points: SAFETIES.map((safety) => point(`β ${safety.beta}`, ...hours.staffed(safety))),
    },
  ];
}

/**
 * Runners of which the one that was busy last takes the next step. Where all starts take the same, no other order leaves
 * shorter times between steps.
 */
function knowTheFuture(start: Instant, end: Instant, startMs: number) {
  const busyUntil: Instant[] = [];
  const idleSince: Instant[] = [];
  const monthlyPeaks: number[] = [];
  let ms = 0;
  return {
    monthlyPeaks,
    take: (at: Instant, durationMs: number): void => {
      while ((busyUntil.at(-1) ?? end) <= at) idleSince.push(busyUntil.pop() ?? at);
      const since = idleSince.pop();
      const isKept = since !== undefined && at - since < startMs;
      // What was idle for longer would have been removed.
      if (!isKept) idleSince.length = 0;
      ms += (isKept ? at - since : startMs) + Math.min(durationMs, end - at);
      const until = at + durationMs;
      // The times fall, so that the one that comes first stands last.
      const place = countWhile(busyUntil.length, (index) => (busyUntil[index] ?? 0) > until);
      busyUntil.splice(place, 0, until);
      const month = Math.floor((at - start) / MONTH_MS);
      monthlyPeaks[month] = Math.max(monthlyPeaks[month] ?? 0, busyUntil.length);
    },
    runnerMs: () => ms,
  };
}

/** How many steps came in each hour, and how much work there was in it. */
function keepHours(start: Instant, end: Instant) {
  const hours = Array.from({ length: Math.ceil((end - start) / HOUR_MS) }, () => ({ steps: 0, workMs: 0 }));
  let [steps, workMs] = [0, 0];
  return {
    take: (at: Instant, durationMs: number): void => {
      steps += 1;
      workMs += durationMs;
      const first = Math.floor((at - start) / HOUR_MS);
      for (const [index, hour] of hours.slice(first, first + Math.ceil(durationMs / HOUR_MS) + 1).entries()) {
        const from = start + (first + index) * HOUR_MS;
        if (index === 0) hour.steps += 1;
        hour.workMs += Math.max(0, Math.min(at + durationMs, from + HOUR_MS) - Math.max(at, from));
      }
    },
    /** Runners times time, the mean waiting and its 95th percentile, in ms. */
    staffed: ({ beta, waits }: { readonly beta: number; readonly waits: number }): [number, number, number] => {
      const loads = hours.map((hour) => ({ ...hour, runners: hour.workMs / HOUR_MS }));
      const runnerMs = loads.reduce((sum, { runners }) => sum + (runners + beta * Math.sqrt(runners)) * HOUR_MS, 0);
      if (steps === 0) return [runnerMs, 0, 0];
      // Of the steps that wait, waiting is exponential: runners become free at a rate, beyond what comes.
      const waitingOf = (runners: number) => workMs / steps / (beta * Math.sqrt(runners));
      const busy = loads.filter((hour) => hour.steps > 0 && hour.runners > 0);
      const later = (ms: number) =>
        busy.reduce((sum, hour) => sum + hour.steps * waits * Math.exp(-ms / waitingOf(hour.runners)), 0) / steps;
      const mean = busy.reduce((sum, hour) => sum + hour.steps * waits * waitingOf(hour.runners), 0) / steps;
      return [runnerMs, mean, firstBelow(later, 0.05)];
    },
  };
}

/** The first whole second at which a falling share is no more than that. */
function firstBelow(share: (ms: number) => number, most: number): number {
  return countWhile(DAY_MS / 1000, (seconds) => share(seconds * 1000) > most) * 1000;
}

const DRAWS = 2_000;

function meanOf(distribution: Distribution): number {
  const random = createRandom(1);
  let sum = 0;
  for (let count = 0; count < DRAWS; count += 1) sum += draw(distribution, random);
  return sum / DRAWS;
}
