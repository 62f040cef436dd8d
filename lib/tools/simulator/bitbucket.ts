/**
 * Bitbucket's side of the simulated world: registrations, their states, and steps that look for a runner. It keeps to
 * what is known of the real one: a step needs a runner ONLINE with all its labels, fails at once when there is none,
 * waits when all are busy; a disabled runner finishes its step and gets no other.
 */
import { ServiceError } from '#core/errors.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { Registration } from '#core/model/decision.ts';
import type { Runner, RunnerStatus, ScopeIdentity } from '#core/model/observation.ts';
import { scopeKey } from '#core/scope.ts';
import { Secret } from '#core/secret.ts';
import type { VirtualClock } from './clock.ts';
import { Directory } from './directory.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import { fits, listed, namedScope, type Registered, type RunnerTotals, show, totalOf } from './registrations.ts';
import type { Step, StepRequest } from './step.ts';

/** How long a runner takes at most until it asks for work again. */
const ASKS_AGAIN_MS = 30_000;

/** How this Bitbucket behaves. */
type BitbucketOptions = {
  /** How far its clock is ahead of ours. */
  readonly skewMs: number;
  /** How long after a step has started its runner still looks idle. */
  readonly stepLagMs: number;
  /** How long a step may wait; after that it fails. */
  readonly queueLimitMs: number;
  /** How long a free runner takes to pick up this step. */
  readonly pickUpMs: (step: Step) => number;
  /** How many steps of a workspace run at once; more wait, whatever runners are free. Absent or Infinity: any number. */
  readonly stepLimit?: ((workspace: string) => number) | undefined;
  /** Whether it puts runners back into service. */
  readonly enables: boolean;
  /** What is wrong with its answers at present; absent: nothing. */
  readonly faults?: () => Faults;
};

/**
 * How a process ends: it was taken away, it crashed, its node died with it (Bitbucket goes on showing its step), or it
 * ended and Bitbucket does not notice.
 */
export type ProcessEnd = 'killed' | 'crashed' | 'lost' | 'unnoticed';

/** What a step's end, or a removal, is told to whoever listens. */
export type Listeners = {
  /** The registration is gone: its process will find out and exit. */
  readonly removed: (uuid: string) => void;
  /** Called before anything changes, so that time can be accounted with the old numbers. */
  readonly changing: () => void;
  /** There is one registration more. */
  readonly registered?: (entry: Readonly<Registered>) => void;
  /** A step waits, runs, has finished or has failed. */
  readonly stepChanged?: (step: Step) => void;
  /** A runner is online and there is no step for it. */
  readonly rested?: (uuid: string) => void;
};

export class SimulatedBitbucket {
  readonly #clock: VirtualClock;
  readonly #options: BitbucketOptions;
  readonly #listeners: Listeners;
  readonly #directory = new Directory();
  readonly #waiting = new Set<Step>();
  /** By workspace: steps that run or are about to. */
  readonly #taken = new Map<string, number>();
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

