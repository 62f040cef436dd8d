/**
 * The nouns of the autoscaler, types only. Everything that `decide`, `plan` and `report` see is made of these;
 * all are plain, readonly data, so that a decision can be logged, stored, replayed and compared.
 */
import type { Bounds, Reason } from './reasons.ts';
import type { Secret } from './secret.ts';

/** Milliseconds since the Unix epoch. Times that come from Bitbucket or a cluster are by *their* clock. */
export type Instant = number;

/** Where runners are registered. Both parts are slugs or `{uuid}`s, as Bitbucket accepts them in paths. */
export type Scope = { readonly workspace: string; readonly repository?: string };

/** The uuids behind a scope, with braces, as the runner container wants them in its environment. */
export type ScopeIdentity = { readonly workspaceUuid: string; readonly repositoryUuid?: string };

/** Atlassian's rule: scale by the share of online runners that are busy. Both comparisons are strict. */
export type PercentageRunnersIdle = {
  readonly kind: 'percentageRunnersIdle';
  /** Share of busy runners above which runners are added, in (0, 1]. */
  readonly scaleUpThreshold: number;
  /** Share of busy runners below which idle runners go, in (0, 1]. */
  readonly scaleDownThreshold: number;
  /** > 1; the new number of online runners is ceil(online × this). */
  readonly scaleUpMultiplier: number;
  /** In (0, 1); floor(idle × this) idle runners stay. */
  readonly scaleDownMultiplier: number;
};

/** Idle runners in proportion to the busy ones, within limits; doubles while everybody is busy and nobody starts. */
export type IdleBuffer = {
  readonly kind: 'idleBuffer';
  /** The fewest runners to keep idle. */
  readonly idleCount: number;
  /** Idle runners to keep per busy one, ≥ 0. */
  readonly scaleFactor: number;
  /** The most runners to keep idle, ≥ `idleCount`. */
  readonly scaleFactorLimit: number;
};

/** As many runners as there is work: busy + waiting steps where they can be counted, else as `idleBuffer`. */
export type QueueAware = Omit<IdleBuffer, 'kind'> & {
  readonly kind: 'queueAware';
  /** Where the steps of a workspace's group come from; a repository's group looks at its own repository only. */
  readonly repositories: QueueSource;
};

/** Repositories by name, or by a query in Bitbucket's language (absent: all), the most recently active first. */
export type QueueSource =
  | { readonly kind: 'named'; readonly names: readonly string[] }
  | { readonly kind: 'query'; readonly query?: string };

/** How a group finds its target: a union by `kind`, which every switch over it must exhaust. */
export type Strategy = PercentageRunnersIdle | IdleBuffer | QueueAware;

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** A window of the week in which other bounds hold than outside of it. It opens on `days` and may close a day later. */
export type Schedule = {
  readonly name: string;
  readonly days: readonly Weekday[];
  /** Minutes after midnight, on the clock of `timezone`; `to` ≤ `from` is on the next day, `to` may be 1440. */
  readonly from: number;
  readonly to: number;
  /** An IANA name. */
  readonly timezone: string;
  readonly min: number;
  readonly max: number;
};

/** The window that sets a group's bounds now. `until`: when it no longer does, ISO 8601 by its own clock; absent: never. */
export type OpenWindow = { readonly name: string; readonly until?: string };

/** Memory and CPU as Kubernetes quantities. */
export type Quantities = { readonly memory?: string; readonly cpu?: string };

/** A Kubernetes toleration, as a pod spec carries it. */
export type Toleration = {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  readonly tolerationSeconds?: number;
};

/** A Job template's text and where it came from (for error messages). */
export type JobTemplate = { readonly name: string; readonly origin: string; readonly text: string };

/** What a group says about its pods; the built-in template or the group's own turns it into manifests. */
export type PodSettings = {
  /** Absent: the built-in template. */
  readonly template?: JobTemplate;
  /** What a step may use; it sizes the docker container, in which steps run. 1x = 4 GB. */
  readonly size: '1x' | '2x' | '4x' | '8x' | Required<Quantities>;
  readonly architecture: 'amd64' | 'arm64';
  /** Atlassian's per-group `resources`; where given they win over `size`. */
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities };
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  readonly serviceAccountName?: string;
  readonly priorityClassName?: string;
  /** Extra environment of the runner container. */
  readonly env: Readonly<Record<string, string>>;
};

