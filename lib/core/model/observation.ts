/** The nouns of the look: what Bitbucket, the clusters and the memory say at one moment. Types only; readonly data. */
import type { Places } from '../places.ts';
import type { Namespace } from '../ports.ts';
import type { Reason } from '../reasons.ts';
import type { ScratchRunner } from '../scratch.ts';
import type { Quantities, RunnerGroup, Scope } from './configuration.ts';

/** Milliseconds since the Unix epoch. Times that come from Bitbucket or a cluster are by *their* clock. */
export type Instant = number;

/** The uuids behind a scope, with braces, as the runner container wants them in its environment. */
export type ScopeIdentity = { readonly workspaceUuid: string; readonly repositoryUuid?: string };

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
  /** Present on one whose program is older than the one that Bitbucket recommends. */
  readonly behind?: { readonly version: string; readonly current: string };
};

/** What a pod says while it does not run properly: the waiting reason of a container, or the scheduler's. */
export type PodTrouble = { readonly reason: string; readonly message: string };

/** The pod of a runner Job, in short. */
export type RunnerPod = {
  readonly name: string;
  /** The container that the runner is, whose log is its own; absent where it cannot be told. */
  readonly container?: string;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly restarts: number;
  readonly trouble?: PodTrouble;
  /** Whether it carries the marks that keep it on its node. */
  readonly isProtected: boolean;
  /** Present where its requests follow what its runner is at. */
  readonly resize?: PodResize;
};

/** What a pod asks for while its runner is idle, and while it works. */
export type PodResize = {
  /** The container that is resized; `isInit`: it is among those of `initContainers`. */
  readonly container: string;
  readonly isInit?: true;
  readonly idle: Quantities;
  readonly full: Quantities;
  /** Which of them it asks for now; absent: neither. */
  readonly asks?: 'idle' | 'full';
  /** Why its node has not given it that, in the cluster's words, and since when, by its clock. */
  readonly pending?: { readonly reason: string; readonly message: string; readonly since: Instant };
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
  /** The labels that its runner was to have, sorted; absent on Jobs made before they were written down. */
  readonly labels?: readonly string[];
  /** Where it is, on one that is not in the namespace of the group that has its runner. */
  readonly away?: Namespace;
  /** The deployment that made it; absent on Jobs made before deployments had names. */
  readonly deployment?: string;
  readonly status: 'active' | 'complete' | 'failed';
  /** By the cluster's clock. */
  readonly createdAt: Instant;
  /** Stands for what it was made from; absent where nobody asked for that. */
  readonly fingerprint?: string;
  /** The latest one. */
  readonly pod?: RunnerPod;
  /** Present while a pod of it, the latest or one before, is being taken away. */
  readonly takenAway?: TakenAway;
};

/** That a pod goes although its runner did not ask for it: its node is drained or reclaimed, or somebody deletes it. */
export type TakenAway = {
  /** The cluster's word, such as `EvictionByEvictionAPI`; `Deleted` where it gives none. */
  readonly why: string;
  /** Present where the Job's own controller deletes it, because its pods have failed too often. */
  readonly byItsJob?: true;
};

/** What the autoscaler remembers of a group between ticks. */
export type GroupMemory = {
  /** By runner uuid: since when every look saw it idle, by our clock. */
  readonly idleSince: Readonly<Record<string, Instant>>;
  /**
   * By runner uuid: since when every look saw that it gets no step (it is out of service, or its Job has ended) and
   * shows none, by our clock.
   */
  readonly drainingSince: Readonly<Record<string, Instant>>;
  /**
   * By runner uuid: since when every look saw that it is out of service, or that its Job is not listed any more, and that it
   * may have a step all the same, by our clock. Absent: none does, and in older memories.
   */
  readonly finishing?: Readonly<Record<string, Instant>>;
  /** Uuids of runners that showed a step when their Job was seen to have ended; absent: none. */
  readonly endedJobs?: readonly string[];
  /** By runner uuid: what was decided about runners that were taken out of service here. Absent: none was. */
  readonly drains?: Readonly<Record<string, Drain>>;
  /** Present while the group's runners fail to start. */
  readonly quarantine?: Quarantine;
  /** By runner uuid: when its failed or interrupted start was last seen, by our clock. Each of them counts once. */
  readonly failedStarts?: Readonly<Record<string, Instant>>;
  /** Present while starts are interrupted. */
  readonly interruptions?: Interruptions;
  /** Absent until the group has had a runner. */
  readonly startUps?: StartUps;
  /** Uuids of the runners that worked at the latest look; absent: none has been remembered. */
  readonly working?: readonly string[];
  /** By runner uuid: idle runners that worked less than a minute ago, and the first look that saw each idle. */
  readonly doubts?: Readonly<Record<string, Instant>>;
  /** Steps that looks saw begin in the last hour, by spans of five minutes, oldest first. */
  readonly arrivals?: readonly ArrivalCount[];
  /** Absent until the group's queue was counted for the first time. */
  readonly waits?: Waits;
  /** Present where there is a stabilisation window: the targets that still count, highest first. */
  readonly recentTargets?: readonly RecentTarget[];
  /** By uuid: runners of the group that are there, listed or behind a Job, and when the first look saw each. */
  readonly runners?: Readonly<Record<string, Instant>>;
  /** Uuids of those among `runners` that no look saw a Job of ours behind in the group's namespace; absent: none. */
  readonly jobless?: readonly string[];
  /** By runner uuid: the other namespace that its Job was last seen in, `CLUSTER/NAMESPACE`; absent: none was elsewhere. */
  readonly awayJobs?: Readonly<Record<string, string>>;
  /** Uuids of runners of the group that were seen with a step, where each takes one; absent: none. */
  readonly worked?: readonly string[];
  /** Adds that ticks began and no look has seen the runners of yet, oldest first. */
  readonly intended?: readonly IntendedAdds[];
};

