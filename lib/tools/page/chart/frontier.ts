/** Which policies are worth a choice: those than which no other is both cheaper and quicker. Pure. */
import type { PageData, Track } from '../data.ts';

/** Which waiting is looked at. */
export type WaitingFigure = 'waitingMean' | 'waitingP95';

/** A policy's place among the others. */
export type Point = {
  readonly track: Track;
  /** Its place in `PageData.tracks`. */
  readonly index: number;
  readonly cost: number;
  readonly waitingMs: number;
  /** Steps that failed for lack of a runner, or because theirs was taken away. */
  readonly failed: number;
};

/** Every policy, in the order of the page. */
export function pointsOf({ tracks }: PageData, waiting: WaitingFigure): readonly Point[] {
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
 */
export function frontierOf(points: readonly Point[]): readonly Point[] {
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