  /** Every registration of a scope, as the API shows it when it is asked for each of them. */
  list(scope: Scope): readonly Runner[] {
    return Array.from(this.#directory.in(scope), (entry) => this.#show(entry));
  }

  /**
   * The registrations of a scope as the API lists them: what its faults make of `list`. `isAgain`: it is read once more in the
   * same moment, in which nothing else has gone, so that nothing slips.
   */
  listed(scope: Scope, isAgain = false): readonly Runner[] {
    if (this.#faults === NO_FAULTS) return this.list(scope);
    const { slippedPlace, ...steady } = this.#faults;
    const faults = { ...steady, ...(slippedPlace && !isAgain && { slippedPlace }) };
    const shelf = { present: this.#directory.in(scope), gone: this.#directory.goneFrom(scope) };
    return listed(shelf, scope, faults, this.#clock.now, this.#options.stepLagMs);
  }

  /** Every registration as it really is. */
  get registered(): Iterable<Readonly<Registered>> {
    return this.#directory.all;
  }

  get(scope: Scope, uuid: string): Runner | undefined {
    const entry = this.#directory.find(scope, uuid);
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
    const { labelsGiven, listLagMs } = this.#faults;
    const asked = [...labels].sort();
    const first = { status: 'UNREGISTERED', statusText: 'UNREGISTERED', stateChangedAt: createdAt } as const;
    const entry: Registered = {
      scope: namedScope(scope),
      uuid,
      name,
      asked,
      labels: labelsGiven === undefined ? asked : [...labelsGiven(asked)].sort(),
      createdAt,
      listLagMs: listLagMs?.(scope) ?? 0,
      statuses: [{ from: this.#clock.now, ...first }],
      ...first,
      connected: false,
      hasConnected: false,
      showsLostStep: false,
    };
    this.#directory.add(entry);
    this.#totals.starting += 1;
    this.#listeners.registered?.(entry);
    return { runner: this.#show(entry), clientId: `client-${uuid}`, clientSecret: new Secret(`secret-of-${uuid}`) };
  }

  disable(scope: Scope, uuid: string): void {
    const entry = this.#directory.find(scope, uuid);
    if (entry !== undefined) this.#setStatus(entry, 'DISABLED');
  }

  /** Puts a runner back into service: it is ENABLED until it asks for work the next time. */
  enable(scope: Scope, uuid: string): void {
    const entry = this.#directory.find(scope, uuid);
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
    return this.#directory.get(uuid)?.step !== undefined;
  }

  /** Deletes a registration. A step that still ran on it is lost: the one thing that must never happen. */
  remove(scope: Scope, uuid: string): void {
    const entry = this.#directory.find(scope, uuid);
    if (entry === undefined) return;
    this.#listeners.changing();
    this.#endStep(entry, 'killed');
    this.#totals[totalOf(entry)] -= 1;
    this.#directory.remove(entry);
    this.#letGo(entry);
    this.#directory.noteGone(entry, this.#clock.now, this.#faults.listLagMs?.(entry.scope) ?? 0);
    this.#listeners.removed(uuid);
  }

  /** A repository, or a workspace, is deleted: its registrations go with it, and so does what runs on them. */
  deleteScope(scope: Scope): void {
    for (const entry of [...this.#directory.in(scope)]) {
      this.disconnect(entry.uuid, 'crashed');
      this.remove(scope, entry.uuid);
    }
  }

  /** A runner process starts and shows its credentials. Gives whether it is let in. */
  connect(uuid: string): boolean {
    const entry = this.#directory.get(uuid);
    if (entry === undefined) return false;
    entry.connected = true;
    entry.hasConnected = true;
    entry.showsLostStep = false;
    if (entry.status !== 'DISABLED') this.#setStatus(entry, 'ONLINE');
    this.#offerWork(entry);
    return true;
  }

  /** A runner process is gone; what it was doing is lost. */
  disconnect(uuid: string, end: ProcessEnd): void {
    const entry = this.#directory.get(uuid);
    if (entry === undefined) return;
    this.#listeners.changing();
    entry.connected = false;
    entry.showsLostStep = end === 'lost' && entry.step !== undefined;
    this.#endStep(entry, end === 'killed' ? 'killed' : 'crashed');
    this.#letGo(entry);
    if (entry.status !== 'DISABLED' && end !== 'unnoticed') this.#setStatus(entry, 'OFFLINE');
  }

  /** Gives a runner a status of its own, such as one that nobody knows. */
  setStatus(uuid: string, status: RunnerStatus, statusText: string = status): void {
    const entry = this.#directory.get(uuid);
    if (entry !== undefined) this.#setStatus(entry, status, statusText);
  }

  /** A step becomes ready now. */
  submit(request: StepRequest): Step {
    this.#stepIds += 1;
    const step: Step = { id: this.#stepIds, ...request, readyAt: this.#clock.now, state: 'waiting' };
    this.#noteRepository(step.scope);
    const { free, anyOnline } = this.#lookFor(step);
    if (free !== undefined && this.#assign(free, step)) return step;
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
    const running = Array.from(this.#directory.inReachOf({ workspace, repository }), ({ step }) => step);
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
      delete this.#directory.get(step.runner ?? '')?.next;
      if (step.runner !== undefined) this.#giveUp(step);
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

  get #faults(): Faults {
    return this.#options.faults?.() ?? NO_FAULTS;
  }

  /** The first free runner for a step, those of its workspace before those of its repository. */
  #lookFor(step: Step): { readonly free?: Registered; readonly anyOnline: boolean } {
    let anyOnline = false;
    for (const entry of this.#directory.inReachOf(step.scope)) {
      if (entry.status !== 'ONLINE' || (anyOnline && entry.step !== undefined) || !fits(step, entry)) continue;
      anyOnline = true;
      // Steps are asked for by the process.
      if (isFree(entry) && this.#mayRun(step)) return { free: entry, anyOnline };
    }
    return { anyOnline };
  }

  #mayRun({ scope: { workspace } }: Step): boolean {
    return this.#takenIn(workspace) < this.#limitOf(workspace);
  }

  #limitOf(workspace: string): number {
    return this.#options.stepLimit?.(workspace) ?? Infinity;
  }

  #takenIn(workspace: string): number {
    return this.#taken.get(workspace) ?? 0;
  }

  /** A step of the workspace runs no longer. Where there is a limit, another one may run on any runner that is free. */
  #giveUp({ scope: { workspace } }: Step): void {
    this.#taken.set(workspace, this.#takenIn(workspace) - 1);
    if (this.#limitOf(workspace) === Infinity) return;
    this.#clock.schedule(this.#clock.now, () => {
      for (const step of this.#waiting) if (step.runner === undefined) this.#tryToRun(step);
    });
  }

  #show(entry: Registered): Runner {
    return show(entry, this.#clock.now, this.#options.stepLagMs);
  }

  #setStatus(entry: Registered, status: RunnerStatus, statusText: string = status): void {
    this.#listeners.changing();
    this.#totals[totalOf(entry)] -= 1;
    entry.status = status;
    this.#totals[totalOf(entry)] += 1;
    entry.statusText = statusText;
    entry.stateChangedAt = this.#clock.now + this.#options.skewMs;
    entry.statuses.push({ from: this.#clock.now, status, statusText, stateChangedAt: entry.stateChangedAt });
    if (status !== 'ONLINE') this.#letGo(entry);
  }

  /** The runner is to run the step. Gives whether it has begun; otherwise it waits to be picked up. */
  #assign(entry: Registered, step: Step): boolean {
    this.#taken.set(step.scope.workspace, this.#takenIn(step.scope.workspace) + 1);
    step.runnerAt = this.#clock.now;
    const takesMs = this.#options.pickUpMs(step);
    if (takesMs === 0) {
      this.#startStep(entry, step);
      return true;
    }
    entry.next = step;
    step.runner = entry.uuid;
    this.#clock.schedule(
      this.#clock.now + takesMs,
      () => this.#startStep(entry, step),
      () => entry.next === step,
    );
    return false;
  }

  /** What the runner was about to pick up goes to another one. */
  #letGo(entry: Registered): void {
    const step = entry.next;
    if (step === undefined) return;
    delete entry.next;
    delete step.runner;
    delete step.runnerAt;
    this.#giveUp(step);
    this.#tryToRun(step);
    if (step.runner === undefined) this.#listeners.stepChanged?.(step);
  }

  /** Gives the step that waits to the first runner that is free, if any. */
  #tryToRun(step: Step): void {
    const { free } = this.#lookFor(step);
    if (free !== undefined && !this.#assign(free, step)) this.#listeners.stepChanged?.(step);
  }

  #startStep(entry: Registered, step: Step): void {
    this.#listeners.changing();
    this.#waiting.delete(step);
    this.#totals[totalOf(entry)] -= 1;
    delete entry.next;
    entry.step = step;
    this.#totals.busy += 1;
    step.state = 'running';
    step.runner = entry.uuid;
    step.startedAt = this.#clock.now;
    const { stepHidden } = this.#faults;
    if (stepHidden !== undefined) step.hidden = stepHidden(step);
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
    entry.lastStep = step;
    this.#totals[totalOf(entry)] += 1;
    step.state = failure === undefined ? 'finished' : 'failed';
    if (failure !== undefined) step.failure = failure;
    step.endedAt = this.#clock.now;
    this.#giveUp(step);
    this.#listeners.stepChanged?.(step);
  }

  #offerWork(entry: Registered): void {
    if (!isFree(entry)) return;
    for (const step of this.#waiting) {
      if (step.runner !== undefined || !fits(step, entry) || !this.#mayRun(step)) continue;
      if (!this.#assign(entry, step)) this.#listeners.stepChanged?.(step);
      return;
    }
    this.#listeners.rested?.(entry.uuid);
  }
}

/** Whether the runner asks for a step. */
function isFree({
  status,
  connected,
  step,
  next,
}: Pick<Registered, 'status' | 'connected' | 'step' | 'next'>): boolean {
  return status === 'ONLINE' && connected && step === undefined && next === undefined;
}

function uuidOf(name: string, made: string): string {
  return name.startsWith('{') ? name : `{${made}}`;
}
