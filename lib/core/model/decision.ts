/** The nouns of deciding and acting: decisions, actions, what became of them. Types only; plain, readonly data. */

import type { Places } from '../places.ts';
import type { Namespace } from '../ports.ts';
import type { Bounds, Reason } from '../reasons.ts';
import type { ScratchRunner } from '../scratch.ts';
import type { Secret } from '../secret.ts';
import type { Quantities, RunnerGroup } from './configuration.ts';
import type {
  DocumentEntry,
  GroupMemory,
  Instant,
  Runner,
  ScopeIdentity,
  ScopeMemoryEntry,
  WorkspaceMemoryEntry,
} from './observation.ts';

/** Every runner is in exactly one class. */
export type RunnerClass = 'busy' | 'idle' | 'starting' | 'draining' | 'dead';

/** Runners by class; the sum is the number of registrations of the group. */
export type Counts = Readonly<Record<RunnerClass, number>>;

/** How many runners there should be, and why. */
export type Decision = {
  readonly group: string;
  readonly action: 'scale-up' | 'scale-down' | 'hold';
  /** Runners that work or soon will: busy + idle + starting. */
  readonly from: number;
  /** What `from` becomes when the plan is applied. */
  readonly to: number;
  readonly reason: Reason;
  /** Every limit that kept `to` from being what the strategy wanted. */
  readonly bounds: Bounds;
  readonly counts: Counts;
};

/**
 * A runner's own log, the second witness of a step. `mustBeAnswered`: a step can still run, so that one which shows it, or
 * cannot be asked for, keeps the runner for now; `mustBeRead`: so does one whose end does not tell.
 */
export type LogPlace = {
  readonly pod: string;
  readonly container?: string;
  readonly mustBeAnswered: boolean;
  readonly mustBeRead: boolean;
  /** Present where nothing but the log can tell: without the right to read it the runner stays. */
  readonly onlyProof?: true;
};

/** Where the Job of a runner is; absent: in its group's namespace. */
type OfJob = { readonly away?: Namespace };

/**
 * One whole runner to add, put back into service, take out of service or remove, or one pod to protect, unprotect or resize.
 * Of a removal, `lookSuffices` says that the look makes it safe if it is young, without reading the runner once more;
 * `log`, where a step would show besides.
 */
export type Action =
  | {
      readonly action: 'add';
      readonly identity: ScopeIdentity;
      /** Present where its pod is to ask for all that a busy one needs from the beginning. */
      readonly isFull?: true;
      readonly reason: Reason;
    }
  | { readonly action: 'enable'; readonly runner: Runner; readonly reason: Reason }
  | { readonly action: 'disable'; readonly runner: Runner; readonly reason: Reason }
  | ({
      readonly action: 'remove';
      readonly runner: Runner;
      readonly job?: string;
      readonly lookSuffices?: true;
      readonly log?: LogPlace;
      readonly reason: Reason;
    } & OfJob)
  | ({
      readonly action: 'remove-job';
      readonly runnerUuid: string;
      readonly job: string;
      readonly reason: Reason;
    } & OfJob)
  | ({ readonly action: 'protect'; readonly runner: Runner; readonly pod: string; readonly reason: Reason } & OfJob)
  | ({ readonly action: 'unprotect'; readonly runner: Runner; readonly pod: string; readonly reason: Reason } & OfJob)
  | ({ readonly action: 'resize'; readonly runner: Runner; readonly pod: string; readonly reason: Reason } & Requests &
      OfJob);

/** What a container of a pod is to ask for. */
export type Requests = {
  readonly container: string;
  readonly isInit?: true;
  readonly requests: Quantities;
};

/** What to do about one group. */
export type GroupPlan = {
  readonly group: RunnerGroup;
  readonly actions: readonly Action[];
  /** The memory to leave behind and the version it replaces. */
  readonly memory: GroupMemory;
  readonly memoryVersion: number;
  readonly memoryChanged: boolean;
  /** The document of the memory. */
  readonly memoryKey: string;
};

/** What to do about the fleet. */
export type Plan = {
  readonly at: Instant;
  readonly groups: readonly GroupPlan[];
  /** What to do about what groups have left behind; absent: nothing is left. */
  readonly leftovers?: readonly GroupPlan[];
  /** Registrations of probes to remove; absent: none. */
  readonly scratch?: readonly ScratchRunner[];
  /** Documents of places to remember from now on; absent: the same as before. */
  readonly places?: readonly DocumentEntry<Places>[];
  /** The name to stamp Jobs with; `isNew`: it has to be saved first. Absent: they are not stamped. */
  readonly deployment?: { readonly id: string; readonly isNew: boolean };
  readonly scopeMemory: readonly ScopeMemoryEntry[];
  readonly workspaceMemory?: readonly WorkspaceMemoryEntry[];
};

/** What became of one action. `runner` is absent for an add that got no registration. */
export type Outcome = {
  readonly action: Action['action'];
  readonly runner?: string;
  readonly status: 'done' | 'skipped' | 'failed';
  /** For failed: one sentence with the next step. For skipped: why. */
  readonly error?: string;
};

/** What became of a plan. */
export type Applied = {
  /** By group name, in the order of its plan's actions. */
  readonly outcomes: ReadonlyMap<string, readonly Outcome[]>;
  /** As `outcomes`, of what groups have left behind, in the order of the plan; absent: nothing is left. */
  readonly leftovers?: readonly (readonly Outcome[])[];
  /** What went wrong beyond single actions. */
  readonly problems: readonly string[];
  /** Worth knowing, no failure. */
  readonly notes?: readonly string[];
};

/** Answer to a registration; the only moment at which the secret is known. */
export type Registration = {
  readonly runner: Runner;
  readonly clientId: string;
  readonly clientSecret: Secret;
};