/** Steps that came in a span of five minutes, and when it began, by our clock. */
export type ArrivalCount = { readonly from: Instant; readonly steps: number };

/** Steps that wait, and the look that first saw them do so, by our clock. */
export type WaitingSince = { readonly since: Instant; readonly steps: number };

/** Steps that wait, the oldest first, and those that began in the last hour by spans of five minutes. */
export type Waits = {
  readonly queued: readonly WaitingSince[];
  readonly begun: readonly { readonly from: Instant; readonly waitedMs: number; readonly steps: number }[];
};

/** How many runners a tick was going to add, written down before the first of them, and when, by our clock. */
export type IntendedAdds = { readonly at: Instant; readonly adds: number };
/** That a runner was taken out of service, and what became of it since. */
export type Drain = {
  /** The code of the reason, such as `surplus`. */
  readonly cause: string;
  /** When it was decided, by our clock. */
  readonly at: Instant;
  /** When it was to be put back into service; that is tried once. */
  readonly enabledAt?: Instant;
  /** Present when the list alone cannot be relied on: it lagged, or the runner was put back into service in between. */
  readonly confirm?: true;
};

/** A number of runners that was wanted, and since when no more than that was, by our clock. */
export type RecentTarget = { readonly target: number; readonly since: Instant };

/** Waves of starts whose pods were taken away, one soon after the other, and when the last was registered, by Bitbucket's clock. */
export type Interruptions = { readonly looks: number; readonly registered: Instant };

/** Looks and ticks that found new failed starts, and when the last of them was, by our clock. */
export type Quarantine = {
  readonly failures: number;
  readonly since: Instant;
  /** Stands for the settings that these starts failed with: others may work. Absent in older memories, as `failed` is. */
  readonly settings?: number;
  /** The latest starts that counted, oldest first. */
  readonly failed?: readonly FailedStart[];
};

/** A start that failed: when that was first seen, by our clock, and why. Without `runner` it was refused. */
export type FailedStart = { readonly runner?: string; readonly at: Instant; readonly cause: string };

/** How long the group's runners take from registration to online, by Bitbucket's clock, and what that is learned from. */
export type StartUps = {
  /** Of the latest runners that came online, oldest first. */
  readonly tookMs: readonly number[];
  /** The uuids of those that were starting at the latest look. */
  readonly awaited: readonly string[];
  /** When the newest runner that was ever seen was registered; one that is newer was never looked at. */
  readonly newest: Instant;
};

/** What the autoscaler remembers of a scope between ticks. */
export type ScopeMemory = {
  readonly identity?: ScopeIdentity;
  /** Whether any runner of the scope has ever shown a step; until then "no step" proves nothing on the public API. */
  readonly stepSeen: boolean;
  /** How many registrations the last list of the scope had; absent: none was ever read. */
  readonly registrations?: number;
  /** How many of these were of no group; absent: none, or it was not counted. */
  readonly foreign?: number;
  /** Since when no list of the scope can be read, by our clock; absent: the last one could. */
  readonly unlistedSince?: Instant;
  /** When a step was last seen, give or take some minutes, by our clock; kept where marks need proof. */
  readonly stepSeenAt?: Instant;
};

/** Everything known of one group at one moment, whether or not all of it could be read. */
export type GroupObservation = {
  readonly group: RunnerGroup;
  /** Only this group's registrations. */
  readonly runners: readonly Runner[];
  /** The Jobs behind these runners, whatever group they were made for. */
  readonly jobs: readonly RunnerJob[];
  /**
   * Jobs of this group in this scope whose registration is not listed: it is gone, or the list is late. Each takes a
   * seat until it is known which.
   */
  readonly orphanJobs: readonly RunnerJob[];
  /** Adds that an earlier tick began and whose runners are neither listed nor behind a Job yet; absent: none. */
  readonly pendingAdds?: number;
  /** Runners of the group at places that it has left, and those of its labels in its scope; absent: none. */
  readonly elsewhere?: number;
  /** Present while a place that the group has left cannot be seen: a Job that is not here may be there. */
  readonly jobsUnsure?: true;
  /** Present while Jobs of some namespace cannot be read: a Job that nobody has seen may be there. */
  readonly jobsHidden?: true;
  /** Uuids of runners whose Job was in another namespace, which this look has read; absent: none. */
  readonly awayRead?: readonly string[];
  /** Of a place that was left: why its Jobs cannot be read. What Bitbucket lists there is seen all the same. */
  readonly unreachable?: string;
  /** The document of the memory, where it is not the group's own: that of a place that it has left. */
  readonly memoryKey?: string;
  /** Stands for what runners are made from now; present where a change of it is to reach those that are there. */
  readonly fingerprint?: string;
  readonly memory: GroupMemory;
  /** The version of the memory that was read; 0 when there was none. Applying claims the group against it. */
  readonly memoryVersion: number;
  /** Absent only when it could not be read, which `missing` then says. */
  readonly identity?: ScopeIdentity;
  /** Whether "shows no step" may be read as "is idle". */
  readonly idleTrusted: boolean;
  /** One sentence for each thing that could not be read. Not empty = partial = hold. */
  readonly missing: readonly string[];
  /** Present where the runners could not be listed: how many there are is unknown. */
  readonly unlisted?: true;
  /** Present while the hourly calls do not allow a look at the workspace: nothing is wrong, nothing was seen, hold. */
  readonly heldBack?: Reason;
  /** Absent: the queue was not asked for, since nothing depended on it. */
  readonly queue?: QueueReading;
};

