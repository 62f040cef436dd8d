/**
 * The oracle: a policy that sees the queue the moment it changes and acts at once. It pays for starting runners, which
 * nobody can avoid, and for nothing else; how far a policy is from it is what that policy could still gain.
 *
 * Its rule, per group. A step that waits is met by a runner that is free; if none is, a runner is started for it in that
 * moment, unless one is starting already that no other step needs, or the cap is reached. A runner that comes to rest
 * while nothing waits is removed in that moment, unless it is one of the group's `min`, and of the last one in any case:
 * where none is online, steps fail. It waits for nothing that it could have foreseen either: arrivals come to it as news.
 *
 * So it is a lower bound on cost for policies that let steps wait no longer than a start-up. Whoever pays for idle
 * runners can let steps wait less than it does.
 */
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { MINUTE_MS } from '#core/time.ts';
import { fits } from '../simulator/registrations.ts';
import type { Step } from '../simulator/step.ts';
import type { World } from '../simulator/world.ts';
import { bareManifests, type Policy } from './policy.ts';

/** How often it makes up for runners that it has lost; nothing else waits for that. */
const TICK_MS = MINUTE_MS;

/** The oracle for the groups of a fleet, within their bounds and their workspaces' caps. */
export function oraclePolicy(fleet: Fleet, name = 'oracle'): Policy {
  return {
    name,
    tickMs: TICK_MS,
    open: ({ world }) => {
      const oracle = new Oracle(fleet, world);
      return {
        tick: async () => oracle.settleAll(),
        stepChanged: (step) => oracle.stepChanged(step),
        rested: (uuid) => oracle.rested(uuid),
      };
    },
  };
}

/** What it knows of a group: its runners, those of them that start or rest, and how many steps wait for them. */
type Pool = {
  readonly group: RunnerGroup;
  readonly runners: Set<string>;
  readonly starting: Set<string>;
  readonly idle: Set<string>;
  waiting: number;
  isDue: boolean;
};

class Oracle {
  readonly #fleet: Fleet;
  readonly #world: World;
  readonly #pools: readonly Pool[];
  readonly #poolOfRunner = new Map<string, Pool>();
  readonly #poolOfStep = new Map<Step, Pool>();

  constructor(fleet: Fleet, world: World) {
    this.#fleet = fleet;
    this.#world = world;
    this.#pools = fleet.groups.map((group) => {
      return { group, runners: new Set(), starting: new Set(), idle: new Set(), waiting: 0, isDue: false };
    });
  }

  settleAll(): void {
    for (const pool of this.#pools) this.#settleSoon(pool);
  }

  stepChanged(step: Step): void {
    if (step.state === 'waiting' && step.runner === undefined) {
      this.#queue(step);
      return;
    }
    const pool = this.#poolOfStep.get(step);
    this.#poolOfStep.delete(step);
    if (pool !== undefined) pool.waiting -= 1;
    if (step.state === 'finished' || step.state === 'failed' || step.runner === undefined) return;
    const owner = this.#poolOfRunner.get(step.runner);
    owner?.starting.delete(step.runner);
    owner?.idle.delete(step.runner);
  }

  rested(uuid: string): void {
    const pool = this.#poolOfRunner.get(uuid);
    if (pool === undefined) return;
    pool.starting.delete(uuid);
    pool.idle.add(uuid);
    this.#settleSoon(pool);
  }

  #queue(step: Step): void {
    const pool = this.#pools.find(({ group }) => fits(step, group));
    if (pool === undefined) return;
    pool.waiting += 1;
    this.#poolOfStep.set(step, pool);
    this.#settleSoon(pool);
  }

  /** After everything else that happens in this moment. */
  #settleSoon(pool: Pool): void {
    if (pool.isDue) return;
    pool.isDue = true;
    this.#world.clock.schedule(this.#world.now, () => {
      pool.isDue = false;
      this.#settle(pool);
    });
  }

  /** Starts what is missing, or removes what is left over. */
  #settle(pool: Pool): void {
    const floor = Math.max(1, pool.group.min);
    const useful = Math.min(pool.waiting - pool.starting.size, this.#stepsLeft(pool));
    const missing = Math.max(useful, floor - pool.runners.size);
    for (let count = Math.min(missing, this.#roomFor(pool)); count > 0; count -= 1) this.#start(pool);
    if (pool.waiting > 0) return;
    for (const uuid of pool.idle) {
      // Those that start do not count: where nobody is online, steps fail.
      if (pool.runners.size - pool.starting.size <= floor) return;
      this.#remove(uuid, pool);
    }
  }

  #inWorkspaceOf({ group: { scope } }: Pool): readonly Pool[] {
    return this.#pools.filter(({ group }) => group.scope.workspace === scope.workspace);
  }

  /** How many more steps Bitbucket would let run. */
  #stepsLeft(pool: Pool): number {
    const limit = this.#fleet.workspaces[pool.group.scope.workspace]?.concurrencyLimit ?? Number.POSITIVE_INFINITY;
    return this.#inWorkspaceOf(pool).reduce((left, { runners, idle }) => left - runners.size + idle.size, limit);
  }

  #roomFor(pool: Pool): number {
    const { group, runners } = pool;
    const { workspace } = group.scope;
    const inWorkspace = this.#inWorkspaceOf(pool).reduce((sum, each) => sum + each.runners.size, 0);
    const cap = this.#fleet.workspaces[workspace]?.maxRunners ?? Number.POSITIVE_INFINITY;
    return Math.min(group.max - runners.size, cap - inWorkspace);
  }

  #start(pool: Pool): void {
    const { group } = pool;
    const { bitbucket, cluster } = this.#world;
    const { uuid } = bitbucket.register(group.scope, { name: group.name, labels: group.labels }).runner;
    pool.runners.add(uuid);
    pool.starting.add(uuid);
    this.#poolOfRunner.set(uuid, pool);
    const { job, secret } = bareManifests(uuid, group);
    cluster.createSecret(group, secret, cluster.createJob(group, job));
  }

  #remove(uuid: string, pool: Pool): void {
    pool.idle.delete(uuid);
    pool.runners.delete(uuid);
    this.#poolOfRunner.delete(uuid);
    this.#world.bitbucket.remove(pool.group.scope, uuid);
  }
}
