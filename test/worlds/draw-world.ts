/**
 * A random world as plain data, a function of its seed: its groups, its load, and everything that goes wrong in it. What
 * is plain data can be printed as a test, and made smaller.
 */
import type { Strategy } from '#core/model/configuration.ts';
import { createRandom, type Random } from '#tools/simulator/random.ts';

/** A change of one group's configuration. `version` makes names and labels that were not there before. */
export type Change = {
  readonly atMinute: number;
  readonly group: number;
  readonly version: number;
} & (
  | { readonly what: 'max' | 'min'; readonly value: number }
  | {
      readonly what: 'labels' | 'namespace' | 'cluster' | 'repository' | 'workspace' | 'name' | 'removed' | 'returned';
    }
);

/** A time in which something is so, in minutes since the beginning. */
export type Window = { readonly from: number; readonly to: number };

/** What can be out. */
export type Outage = 'bitbucket' | 'kubernetes' | 'aws' | 'credential' | 'removals';

/** One world. Shares are of calls or of looks, from 0 to 1. Whatever is wrong is so for `minutes`, then all is calm. */
export type WorldSetting = {
  readonly seed: number;
  readonly minutes: number;
  readonly lookEverySeconds: number;
  readonly strategy: Strategy['kind'];
  readonly api: 'internal' | 'public';
  /** Whether runners' logs may be read. Without it marks are wrong for less than the grace. */
  readonly logs: boolean;
  readonly cap: number;
  readonly coolDownMinutes: number;
  readonly drainGraceSeconds: number;
  /** Whether runners that work are replaced: after one step, or when they are old or made from other settings. */
  readonly recycle: 'never' | 'used' | 'stale';
  /** Whether pods of idle runners ask for little. */
  readonly whenIdle: boolean;
  /** Whether buffers follow what comes. */
  readonly learnsBuffer: boolean;
  /** Of the groups, in their order; each divides six. */
  readonly weights: readonly [number, number, number];
  /** The most steps that are said to run at once in a workspace; Bitbucket of these worlds runs more. */
  readonly concurrencyLimit: number | 'none';
  readonly startupSeconds: number;
  readonly bitbucketSkewSeconds: number;
  readonly clusterSkewSeconds: number;
  readonly stepsPerHour: number;
  readonly meanStepMinutes: number;
  /** At most; `lagIsFixed`: always. */
  readonly listLagSeconds: number;
  readonly lagIsFixed: boolean;
  readonly listAgeSeconds: number;
  readonly slippingLists: number;
  readonly labels: 'kept' | 'one-more' | 'one-less';
  readonly markLateSeconds: number;
  /** In the middle of a step; 0: the mark does not fall away. */
  readonly markGapSeconds: number;
  /** Every mark but the first one never shows. */
  readonly marksOnce: boolean;
  readonly refusedCalls: number;
  readonly unansweredCalls: number;
  /** At most, of calls that have no answer or whose answer says nothing. */
  readonly effectLateSeconds: number;
  /** How long a tick's calls may take, together. */
  readonly slowTickSeconds: number;
  readonly killedTicks: number;
  readonly memoryLostAtMinutes: readonly number[];
  /** `credential`: Bitbucket answers 401; `removals`: it refuses to delete a registration. */
  readonly outages: readonly (Window & { readonly service: Outage })[];
  readonly shortages: readonly (Window & { readonly capacity: number })[];
  readonly hangingStarts: number;
  readonly lostNodesPerHour: number;
  readonly unnoticedFailuresPerHour: number;
  /** Pods that are to leave their node two minutes later. */
  readonly reclaimedPodsPerHour: number;
  /** Of pods that are to ask for more or less. */
  readonly refusedResizes: number;
  /** The repository of the third group answers 404; without an end it is deleted. */
  readonly vanished: readonly { readonly from: number; readonly to?: number }[];
  readonly changes: readonly Change[];
  /** Into how many parts ticks are shared out; the workspaces of these worlds are in different parts of three. */
  readonly shards: 1 | 3;
  /** Runners of others that are there from the beginning; with any, more come to places that groups leave. */
  readonly strangers: number;
  /** Whether every group has more steps than runners for a time, after the faults and before the calm. */
  readonly contest: boolean;
};

