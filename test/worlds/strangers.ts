/**
 * What others run in a random world: another stage with groups of the same names, and Atlassian's autoscaler. Some are
 * there from the beginning with labels of their own; others come with the labels of a group to a scope that it has left.
 */
import type { RunnerGroup, Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { scopeKey } from '#core/scope.ts';
import { MINUTE_MS } from '#core/time.ts';
import { bareUuid } from '#core/uuid.ts';
import { type FleetSchedule, fleetAt } from '#kit/drive.ts';
import { manifestsFromTemplates } from '#manifests/render.ts';
import type { Registered } from '#tools/simulator/registrations.ts';
import type { World } from '#tools/simulator/world.ts';

/** So long after its registration a stranger is sure to have been listed. */
const LISTED_AFTER_MS = 5 * MINUTE_MS;

export class Strangers {
  readonly #world: World;
  readonly #fleets: FleetSchedule;
  readonly #uuids = new Set<string>();
  #isComing = false;

  /** So many with labels of their own, now; and, if there are any, one for each workspace's place that is left. */
  constructor(world: World, fleets: FleetSchedule, count: number) {
    this.#world = world;
    this.#fleets = fleets;
    const [{ fleet }] = fleets;
    const [builds] = fleet.groups;
    if (builds === undefined || count === 0) return;
    const labels = ['autoscaler.created', 'linux', 'self.hosted', 'stage-b'];
    for (let left = count; left > 0; left -= 1) this.#come({ ...builds, labels }, left % 2 === 0);
    for (const [index, { from }] of fleets.entries()) {
      const before = fleets[index - 1]?.fleet.groups ?? [];
      const left = before.filter((group) => group.scope.repository === undefined && !this.#isWanted(group, from));
      for (const group of left) world.clock.schedule(from + MINUTE_MS, () => this.#come(group, index % 2 === 0));
    }
  }

  /** Whether this registration is a stranger's. */
  has({ uuid }: Pick<Registered, 'uuid'>): boolean {
    return this.#isComing || this.#uuids.has(uuid);
  }

  /** Whether the Job or Secret of this runner is a stranger's. */
  hasJobOf(uuid: string): boolean {
    return [...this.#uuids].some((stranger) => bareUuid(stranger) === uuid);
  }

  /** Whether a look of these groups cannot know it: it has just come, or is where no group is. */
  isHidden(entry: Readonly<Registered>, groups: readonly RunnerGroup[]): boolean {
    const isYoung = this.#world.now - entry.statuses[0].from < LISTED_AFTER_MS;
    return this.has(entry) && (isYoung || !groups.some(({ scope }) => scopeKey(scope) === scopeKey(entry.scope)));
  }

  /** What was done to them; undefined: nothing. */
  touched(): string | undefined {
    const present = new Map(Array.from(this.#world.bitbucket.registered, (entry) => [entry.uuid, entry]));
    const uuid = [...this.#uuids].find((stranger) => (present.get(stranger)?.status ?? 'DISABLED') === 'DISABLED');
    return uuid && `${uuid} of another was ${present.has(uuid) ? 'disabled' : 'removed'}`;
  }

  /** What notes after some calm looks do not name of them; undefined: they name all. */
  unnamed(notes: readonly string[]): string | undefined {
    const { groups } = fleetAt(this.#fleets, this.#world.now);
    const seen = Array.from(this.#world.bitbucket.registered).filter(
      (entry) => this.has(entry) && !this.isHidden(entry, groups),
    );
    const byScope = Map.groupBy(seen, ({ scope }) => scopeKey(scope));
    const isNamed = ([scope, { length }]: [string, readonly unknown[]]) =>
      notes.some((note) => {
        const [, count, where] = /^(\d+) runners? of (\S+) carr.*: counted and left alone/.exec(note) ?? [];
        return where === scope && Number(count) >= length;
      });
    const missed = [...byScope].find((entry) => !isNamed(entry));
    return missed && `the report does not name ${missed[1].length} of ${missed[0]} that are another's`;
  }

  #isWanted({ scope, labels }: RunnerGroup, since: Instant): boolean {
    const fleets = [
      fleetAt(this.#fleets, since),
      ...this.#fleets.flatMap((next) => (next.from > since ? next.fleet : [])),
    ];
    return fleets.some(({ groups }) =>
      groups.some((group) => scopeKey(group.scope) === scopeKey(scope) && group.labels.join() === labels.join()),
    );
  }

  /** `isStage`: another stage's, with a Job in the same namespace; otherwise Atlassian's, whose Jobs are not like ours. */
  #come(group: RunnerGroup, isStage: boolean): void {
    const { bitbucket, cluster } = this.#world;
    const scope: Scope = group.scope;
    this.#isComing = true;
    const registration = bitbucket.register(scope, { name: group.name, labels: group.labels });
    this.#isComing = false;
    const { runner } = registration;
    this.#uuids.add(runner.uuid);
    if (!isStage) {
      bitbucket.connect(runner.uuid);
      return;
    }
    const identity = bitbucket.identify(scope);
    const input = { group, runner, identity, credentials: registration, deployment: 'another-stage' };
    const { job, secret } = manifestsFromTemplates.render(input);
    cluster.createSecret(group, secret, cluster.createJob(group, job));
  }
}
