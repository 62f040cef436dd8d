/**
 * An in-memory world with virtual time behind the three ports: the tests' fake and the place to try
 * a policy before paying for it. Only ports and time are replaced; the line that runs against it is the shipped one.
 */
import { createCallBudget } from '#adapters/budget/ledger.ts';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import type { CallBudget } from '#core/budget/call-budget.ts';
import { ServiceError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Calls } from '#core/model/report.ts';
import type { Deadline, MemoryChange, Ports, StateStore, StepInLog } from '#core/ports.ts';
import { MINUTE_MS } from '#core/time.ts';
import { manifestsFromTemplates } from '#manifests/render.ts';
import { type Listeners, SimulatedBitbucket } from './bitbucket.ts';
import { CallLimit } from './call-limit.ts';
import { VirtualClock } from './clock.ts';
import { type ClusterOptions, SimulatedCluster } from './cluster.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
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
import type { Step, StepRequest } from './step.ts';

/** How a world behaves; everything has a default. */
export type WorldOptions = {
  readonly start?: Instant;
  /** From "the pod may start" to "the runner connects"; default 45 s. */
  readonly startupMs?: () => number;
  /** Pods that fit on the nodes, now or always; default: no limit. */
  readonly capacity?: number | (() => number);
  /** Why a node does not give a pod what it asks for by a resize; default: nodes give all. */
  readonly resizing?: ClusterOptions['resizing'];
  /** How long a step runs before the API shows it; default 0. */
  readonly stepLagMs?: number;
  /** How long a free runner takes to pick up a step; default 0. */
  readonly pickUpMs?: (step: Step) => number;
  /** How many steps of a workspace run at once; default: any number. */
  readonly stepLimit?: (workspace: string) => number;
  /** How long a step may wait before it fails; default: for ever. */
  readonly queueLimitMs?: number;
  /** Whether Bitbucket puts runners back into service; default: yes. */
  readonly enables?: boolean;
  /** Whether the runners' logs may be read; default: no, as in a cluster that was set up without asking for more. */
  readonly podsLog?: boolean;
  readonly bitbucketSkewMs?: number;
  readonly clusterSkewMs?: number;
  /** The hourly calls of the one credential, more of which are turned away (429); default: they are not counted. */
  readonly callsPerHour?: number;
  /** A larger limit for the calls that count queues, which Bitbucket names in its answers to them; default: none. */
  readonly queueCallsPerHour?: number;
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
  readonly #limit: CallLimit | undefined;
  readonly #queueLimit: CallLimit | undefined;
  #budget: CallBudget | undefined;
  readonly #podsLog: boolean;
  #ticks = 0;
  #writes = 0;
  readonly #calls = { bitbucket: 0, kubernetes: 0, aws: 0 };

  constructor(options: WorldOptions = {}) {
    this.clock = new VirtualClock(options.start ?? WORLD_START);
    this.faults = options.faults ?? NO_FAULTS;
    this.state = options.state ?? createMemoryStateStore();
    this.#limit = limitOf(options.callsPerHour);
    this.#queueLimit = limitOf(options.queueCallsPerHour);
    this.#podsLog = options.podsLog === true;
    const { listeners } = options;
    this.bitbucket = new SimulatedBitbucket(
      this.clock,
      {
        skewMs: options.bitbucketSkewMs ?? 0,
        stepLagMs: options.stepLagMs ?? 0,
        queueLimitMs: options.queueLimitMs ?? Infinity,
        pickUpMs: options.pickUpMs ?? (() => 0),
        stepLimit: options.stepLimit,
        enables: options.enables !== false,
        faults: () => this.faults,
      },
      {
        ...listeners,
        removed: (uuid) => this.cluster.exit(uuid),
        changing: () => listeners?.changing?.(),
      },
    );
    this.cluster = new SimulatedCluster(
      this.clock,
      {
        skewMs: options.clusterSkewMs ?? 0,
        startupMs: options.startupMs ?? (() => 45_000),
        capacity: options.capacity ?? Number.POSITIVE_INFINITY,
        ttlAfterFinishedMs: 5 * MINUTE_MS,
        ...(options.resizing && { resizing: options.resizing }),
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

  /**
   * Ports into this world. Each call of this is one process: an interruption that kills it leaves others alone. `bare`:
   * nothing in the process counts its calls, whatever Bitbucket does.
   */
  ports(interruption: Interruption = undisturbed, { bare = false }: { readonly bare?: boolean } = {}): Ports {
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
    const limit = this.#limit?.perHour;
    if (limit === undefined || bare) return ports;
    const credential = 'simulated';
    const budget = createCallBudget({
      credential,
      key: `${BUDGET_KEYS}${credential}`,
      limit: () => limit,
      now: () => this.now,
    });
    this.#budget = budget;
    return meterCalls(ports, () => budget, this.#queueLimit?.perHour);
  }

  /** Ids that no two ticks of this world share. */
  nextTickId(): string {
    this.#ticks += 1;
    return `tick-${this.#ticks}`;
  }

  /**
   * Grows with everything that happens and that is done through ports: while it stays the same, every port answers the
   * same, once `faults.settlesAfterMs` have passed. What a test does to Bitbucket or the cluster by hand is not in it.
   * With faults that never settle two answers may always differ, and it equals nothing, not even itself.
   */
  get changes(): number {
    const settles = this.faults === NO_FAULTS || this.faults.settlesAfterMs !== undefined;
    return settles ? this.clock.happened + this.#writes : Number.NaN;
  }

  /** Bitbucket's limit; `Infinity` where calls are not counted. */
  get callsPerHour(): number {
    return this.#limit?.perHour ?? Number.POSITIVE_INFINITY;
  }

  /** The most calls that Bitbucket was sent in any hour; 0 where they are not counted. */
  get mostCallsInAnHour(): number {
    return this.#limit?.most ?? 0;
  }

  /** Counts calls that were not made because their answers were known. */
  countSpared({ bitbucket, kubernetes, aws }: Calls): void {
    this.#calls.bitbucket += bitbucket;
    this.#calls.kubernetes += kubernetes;
    this.#calls.aws += aws;
    for (let call = 0; call < bitbucket; call += 1) {
      this.#limit?.count(this.now);
      this.#budget?.count('look');
    }
  }

  #logOf(uuid: string): StepInLog {
    if (!this.#podsLog) return 'not-allowed';
    return this.bitbucket.isAtWork(uuid) ? 'running' : 'none-seen';
  }

  #count(call: PortCall, proceed: () => Promise<unknown>): Promise<unknown> {
    const service = SERVICES[call.port];
    this.#calls[service] += 1;
    const limit = (call.port === 'pipelines' && this.#queueLimit) || this.#limit;
    if (service === 'bitbucket' && limit?.count(this.now) === 'too many') {
      const details = { service, outcome: 'refused', status: 429 } as const;
      const sentence = `${call.port}.${call.method} failed: the hour's calls are used up (429).`;
      return Promise.reject(new ServiceError(sentence, details));
    }
    if (!READS.has(call.method) && !savesBudgetsOnly(call)) this.#writes += 1;
    return proceed();
  }

  #snapshotCalls(): Calls {
    return { ...this.#calls };
  }
}

function limitOf(perHour: number | undefined): CallLimit | undefined {
  return perHour === undefined ? undefined : new CallLimit(perHour);
}

const BUDGET_KEYS = 'budget/';

/** What calls were made is remembered after each tick, and no tick of a kind world decides by it alone. */
function savesBudgetsOnly({ port, method, arguments: [changes] }: PortCall): boolean {
  return (
    port === 'state' &&
    method === 'save' &&
    Array.isArray(changes) &&
    changes.every(({ key }: MemoryChange) => key.startsWith(BUDGET_KEYS))
  );
}

/** In virtual time a call takes none, so that no deadline comes. */
function neverComes(): Deadline {
  return { signal: new AbortController().signal, cancel: () => undefined };
}
