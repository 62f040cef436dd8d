/**
 * What must hold in every world, judged by what is really there and not by what any answer shows. Each property has a
 * name. Registrations are a group's when they asked for its labels in its scope.
 */
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { scopeKey } from '#core/scope.ts';
import { MINUTE_MS } from '#core/time.ts';
import { bareUuid } from '#core/uuid.ts';
import type { Registered } from '#tools/simulator/registrations.ts';
import type { Step } from '#tools/simulator/step.ts';
import type { World } from '#tools/simulator/world.ts';
import { LONGEST_STEP_MS } from './mishaps.ts';

/** The properties, and what each of them says. */
export const PROPERTIES = {
  max: 'no registration is made above the max of its group',
  cap: 'no registration is made above the cap of its workspace',
  builds: 'no build is killed',
  'out-of-service': 'with faults over, what no group wants takes no more steps from the third minute on',
  gone: 'with faults over, what no group wants is gone within ten minutes after its last step and cool-down, on both sides',
  min: 'with faults over, each group has its min within 15 minutes beyond the longest step',
  share: 'with faults over, no group is below its share of a cap for 15 minutes beyond the longest step',
  strangers: 'what another made is never touched, and the report names it',
  failures: 'no failed start is counted twice',
  errors: 'a tick throws nothing but what a service refused',
} as const;

export type Property = keyof typeof PROPERTIES;

/** A property that did not hold: when for the first time, and what was there. */
export type Violation = { readonly property: Property; readonly minute: number; readonly what: string };

/** What a group should have of a cap, and what it has. */
export type Share = { readonly name: string; readonly share: number; readonly has: number };

/** For so long a group may be below its share. */
export const SHARED_WITHIN_MS = LONGEST_STEP_MS + 15 * MINUTE_MS;

/** Watches a world. The first violation of each property is kept. */
export class Judge {
  readonly #violations = new Map<Property, Violation>();
  /** Names of groups below their share, and since when. */
  #below: ReadonlyMap<string, Instant> = new Map();
  readonly #start: Instant;
  readonly #now: () => Instant;

  constructor(start: Instant, now: () => Instant) {
    this.#start = start;
    this.#now = now;
  }

