/**
 * What nodes for the pods of a run cost: at every look the pods are packed on as few nodes as their requests allow, the
 * largest first. So it is what a cluster comes to that keeps its nodes full, as Karpenter does; a slower one costs more.
 */
import { HOUR_MS, MONTH_MS } from '#core/time.ts';
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

const NOTHING: Amounts = { cpu: 0, memory: 0 };

/** What one look finds; `idle` and `idleAtWork` are what pods of idle runners request now, and would at work. */
type Seen = {
  readonly pods: number;
  readonly nodes: number;
  readonly idleNodes: number;
  readonly idle: Amounts;
  readonly idleAtWork: Amounts;
};

/** Adds up, look by look. */
export class NodeBook {
  readonly #node: Node;
  #changes = Number.NaN;
  #seen: Seen = { pods: 0, nodes: 0, idleNodes: 0, idle: NOTHING, idleAtWork: NOTHING };
  #spanMs = 0;
  #sums: Seen = this.#seen;

  constructor(node: Node) {
    this.#node = node;
  }

  /** The world as a look finds it stands for the time since the look before. */
  add(world: World, ms: number): void {
    // Most looks of a night find what the one before them found.
    if (world.changes !== this.#changes) this.#seen = lookAt(world, this.#node);
    this.#changes = world.changes;
    const { pods, nodes, idleNodes, idle, idleAtWork } = this.#seen;
    this.#spanMs += ms;
    this.#sums = {
      pods: this.#sums.pods + pods * ms,
      nodes: this.#sums.nodes + nodes * ms,
      idleNodes: this.#sums.idleNodes + idleNodes * ms,
      idle: plus(this.#sums.idle, idle, ms),
      idleAtWork: plus(this.#sums.idleAtWork, idleAtWork, ms),
    };
  }

  /** Undefined where no pod has said what it requests. */
  close(): NodeFigures | undefined {
    const { pods, nodes, idleNodes, idle, idleAtWork } = this.#sums;
    if (pods === 0) return undefined;
    const monthly = (ms: number) => ((ms / HOUR_MS) * this.#node.hour * MONTH_MS) / this.#spanMs;
    const share = (kind: keyof Amounts) => (idleAtWork[kind] === 0 ? 1 : idle[kind] / idleAtWork[kind]);
    return {
      hours: nodes / HOUR_MS,
      aMonth: monthly(nodes),
      idleAMonth: monthly(idleNodes),
      idleShare: { cpu: share('cpu'), memory: share('memory') },
    };
  }
}

function plus(sum: Amounts, { cpu, memory }: Amounts, times = 1): Amounts {
  return { cpu: sum.cpu + cpu * times, memory: sum.memory + memory * times };
}

function lookAt({ bitbucket, cluster }: World, node: Node): Seen {
  const registered = Array.from(bitbucket.registered).filter((entry) => totalOf(entry) === 'idle');
  const resting = new Set(registered.map(({ uuid }) => uuid));
  const pods = [...cluster.requests()];
  const idle = pods.filter(({ runnerUuid }) => resting.has(runnerUuid));
  const others = pods.filter(({ runnerUuid }) => !resting.has(runnerUuid));
  const nodes = nodesFor(
    pods.map(({ now }) => now),
    node,
  );
  return {
    pods: pods.length,
    nodes,
    idleNodes:
      nodes -
      nodesFor(
        others.map(({ now }) => now),
        node,
      ),
    idle: idle.reduce((sum, { now }) => plus(sum, now), NOTHING),
    idleAtWork: idle.reduce((sum, { full }) => plus(sum, full), NOTHING),
  };
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
