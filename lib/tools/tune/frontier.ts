/**
 * Which of several ways are worth a look: those that no other beats in both waiting and cost. Pure.
 */
import { frontierOf } from '../page/script/frontier.js';
import type { Goal } from './goal.ts';

/** Where a setting lies between waiting and cost. */
export type Point = {
  /** What the goal's share of steps waited at most, in ms; `Infinity` when more steps failed than the goal allows. */
  readonly waitedMs: number;
  readonly cost: number;
};

/** All of them in layers: the frontier, that of what is left, and so on; within a layer the preferred first. */
export function inLayers<Item extends Point>(items: readonly Item[], goal: Goal): readonly Item[] {
  const ordered: Item[] = [];
  for (let left = items; left.length > 0; ) {
    const layer = new Set(frontierOf(left));
    ordered.push(...[...layer].sort((a, b) => preference(goal, a, b)));
    left = left.filter((item) => !layer.has(item));
  }
  return ordered;
}

/** Whether a setting with these results meets the goal. */
export function meetsGoal({ withinMs }: Goal, { waitedMs }: Point): boolean {
  return waitedMs <= withinMs;
}

/**
 * Order by what the goal asks for: what keeps it before what does not; of those that keep it the cheaper, of those that do
 * not the one nearer to it.
 */
export function preference(goal: Goal, a: Point, b: Point): number {
  const [aKeeps, bKeeps] = [meetsGoal(goal, a), meetsGoal(goal, b)];
  if (aKeeps !== bKeeps) return aKeeps ? -1 : 1;
  return aKeeps
    ? a.cost - b.cost || compare(a.waitedMs, b.waitedMs)
    : compare(a.waitedMs, b.waitedMs) || a.cost - b.cost;
}

/** The first among equals of the preferred; undefined of none. */
export function preferred<Item extends Point>(items: readonly Item[], goal: Goal): Item | undefined {
  return items.reduce<Item | undefined>(
    (best, item) => (best === undefined || preference(goal, item, best) < 0 ? item : best),
    undefined,
  );
}

/** Unlike a difference, also for what is infinite. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