  get violations(): readonly Violation[] {
    return [...this.#violations.values()];
  }

  /** The property does not hold at this moment. */
  object(property: Property, what: string): void {
    if (this.#violations.has(property)) return;
    const minute = Math.round((this.#now() - this.#start) / 6000) / 10;
    this.#violations.set(property, { property, minute, what });
  }

  /**
   * There is a registration more, while these fleets are or were lately in force. `isHidden`: no look can know it;
   * `isLost`: nobody can know whose it is.
   */
  judgeRegistration(
    entry: Readonly<Registered>,
    world: World,
    fleets: readonly Fleet[],
    isHidden: (entry: Readonly<Registered>) => boolean = () => false,
    isLost: (entry: Readonly<Registered>) => boolean = () => false,
  ): void {
    const present = Array.from(world.bitbucket.registered).filter((other) => !isLost(other));
    const maxima = fleets.flatMap(({ groups }) => groups.filter((group) => isOf(group, entry)).map(({ max }) => max));
    const ofGroup = present.filter((other) => isAlike(other, entry)).length;
    const max = Math.max(...maxima);
    // Where no group has it, nothing but the cap limits it.
    if (maxima.length > 0 && ofGroup > max)
      this.object('max', `${ofGroup} registrations of ${entry.name} with max ${max}`);
    const { workspace } = entry.scope;
    const jobs = new Set(world.cluster.objects.jobs.map(uuidIn));
    // Of a repository that is not found only Jobs tell.
    const counts = ({ scope, uuid }: Readonly<Registered>) =>
      scope.workspace === workspace && (world.faults.isNotFound?.(scope) !== true || jobs.has(bareUuid(uuid)));
    const inWorkspace = present.filter((other) => counts(other) && !isHidden(other)).length;
    const cap = Math.max(...fleets.map(({ workspaces }) => workspaces[workspace]?.maxRunners ?? 100));
    if (inWorkspace > cap) this.object('cap', `${inWorkspace} registrations in ${workspace} with a cap of ${cap}`);
  }

  /** A step has changed its state. */
  judgeStep({ id, failure, runner, startedAt = 0 }: Step): void {
    if (failure !== 'killed') return;
    const minutes = Math.round((this.#now() - startedAt) / 6000) / 10;
    this.object('builds', `step ${id} was killed on ${runner} after ${minutes} minutes`);
  }

  /** After a look while every group has more steps than runners. */
  judgeShares(shares: readonly Share[]): void {
    const now = this.#now();
    const lacking = shares.filter(({ has, share }) => has < share);
    this.#below = new Map(lacking.map(({ name }) => [name, this.#below.get(name) ?? now]));
    for (const { name, has, share } of lacking) {
      const belowMs = now - (this.#below.get(name) ?? now);
      if (belowMs > SHARED_WITHIN_MS) this.object('share', `${has} runners of ${name}, its share is ${share}`);
    }
  }

  /** After a look in the calm. */
  judgeCalm(calm: Calm): void {
    const { world, calmSince } = calm;
    const leftovers = leftoversOf(calm);
    if (world.now >= calmSince + 3 * MINUTE_MS) {
      const takes = leftovers.filter(({ status, connected }) => status === 'ONLINE' && connected);
      if (takes.length > 0) this.object('out-of-service', `${describe(takes)} may still take steps`);
    }
    const late = calm.isIdleTrusted ? overdue(calm, leftovers) : [];
    if (late.length > 0) this.object('gone', `${describe(late)} should be gone`);
    if (world.now >= calmSince + LONGEST_STEP_MS + 15 * MINUTE_MS) this.#judgeMin(calm);
  }

  #judgeMin({ world, fleet, isReachable }: Calm): void {
    for (const group of fleet.groups.filter((entry) => fitsUnderCap(entry, fleet, world))) {
      const working = Array.from(world.bitbucket.registered).filter(
        (entry) => isOf(group, entry) && entry.connected && entry.status === 'ONLINE',
      ).length;
      if (working < group.min && isReachable(group)) {
        this.object('min', `${working} runners of ${group.name} are at work or ready, its min is ${group.min}`);
      }
    }
  }

  /** At the very end, when everything has had its time. */
  judgeEnd(calm: Calm): void {
    const { world, fleet } = calm;
    if (!calm.isIdleTrusted) return;
    const present = Array.from(world.bitbucket.registered).filter(calm.isOurs);
    for (const group of fleet.groups) {
      const count = present.filter((entry) => isOf(group, entry)).length;
      const wanted = Math.max(1, group.min);
      if (count > wanted) this.object('gone', `${count} registrations of ${group.name} at rest, ${wanted} are wanted`);
    }
    const registered = new Set(present.map(({ uuid }) => bareUuid(uuid)));
    const { jobs, secrets } = world.cluster.objects;
    const alone = [...jobs, ...secrets].filter(
      (name) => calm.isOursByUuid(uuidIn(name)) && !registered.has(uuidIn(name)),
    );
    if (alone.length > 0) this.object('gone', `${alone.length} objects without a registration: ${alone[0]}`);
    const places = new Set(fleet.groups.map(({ cluster, namespace }) => `${cluster}/${namespace}`));
    const elsewhere = jobs.filter((name) => calm.isOursByUuid(uuidIn(name)) && !places.has(placeOf(name)));
    if (elsewhere.length > 0) this.object('gone', `${elsewhere.length} Jobs where no group has any: ${elsewhere[0]}`);
    const named = new Set(jobs.map(uuidIn));
    const jobless = present.filter(({ uuid }) => !named.has(bareUuid(uuid)));
    if (jobless.length > 0) this.object('gone', `${describe(jobless)} without a Job`);
  }
}

/** The calm after the faults. */
export type Calm = {
  readonly world: World;
  readonly fleet: Fleet;
  readonly calmSince: Instant;
  readonly coolDownMs: number;
  /** Whether that a runner shows no step proves anything. */
  readonly isIdleTrusted: boolean;
  /**
   * Whether it was made since memory was last lost, and its place was not forgotten since its repository had been gone for
   * long: the rest is another's. Nor is what had not started when its repository was deleted: nobody touches its Job.
   */
  readonly isOurs: (entry: Readonly<Registered>) => boolean;
  readonly isOursByUuid: (bareUuid: string) => boolean;
  /** Whether its scope is there. */
  readonly isReachable: (group: RunnerGroup) => boolean;
};

/** The registration is one of this group. */
export function isOf({ scope, labels }: RunnerGroup, entry: Readonly<Registered>): boolean {
  return scopeKey(scope) === scopeKey(entry.scope) && labels.join(' ') === entry.asked.join(' ');
}

/** Whether the min of all groups of its workspace fits under the cap beside what is there of no group. */
function fitsUnderCap(
  { scope: { workspace } }: RunnerGroup,
  { groups, workspaces }: Fleet,
  { bitbucket }: World,
): boolean {
  const others = Array.from(bitbucket.registered).filter(
    (entry) => entry.scope.workspace === workspace && !groups.some((group) => isOf(group, entry)),
  ).length;
  const members = groups.filter(({ scope }) => scope.workspace === workspace);
  return members.reduce((sum, { min }) => sum + min, others) <= (workspaces[workspace]?.maxRunners ?? 100);
}

function isAlike(one: Readonly<Registered>, other: Readonly<Registered>): boolean {
  return scopeKey(one.scope) === scopeKey(other.scope) && one.asked.join(' ') === other.asked.join(' ');
}

function leftoversOf({ world, fleet, isOurs }: Calm): readonly Readonly<Registered>[] {
  return Array.from(world.bitbucket.registered).filter(
    (entry) => isOurs(entry) && !fleet.groups.some((group) => isOf(group, entry)),
  );
}

const GONE_WITHIN_MS = 10 * MINUTE_MS;

/** What has had its last step, its cool-down and ten minutes since the calm came, and is still there. */
function overdue(
  { world, calmSince, coolDownMs, isOurs }: Calm,
  leftovers: readonly Readonly<Registered>[],
): readonly Readonly<Registered>[] {
  const isDue = ({ step, lastStep }: Readonly<Registered>, since: Instant) => {
    const from = Math.max(calmSince, since, lastStep?.endedAt ?? 0);
    return step === undefined && world.now > from + coolDownMs + GONE_WITHIN_MS;
  };
  const out = Array.from(world.bitbucket.registered).filter(
    (entry) => isOurs(entry) && (entry.status === 'DISABLED' || entry.status === 'OFFLINE'),
  );
  return [
    ...leftovers.filter((entry) => isDue(entry, 0)),
    ...out.filter((entry) => isDue(entry, entry.statuses.at(-1)?.from ?? 0)),
  ];
}

function describe(entries: readonly Readonly<Registered>[]): string {
  const [first] = entries;
  const more = entries.length === 1 ? '' : ` and ${entries.length - 1} more`;
  return `${first?.uuid} of ${first?.name} in ${scopeKey(first?.scope ?? { workspace: '' })} (${first?.status})${more}`;
}

/** `cluster/namespace` of an object. */
function placeOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}

function uuidIn(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/^runner-(oauth-credentials-)?/, '');
}
