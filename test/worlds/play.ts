/** Plays a random world from its settings: faults and load for a time, then calm; and judges it all the while. */
import { ServiceError, sentenceOf } from '#core/errors.ts';
import { groupMemoryKey, parseGroupMemory } from '#core/memory.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Report } from '#core/model/report.ts';
import { scopeKey } from '#core/scope.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';
import { bareUuid } from '#core/uuid.ts';
import { dieAt } from '#kit/die-at.ts';
import { type FleetSchedule, fleetAt, tickIn } from '#kit/drive.ts';
import { type Interruption, inTurn, undisturbed } from '#tools/simulator/interrupt.ts';
import { createRandom } from '#tools/simulator/random.ts';
import type { Registered } from '#tools/simulator/registrations.ts';
import { createRunStateStore } from '#tools/simulator/state.ts';
import { WORLD_START, World } from '#tools/simulator/world.ts';
import type { WorldSetting } from './draw-world.ts';
import { FailedStarts } from './failed-starts.ts';
import { fleetsOf } from './fleets.ts';
import { type Calm, isOf, Judge, SHARED_WITHIN_MS, type Violation } from './judge.ts';
import {
  disturbCluster,
  faultsOf,
  isWithin,
  LONGEST_STEP_MS,
  lastingFaultsOf,
  type Stage,
  scheduleContest,
  scheduleLoad,
} from './mishaps.ts';
import { type Adrift, sharesIn } from './shares.ts';
import { Strangers } from './strangers.ts';

const QUEUE_LIMIT_MS = 20 * MINUTE_MS;
/** Long enough for what waits, what runs, every cool-down and window, and ten minutes. */
const CALM_MS = QUEUE_LIMIT_MS + LONGEST_STEP_MS + 40 * MINUTE_MS;
/** A buffer that learned from the last steps has forgotten them. */
const FORGETS_MS = HOUR_MS;
/** On the public surface a mark that was seen is trusted for so long. */
const MARKS_SHOWN_FOR_MS = HOUR_MS;
/** After so long a scope that is not found counts as gone for good. */
const FORGOTTEN_AFTER_MINUTES = 10;
/** For so long the Job of a process that has ended is there. */
const ENDED_JOB_KEPT_MINUTES = 5;
/** A start that hung shows after ten minutes that it failed, and its group backs off for ten more. */
const BACK_OFF_MS = 10 * MINUTE_MS;
/** Groups contend for longer than any of them may be below its share, once the faults leave no trace. */
const CONTEST_MS = SHARED_WITHIN_MS + 2 * BACK_OFF_MS + 5 * MINUTE_MS;
/** For so long after a registration a group must not change, or nobody may know whose an add without a Job was. */
const UNSEEN_MS = 3 * MINUTE_MS;
/** A lowered limit does not forbid what was sent before. */
const IN_FLIGHT_MS = MINUTE_MS;

/** The first violation of each property that does not hold in this world. */
export async function play(setting: WorldSetting): Promise<readonly Violation[]> {
  const run = new Run(setting);
  await run.beUnkind();
  await run.contest();
  await run.beCalm();
  return run.violations;
}

class Run {
  readonly #setting: WorldSetting;
  readonly #fleets: FleetSchedule;
  readonly #world: World;
  readonly #stage: Stage;
  readonly #judge: Judge;
  /** When the faults are over. */
  readonly #end: Instant;
  /** When no more steps come. */
  readonly #calmFrom: Instant;
  readonly #strangers: Strangers;
  readonly #everRegistered: Readonly<Registered>[] = [];
  readonly #failedStarts: FailedStarts;
  #tickAt: Instant = WORLD_START;
  #memoryLostAt = Number.NEGATIVE_INFINITY;
  #losses: readonly Instant[];
  /** Uuids of what had no Job when its repository came back after so long that its place may have been forgotten. */
  readonly #forgotten = new Set<string>();
  /** Uuids that memory has had. */
  readonly #recorded = new Set<string>();
  /** By group: until when it may be in back-off. */
  readonly #restsUntil = new Map<string, Instant>();

