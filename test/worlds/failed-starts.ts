/**
 * Starts that failed in a world, beside those that a group's memory has counted in a row. A row begins when memory says
 * none; what was starting then, and what came after, can have failed in it once.
 */
import { parseGroupMemory } from '#core/memory.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { bareUuid } from '#core/uuid.ts';
import type { Interruption } from '#tools/simulator/interrupt.ts';
import type { Registered } from '#tools/simulator/registrations.ts';
import type { World } from '#tools/simulator/world.ts';
import { firstName } from './fleets.ts';
import { isOf } from './judge.ts';

/** The failed starts of a group, as counted and as there have been at the most. */
export type Comparison = { readonly name: string; readonly counted: number; readonly there: number };

/** When a group's row of failures began: what was starting then, and how many creates had failed until then. */
type Row = { readonly since: Instant; readonly starting: ReadonlySet<string>; readonly failedCalls: number };

const CREATES = ['register', 'createJob', 'createSecret'];
/** A runner that takes longer than this may have been given up before it connected. */
const SLOW_MS = 60_000;
/**
 * One that ended, or was taken out of service as its pod was leaving, so soon after its registration may never have been
 * shown online by a list that is old. Two minutes, and one from look to look.
 */
const BRIEF_MS = 180_000;
/** How long a write may take to land. */
const LANDS_WITHIN_MS = 60_000;

/** Whether a runner was taken out of service, or its process ended, soon after its registration. */
function wentSoon(status: Registered['status'], statuses: Registered['statuses'], ageMs: number): boolean {
  const [first] = statuses;
  return status === 'DISABLED' ? (statuses.at(-1) ?? first).from - first.from <= BRIEF_MS : ageMs < BRIEF_MS;
}

/** Before a group's first look its memory is empty, and what that look writes may land late. */
const BEGINNING: Row = { since: Number.NEGATIVE_INFINITY, starting: new Set(), failedCalls: 0 };

export class FailedStarts {
  readonly #world: World;
  readonly #attempts: Readonly<Registered>[] = [];
  /** Uuids of runners that were seen not to have connected for long, or to have ended soon. */
  readonly #doubtful = new Set<string>();
  /** By first name, since a renamed group goes on with its row: the beginnings that are still possible, the earliest first. */
  readonly #rows = new Map<string, readonly Row[]>();
  #failedCalls = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Hears of the creates that fail. */
  readonly listen: Interruption = async (call, proceed) => {
    try {
      return await proceed();
    } catch (error) {
      if (CREATES.includes(call.method)) this.#failedCalls += 1;
      throw error;
    }
  };

  /** There is a registration more. */
  registered(entry: Readonly<Registered>): void {
    this.#attempts.push(entry);
  }

  /** After a look. */
  async compare({ groups }: Fleet): Promise<readonly Comparison[]> {
    const { now, state } = this.#world;
    const starting = new Set<string>();
    const leaving = this.#leaving();
    for (const { uuid, connected, hasConnected, status, statuses } of this.#world.bitbucket.registered) {
      const ageMs = now - statuses[0].from;
      if (!hasConnected) starting.add(uuid);
      const isOut = status === 'DISABLED' || (hasConnected && !connected);
      // A start whose pod is being taken away is interrupted, though its runner may connect before the pod is gone.
      const isInterrupted = leaving.has(bareUuid(uuid)) && (!hasConnected || ageMs < BRIEF_MS);
      const isLate = !hasConnected && ageMs > SLOW_MS;
      const isDoubtful = (isOut && wentSoon(status, statuses, ageMs)) || isLate || isInterrupted;
      if (isDoubtful) this.#doubtful.add(uuid);
    }
    const documents = await state.load(groups.map(({ name }) => `group/${name}`));
    return groups.flatMap((group) => {
      const { name } = group;
      const document = documents.get(`group/${name}`);
      const counted = parseGroupMemory(document?.value).quarantine?.failures ?? 0;
      if (counted > 0) return [{ name, counted, there: this.#failedIn(group) }];
      const first = firstName(name);
      // A group that was renamed has no memory under its new name yet, which does not mean that its row is over.
      if (document === undefined && this.#rows.has(first)) return [];
      // A write may land late, so a row may have begun a little before memory last said none.
      const rows = [
        ...(this.#rows.get(first) ?? [BEGINNING]),
        { since: now, starting: new Set([...starting, ...this.#takenBack()]), failedCalls: this.#failedCalls },
      ];
      const begun = rows.findLastIndex(({ since }) => since <= now - LANDS_WITHIN_MS);
      this.#rows.set(first, rows.slice(Math.max(0, begun)));
      return [];
    });
  }

  /** Uuids, without braces, of the runners whose pods are being taken away. */
  #leaving(): ReadonlySet<string> {
    const { cluster } = this.#world;
    const namespaces = new Set(cluster.objects.jobs.map((key) => key.slice(0, key.lastIndexOf('/'))));
    const jobs = [...namespaces].flatMap((key) => {
      const [name = '', namespace = ''] = key.split('/');
      return cluster.list({ cluster: name, namespace });
    });
    return new Set(jobs.flatMap(({ takenAway, runnerUuid }) => (takenAway === undefined ? [] : [runnerUuid])));
  }

  /** Uuids of registrations that were taken back while their Jobs stay, which a page that slips may show once more. */
  #takenBack(): ReadonlySet<string> {
    const jobs = this.#world.cluster.objects.jobs.map((name) => name.slice(name.lastIndexOf('/') + 1));
    const lost = this.#attempts.filter(
      ({ uuid, hasConnected }) => !hasConnected && jobs.includes(`runner-${bareUuid(uuid)}`),
    );
    return new Set(lost.map(({ uuid }) => uuid));
  }

  #failedIn(group: RunnerGroup): number {
    const [row] = this.#rows.get(firstName(group.name)) ?? [];
    const isIn = ({ uuid, statuses }: Readonly<Registered>) =>
      row === undefined || statuses[0].from >= row.since || row.starting.has(uuid);
    const failed = this.#attempts.filter(
      (entry) =>
        (firstName(entry.name) === firstName(group.name) || isOf(group, entry)) &&
        (!entry.hasConnected || this.#doubtful.has(entry.uuid)) &&
        isIn(entry),
    );
    return failed.length + this.#failedCalls - (row?.failedCalls ?? 0);
  }
}
