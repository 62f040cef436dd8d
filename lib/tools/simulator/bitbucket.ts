/**
 * Bitbucket's side of the simulated world: registrations, their states, and steps that look for a runner. It keeps to
 * what is known of the real one: a step needs a runner ONLINE with all its labels, fails at once when there is none,
 * waits when all are busy; a disabled runner finishes its step and gets no other.
 */
import { ServiceError } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { Registration } from '#core/model/decision.ts';
import type { Instant, Runner, RunnerStatus, ScopeIdentity } from '#core/model/observation.ts';
import { scopeKey } from '#core/scope.ts';
import { Secret } from '#core/secret.ts';
import type { VirtualClock } from './clock.ts';

/** A step of a pipeline, from the moment it is ready to run. */
export type Step = {
  readonly id: number;
  readonly scope: Scope;
  readonly labels: readonly string[];
  readonly readyAt: Instant;
  readonly durationMs: number;
  state: 'waiting' | 'running' | 'finished' | 'failed';
  /**
   * Why it failed: nobody was online for it, it waited for too long, its runner was taken away (by the autoscaler), or
   * its runner died.
   */
  failure?: 'no-runner' | 'expired' | 'killed' | 'crashed';
  /** Uuid of the runner that it runs or ran on. */
  runner?: string;
  startedAt?: Instant;
  endedAt?: Instant;
};

/** A step as it is submitted. */
export type StepRequest = Pick<Step, 'scope' | 'labels' | 'durationMs'>;

type Registered = {
  readonly scope: Scope;
  readonly uuid: string;
  readonly name: string;
  readonly labels: readonly string[];
  readonly createdAt: Instant;
  status: RunnerStatus;
  statusText: string;
  stateChangedAt: Instant;
  /** Whether a process is connected: a disabled runner keeps its connection. */
  connected: boolean;
  step?: Step;
  /** How the API showed it last. */
  shown?: Runner;
};

/** How long a runner takes at most until it asks for work again. */
const ASKS_AGAIN_MS = 30_000;

/** How this Bitbucket behaves. */
export type BitbucketOptions = {
  /** How far its clock is ahead of ours. */
  readonly skewMs: number;
  /** How long after a step has started its runner still looks idle. */
  readonly stepLagMs: number;
  /** How long a step may wait; after that it fails. */
  readonly queueLimitMs: number;
  /** Whether it puts runners back into service. */
  readonly enables: boolean;
};

/** Registrations by what they are at; together they are all. `unavailable`: disabled, offline and the like, without a step. */
export type RunnerTotals = {
  readonly busy: number;
  readonly idle: number;
  readonly starting: number;
  readonly unavailable: number;
};

/** All registrations. */
export function registeredIn({ busy, idle, starting, unavailable }: RunnerTotals): number {
  return busy + idle + starting + unavailable;
}

/** What a step's end, or a removal, is told to whoever listens. */
export type Listeners = {
  /** The registration is gone: its process will find out and exit. */
  readonly removed: (uuid: string) => void;
  /** Called before anything changes, so that time can be accounted with the old numbers. */
  readonly changing: () => void;
  /** A step waits, runs, has finished or has failed. */
  readonly stepChanged?: (step: Step) => void;
  /** A runner is online and there is no step for it. */
  readonly rested?: (uuid: string) => void;
};

export class SimulatedBitbucket {
  readonly #clock: VirtualClock;
  readonly #options: BitbucketOptions;
  readonly #listeners: Listeners;
  readonly #runners = new Map<string, Registered>();
  /** The same runners by scope, so that what concerns one scope costs nothing for the others. */
  readonly #scopes = new Map<string, Map<string, Registered>>();
  readonly #waiting = new Set<Step>();
  /** By workspace, the one with the latest step first. */
  readonly #repositories = new Map<string, readonly string[]>();
  readonly #totals = { busy: 0, idle: 0, starting: 0, unavailable: 0 };
  #registrations = 0;
  #stepIds = 0;