  constructor(setting: WorldSetting) {
    const random = createRandom(setting.seed);
    this.#setting = setting;
    this.#fleets = fleetsOf(setting, WORLD_START);
    this.#end = WORLD_START + setting.minutes * MINUTE_MS;
    this.#calmFrom = this.#end + (setting.contest ? CONTEST_MS : 0);
    this.#losses = setting.memoryLostAtMinutes.map((minute) => WORLD_START + minute * MINUTE_MS);
    const world: World = new World({
      startupMs: () => setting.startupSeconds * 1000 * (0.5 + random.next()),
      capacity: () => this.#capacity(),
      queueLimitMs: QUEUE_LIMIT_MS,
      bitbucketSkewMs: setting.bitbucketSkewSeconds * 1000,
      clusterSkewMs: setting.clusterSkewSeconds * 1000,
      state: createRunStateStore(),
      podsLog: setting.logs,
      resizing: () => this.#refusedResize(),
      listeners: {
        registered: (entry) => this.#registered(entry),
        stepChanged: (step) => this.#judge.judgeStep(step),
      },
    });
    this.#world = world;
    this.#judge = new Judge(WORLD_START, () => world.now);
    this.#failedStarts = new FailedStarts(world);
    this.#stage = { world, start: WORLD_START, random, tickAt: () => this.#tickAt };
    world.faults = faultsOf(setting, this.#stage);
    scheduleLoad(this.#stage, setting, this.#end, () => fleetAt(this.#fleets, world.now).groups);
    this.#scheduleEvents();
    this.#strangers = new Strangers(world, this.#fleets, setting.strangers);
  }

  get violations(): readonly Violation[] {
    return this.#judge.violations;
  }

  /** Looks until the faults end. */
  async beUnkind(): Promise<void> {
    const { lookEverySeconds, killedTicks } = this.#setting;
    const { world, random } = this.#stage;
    while (world.now < this.#end) {
      disturbCluster(this.#stage, this.#setting, lookEverySeconds * 1000);
      this.#loseMemory();
      // A tick that dies keeps its lease for two minutes, which is no fault of the calm.
      const dies = random.next() < killedTicks && world.now < this.#end - 3 * MINUTE_MS;
      const death = dieAt(random.between(1, 60), random.next() < 0.5 ? 'before' : 'after');
      await this.#look(dies ? death : undisturbed);
    }
    world.faults = lastingFaultsOf(this.#setting);
    world.cluster.nodesChanged();
  }

  /** Looks while every group has more steps than it may have runners. Places that are never given back are not shared. */
  async contest(): Promise<void> {
    const { world } = this.#stage;
    const { isReachable, isIdleTrusted, fleet } = this.#calm();
    if (this.#calmFrom > world.now) scheduleContest(this.#stage, fleet.groups, this.#calmFrom);
    while (world.now < this.#calmFrom) {
      await this.#look(undisturbed);
      const shares = sharesIn(fleet, Array.from(world.bitbucket.registered), isReachable, this.#adrift());
      const resting = new Set(fleet.groups.filter((group) => this.#mayRest(group)).map(({ name }) => name));
      const isHidden = this.#setting.marksOnce && world.now < this.#end + LONGEST_STEP_MS;
      if (isIdleTrusted && !isHidden) this.#judge.judgeShares(shares.filter(({ name }) => !resting.has(name)));
    }
  }

  /**
   * Whether the group may be in back-off, in which no rule can start a runner: for ten minutes after the faults, and after a
   * start that hung in them is gone.
   */
  #mayRest(group: RunnerGroup): boolean {
    const { now, bitbucket } = this.#world;
    const isHanging = Array.from(bitbucket.registered).some(
      (entry) => isOf(group, entry) && !entry.hasConnected && entry.statuses[0].from < this.#end,
    );
    const until = isHanging ? now + BACK_OFF_MS : (this.#restsUntil.get(group.name) ?? this.#end + BACK_OFF_MS);
    this.#restsUntil.set(group.name, until);
    return now < until;
  }

  /** Those whose registration is gone, and whose Job is not. */
  #adrift(): readonly Adrift[] {
    const registered = new Set(Array.from(this.#world.bitbucket.registered, ({ uuid }) => uuid));
    return this.#everRegistered.filter((entry) => !registered.has(entry.uuid) && this.#jobOf(entry) !== undefined);
  }

  /** Looks until everything has had its time. */
  async beCalm(): Promise<void> {
    const { world } = this.#stage;
    const calm = this.#calm();
    let reports: readonly Report[] = [];
    const calmMs = CALM_MS + (this.#setting.learnsBuffer ? FORGETS_MS : 0);
    while (world.now < this.#calmFrom + calmMs) {
      reports = await this.#look(undisturbed);
      this.#judge.judgeCalm(calm);
    }
    this.#judge.judgeEnd(calm);
    const unnamed = this.#strangers.unnamed(reports.flatMap(({ notes }) => notes));
    if (unnamed !== undefined) this.#judge.object('strangers', unnamed);
  }

  /** One tick of each shard, and the time until the next. */
  async #look(interruption: Interruption): Promise<readonly Report[]> {
    const { world } = this.#stage;
    const fleet = fleetAt(this.#fleets, world.now);
    this.#tickAt = world.now;
    const { shards: of } = this.#setting;
    const tick = async (index: number): Promise<readonly Report[]> => {
      try {
        const ports = world.ports(inTurn(this.#failedStarts.listen, interruption));
        return [await tickIn(world, fleet, ports, of === 1 ? {} : { shard: { index, of } })];
      } catch (error) {
        if (!(error instanceof ServiceError)) this.#judge.object('errors', sentenceOf(error));
        return [];
      }
    };
    const reports = (await Promise.all(Array.from({ length: of }, (_, index) => tick(index)))).flat();
    for (const { name, counted, there } of await this.#failedStarts.compare(fleet)) {
      if (counted > there) this.#judge.object('failures', `${counted} failed starts of ${name} counted, of ${there}`);
    }
    await this.#noteRecorded(fleet);
    const everyMs = this.#setting.lookEverySeconds * 1000;
    const looks = Math.floor((world.now - WORLD_START) / everyMs) + 1;
    world.clock.advanceTo(WORLD_START + looks * everyMs);
    const touched = this.#strangers.touched();
    if (touched !== undefined) this.#judge.object('strangers', touched);
    return reports;
  }

  /** What memory of its groups knows by uuid. */
  async #noteRecorded({ groups }: Fleet): Promise<void> {
    const documents = await this.#world.state.load(groups.map(({ name }) => groupMemoryKey(name)));
    for (const { value } of documents.values()) {
      for (const uuid of Object.keys(parseGroupMemory(value).runners ?? {})) this.#recorded.add(uuid);
    }
  }

  #registered(entry: Readonly<Registered>): void {
    const { world, random } = this.#stage;
    if (this.#strangers?.has(entry) !== false) return;
    this.#everRegistered.push(entry);
    this.#failedStarts.registered(entry);
    const fleets = this.#fleetsLately();
    const groups = fleets.flatMap((fleet) => fleet.groups);
    this.#judge.judgeRegistration(
      entry,
      world,
      fleets,
      (other) => this.#strangers.isHidden(other, groups) || this.#isNobodys(other, groups),
      (other) => this.#isLost(other) || this.#isUntold(other),
    );
    if (world.now >= this.#end || random.next() >= this.#setting.hangingStarts) return;
    // Its Job comes a moment later.
    const refuse = () => world.cluster.refuse(entry.uuid, '0/3 nodes are available: 3 Insufficient memory.');
    for (const second of [1, 20]) world.clock.schedule(world.now + second * 1000, refuse);
  }

  #fleetsLately(): readonly Fleet[] {
    const { now } = this.#world;
    const since = [this.#tickAt, now - IN_FLIGHT_MS, now].map((at) => fleetAt(this.#fleets, at));
    const lately = this.#fleets.filter(({ from }) => from > now - IN_FLIGHT_MS && from <= now);
    return [...new Set([...since, ...lately.map(({ fleet }) => fleet)])];
  }

  #capacity(): number {
    const since = this.#world.now - WORLD_START;
    if (this.#world.now >= this.#end) return Number.POSITIVE_INFINITY;
    return this.#setting.shortages.find((window) => isWithin(window, since))?.capacity ?? Number.POSITIVE_INFINITY;
  }

  #refusedResize(): 'Deferred' | 'Infeasible' | undefined {
    const { world, random } = this.#stage;
    const { refusedResizes } = this.#setting;
    if (refusedResizes === 0 || world.now >= this.#end) return undefined;
    const chance = random.next() / refusedResizes;
    return chance < 0.5 ? 'Deferred' : chance < 1 ? 'Infeasible' : undefined;
  }

  #scheduleEvents(): void {
    const { world } = this.#stage;
    const at = (minute: number, run: () => void) => world.clock.schedule(WORLD_START + minute * MINUTE_MS, run);
    for (const { to } of this.#setting.shortages) at(to, () => world.cluster.nodesChanged());
    for (const { from, to } of this.#setting.vanished) {
      if (to !== undefined && to - from >= FORGOTTEN_AFTER_MINUTES) at(to, () => this.#forget());
      if (to === undefined) at(from, () => world.bitbucket.deleteScope({ workspace: 'acme', repository: 'site' }));
    }
  }

  /** A repository that is gone for so long, without a Job left, is gone for good. */
  #forget(): void {
    for (const entry of this.#world.bitbucket.registered) {
      if (scopeKey(entry.scope) === 'acme/site' && this.#jobOf(entry) === undefined) this.#forgotten.add(entry.uuid);
    }
  }

  #jobOf({ uuid }: Readonly<Registered>): string | undefined {
    return this.#world.cluster.objects.jobs.find((name) => name.endsWith(bareUuid(uuid)));
  }

  /**
   * Memory is lost when its time has come. The stated exception is a lost memory together with a death inside an add, so
   * it waits until every registration has its Job where a group has its own, until no process has ended, and until looks
   * will see these Jobs: the Job of a process that has ended goes by itself. What Bitbucket lists with other labels than were asked for, without a Job in a place
   * that is known, nobody can know.
   */
  #loseMemory(): void {
    const { world } = this.#stage;
    const [next, ...later] = this.#losses;
    if (next === undefined || world.now < next || !this.#areAddsWhole() || !this.#isSeenSoon()) return;
    this.#losses = later;
    this.#memoryLostAt = world.now;
    world.state = createRunStateStore();
  }

  /**
   * Whether it was in a place that a group had left when memory was lost, and no Job in a place of today tells of it: what
   * remembers such places is memory alone.
   */
  #isNobodys(entry: Readonly<Registered>, groups: readonly RunnerGroup[]): boolean {
    const job = this.#jobOf(entry);
    const isTold = job !== undefined && isPlacedIn(groups, job);
    return entry.statuses[0].from <= this.#memoryLostAt && !isTold && !groups.some((group) => isOf(group, entry));
  }

  /**
   * Whether it has run or its group has changed, its Job is gone, and no tick could write down its uuid: while memory,
   * Bitbucket or Jobs were out of reach all the time nothing tells whose it is.
   */
  #isUntold(entry: Readonly<Registered>): boolean {
    if (this.#strangers.has(entry) || this.#jobOf(entry) !== undefined || this.#recorded.has(entry.uuid)) return false;
    const [{ from: made }] = entry.statuses;
    const isGroups = (fleet: Fleet) => fleet.groups.some((group) => group.name === entry.name && isOf(group, entry));
    return (
      entry.hasConnected ||
      this.#fleets.some(({ from, fleet }) => from > made && from <= this.#world.now && !isGroups(fleet))
    );
  }

  /**
   * Whether it was asked for without a Job, and its group moved or got another name before every look could have seen it: the
   * list may show it late, with other labels, and nothing else tells whose it is.
   */
  #isLost(entry: Readonly<Registered>): boolean {
    if (entry.hasConnected || this.#jobOf(entry) !== undefined || this.#strangers.has(entry)) return false;
    const [{ from }] = entry.statuses;
    const isGroups = ({ fleet }: FleetSchedule[number]) =>
      fleet.groups.some((group) => group.name === entry.name && isOf(group, entry));
    const isMeanwhile = ({ from: changed }: FleetSchedule[number]) =>
      changed > from - UNSEEN_MS && changed <= from + UNSEEN_MS;
    return this.#fleets.some((entry) => isMeanwhile(entry) && !isGroups(entry));
  }

  #areAddsWhole(): boolean {
    const { groups } = fleetAt(this.#fleets, this.#world.now);
    return Array.from(this.#world.bitbucket.registered).every((entry) => {
      if (this.#strangers.has(entry)) return true;
      const job = this.#jobOf(entry);
      return job !== undefined && isPlacedIn(groups, job) && (entry.connected || !entry.hasConnected);
    });
  }

  /** Whether nothing is out before the Job of a process that ends now is gone. */
  #isSeenSoon(): boolean {
    const minute = (this.#world.now - WORLD_START) / MINUTE_MS;
    return this.#setting.outages.every(({ from, to }) => to <= minute || minute + ENDED_JOB_KEPT_MINUTES < from);
  }

  /**
   * On the public surface the log alone proves nothing: a mark must have been seen in the last hour. Where steps come after the
   * faults one is; else nothing must have hidden them, or put off a removal, in the hour before.
   */
  #isIdleTrusted(): boolean {
    const { api, logs, contest, outages } = this.#setting;
    const hourBefore = this.#end - MARKS_SHOWN_FOR_MS;
    const isHindered = outages.some(({ to }) => WORLD_START + to * MINUTE_MS > hourBefore);
    return api === 'internal' || (logs && (contest || (!isHindered && this.#memoryLostAt < hourBefore)));
  }

  #calm(): Calm {
    const { coolDownMinutes } = this.#setting;
    const isFound = ({ scope }: Pick<Registered, 'scope'>) => this.#world.faults.isNotFound?.(scope) !== true;
    const isOurs = (entry: Readonly<Registered>) =>
      !this.#strangers.has(entry) &&
      entry.statuses[0].from > this.#memoryLostAt &&
      !this.#forgotten.has(entry.uuid) &&
      !this.#isLost(entry) &&
      !this.#isUntold(entry) &&
      !showsDeadStep(entry) &&
      (entry.hasConnected || isFound(entry));
    const ours = new Set(this.#everRegistered.filter(isOurs).map(({ uuid }) => bareUuid(uuid)));
    return {
      world: this.#world,
      fleet: fleetAt(this.#fleets, this.#end),
      calmSince: this.#calmFrom,
      coolDownMs: coolDownMinutes * MINUTE_MS,
      isIdleTrusted: this.#isIdleTrusted(),
      isOurs,
      isOursByUuid: (uuid) =>
        !this.#strangers.hasJobOf(uuid) &&
        (ours.has(uuid) || !this.#everRegistered.some((entry) => bareUuid(entry.uuid) === uuid)),
      isReachable: isFound,
    };
  }
}

/**
 * Whether it is out of service and shows a step that died with its process. Where nobody saw its Job end it stays for as long
 * as any step may take, which is longer than a world; what happens where somebody did has rows of its own.
 */
function showsDeadStep({ status, showsLostStep }: Readonly<Registered>): boolean {
  return status === 'DISABLED' && showsLostStep === true;
}

/** Whether a Job, named `CLUSTER/NAMESPACE/NAME`, is in a place of one of these groups. */
function isPlacedIn(groups: readonly RunnerGroup[], job: string): boolean {
  return groups.some(({ cluster, namespace }) => job.startsWith(`${cluster}/${namespace}/`));
}
