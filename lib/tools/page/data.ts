/**
 * What a page shows, as plain data: the page embeds it as JSON, and every number that a reader sees is made from it.
 * Laboratory and production fill the same shape; what only one of them can know is absent in the other.
 */
import type { Instant } from '#core/model/observation.ts';

/** A whole page: a public contract (version 1). */
export type PageData = {
  readonly version: 1;
  readonly kind: 'laboratory' | 'production';
  readonly title: string;
  /** The first and the last moment shown. */
  readonly from: Instant;
  readonly to: Instant;
  /** What the page is from, such as the scenario and its seed. */
  readonly facts: readonly Fact[];
  /** What a reader should take away, a sentence each. */
  readonly headlines: readonly string[];
  /** What could not be known, a sentence each. */
  readonly unknown: readonly string[];
  /** The classes of runners, in the order in which charts stack them. */
  readonly levels: readonly LevelDefinition[];
  /** Every figure of the tables, in their order. */
  readonly figures: readonly FigureDefinition[];
  /** Policies of a laboratory; of production, the fleet (where it has several groups) and its groups. */
  readonly tracks: readonly Track[];
  /** Which tracks the charts over time begin with. */
  readonly shown: readonly number[];
  /** Limits, troubles, quarantines and problems of production, the most frequent first. */
  readonly notices: readonly Notice[];
  /** How many more notices there were. */
  readonly noticesLeftOut: number;
  /** The hourly calls of production, by credential. */
  readonly budgets: readonly BudgetFigures[];
  /** What money is in; absent: nothing costs any. */
  readonly currency?: string;
  /** Calls to a service failed then, as far as that is known. */
  readonly outages?: readonly OutageTime[];
  /** How far any policy can get. */
  readonly bounds?: readonly PageBound[];
};

type OutageTime = { readonly service: 'bitbucket' | 'kubernetes'; readonly from: Instant; readonly to: Instant };

/** Places between waiting and cost that belong together; `source`: what they are, and where that is from. */
export type PageBound = {
  readonly name: string;
  readonly source: string;
  readonly points: readonly {
    readonly label: string;
    readonly waitingMeanMs: number;
    readonly waitingP95Ms: number;
    readonly money: number;
  }[];
};

export type Fact = { readonly name: string; readonly text: string };

export type LevelId = 'busy' | 'idle' | 'starting' | 'unavailable' | 'draining' | 'dead';

export type LevelDefinition = { readonly id: LevelId; readonly label: string; readonly meaning: string };

/** `runners`, `count` and `hours` are plain numbers; `ms` is shown as a stretch of time. */
export type Unit = 'ms' | 'count' | 'hours' | 'money';

/** One figure: what its row is called, and what exactly the number is. */
export type FigureDefinition = {
  readonly id: string;
  /** Rows of one section stand together. */
  readonly section: string;
  readonly label: string;
  readonly unit: Unit;
  readonly meaning: string;
};

/** What a track is: a policy of ours, the rule that is compared with, the bound; a fleet, or a group of it. */
export type Role = 'ours' | 'baseline' | 'oracle' | 'fleet' | 'group';

/** One policy, or one group of runners. */
export type Track = {
  readonly name: string;
  readonly role: Role;
  /** The track in words. */
  readonly summary: string;
  /** By the id of a `FigureDefinition`. */
  readonly figures: Readonly<Record<string, number>>;
  readonly series: TrackSeries;
  /** Absent where a policy tells nothing of its decisions. */
  readonly decisions?: Decisions;
  /** How long steps waited; absent where nobody knows. */
  readonly waitingBins?: readonly WaitingBin[];
  /** Absent when there was nothing to complain of. */
  readonly worst?: Stretch;
};

/** Values of a series, one for each bucket; null where nothing is known. */
export type Values = readonly (number | null)[];

/** Levels over time, on average over buckets of equal width that begin at `PageData.from`. */
export type TrackSeries = {
  readonly widthMs: number;
  readonly levels: Readonly<Partial<Record<LevelId, Values>>>;
  /** Steps that waited: on average, and the most at once. Absent where they were never counted. */
  readonly waiting?: { readonly average: Values; readonly most: Values };
};

/** Decisions that stand out; `total` counts those that changed a number of runners, shown or not. */
export type Decisions = { readonly total: number; readonly shown: readonly Mark[] };

/** A decision at its time. */
export type Mark = {
  readonly at: Instant;
  readonly group: string;
  readonly action: 'scale-up' | 'scale-down' | 'hold';
  readonly from: number;
  readonly to: number;
  readonly sentence: string;
  /** What kept it from what was wanted. */
  readonly limits: readonly string[];
};

/** Steps that waited longer than the bin before, and at most so many seconds. */
export type WaitingBin = { readonly seconds: number; readonly steps: number };

/** A stretch of time, and why it was what it was. */
export type Stretch = { readonly from: Instant; readonly to: Instant; readonly why: readonly string[] };

/** Something that ticks said, how often, and when first and last. */
export type Notice = {
  readonly kind: 'limit' | 'trouble' | 'quarantine' | 'problem';
  /** Absent for what concerns the whole tick. */
  readonly group?: string;
  /** The last time it was said. */
  readonly text: string;
  readonly ticks: number;
  readonly first: Instant;
  readonly last: Instant;
};

/** The hourly calls of one credential. */
export type BudgetFigures = {
  readonly credential: string;
  readonly limit: number;
  readonly leastLeft: number;
  readonly mostUsed: number;
  readonly throttledTicks: number;
  /** Ticks that left something to a later one. */
  readonly heldBackTicks: number;
};
