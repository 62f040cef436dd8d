/** Which policies are worth a choice: those than which no other is both cheaper and quicker. Pure. */
/** @import { PageData } from '../data.ts' */
/** @import { WaitingFigure, Point } from './types.ts' */

/** Every policy, in the order of the page. @param {PageData} data @param {WaitingFigure} waiting */
export function pointsOf({ tracks }, waiting) {
  return tracks.map((track, index) => ({
    track,
    index,
    cost: track.figures.moneyTotal ?? 0,
    waitedMs: track.figures[waiting] ?? 0,
    failed: (track.figures.failedNoRunner ?? 0) + (track.figures.failedKilled ?? 0),
  }));
}

/**
 * The policies to choose from, by cost; of equal ones the first. Left out are the oracle, because nobody can run it, and
 * every policy under which more steps fail than under another, because a failed step adds no waiting.
 * @param {readonly Point[]} points
 */
export function worthChoosing(points) {
  const real = points.filter(({ track }) => track.role !== 'oracle');
  const fewest = Math.min(...real.map(({ failed }) => failed));
  return distinct(frontierOf(real.filter(({ failed }) => failed === fewest)));
}

/**
 * Those that no other beats in both waiting and cost, the cheapest first; equal ones all stay.
 * @template {{ readonly waitedMs: number; readonly cost: number }} Item @param {readonly Item[]} items
 */
export function frontierOf(items) {
  let best = { waitedMs: Number.POSITIVE_INFINITY, cost: Number.NEGATIVE_INFINITY };
  return items
    .toSorted((a, b) => a.cost - b.cost || (a.waitedMs === b.waitedMs ? 0 : a.waitedMs - b.waitedMs))
    .filter((item, index) => {
      const isEqual = item.waitedMs === best.waitedMs && item.cost === best.cost;
      const isBetter = index === 0 || item.waitedMs < best.waitedMs;
      if (isBetter) best = item;
      return isBetter || isEqual;
    });
}

/**
 * The first of those that follow each other and are equal.
 * @template {{ readonly waitedMs: number; readonly cost: number }} Item @param {readonly Item[]} frontier
 */
export function distinct(frontier) {
  return frontier.filter(({ waitedMs, cost }, index) => {
    const before = frontier[index - 1];
    return before?.cost !== cost || before.waitedMs !== waitedMs;
  });
}
