/** The nouns of the configuration: groups of runners, their workspaces and clusters. Types only; plain, readonly data. */
import type { StrategySettings } from '../decide/strategies/index.ts';

export type { IdleBuffer } from '../decide/strategies/idle-buffer.ts';
export type { PercentageRunnersIdle } from '../decide/strategies/percentage-runners-idle.ts';
export type { QueueAware } from '../decide/strategies/queue-aware.ts';

/** Where runners are registered. Both parts are slugs or `{uuid}`s, as Bitbucket accepts them in paths. */
export type Scope = { readonly workspace: string; readonly repository?: string };

/** Repositories by name, or by a query in Bitbucket's language (absent: all), the most recently active first. */
export type QueueSource =
  | { readonly kind: 'named'; readonly names: readonly string[] }
  | { readonly kind: 'query'; readonly query?: string };

/** How a group finds its target: the settings of its strategy, a union by `kind`. */
export type Strategy = StrategySettings;

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

/** Whose pipelines may wake a group. */
export type WakeSettings = {
  readonly from: readonly Required<Scope>[];
  /** The most runners that all of them get together. */
  readonly max: number;
  /** How long what a step asked for is kept. */
  readonly forMs: number;
};

/** What pipelines ask of a group now, by their repositories. `until`: when the last one runs out, ISO 8601. */
export type Woken = { readonly runners: number; readonly by: readonly string[]; readonly until: string };

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

/** What a container is given and what it may use at most. */
export type Resources = { readonly requests?: Quantities; readonly limits?: Quantities };

/** What a group says about its pods; the built-in template or the group's own turns it into manifests. */
export type PodSettings = {
  /** Absent: the built-in template. */
  readonly template?: JobTemplate;
  /** What a step may use; it sizes the docker container, in which steps run. 1x = 4 GB. */
  readonly size: '1x' | '2x' | '4x' | '8x' | Required<Quantities>;
  readonly architecture: 'amd64' | 'arm64';
  /** Atlassian's per-group `resources`; where given they win over `size`. */
  readonly resources?: Resources;
  /** Of the runner container, instead of the template's amounts of the same kind. */
  readonly runnerResources?: Resources;
  /** Of the pods; absent: none besides the template's. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  readonly serviceAccountName?: string;
  /** Whether the service account's token is mounted; absent: as the template says. */
  readonly automountServiceAccountToken?: boolean;
  /** Instead of the template's; absent: all of these stay. */
  readonly images?: { readonly runner?: string; readonly docker?: string };
  readonly priorityClassName?: string;
  /** What the docker container asks for while its runner is idle, instead of what its size says; absent: the same. */
  readonly whenIdle?: { readonly requests: Quantities };
  /** Extra environment of the runner container. */
  readonly env: Readonly<Record<string, string>>;
};

/** When a runner that works is replaced by a new one. */
export type Recycle = {
  /** It takes no second step. */
  readonly afterSteps?: 1;
  /** It is older than this. */
  readonly afterMs?: number;
  /** It was made from another template, image or setting than the group has now. */
  readonly onChange?: boolean;
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
  /** Absent: nobody can wake it. */
  readonly wake?: WakeSettings;
  /** Present while pipelines ask for runners: `min` is at least as many then. */
  readonly woken?: Woken;
  /** For this long the highest target counts when runners are to go; 0: only the present one. */
  readonly stabilisationWindowMs: number;
  /** Its share of its workspace's caps, relative to that of other groups; > 0. */
  readonly weight: number;
  /** How long a runner must have been seen idle, on every tick, before it may go. 0: it may go at the first look. */
  readonly coolDownMs: number;
  /** How long a runner may take from registration to ONLINE before it counts as a failed start. */
  readonly startTimeoutMs: number;
  /** How long a disabled runner must have been seen without a step before it is deleted. */
  readonly drainGraceMs: number;
  readonly maxCreatesPerTick: number;
  /** When runners that work are replaced; absent: never. */
  readonly recycle?: Recycle;
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
  /** The most steps that Bitbucket runs at once in the workspace; absent: no limit is known. */
  readonly concurrencyLimit?: number;
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
  | {
      readonly kind: 'eks';
      readonly name: string;
      readonly region?: string;
      readonly roleArn?: string;
      /** What the trust policy of that role asks for. */
      readonly externalId?: string;
    };

/** A whole, valid configuration. Keys of `workspaces` are the workspaces as groups name them; of `clusters`, their names. */
export type Fleet = {
  readonly groups: readonly RunnerGroup[];
  readonly workspaces: Readonly<Record<string, WorkspaceSettings>>;
  readonly clusters: Readonly<Record<string, ClusterSettings>>;
  /** How often a function looks within one invocation; absent: once. */
  readonly pollEveryMs?: number;
};