  constructor(clock: VirtualClock, options: BitbucketOptions, listeners: Listeners) {
    this.#clock = clock;
    this.#options = options;
    this.#listeners = listeners;
  }

  /** Every registration of a scope, as the API shows it. */
  list(scope: Scope): readonly Runner[] {
    return Array.from(this.#scopes.get(scopeKey(scope))?.values() ?? [], (entry) => this.#show(entry));
  }

  get(scope: Scope, uuid: string): Runner | undefined {
    const entry = this.#find(scope, uuid);
    return entry === undefined ? undefined : this.#show(entry);
  }

  /** Uuids that follow from the names, so that every world of one configuration agrees. */
  identify({ workspace, repository }: Scope): ScopeIdentity {
    const workspaceUuid = uuidOf(workspace, `workspace-${workspace}`);
    if (repository === undefined) return { workspaceUuid };
    return { workspaceUuid, repositoryUuid: uuidOf(repository, `repository-${workspace}-${repository}`) };
  }

  register(
    scope: Scope,
    { name, labels }: { readonly name: string; readonly labels: readonly string[] },
  ): Registration {
    this.#listeners.changing();
    this.#registrations += 1;
    const uuid = `{00000000-0000-4000-8000-${String(this.#registrations).padStart(12, '0')}}`;
    const createdAt = this.#clock.now + this.#options.skewMs;
    const entry: Registered = {
      scope,
      uuid,
      name,
      labels: [...labels].sort(),
      createdAt,
      status: 'UNREGISTERED',
      statusText: 'UNREGISTERED',
      stateChangedAt: createdAt,
      connected: false,
    };
    this.#runners.set(uuid, entry);
    this.#membersOf(scope).set(uuid, entry);
    this.#totals.starting += 1;
    return { runner: this.#show(entry), clientId: `client-${uuid}`, clientSecret: new Secret(`secret-of-${uuid}`) };
  }

  disable(scope: Scope, uuid: string): void {
    const entry = this.#find(scope, uuid);
    if (entry !== undefined) this.#setStatus(entry, 'DISABLED');
  }

  /** Puts a runner back into service: it is ENABLED until it asks for work the next time. */
  enable(scope: Scope, uuid: string): void {
    const entry = this.#find(scope, uuid);
    if (entry === undefined || !this.#options.enables) {
      const sentence = `Enabling runner ${uuid} of ${scopeKey(scope)} was refused; a new one takes its place.`;
      throw new ServiceError(sentence, { service: 'bitbucket', outcome: 'refused', status: entry ? 400 : 404 });
    }
    if (entry.status !== 'DISABLED') return;
    this.#setStatus(entry, 'ENABLED');
    const ask = () => {
      this.#setStatus(entry, 'ONLINE');
      this.#offerWork(entry);
    };
    this.#clock.schedule(this.#clock.now + ASKS_AGAIN_MS, ask, () => entry.status === 'ENABLED' && entry.connected);
  }

  /** Whether a step runs on the runner, whatever the API shows. */
  isAtWork(uuid: string): boolean {
    return this.#runners.get(uuid)?.step !== undefined;
  }

  /** Deletes a registration. A step that still ran on it is lost: the one thing that must never happen. */
  remove(scope: Scope, uuid: string): void {
    const entry = this.#find(scope, uuid);
    if (entry === undefined) return;
    this.#listeners.changing();
    this.#endStep(entry, 'killed');
    this.#totals[totalOf(entry)] -= 1;
    this.#runners.delete(uuid);
    this.#membersOf(entry.scope).delete(uuid);
    this.#listeners.removed(uuid);
  }

  /** A runner process starts and shows its credentials. Gives whether it is let in. */
  connect(uuid: string): boolean {
    const entry = this.#runners.get(uuid);
    if (entry === undefined) return false;
    entry.connected = true;
    if (entry.status !== 'DISABLED') this.#setStatus(entry, 'ONLINE');
    this.#offerWork(entry);
    return true;
  }

  /** A runner process is gone; what it was doing is lost. */
  disconnect(uuid: string, failure: 'killed' | 'crashed'): void {
    const entry = this.#runners.get(uuid);
    if (entry === undefined) return;
    this.#listeners.changing();
    entry.connected = false;
    this.#endStep(entry, failure);
    if (entry.status !== 'DISABLED') this.#setStatus(entry, 'OFFLINE');
  }

  /** Gives a runner a status of its own, such as one that nobody knows. */
  setStatus(uuid: string, status: RunnerStatus, statusText: string = status): void {
    const entry = this.#runners.get(uuid);
    if (entry !== undefined) this.#setStatus(entry, status, statusText);
  }

  /** A step becomes ready now. */
  submit(request: StepRequest): Step {
    this.#stepIds += 1;
    const step: Step = { id: this.#stepIds, ...request, readyAt: this.#clock.now, state: 'waiting' };
    this.#noteRepository(step.scope);
    const { free, anyOnline } = this.#lookFor(step);
    if (free !== undefined) {
      this.#startStep(free, step);
      return step;
    }
    this.#listeners.changing();
    if (anyOnline) {
      this.#wait(step);
    } else {
      step.state = 'failed';
      step.failure = 'no-runner';
      step.endedAt = step.readyAt;
    }
    this.#listeners.stepChanged?.(step);
    return step;
  }

  /** Repositories of the workspace that ever had a step, the one with the latest first. */
  recentRepositories(workspace: string): readonly string[] {
    return this.#repositories.get(workspace) ?? [];
  }

  /** The repository's steps that wait or run, the latest first. */
  openSteps({ workspace, repository }: Required<Scope>): readonly Step[] {
    const running = Array.from(this.#inReachOf({ workspace, repository }), ({ step }) => step);
    return [...this.#waiting, ...running]
      .filter((step) => step !== undefined)
      .filter(({ scope }) => scope.workspace === workspace && scope.repository === repository)
      .sort((a, b) => b.id - a.id);
  }

  /** Steps that wait for a runner. */
  get waiting(): ReadonlySet<Step> {
    return this.#waiting;
  }

  /** How many registrations there have ever been. */
  get everRegistered(): number {
    return this.#registrations;
  }

  /** Registrations over all scopes. */
  get totals(): RunnerTotals {
    return this.#totals;
  }

  #wait(step: Step): void {
    this.#waiting.add(step);
    const expire = () => {
      this.#listeners.changing();
      this.#waiting.delete(step);
      step.state = 'failed';
      step.failure = 'expired';
      step.endedAt = this.#clock.now;
      this.#listeners.stepChanged?.(step);
    };
    const { queueLimitMs } = this.#options;
    if (!Number.isFinite(queueLimitMs)) return;
    this.#clock.schedule(step.readyAt + queueLimitMs, expire, () => step.state === 'waiting');
  }

  #noteRepository({ workspace, repository }: Scope): void {
    if (repository === undefined) return;
    const others = this.recentRepositories(workspace).filter((name) => name !== repository);
    this.#repositories.set(workspace, [repository, ...others]);
  }

  #find(scope: Scope, uuid: string): Registered | undefined {
    const entry = this.#runners.get(uuid);
    return entry !== undefined && scopeKey(entry.scope) === scopeKey(scope) ? entry : undefined;
  }

  #membersOf(scope: Scope): Map<string, Registered> {
    const key = scopeKey(scope);
    const members = this.#scopes.get(key) ?? new Map<string, Registered>();
    this.#scopes.set(key, members);
    return members;
  }

  /** The first free runner for a step, those of its workspace before those of its repository. */
  #lookFor(step: Step): { readonly free?: Registered; readonly anyOnline: boolean } {
    let anyOnline = false;
    for (const entry of this.#inReachOf(step.scope)) {
      if (entry.status !== 'ONLINE' || (anyOnline && entry.step !== undefined) || !fits(step, entry)) continue;
      anyOnline = true;
      if (entry.step === undefined) return { free: entry, anyOnline };
    }
    return { anyOnline };
  }