/** For each fault, the value with which it is not there. */
export const KIND = {
  bitbucketSkewSeconds: 0,
  clusterSkewSeconds: 0,
  listLagSeconds: 0,
  listAgeSeconds: 0,
  slippingLists: 0,
  labels: 'kept',
  markLateSeconds: 0,
  markGapSeconds: 0,
  marksOnce: false,
  refusedCalls: 0,
  unansweredCalls: 0,
  effectLateSeconds: 0,
  slowTickSeconds: 0,
  killedTicks: 0,
  memoryLostAtMinutes: [],
  outages: [],
  shortages: [],
  hangingStarts: 0,
  lostNodesPerHour: 0,
  unnoticedFailuresPerHour: 0,
  reclaimedPodsPerHour: 0,
  refusedResizes: 0,
  vanished: [],
  changes: [],
  shards: 1,
  strangers: 0,
  contest: false,
} as const satisfies Partial<WorldSetting>;

/** For each rule that groups may have or not, the value without it. */
export const PLAIN = {
  recycle: 'never',
  whenIdle: false,
  learnsBuffer: false,
  weights: [1, 1, 1],
  concurrencyLimit: 'none',
} as const satisfies Partial<WorldSetting>;

const OUTAGES = ['bitbucket', 'kubernetes', 'aws', 'credential', 'removals'] as const;
const STRATEGY_KINDS = ['percentageRunnersIdle', 'idleBuffer', 'queueAware'] as const;

/** The world of this seed. Every fourth has everything at once, the others about three of four faults each. */
export function settingOf(
  seed: number,
  { minutes, lookEverySeconds }: Pick<WorldSetting, 'minutes' | 'lookEverySeconds'>,
): WorldSetting {
  const random = createRandom(seed * 7919 + 17);
  const pick = <T>(...items: readonly [T, ...T[]]): T => items[random.between(0, items.length - 1)] ?? items[0];
  const hasAll = seed % 4 === 0;
  const maybe = <T>(value: T, none: T): T => (hasAll || random.next() < 0.75 ? value : none);
  const logs = random.next() < 0.5;
  const drainGraceSeconds = pick(45, 90);
  const wrongSeconds = logs ? 300 : drainGraceSeconds - 5;
  const looksAMinute = 60 / lookEverySeconds;
  const times = { random, minutes };
  return {
    seed,
    minutes,
    lookEverySeconds,
    strategy: pick(...STRATEGY_KINDS),
    api: random.next() < 0.2 ? 'public' : 'internal',
    logs,
    cap: pick(8, 14, 100),
    coolDownMinutes: pick(0, 1, 5),
    drainGraceSeconds,
    startupSeconds: pick(5, 45, 150),
    bitbucketSkewSeconds: pick(-50, 0, 50),
    clusterSkewSeconds: pick(-50, 0, 50),
    stepsPerHour: pick(10, 40, 90),
    meanStepMinutes: pick(2, 5, 9),
    listLagSeconds: maybe(random.between(5, 45), 0),
    lagIsFixed: random.next() < 0.5,
    listAgeSeconds: maybe(random.between(1, 20), 0),
    slippingLists: maybe(random.next() * 0.4, 0),
    labels: maybe(pick('one-more', 'one-less'), 'kept'),
    markLateSeconds: maybe(random.between(1, wrongSeconds), 0),
    markGapSeconds: maybe(random.between(1, wrongSeconds), 0),
    marksOnce: logs && random.next() < 0.3,
    refusedCalls: maybe(random.next() * 0.06, 0),
    unansweredCalls: maybe(random.next() * 0.04, 0),
    effectLateSeconds: maybe(random.between(1, 15), 0),
    slowTickSeconds: maybe(random.between(1, Math.min(32, lookEverySeconds * 4)), 0),
    killedTicks: maybe((random.next() * 0.08) / looksAMinute, 0),
    memoryLostAtMinutes: maybe([random.between(1, minutes)], []),
    outages: maybe(
      [
        ...windows(times, 4).map((window) => ({ ...window, service: pick(...OUTAGES) })),
        ...windows(times, 1, 120).map((window) => ({ ...window, service: 'removals' as const })),
      ],
      [],
    ),
    shortages: maybe(
      windows(times, 1, 240).map((window) => ({ ...window, capacity: random.between(0, 4) })),
      [],
    ),
    hangingStarts: maybe(random.next() * 0.3, 0),
    lostNodesPerHour: maybe(random.next() * 2, 0),
    unnoticedFailuresPerHour: maybe(random.next() * 2, 0),
    vanished: maybe(vanishing(times), []),
    changes: maybe(changes(times), []),
    ...companyOf(createRandom(seed * 104_729 + 31)),
    ...rulesOf(createRandom(seed * 130_363 + 43), hasAll),
  };
}

