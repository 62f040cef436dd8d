/**
 * An in-memory world with virtual time behind the three ports: the tests' fake, the demo's stage and the place to try
 * a policy before paying for it. Only ports and time are replaced; the line that runs against it is the shipped one.
 */
import { createCallBudget } from '#adapters/budget/ledger.ts';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Calls } from '#core/model/report.ts';
import type { Deadline, Ports, StateStore, StepInLog } from '#core/ports.ts';
import { MINUTE_MS } from '#core/time.ts';
import { manifestsFromTemplates } from '#manifests/manifests.ts';
import { type Listeners, SimulatedBitbucket, type Step, type StepRequest } from './bitbucket.ts';
import { VirtualClock } from './clock.ts';
import { SimulatedCluster } from './cluster.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import { type Figures, RunnerTime, summarise } from './figures.ts';
import {
  befall,
  type Interruption,
  inTurn,
  interrupt,
  type PortCall,
  READS,
  SERVICES,
  undisturbed,
} from './interrupt.ts';
import { meterCalls } from './meter.ts';
import { jobApiOf, pipelineApiOf, runnerApiOf } from './ports.ts';

/** How a world behaves; everything has a default. */
export type WorldOptions = {
  readonly start?: Instant;
  /** From "the pod may start" to "the runner connects"; default 45 s. */
  readonly startupMs?: () => number;
  /** Pods that fit on the nodes, now or always; default: no limit. */
  readonly capacity?: number | (() => number);
  /** How long a step runs before the API shows it; default 0. */
  readonly stepLagMs?: number;
  /** How long a step may wait before it fails; default: for ever. */
  readonly queueLimitMs?: number;
  /** Whether Bitbucket puts runners back into service; default: yes. */
  readonly enables?: boolean;
  /** Whether the runners' logs may be read; default: no, as in a cluster that was set up without asking for more. */
  readonly podsLog?: boolean;
  readonly bitbucketSkewMs?: number;
  readonly clusterSkewMs?: number;
  /** The hourly calls of the one credential; default: they are not counted. */
  readonly callsPerHour?: number;
  /** Memory between ticks; default: a store of its own. */
  readonly state?: StateStore;
  /** What is wrong with it from the beginning; default: nothing. */
  readonly faults?: Faults;
  /** Told of what happens, beside the world's own books. `changing`: just before the numbers of runners change. */
  readonly listeners?: Partial<Omit<Listeners, 'removed'>>;
};

/** 6 November 2026, a Friday, midnight UTC: the beginning of a minute, by which budgets count calls. */
export const WORLD_START: Instant = 1_793_923_200_000;

export class World {
  readonly clock: VirtualClock;
  readonly bitbucket: SimulatedBitbucket;
  readonly cluster: SimulatedCluster;
  /** What is wrong with it at present. */
  faults: Faults;
  /** Memory between ticks; another one when it was lost. */
  state: StateStore;
  readonly steps: Step[] = [];
  readonly #time: RunnerTime;
  readonly #callsPerHour: number | undefined;
  readonly #podsLog: boolean;
  #ticks = 0;
  #writes = 0;
  readonly #calls = { bitbucket: 0, kubernetes: 0, aws: 0 };

  constructor(options: WorldOptions = {}) {
    this.clock = new VirtualClock(options.start ?? WORLD_START);
    this.faults = options.faults ?? NO_FAULTS;
    this.state = options.state ?? createMemoryStateStore();
    this.#callsPerHour = options.callsPerHour;
    this.#podsLog = options.podsLog === true;
    this.#time = new RunnerTime(this.clock.now);
    const { listeners } = options;
    this.bitbucket = new SimulatedBitbucket(
      this.clock,
      {
        skewMs: options.bitbucketSkewMs ?? 0,
        stepLagMs: options.stepLagMs ?? 0,
        queueLimitMs: options.queueLimitMs ?? Infinity,
        enables: options.enables !== false,
        faults: () => this.faults,
      },
      {
        removed: (uuid) => this.cluster.exit(uuid),
        changing: () => {
          this.#account();
          listeners?.changing?.();
        },
        ...(listeners?.registered && { registered: listeners.registered }),
        ...(listeners?.stepChanged && { stepChanged: listeners.stepChanged }),
        ...(listeners?.rested && { rested: listeners.rested }),
      },
    );
    this.cluster = new SimulatedCluster(
      this.clock,
      {
        skewMs: options.clusterSkewMs ?? 0,
        startupMs: options.startupMs ?? (() => 45_000),
        capacity: options.capacity ?? Number.POSITIVE_INFINITY,
        ttlAfterFinishedMs: 5 * MINUTE_MS,
      },
      {
        started: (uuid) => this.bitbucket.connect(uuid),
        stopped: (uuid, how) => this.bitbucket.disconnect(uuid, how),
      },
    );
  }

