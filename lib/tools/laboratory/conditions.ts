/**
 * The conditions of a scenario: how late Bitbucket shows things, how long pods take, how many calls there are, and what
 * goes wrong. `field` is what an ordinary workspace sees; `ideal` is a world without delays and faults, for theory.
 */
import * as z from 'zod';
import type { Instant } from '#core/model/observation.ts';
import { DAY_MS, MONTH_MS } from '#core/time.ts';
import type { Faults } from '../simulator/faults.ts';
import { createRandom, type Random } from '../simulator/random.ts';
import { type Distribution, distribution, draw } from './distribution.ts';

/** What a scenario may say of its conditions; what it leaves out is that of `conditions`. */
export const CONDITION_KEYS = {
  conditions: z.enum(['field', 'ideal']).default('field'),
  /** From "the pod may start" to "the runner is online". */
  startup: distribution.optional(),
  /** How long a runner that works still looks idle. */
  marksLate: distribution.optional(),
  /** How old the state is that a list of runners shows. */
  listsLate: distribution.optional(),
  /** How long a free runner takes to pick up a step that waits for it. */
  pickUp: distribution.optional(),
  /** Bitbucket's limit, by which the budget goes as well. */
  callsPerHour: z.union([z.int().positive(), z.literal('unlimited')]).optional(),
  /** A larger limit for the calls that count queues, which Bitbucket names in its answers to them. */
  queueCallsPerHour: z.int().positive().optional(),
  /** Failures of the services, of starts and of runners, at the rates of a normal month. */
  faults: z.enum(['normal', 'none']).optional(),
};

/** The conditions of a scenario, each of them settled. */
export type Conditions = {
  readonly startup: Distribution;
  readonly marksLate: Distribution;
  readonly listsLate: Distribution;
  readonly pickUp: Distribution;
  readonly callsPerHour: number | 'unlimited';
  readonly faults: 'normal' | 'none';
};

type Written = { readonly [Key in keyof Conditions]?: Conditions[Key] | undefined };

const between = (from: number, to: number): Distribution => ({ kind: 'uniform', from, to });
const NEVER_LATE: Distribution = { kind: 'constant', ms: 0 };

const SETS: Readonly<Record<'field' | 'ideal', Conditions>> = {
  field: {
    startup: { kind: 'lognormal', median: 75_000, p95: 180_000 },
    marksLate: between(0, 60_000),
    listsLate: between(0, 15_000),
    pickUp: between(0, 30_000),
    callsPerHour: 1_000,
    faults: 'normal',
  },
  ideal: {
    startup: { kind: 'constant', ms: 45_000 },
    marksLate: NEVER_LATE,
    listsLate: NEVER_LATE,
    pickUp: NEVER_LATE,
    callsPerHour: 'unlimited',
    faults: 'none',
  },
};

/** The conditions that a scenario has, with those of its set where it says nothing. */
export function settleConditions(set: 'field' | 'ideal', written: Written): Conditions {
  const said = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
  return { ...SETS[set], ...said };
}

/** Calls to a service fail from `from` until `to`, both counted from the scenario's start, in ms. */
export type Outage = { readonly service: 'bitbucket' | 'kubernetes'; readonly from: number; readonly to: number };

/** How often a service fails in a normal month, and for how long. */
const NORMAL_OUTAGES: readonly { readonly service: Outage['service']; perMonth: number; lasts: Distribution }[] = [
  { service: 'bitbucket', perMonth: 30, lasts: { kind: 'exponential', mean: 60_000 } },
  { service: 'bitbucket', perMonth: 1, lasts: { kind: 'constant', ms: 1_200_000 } },
  { service: 'kubernetes', perMonth: 4, lasts: { kind: 'exponential', mean: 60_000 } },
];

/** One start in 200 hangs for so long: an image that cannot be pulled, a node that does not come. */
const HANGING_STARTS = 0.005;
const HANGING_MS = 1_200_000;

/** A runner's process dies once a month on average: a node that goes, memory that runs out. */
const MEAN_LIFE_MS = MONTH_MS;

/** Runners that live longer than this are not followed; hardly any does. */
const FOLLOWED_MS = DAY_MS;

/** What each draw is for, so that no two go together. */
const STREAMS = { outages: 1, starts: 2, marks: 3, lists: 4, pickUps: 5, lives: 6 } as const;

/** The outages of a span that begins at the start. */
export function normalOutages({ faults }: Conditions, spanMs: number, seed: number): readonly Outage[] {
  if (faults === 'none') return [];
  return NORMAL_OUTAGES.flatMap(({ service, perMonth, lasts }, index) => {
    const random = randomFor(seed, STREAMS.outages, index);
    const outages: Outage[] = [];
    for (let from = random.exponential(MONTH_MS / perMonth); from < spanMs; ) {
      const to = from + draw(lasts, random);
      outages.push({ service, from: Math.round(from), to: Math.round(to) });
      from = to + random.exponential(MONTH_MS / perMonth);
    }
    return outages;
  });
}

/** Start-up times, one after another. */
export function startUpsOf({ startup, faults }: Conditions, seed: number): () => number {
  const random = createRandom(seed);
  const hangs = randomFor(seed, STREAMS.starts, 0);
  return () => {
    const usual = draw(startup, random);
    return faults === 'normal' && hangs.next() < HANGING_STARTS ? HANGING_MS : usual;
  };
}

/** When the nth runner's process dies, in ms from its registration; undefined: not while anybody follows it. */
export function lifeOf({ faults }: Conditions, nth: number, seed: number): number | undefined {
  if (faults === 'none') return undefined;
  const life = randomFor(seed, STREAMS.lives, nth).exponential(MEAN_LIFE_MS);
  return life < FOLLOWED_MS ? life : undefined;
}

/**
 * How late this Bitbucket is. What is drawn for a step or a moment does not depend on what was drawn before, so that all
 * policies see the same.
 */
export function latenessOf({ marksLate, listsLate }: Conditions, seed: number, now: () => Instant): Faults {
  const marks = longestOf(marksLate);
  const lists = longestOf(listsLate);
  return {
    ...(marks > 0 && {
      stepHidden: ({ id }) => [{ from: 0, to: draw(marksLate, randomFor(seed, STREAMS.marks, id)) }],
    }),
    ...(lists > 0 && { listAgeMs: () => draw(listsLate, randomFor(seed, STREAMS.lists, Math.floor(now() / 1000))) }),
    settlesAfterMs: Math.max(marks, lists),
  };
}

/** How long the free runner of this step takes to pick it up. */
export function pickUpsOf({ pickUp }: Conditions, seed: number): (step: { readonly id: number }) => number {
  return longestOf(pickUp) === 0 ? () => 0 : ({ id }) => draw(pickUp, randomFor(seed, STREAMS.pickUps, id));
}

/** The longest time that may be drawn; of those without one, what practically none exceeds. */
function longestOf(from: Distribution): number {
  switch (from.kind) {
    case 'constant':
      return from.ms;
    case 'uniform':
      return from.to;
    case 'percentiles':
      return from.points.at(-1)?.[1] ?? 0;
    case 'exponential':
      return 20 * from.mean;
    case 'lognormal':
      return from.p95 * (from.p95 / from.median) ** 3;
  }
}

function randomFor(seed: number, stream: number, index: number): Random {
  return createRandom(
    Math.imul(seed + 1, 0x85ebca6b) ^ Math.imul(stream, 0xc2b2ae35) ^ Math.imul(index + 1, 0x9e3779b1),
  );
}