/** Drawn apart from the rest, so that a seed's world stays what it was before there was company. */
function companyOf(random: Random): Pick<WorldSetting, 'shards' | 'strangers' | 'contest'> {
  const shards = random.next() < 0.3 ? 3 : 1;
  const strangers = random.next() < 0.5 ? random.between(1, 2) : 0;
  return { shards, strangers, contest: random.next() < 0.5 };
}

/** What the rules of its groups are, and what goes wrong with them: drawn apart, as company is. */
function rulesOf(
  random: Random,
  hasAll: boolean,
): Pick<WorldSetting, keyof typeof PLAIN | 'reclaimedPodsPerHour' | 'refusedResizes'> {
  const maybe = <T>(value: T, none: T): T => (hasAll || random.next() < 0.5 ? value : none);
  const weight = () => random.between(1, 3);
  return {
    recycle: maybe(random.next() < 0.5 ? 'used' : 'stale', 'never'),
    whenIdle: maybe(true, false),
    learnsBuffer: maybe(true, false),
    weights: maybe([weight(), weight(), weight()], [1, 1, 1]),
    concurrencyLimit: maybe<WorldSetting['concurrencyLimit']>(random.between(2, 12), 'none'),
    reclaimedPodsPerHour: maybe(random.next() * 20, 0),
    refusedResizes: maybe(random.next() * 0.5, 0),
  };
}

type Times = { readonly random: Random; readonly minutes: number };

/** So many times, each of so many minutes at most. */
function windows({ random, minutes }: Times, count: number, longest = 60): readonly Window[] {
  return Array.from({ length: count }, () => {
    const from = random.between(0, minutes - 1);
    return { from, to: Math.min(minutes, from + random.between(1, longest)) };
  });
}

function vanishing(times: Times): WorldSetting['vanished'] {
  const [window] = windows(times, 1);
  if (window === undefined) return [];
  return times.random.next() < 0.5 ? [window] : [{ from: window.from }];
}

const SIMPLE_CHANGES = ['labels', 'namespace', 'cluster', 'repository', 'workspace', 'name'] as const;

function changes({ random, minutes }: Times): readonly Change[] {
  const moments = Array.from({ length: random.between(1, 7) }, () => random.between(1, minutes - 1));
  return moments
    .sort((a, b) => a - b)
    .flatMap((atMinute, index): readonly Change[] => {
      const place = { atMinute, group: random.between(0, 2), version: index + 2 };
      const kind = random.between(0, SIMPLE_CHANGES.length + 3);
      const what = SIMPLE_CHANGES[kind];
      if (what !== undefined) return [{ ...place, what }];
      if (kind === SIMPLE_CHANGES.length) return [{ ...place, what: 'min', value: random.between(0, 2) }];
      if (kind === SIMPLE_CHANGES.length + 1) return [{ ...place, what: 'max', value: random.between(1, 9) }];
      const back = Math.min(minutes, atMinute + random.between(1, 90));
      const removed = { ...place, what: 'removed' } as const;
      return kind === SIMPLE_CHANGES.length + 2
        ? [removed]
        : [removed, { ...removed, what: 'returned', atMinute: back }];
    })
    .sort((a, b) => a.atMinute - b.atMinute);
}