/** Interchangeable runners: one scope, one label set, one policy. */
export type RunnerGroup = {
  readonly name: string;
  readonly scope: Scope;
  /** The complete label set that is registered, sorted, `self.hosted`, the OS label and `autoscaler.created` included. */
  readonly labels: readonly string[];
  readonly cluster: string;
  readonly namespace: string;
  readonly strategy: Strategy;
  readonly min: number;
  readonly max: number;
  /** Windows with bounds of their own; of those that are open the last one holds. */
  readonly schedules: readonly Schedule[];
  /** Present while a window is open: `min` and `max` are its own then. */
  readonly window?: OpenWindow;
  /** For this long the highest target counts when runners are to go; 0: only the present one. */
  readonly stabilisationWindowMs: number;
  /** Its share of what its workspace has left, relative to that of other groups; > 0. */
  readonly weight: number;
  /** How long a runner must have been seen idle, on every tick, before it may go. 0: it may go at the first look. */
  readonly coolDownMs: number;
  /** How long a runner may take from registration to ONLINE before it counts as a failed start. */
  readonly startTimeoutMs: number;
  /** How long a disabled runner must have been seen without a step before it is deleted. */
  readonly drainGraceMs: number;
  readonly maxCreatesPerTick: number;
  readonly pod: PodSettings;
  /**
   * Why the group cannot be run now although nothing is wrong with what it says, such as a template that S3 does not
   * give. It holds; the others go on.
   */
  readonly unready?: string;
};

/** What the configuration says of one workspace. */
export type WorkspaceSettings = {
  /** The most registrations of any kind that the workspace may hold; 100 is Bitbucket's limit on the free tier. */
  readonly maxRunners: number;
  /** The most runners that may be in use at once, so that the month's peak stays there; absent: no limit. */
  readonly maxConcurrentRunners?: number;
  /** What one more build slot costs a month, in US dollars; absent: 15. */
  readonly pricePerSlot?: number;
  /** Which of Bitbucket's two runner APIs to speak. */
  readonly api: 'internal' | 'public';
  /** Secrets Manager secret of this workspace's credential; absent: the default credential. */
  readonly secretId?: string;
  /** The most calls an hour with this workspace's credential; absent: 1,000, Bitbucket's limit for a user. */
  readonly callsPerHour?: number;
};

/** How a cluster is reached. */
export type ClusterSettings =
  | { readonly kind: 'kubeconfig'; readonly path?: string; readonly context?: string }
  | { readonly kind: 'eks'; readonly name: string; readonly region?: string; readonly roleArn?: string };

/** A whole, valid configuration. Keys of `workspaces` are the workspaces as groups name them; of `clusters`, their names. */
export type Fleet = {
  readonly groups: readonly RunnerGroup[];
  readonly workspaces: Readonly<Record<string, WorkspaceSettings>>;
  readonly clusters: Readonly<Record<string, ClusterSettings>>;
  /** How often a function looks within one invocation; absent: once. */
  readonly pollEveryMs?: number;
};

/** Bitbucket's runner states; a status that it invents tomorrow arrives as UNKNOWN. */
export type RunnerStatus = 'UNREGISTERED' | 'ONLINE' | 'OFFLINE' | 'DISABLED' | 'ENABLED' | 'UNHEALTHY' | 'UNKNOWN';

/** A registration at Bitbucket, whether or not anything runs behind it. */
export type Runner = {
  /** With braces, as Bitbucket gives it. */
  readonly uuid: string;
  readonly name: string;
  /** Sorted. */
  readonly labels: readonly string[];
  readonly status: RunnerStatus;
  /** The status in Bitbucket's own word. */
  readonly statusText: string;
  readonly cordoned: boolean;
  /** Whether a step runs on it: the only mark of a busy runner, whatever its status. */
  readonly hasStep: boolean;
  /** By Bitbucket's clock. */
  readonly createdAt: Instant;
  /** When the state last changed, by Bitbucket's clock. */
  readonly stateChangedAt: Instant;
};

/** What a pod says while it does not run properly: the waiting reason of a container, or the scheduler's. */
export type PodTrouble = { readonly reason: string; readonly message: string };

/** The pod of a runner Job, in short. */
export type RunnerPod = {
  readonly name: string;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly restarts: number;
  readonly trouble?: PodTrouble;
  /** Whether it carries the marks that keep it on its node. */
  readonly isProtected: boolean;
};

