/** Loads to play: when steps become ready and how long they run, from a seed. */
import type { Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { HOUR_MS } from '#core/time.ts';
import type { Arrival } from '../arrival.ts';
import type { Random } from './random.ts';

/** What a team's day looks like. */
export type WorkingDay = {
  /** Midnight of the day. */
  readonly midnight: Instant;
  readonly scope: Scope;
  readonly labels: readonly string[];
  /** Steps per hour when everybody is at work. */
  readonly peakPerHour: number;
  readonly meanStepMs: number;
};

/** How busy each hour of a working day is, as a share of the peak: a morning, a lunch, an afternoon, stragglers. */
export const ACTIVITY = [
  0, 0, 0, 0, 0, 0, 0.05, 0.2, 0.6, 1, 1, 0.9, 0.35, 0.7, 1, 0.95, 0.7, 0.4, 0.15, 0.05, 0, 0, 0, 0,
];

/** The steps of one working day, in order: a Poisson stream whose rate follows the day (by thinning). */
export function workingDay(day: WorkingDay, random: Random): readonly Arrival[] {
  const arrivals: Arrival[] = [];
  const end = day.midnight + 24 * HOUR_MS;
  const meanGapMs = HOUR_MS / day.peakPerHour;
  for (let at = day.midnight + random.exponential(meanGapMs); at < end; at += random.exponential(meanGapMs)) {
    const activity = ACTIVITY[Math.floor((at - day.midnight) / HOUR_MS)] ?? 0;
    if (random.next() >= activity) continue;
    // A step takes half a minute at least, and no team waits for one that takes five times the mean.
    const durationMs = Math.min(5 * day.meanStepMs, Math.max(30_000, random.exponential(day.meanStepMs)));
    arrivals.push({ at: Math.round(at), scope: day.scope, labels: day.labels, durationMs: Math.round(durationMs) });
  }
  return arrivals;
}
