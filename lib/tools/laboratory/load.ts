/**
 * Synthetic loads: the shapes that work comes in, as data, and the steps that they stand for. Each is a stream in order
 * of time that is made while it is read, so that a year costs no more memory than a day.
 */
import * as z from 'zod';
import { sourceOf } from '#core/decide/strategies/index.ts';
import type { RunnerGroup, Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { weekdayOf } from '#core/schedule/windows.ts';
import { DAY_MS, HOUR_MS } from '#core/time.ts';
import { type Arrival, mergeArrivals, stepTime } from '../arrival.ts';
import { createRandom, type Random } from '../simulator/random.ts';
import { distribution, draw } from './distribution.ts';
import { longerThanNothing, span } from './span.ts';

/** How busy each hour of a working day is, as a share of the peak: a morning, a lunch, an afternoon, stragglers. */
const ACTIVITY = [0, 0, 0, 0, 0, 0, 0.05, 0.2, 0.6, 1, 1, 0.9, 0.35, 0.7, 1, 0.95, 0.7, 0.4, 0.15, 0.05, 0, 0, 0, 0];

const steps = z.number().int().positive();
const rate = z.number().positive();

/** Whose steps these are; without a workspace, each group of the configuration that is tried gets the load. */
const owner = {
  workspace: z.string().min(1).optional(),
  repository: z.string().min(1).optional(),
  labels: z.array(z.string().min(1)).optional(),
};

/** The shapes. `duration` is how long a step runs. */
export const load = z.discriminatedUnion('kind', [
  /** That many steps at one moment, and again `every` so often. */
  z.strictObject({
    kind: z.literal('burst'),
    at: span,
    steps,
    duration: distribution,
    every: longerThanNothing.optional(),
    ...owner,
  }),
  /** One step at a time, evenly. */
  z.strictObject({ kind: z.literal('trickle'), every: longerThanNothing, duration: distribution, ...owner }),
  /** Independent steps at one rate. */
  z.strictObject({ kind: z.literal('poisson'), perHour: rate, duration: distribution, ...owner }),
  /** `steps` on every day, spread evenly `over` a span that begins `at` so long after midnight UTC. */
  z.strictObject({
    kind: z.literal('nightly'),
    at: span,
    steps,
    over: span.refine((ms) => ms <= DAY_MS, 'must not be longer than a day'),
    duration: distribution,
    ...owner,
  }),
  /** Busy spells and quiet ones in turn, the first one after a quiet one. */
  z.strictObject({
    kind: z.literal('flapping'),
    on: longerThanNothing,
    off: longerThanNothing,
    steps,
    duration: distribution,
    ...owner,
  }),
  /** Independent steps whose rate rises, or falls, evenly over a span from the start, and then stays. */
  z.strictObject({
    kind: z.literal('ramp'),
    from: rate,
    to: rate,
    over: longerThanNothing,
    duration: distribution,
    ...owner,
  }),
  /** Independent batches, all steps of one at one moment: their number is log-normal, and at least 1. */
  z.strictObject({
    kind: z.literal('batches'),
    perHour: rate,
    steps: z.strictObject({ median: rate, p95: rate }),
    /** As of `workingWeek`; absent: at one rate. */
    weekend: z.number().min(0).max(1).optional(),
    duration: distribution,
    ...owner,
  }),
  /** Working days with a morning, a lunch and an afternoon (UTC); `weekend` is the share of it on Saturdays and Sundays. */
  z.strictObject({
    kind: z.literal('workingWeek'),
    peakPerHour: rate,
    weekend: z.number().min(0).max(1).default(0),
    duration: distribution,
    ...owner,
  }),
]);

/** A load as data. */
export type Load = z.output<typeof load>;

/** Whose steps a load's are. */
type Owner = { readonly scope: Scope; readonly labels: readonly string[] };

/** Whose steps go to these groups. A step always belongs to a repository; a workspace's group gets one of its own. */
export function ownersOf(groups: readonly RunnerGroup[]): readonly Owner[] {
  return groups.map((group) => ({
    scope: { ...group.scope, repository: repositoryOf(group) },
    labels: group.labels,
  }));
}

/** The group's own repository, or one in which it would count its queue. */
export function repositoryOf({ name, scope, strategy }: RunnerGroup): string {
  const source = sourceOf(strategy);
  return scope.repository ?? (source?.kind === 'named' ? source.names[0] : source?.query) ?? name;
}

/** The stretch of time that is played. */
export type Stretch = { readonly start: Instant; readonly end: Instant };

/**
 * All steps of the loads, in order. A load without an owner is played once for each of `owners`, with draws of its own.
 */
export function arrivalsOf(
  loads: readonly Load[],
  owners: readonly Owner[],
  stretch: Stretch,
  seed: number,
): Iterable<Arrival> {
  const streams = loads.flatMap((each) => playedFor(each, owners).map((one) => ({ each, one })));
  return mergeArrivals(
    streams.map(({ each, one }, index) => stepsOf(each, one, stretch, createRandom(Math.imul(seed + 1, 7919) + index))),
  );
}

function playedFor({ workspace, repository, labels = [] }: Load, owners: readonly Owner[]): readonly Owner[] {
  if (workspace === undefined) return owners;
  return [{ scope: repository === undefined ? { workspace } : { workspace, repository }, labels }];
}

function* stepsOf(from: Load, one: Owner, stretch: Stretch, random: Random): Generator<Arrival> {
  for (const at of timesOf(from, stretch, random)) {
    if (at >= stretch.end) return;
    if (at >= stretch.start) yield { at, ...one, durationMs: stepTime(draw(from.duration, random)) };
  }
}

/** When the steps come, in order; may go on beyond the end. */
function timesOf(from: Load, stretch: Stretch, random: Random): Iterable<Instant> {
  const { start } = stretch;
  switch (from.kind) {
    case 'burst':
      return bursts(start + from.at, from.every ?? Number.POSITIVE_INFINITY, from.steps);
    case 'trickle':
      return bursts(start + from.every, from.every, 1);
    case 'poisson':
      return poisson(stretch, from.perHour, () => 1, random);
    case 'nightly':
      return nightly(start - (start % DAY_MS) + from.at, from.steps, from.over);
    case 'flapping':
      return flapping(start, from);
    case 'ramp':
      return ramp(stretch, from, random);
    case 'batches':
      return batches(stretch, from, random);
    case 'workingWeek':
      return poisson(stretch, from.peakPerHour, (at) => activityAt(at, from.weekend), random);
  }
}

function* bursts(first: Instant, everyMs: number, count: number): Generator<Instant> {
  for (let at = first; Number.isFinite(at); at += everyMs) {
    for (let step = 0; step < count; step += 1) yield at;
  }
}

function* nightly(first: Instant, count: number, overMs: number): Generator<Instant> {
  for (let night = first; ; night += DAY_MS) {
    for (let step = 0; step < count; step += 1) yield night + Math.round((overMs * step) / count);
  }
}

function* flapping(
  start: Instant,
  { on, off, steps: count }: { readonly on: number; readonly off: number; readonly steps: number },
): Generator<Instant> {
  for (let spell = start + off; ; spell += on + off) {
    for (let step = 0; step < count; step += 1) yield spell + Math.round((on * step) / count);
  }
}

function ramp(stretch: Stretch, { from, to, over }: Extract<Load, { kind: 'ramp' }>, random: Random) {
  const most = Math.max(from, to);
  const rateAt = (at: Instant) => from + (to - from) * Math.min(1, (at - stretch.start) / over);
  return poisson(stretch, most, (at) => rateAt(at) / most, random);
}

function* batches(
  stretch: Stretch,
  { perHour, steps: { median, p95 }, weekend }: Extract<Load, { kind: 'batches' }>,
  random: Random,
): Generator<Instant> {
  const shareAt = (at: Instant) => (weekend === undefined ? 1 : activityAt(at, weekend));
  for (const at of poisson(stretch, perHour, shareAt, random)) {
    for (let left = Math.max(1, draw({ kind: 'lognormal', median, p95 }, random)); left > 0; left -= 1) yield at;
  }
}

/** A Poisson stream whose rate follows `share`, by thinning one of the full rate. */
function* poisson(
  { start, end }: Stretch,
  perHour: number,
  share: (at: Instant) => number,
  random: Random,
): Generator<Instant> {
  const meanGapMs = HOUR_MS / perHour;
  for (let at = start + random.exponential(meanGapMs); at < end; at += random.exponential(meanGapMs)) {
    const kept = share(at);
    if (kept >= 1 || random.next() < kept) yield Math.round(at);
  }
}

function activityAt(at: Instant, weekend: number): number {
  const activity = ACTIVITY[Math.floor((at % DAY_MS) / HOUR_MS)] ?? 0;
  return weekdayOf(Math.floor(at / DAY_MS)) < 5 ? activity : activity * weekend;
}