/** A Job of ours in a cluster. */
export type RunnerJob = {
  readonly name: string;
  /** Without braces, as labels carry it. */
  readonly runnerUuid: string;
  /** The name of the group it was made for, as configured then. */
  readonly group: string;
  /**
   * The scope that its runner is registered in, from the labels `accountUuid` and `repositoryUuid` that every Job is
   * stamped with (there without braces, here with). Absent on a Job whose labels were taken away: it is left alone.
   */
  readonly identity?: ScopeIdentity;
  readonly status: 'active' | 'complete' | 'failed';
  /** By the cluster's clock. */
  readonly createdAt: Instant;
  readonly pod?: RunnerPod;
};

/** What the autoscaler remembers of a group between ticks. */
export type GroupMemory = {
  /** By runner uuid: since when every look saw it idle, by our clock. */
  readonly idleSince: Readonly<Record<string, Instant>>;
  /** By runner uuid: since when every look saw it out of service and without a step, by our clock. */
  readonly drainingSince: Readonly<Record<string, Instant>>;
  /** Present while the group's runners fail to start. */
  readonly quarantine?: Quarantine;
  /** Present where there is a stabilisation window: the targets that still count, highest first. */
  readonly recentTargets?: readonly RecentTarget[];
};

/** A number of runners that was wanted, and since when no more than that was, by our clock. */
export type RecentTarget = { readonly target: number; readonly since: Instant };

/** Starts that failed, look after look, and when the last such look was, by our clock. */
export type Quarantine = { readonly failures: number; readonly since: Instant };

/** What the autoscaler remembers of a scope between ticks. */
export type ScopeMemory = {
  readonly identity?: ScopeIdentity;
  /** Whether any runner of the scope has ever shown a step; until then "no step" proves nothing on the public API. */
  readonly stepSeen: boolean;
};

/** Everything known of one group at one moment. */
export type GroupObservation = {
  readonly group: RunnerGroup;
  /** Only this group's registrations: the label set is equal. */
  readonly runners: readonly Runner[];
  /** The Jobs behind these runners, whatever group they were made for. */
  readonly jobs: readonly RunnerJob[];
  /** Jobs that were made for this group in this scope and whose registration is gone from the scope. */
  readonly orphanJobs: readonly RunnerJob[];
  readonly memory: GroupMemory;
  /** The version of the memory that was read; 0 when there was none. Applying claims the group against it. */
  readonly memoryVersion: number;
  /** Absent only when it could not be read, which `missing` then says. */
  readonly identity?: ScopeIdentity;
  /** Whether "shows no step" may be read as "is idle". */
  readonly idleTrusted: boolean;
  /** One sentence for each thing that could not be read. Not empty = partial = hold. */
  readonly missing: readonly string[];
  /** Present while the hourly calls do not allow a look at the workspace: nothing is wrong, nothing was seen, hold. */
  readonly heldBack?: Reason;
  /** Absent: the queue was not asked for, since nothing depended on it. */
  readonly queue?: QueueReading;
};

/** What is known of a workspace's registrations, over all its scopes that any group uses. */
export type WorkspaceObservation = {
  readonly workspace: string;
  /** Every registration counts, ours or not; for a scope that could not be listed, the `max` of its groups. */
  readonly registrations: number;
  /** How many of these are assumed so, of scopes that were not listed; absent: none. */
  readonly assumed?: number;
  readonly maxRunners: number;
  /** Absent in records from before slots were counted. */
  readonly slots?: SlotObservation;
};

/** Build slots: runners in use at once, which some plans bill by the highest number of a month. */
export type SlotObservation = {
  /** Runners that are online or have a step. */
  readonly inUse: number;
  /** Runners that are in use or may come to be so: all registrations but those out of service without a step. */
  readonly committed: number;
  /** The most that were seen in use at once in this month, now included. */
  readonly peak: MonthPeak;
  /** The most that may be. */
  readonly max?: number;
  /** What one more costs a month, in US dollars. */
  readonly price: number;
};

/** The highest number of runners that was seen in use at once in a month: `2026-11`, by UTC. */
export type MonthPeak = { readonly month: string; readonly runners: number };

/** What a credential's hourly calls allow, after the look. */
export type BudgetObservation = {
  readonly credential: string;
  /** Those of the look whose calls it pays for. */
  readonly workspaces: readonly string[];
  /** Calls an hour. */
  readonly limit: number;
  readonly left: number;
  /** Registrations that it pays for now. */
  readonly creates: number;
  /** When it pays for more. */
  readonly moreAt: Instant;
};

