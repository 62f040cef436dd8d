/** The answer of a tick: a public contract, `version` 1, which grows by additions only. Types only. */
import type { Bounds, Reason } from '../reasons.ts';
import type { Action, Counts, Decision, Outcome } from './decision.ts';
import type { Instant, MonthPeak, Observation } from './observation.ts';

/** Calls that left the process, by service. */
export type Calls = { readonly bitbucket: number; readonly kubernetes: number; readonly aws: number };

/** `plan` is the dry run. */
export type Mode = 'plan' | 'apply';

/** The answer of every tick: a public contract, `version` 1. Counts are derived here and nowhere else. */
export type Report = {
  readonly version: 1;
  readonly tick: {
    readonly id: string;
    /** ISO 8601. */
    readonly at: string;
    readonly mode: Mode;
    readonly durationMs: number;
    readonly calls: Calls;
    /** Why the tick did nothing at all, such as `lease held by …`; normal when ticks overlap, and no failure. */
    readonly skipped?: string;
  };
  readonly groups: readonly GroupReport[];
  /** What groups have left behind, and what becomes of it; absent: nothing is left, or nobody looked. */
  readonly leftovers?: readonly LeftoverReport[];
  /** By credential; absent where nothing counts calls. */
  readonly budgets?: readonly BudgetReport[];
  /** What went wrong with the tick as a whole; a group's own problems are with the group. */
  readonly problems: readonly string[];
  /** Worth knowing, no failure. */
  readonly notes: readonly string[];
  /** What the groups of each workspace share; absent in records from before it was told. */
  readonly workspaces?: readonly WorkspaceReport[];
  /** Present while the last good configuration is in force, because the present one cannot be used. */
  readonly configuration?: {
    /** ISO 8601. */
    readonly inForceSince: string;
    /** Why the present one cannot be used, such as `is refused (runners.yaml:6:5 groups[0].cooldwn: unknown key)`. */
    readonly refusal: string;
  };
  /** Of the credential in use that expires first; absent where no secret says so. */
  readonly credential?: {
    /** ISO 8601. */
    readonly expiresAt: string;
    /** Whole days; negative when it has expired. */
    readonly daysLeft: number;
  };
};

/** Where the hourly calls of a credential stand after the tick. */
export type BudgetReport = {
  /** A name that reveals nothing secret, such as the secret's. */
  readonly credential: string;
  /** Calls an hour, by the configuration or by Bitbucket, whichever is less. */
  readonly limit: number;
  /** Calls of the past hour, of every tick with this credential. */
  readonly used: number;
  readonly left: number;
  /** 429 answers to this tick, and calls that were not made because of one. */
  readonly throttled: number;
  /** ISO 8601; while Bitbucket throttles the credential. */
  readonly throttledUntil?: string;
  /** What this tick was to do and left to a later one. */
  readonly heldBack: readonly ('removal' | 'create' | 'look' | 'queue')[];
};

/** A workspace in the report: its caps, and what its build slots come to this month. */
export type WorkspaceReport = {
  readonly workspace: string;
  readonly registrations: number;
  /** How many of these are assumed, of workspaces and repositories that were not listed; absent: none. */
  readonly assumed?: number;
  readonly maxRunners: number;
  /** Runners that are online or have a step. */
  readonly inUse: number;
  /** What these come to when all that start have started, with what this tick adds. */
  readonly expected: number;
  /** Steps that run, of any group's runners and of others; absent in reports from before they were counted. */
  readonly running?: number;
  /** The most runners that may be in use, where the configuration says so. */
  readonly maxConcurrentRunners?: number;
  /** The most steps that Bitbucket runs at once, where the configuration says so. */
  readonly concurrencyLimit?: number;
  /** Present where the configuration says that build slots matter: how many there may be, or what one costs. */
  readonly slotsMatter?: true;
  /** The most runners that were seen in use at once this month (UTC), and the most steps that ran. */
  readonly peak: MonthPeak;
  /** Present where one more step than run or are on their way to would raise the peak: what it costs a month, where billed. */
  readonly nextSlot?: { readonly costs: number; readonly currency: 'USD' };
};

/** What is told of a group, and of what is left of one. */
type Told = {
  readonly workspace: string;
  readonly repository?: string;
  readonly counts: Counts;
  readonly plan: readonly PlannedAction[];
  readonly outcomes: readonly Outcome[];
  readonly problems: readonly string[];
};

/** One group in the report. */
export type GroupReport = Told & {
  readonly name: string;
  /** Present where the runners could not be listed: the counts, and the numbers of the decision, are unknown and say 0. */
  readonly countsUnknown?: true;
  readonly decision: {
    readonly action: Decision['action'];
    readonly from: number;
    readonly to: number;
    readonly reason: Reason;
  };
  /** Absent while nobody counted the group's queue. */
  readonly waiting?: WaitingReport;
  readonly bounds: Bounds;
  /** What keeps starting runners from coming online. */
  readonly troubles: readonly Reason[];
};

/**
 * How long steps waited, as far as looks saw it: of those that began in the last hour, and of those that still wait with what
 * they have waited so far. A step that no look saw waiting has waited for 0.
 */
export type WaitingReport = {
  readonly steps: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly longestMs: number;
  /** How many of them still wait. */
  readonly still: number;
};

/** Runners of ours at a place that no group has any more. */
export type LeftoverReport = Told & {
  /** The group that had them. */
  readonly group: string;
  readonly cluster: string;
  readonly namespace: string;
  /** Uuids, with braces. */
  readonly runners: readonly string[];
  /** What becomes of them, or why nothing can be done. */
  readonly reason: Reason;
};

/** An action as the report shows it. */
export type PlannedAction = {
  readonly action: Action['action'];
  readonly runner?: string;
  readonly reason: Reason;
};

/** What a tick leaves for `explain` and for replay. */
export type TickRecord = {
  readonly id: string;
  readonly at: Instant;
  readonly report: Report;
  /** What was seen: with the decider of the same version it gives the same decisions. */
  readonly observation: Observation;
};
