/** Which policies are worth a choice: those than which no other is both cheaper and quicker. Pure. */
/** @import { PageData } from '../data.ts' */
/** @import { WaitingFigure, Point } from './types.ts' */

/** Every policy, in the order of the page. @param {PageData} data @param {WaitingFigure} waiting */
export function pointsOf({ tracks }, waiting) {
  return tracks.map((track, index) => ({
    track,
    index,
    cost: track.figures.moneyTotal ?? 0,
    waitingMs: track.figures[waiting] ?? 0,
    failed: (track.figures.failedNoRunner ?? 0) + (track.figures.failedKilled ?? 0),
  }));
}

/**
 * The frontier, by cost. The oracle is not on it, since nobody can run it; and whoever lets more steps fail than others
 * is not either, since steps that fail do not wait.
 * @param {readonly Point[]} points
 */
export function frontierOf(points) {
  const real = points.filter(({ track }) => track.role !== 'oracle');
  const fewest = Math.min(...real.map(({ failed }) => failed));
  let best = Number.POSITIVE_INFINITY;
  return real
    .filter(({ failed }) => failed === fewest)
    .toSorted((a, b) => a.cost - b.cost || a.waitingMs - b.waitingMs)
    .filter(({ waitingMs }) => {
      const isBetter = waitingMs < best;
      best = Math.min(best, waitingMs);
      return isBetter;
    });
}