/** Waiting steps of one repository that ask for the same labels (sorted, `self.hosted` and the OS label as written). */
export type WaitingSteps = { readonly labels: readonly string[]; readonly steps: number };

/** The work that waits in one repository, as far as it could be counted. */
export type QueueObservation = {
  readonly scope: Required<Scope>;
  readonly waiting: readonly WaitingSteps[];
};

/** Of a `queueAware` group that is saturated: the repositories that were looked at, or why its queue is unknown. */
export type QueueReading =
  | { readonly kind: 'counted'; readonly repositories: readonly string[] }
  | { readonly kind: 'unknown'; readonly why: string };

/** One look at the world. */
export type Observation = {
  /** Our clock, read once. */
  readonly at: Instant;
  readonly groups: readonly GroupObservation[];
  readonly workspaces: readonly WorkspaceObservation[];
  /** Each repository once, whatever groups look at it. Absent in records from before they were counted. */
  readonly queues?: readonly QueueObservation[];
  /** Absent where nothing counts calls, and in records from before they were counted. */
  readonly budgets?: readonly BudgetObservation[];
  /** Scope memory that this look changed, to be saved when the tick applies. */
  readonly scopeMemory: readonly ScopeMemoryEntry[];
  /** As `scopeMemory`, of workspaces. */
  readonly workspaceMemory?: readonly WorkspaceMemoryEntry[];
  /** Things worth knowing that stop nothing, such as runners that belong to no group. */
  readonly notes: readonly string[];
};

/** A scope's memory under its key, with the version that was read. */
export type ScopeMemoryEntry = {
  readonly key: string;
  readonly version: number;
  readonly memory: ScopeMemory;
};

/** The month's peak of a workspace under its key, with the version that was read. */
export type WorkspaceMemoryEntry = {
  readonly key: string;
  readonly version: number;
  readonly memory: MonthPeak;
};

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
 * One whole runner to add, take out of service or remove, or one pod to keep on its node or to let go; the precondition
 * is checked again just before.
 */
export type Action =
  | { readonly action: 'add'; readonly identity: ScopeIdentity; readonly reason: Reason }
  | { readonly action: 'disable'; readonly runner: Runner; readonly reason: Reason }
  | { readonly action: 'remove'; readonly runner: Runner; readonly job?: string; readonly reason: Reason }
  | { readonly action: 'remove-job'; readonly runnerUuid: string; readonly job: string; readonly reason: Reason }
  | { readonly action: 'protect'; readonly runner: Runner; readonly pod: string; readonly reason: Reason }
  | { readonly action: 'unprotect'; readonly runner: Runner; readonly pod: string; readonly reason: Reason };

/** What to do about one group. */
export type GroupPlan = {
  readonly group: RunnerGroup;
  readonly actions: readonly Action[];
  /** The memory to leave behind and the version it replaces. */
  readonly memory: GroupMemory;
  readonly memoryVersion: number;
  readonly memoryChanged: boolean;
};

/** What to do about the fleet. */
export type Plan = {
  readonly at: Instant;
  readonly groups: readonly GroupPlan[];
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
  /** What went wrong beyond single actions. */
  readonly problems: readonly string[];
};

/** Answer to a registration; the only moment at which the secret is known. */
export type Registration = {
  readonly runner: Runner;
  readonly clientId: string;
  readonly clientSecret: Secret;
};

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
  /** The most that may be, where the configuration says so. */
  readonly maxConcurrentRunners?: number;
  /** The most that were seen in use at once this month (UTC). */
  readonly peak: MonthPeak;
  /** Present where one more runner than that would raise the peak: what it costs a month, on a plan that bills slots. */
  readonly nextSlot?: { readonly costs: number; readonly currency: 'USD' };
};

/** One group in the report. */
export type GroupReport = {
  readonly name: string;
  readonly workspace: string;
  readonly repository?: string;
  readonly counts: Counts;
  readonly decision: {
    readonly action: Decision['action'];
    readonly from: number;
    readonly to: number;
    readonly reason: Reason;
  };
  readonly bounds: Bounds;
  /** What keeps starting runners from coming online. */
  readonly troubles: readonly Reason[];
  readonly plan: readonly PlannedAction[];
  readonly outcomes: readonly Outcome[];
  readonly problems: readonly string[];
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
