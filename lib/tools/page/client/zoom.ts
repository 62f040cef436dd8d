/** What a reader changes about the time that is shown. Pure. */
import { type View, WHOLE } from '../chart/view.ts';

const ZOOM = 2;

/** A view at most this many times closer than the whole leaves eight buckets. */
export function closest(buckets: number): number {
  return Math.min(1, 8 / buckets);
}

/** Closer or farther, around a place; `least` is the smallest width of a view. */
export function zoomed(view: View, direction: 'in' | 'out', around: number, least: number): View {
  const width = view.to - view.from;
  const wanted = Math.min(1, Math.max(least, direction === 'in' ? width / ZOOM : width * ZOOM));
  const share = width === 0 ? 0.5 : (around - view.from) / width;
  return placed(around - wanted * share, wanted);
}

/** Earlier or later, by a part of what is shown. */
export function moved(view: View, parts: number): View {
  const width = view.to - view.from;
  return placed(view.from + width * parts, width);
}

/** From one place to the other, in whatever order, no closer than `least`. */
export function between(a: number, b: number, least: number): View {
  const width = Math.max(least, Math.abs(a - b));
  return placed((a + b) / 2 - width / 2, width);
}

/** The same view from one bucket's edge to another's. */
export function snapped({ from, to }: View, buckets: number): View {
  const edge = (share: number) => Math.round(share * buckets) / buckets;
  return { from: edge(from), to: edge(to) };
}

function placed(from: number, width: number): View {
  if (width >= 1) return WHOLE;
  const start = Math.min(1 - width, Math.max(0, from));
  return { from: start, to: start + width };
}
