/** What a reader changes about the time that is shown. Pure. */
/** @import { View } from './types.ts' */
import { WHOLE } from './view.js';

const ZOOM = 2;

/** A view at most this many times closer than the whole leaves eight buckets. @param {number} buckets */
export function closest(buckets) {
  return Math.min(1, 8 / buckets);
}

/**
 * Closer or farther, around a place; `least` is the smallest width of a view.
 * @param {View} view @param {'in' | 'out'} direction @param {number} around @param {number} least
 */
export function zoomed(view, direction, around, least) {
  const width = view.to - view.from;
  const wanted = Math.min(1, Math.max(least, direction === 'in' ? width / ZOOM : width * ZOOM));
  const share = width === 0 ? 0.5 : (around - view.from) / width;
  return placed(around - wanted * share, wanted);
}

/** Earlier or later, by a part of what is shown. @param {View} view @param {number} parts */
export function shifted(view, parts) {
  const width = view.to - view.from;
  return placed(view.from + width * parts, width);
}

/**
 * From one place to the other, in whatever order, no closer than `least`.
 * @param {number} a @param {number} b @param {number} least
 */
export function between(a, b, least) {
  const width = Math.max(least, Math.abs(a - b));
  return placed((a + b) / 2 - width / 2, width);
}

/** The same view from one bucket's edge to another's. @param {View} view @param {number} buckets */
export function snapped({ from, to }, buckets) {
  /** @param {number} share */
  const edge = (share) => Math.round(share * buckets) / buckets;
  return { from: edge(from), to: edge(to) };
}

/** @param {number} from @param {number} width */
function placed(from, width) {
  if (width >= 1) return WHOLE;
  const start = Math.min(1 - width, Math.max(0, from));
  return { from: start, to: start + width };
}