  get now(): Instant {
    return this.clock.now;
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.clock.advanceTo(this.clock.now + ms);
  }

  /** A step becomes ready, now or at a later time. */
  submit(request: StepRequest, at: Instant = this.clock.now): void {
    this.clock.schedule(at, () => this.steps.push(this.bitbucket.submit(request)));
    this.clock.advanceTo(this.clock.now);
  }

  /** Ports into this world. Each call of this is one process: an interruption that kills it leaves others alone. */
  ports(interruption: Interruption = undisturbed): Ports {
    const mishaps = befall(this.clock, (call) => this.faults.mishap?.(call));
    const ports = interrupt(
      {
        runners: runnerApiOf(
          this.bitbucket,
          () => this.faults,
          () => {
            this.#calls.bitbucket += 1;
          },
        ),
        pipelines: pipelineApiOf(this.bitbucket),
        manifests: manifestsFromTemplates,
        jobs: jobApiOf(this.cluster, (uuid) => this.#logOf(uuid)),
        state: this.state,
        deadline: neverComes,
        calls: () => this.#snapshotCalls(),
      },
      inTurn(interruption, (call, proceed) => this.#count(call, () => mishaps(call, proceed))),
    );
    const limit = this.#callsPerHour;
    if (limit === undefined) return ports;
    const credential = 'simulated';
    const budget = createCallBudget({
      credential,
      key: `budget/${credential}`,
      limit: () => limit,
      now: () => this.now,
    });
    return meterCalls(ports, () => budget);
  }

  /** Ids that no two ticks of this world share. */
  nextTickId(): string {
    this.#ticks += 1;
    return `tick-${this.#ticks}`;
  }

  /**
   * Grows with everything that happens and that is done through ports: while it stays the same, every port answers the
   * same. What a test does to Bitbucket or the cluster by hand is not in it. With faults two answers may always differ,
   * and it equals nothing, not even itself.
   */
  get changes(): number {
    return this.faults === NO_FAULTS ? this.clock.happened + this.#writes : Number.NaN;
  }

  /** Counts calls that were not made because their answers were known. */
  countSpared({ bitbucket, kubernetes, aws }: Calls): void {
    this.#calls.bitbucket += bitbucket;
    this.#calls.kubernetes += kubernetes;
    this.#calls.aws += aws;
  }

  /** What the run has come to so far. */
  figures(): Figures {
    this.#account();
    return summarise(this.steps, this.#time);
  }

  #logOf(uuid: string): StepInLog {
    if (!this.#podsLog) return 'not-allowed';
    return this.bitbucket.isAtWork(uuid) ? 'running' : 'none-seen';
  }

  #count({ port, method }: PortCall, proceed: () => Promise<unknown>): Promise<unknown> {
    this.#calls[SERVICES[port]] += 1;
    if (!READS.has(method)) this.#writes += 1;
    return proceed();
  }

  #snapshotCalls(): Calls {
    return { ...this.#calls };
  }

  #account(): void {
    this.#time.account(this.clock.now, this.bitbucket.totals);
  }
}

/** In virtual time a call takes none, so that no deadline comes. */
function neverComes(): Deadline {
  return { signal: new AbortController().signal, cancel: () => undefined };
}