  *#inReachOf({ workspace, repository }: Scope): Iterable<Registered> {
    yield* this.#scopes.get(scopeKey({ workspace }))?.values() ?? [];
    if (repository !== undefined) yield* this.#scopes.get(scopeKey({ workspace, repository }))?.values() ?? [];
  }

  #show(entry: Registered): Runner {
    const { uuid, name, labels, createdAt, status, statusText, stateChangedAt, step, shown } = entry;
    const shownAt = (step?.startedAt ?? 0) + this.#options.stepLagMs;
    const hasStep = step !== undefined && shownAt <= this.#clock.now;
    // Most lists show most runners as the one before; a state that changes is a new time or text.
    const isAsBefore =
      shown?.hasStep === hasStep && shown.stateChangedAt === stateChangedAt && shown.statusText === statusText;
    if (isAsBefore && shown.status === status) return shown;
    entry.shown = { uuid, name, labels, status, statusText, cordoned: false, hasStep, createdAt, stateChangedAt };
    return entry.shown;
  }

  #setStatus(entry: Registered, status: RunnerStatus, statusText: string = status): void {
    this.#listeners.changing();
    this.#totals[totalOf(entry)] -= 1;
    entry.status = status;
    this.#totals[totalOf(entry)] += 1;
    entry.statusText = statusText;
    entry.stateChangedAt = this.#clock.now + this.#options.skewMs;
  }

  #startStep(entry: Registered, step: Step): void {
    this.#listeners.changing();
    this.#waiting.delete(step);
    this.#totals[totalOf(entry)] -= 1;
    entry.step = step;
    this.#totals.busy += 1;
    step.state = 'running';
    step.runner = entry.uuid;
    step.startedAt = this.#clock.now;
    this.#listeners.stepChanged?.(step);
    this.#clock.schedule(this.#clock.now + step.durationMs, () => {
      if (entry.step !== step) return;
      this.#listeners.changing();
      this.#endStep(entry);
      this.#offerWork(entry);
    });
  }

  #endStep(entry: Registered, failure?: 'killed' | 'crashed'): void {
    const { step } = entry;
    if (step === undefined) return;
    this.#totals.busy -= 1;
    delete entry.step;
    this.#totals[totalOf(entry)] += 1;
    step.state = failure === undefined ? 'finished' : 'failed';
    if (failure !== undefined) step.failure = failure;
    step.endedAt = this.#clock.now;
    this.#listeners.stepChanged?.(step);
  }

  #offerWork(entry: Registered): void {
    if (entry.status !== 'ONLINE' || !entry.connected || entry.step !== undefined) return;
    for (const step of this.#waiting) {
      if (!fits(step, entry)) continue;
      this.#startStep(entry, step);
      return;
    }
    this.#listeners.rested?.(entry.uuid);
  }
}

function totalOf({ step, status }: Registered): keyof RunnerTotals {
  if (step !== undefined) return 'busy';
  if (status === 'ONLINE') return 'idle';
  return status === 'UNREGISTERED' || status === 'ENABLED' ? 'starting' : 'unavailable';
}

/** A step runs on runners of its repository or of its workspace that have all its labels. */
function fits(step: Step, { scope, labels }: Registered): boolean {
  return (
    step.scope.workspace === scope.workspace &&
    (scope.repository === undefined || scope.repository === step.scope.repository) &&
    step.labels.every((label) => labels.includes(label))
  );
}

function uuidOf(name: string, made: string): string {
  return name.startsWith('{') ? name : `{${made}}`;
}
