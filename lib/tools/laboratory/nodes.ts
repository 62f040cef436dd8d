/**
 * What nodes for the pods of a run cost: at every look the pods are packed on as few nodes as their requests allow, the
 * largest first. So it is what a cluster comes to that keeps its nodes full, as Karpenter does; a slower one costs more.
 */
import { DAY_MS, HOUR_MS } from '#core/time.ts';
import type { Amounts } from '../simulator/pod-requests.ts';
import { totalOf } from '../simulator/registrations.ts';
import type { World } from '../simulator/world.ts';
import type { Scenario } from './scenario.ts';

/** A node: what pods may request of it, and what it costs an hour. */
type Node = Scenario['prices']['node'];

/** What the nodes of a run came to. */
export type NodeFigures = {
  readonly hours: number;
  /** What they cost in 30 days, and how much less that would be without the pods of idle runners. */
  readonly aMonth: number;
  readonly idleAMonth: number;
  /** What pods of idle runners request, as a share of what they request at work; 1 without idle runners. */
  readonly idleShare: Amounts;
};

const MONTH_MS = 30 * DAY_MS;

/** Adds up, look by look. */
export class NodeBook {
  readonly #node: Node;
  #spanMs = 0;
  #nodeMs = 0;
  #idleNodeMs = 0;
  readonly #idle = { cpu: 0, memory: 0 };
  readonly #idleAtWork = { cpu: 0, memory: 0 };
  #hasPods = false;

  constructor(node: Node) {
    this.#node = node;
  }

  /** The world as a look finds it stands for the time since the look before. */
  add({ bitbucket, cluster }: World, ms: number): void {
    const idle = new Set<string>();
    for (const entry of bitbucket.registered) if (totalOf(entry) === 'idle') idle.add(entry.uuid);
    const all: Amounts[] = [];
    const others: Amounts[] = [];
    for (const { runnerUuid, now, full } of cluster.requests()) {
      all.push(now);
      if (idle.has(runnerUuid)) this.#addIdle(now, full, ms);
      else others.push(now);
    }
    const nodes = nodesFor(all, this.#node);
    this.#spanMs += ms;
    this.#nodeMs += nodes * ms;
    this.#idleNodeMs += (nodes - nodesFor(others, this.#node)) * ms;
    this.#hasPods ||= all.length > 0;
  }

  /** Undefined where no pod has said what it requests. */
  close(): NodeFigures | undefined {
    if (!this.#hasPods) return undefined;
    const monthly = (ms: number) => ((ms / HOUR_MS) * this.#node.hour * MONTH_MS) / this.#spanMs;
    const share = (kind: keyof Amounts) =>
      this.#idleAtWork[kind] === 0 ? 1 : this.#idle[kind] / this.#idleAtWork[kind];
    return {
      hours: this.#nodeMs / HOUR_MS,
      aMonth: monthly(this.#nodeMs),
      idleAMonth: monthly(this.#idleNodeMs),
      idleShare: { cpu: share('cpu'), memory: share('memory') },
    };
  }

  #addIdle(now: Amounts, full: Amounts, ms: number): void {
    for (const kind of ['cpu', 'memory'] as const) {
      this.#idle[kind] += now[kind] * ms;
      this.#idleAtWork[kind] += full[kind] * ms;
    }
  }
}

/** Amounts are sums of fractions; what fits but for their last digit fits. */
const NEARLY = 1e-9;

/** How many nodes these pods take. One that is larger than a node takes as many as it fills. */
export function nodesFor(pods: readonly Amounts[], node: Amounts): number {
  const alike = Map.groupBy(pods, ({ cpu, memory }) => `${cpu} ${memory}`);
  const kinds = [...alike.values()].flatMap((same) => same.slice(0, 1).map((pod) => ({ pod, count: same.length })));
  const free: { cpu: number; memory: number }[] = [];
  let large = 0;
  for (const { pod, count } of kinds.toSorted((a, b) => b.pod.cpu - a.pod.cpu || b.pod.memory - a.pod.memory)) {
    const share = Math.max(pod.cpu / node.cpu, pod.memory / node.memory);
    if (share > 1) large += count * Math.ceil(share - NEARLY);
    else place(pod, count, free, node);
  }
  return large + free.length;
}

/** Puts pods of a kind on the nodes that have room, and on new ones. */
function place(pod: Amounts, count: number, free: { cpu: number; memory: number }[], node: Amounts): void {
  let left = count;
  for (let index = 0; left > 0; index += 1) {
    const room = free[index] ?? { cpu: node.cpu, memory: node.memory };
    free[index] = room;
    const fits = Math.min(left, timesIn(room.cpu, pod.cpu), timesIn(room.memory, pod.memory));
    room.cpu -= fits * pod.cpu;
    room.memory -= fits * pod.memory;
    left -= fits;
  }
}

function timesIn(room: number, amount: number): number {
  return amount === 0 ? Number.POSITIVE_INFINITY : Math.floor(room / amount + NEARLY);
}