/** A group of which everything was read: the only kind from which anything may be concluded. */
export type SeenGroup = GroupObservation & {
  readonly identity: ScopeIdentity;
  readonly missing: readonly [];
  readonly heldBack?: never;
};

/** What is known of a workspace's registrations, over all its scopes that any group uses. */
export type WorkspaceObservation = {
  readonly workspace: string;
  /** Every seat that is taken: registrations, ours or not, what no list shows yet, and what a scope may have that could not be listed. */
  readonly registrations: number;
  /** How many of these are assumed so, of scopes that were not listed; absent: none. */
  readonly assumed?: number;
  readonly maxRunners: number;
  /** Absent in records from before slots were counted. */
  readonly slots?: SlotObservation;
};

/** What runs at once in a workspace, of which some plans bill the highest number of steps of a month. */
export type SlotObservation = {
  /** Runners that are online or have a step. */
  readonly inUse: number;
  /** Runners that are in use or may come to be so: all registrations but those out of service without a step. */
  readonly committed: number;
  /** Runners with a step; absent in records from before they were counted. */
  readonly running?: number;
  /** Of those that may come to be in use, all that may still be starting; absent in records from before they were counted. */
  readonly coming?: number;
  /** The most steps that Bitbucket runs at once, where the configuration says so. */
  readonly limit?: number;
  /** The most that were seen at once in this month, now included. */
  readonly peak: MonthPeak;
  /** The most that may be. */
  readonly max?: number;
  /** What one more costs a month, in US dollars. */
  readonly price: number;
  /** Present where the configuration itself names that price, and it is not 0. */
  readonly isPriced?: true;
};

/**
 * The highest numbers that were seen at once in a month (`2026-11`, by UTC) of runners in use and of steps that ran; `steps`
 * is absent where only the former were counted.
 */
export type MonthPeak = { readonly month: string; readonly runners: number; readonly steps?: number };

/** The month's peak of a workspace, and its Jobs of scopes that no look lists, as they were counted last; absent: none. */
export type WorkspaceMemory = MonthPeak & { readonly elsewhere?: number };

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
  /** What is left for counting queues alone, where Bitbucket has a larger limit for that; absent: nothing. */
  readonly leftForQueues?: number;
};

/** Waiting steps of one repository that ask for the same labels (sorted, `self.hosted` and the OS label as written). */
export type WaitingSteps = { readonly labels: readonly string[]; readonly steps: number };

/** The work that waits in one repository, as far as it could be counted. */
export type QueueObservation = {
  readonly scope: Required<Scope>;
  readonly waiting: readonly WaitingSteps[];
};

/** Of a group whose next runners depend on its queue: the repositories that were looked at, or why it is unknown. */
export type QueueReading =
  | { readonly kind: 'counted'; readonly repositories: readonly string[] }
  | { readonly kind: 'unknown'; readonly why: string };

/** One look at the world. */
export type Observation = {
  /** Our clock, read once. */
  readonly at: Instant;
  /** By when everything had been read, where that took long. */
  readonly readBy?: Instant;
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
  /** What is left of groups at places that no group has any more; absent: nothing, or nobody looked. */
  readonly leftovers?: readonly GroupObservation[];
  /** Registrations that a probe left behind; absent: none. */
  readonly scratch?: readonly ScratchRunner[];
  /** Documents of places that this look changed; absent: none. */
  readonly places?: readonly DocumentEntry<Places>[];
  /** The name that this deployment stamps its Jobs with; absent: it has none yet. */
  readonly deployment?: string;
  /** Things worth knowing that stop nothing, such as runners that belong to no group. */
  readonly notes: readonly string[];
};

/** A document to save under a key, with the version that was read. */
export type DocumentEntry<T> = { readonly key: string; readonly version: number; readonly memory: T };

/** A scope's memory. */
export type ScopeMemoryEntry = DocumentEntry<ScopeMemory>;

/** What is remembered of a workspace. */
export type WorkspaceMemoryEntry = DocumentEntry<WorkspaceMemory>;
