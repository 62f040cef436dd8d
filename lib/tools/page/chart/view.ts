/** Which part of the time a chart shows, and the buckets in it. */
import type { PageData, Track, TrackSeries, Values } from '../data.ts';

/** A stretch of time, as shares of the whole from 0 to 1. */
export type View = { readonly from: number; readonly to: number };

export const WHOLE: View = { from: 0, to: 1 };

/** What a bucket, or several together, came to. `index`: of the first. */
export type Column = {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  /** In the order of `PageData.levels`; null where nothing is known. */
  readonly levels: readonly (number | null)[];
  readonly waiting: number | null;
  readonly mostWaiting: number | null;
};

/** How many buckets a series has. */
export function bucketCount({ from, to }: PageData, { widthMs }: TrackSeries): number {
  return Math.max(1, Math.ceil((to - from) / widthMs - 1e-6));
}

/** The buckets of a view, neighbours taken together until there are at most `most` columns. */
export function columnsOf(data: PageData, { series }: Track, view: View, most: number): readonly Column[] {
  const span = data.to - data.from;
  const first = Math.floor((view.from * span) / series.widthMs + 1e-6);
  const last = Math.min(bucketCount(data, series), Math.ceil((view.to * span) / series.widthMs - 1e-6));
  const step = Math.max(1, Math.ceil((last - first) / most));
  const levels = data.levels.map(({ id }) => series.levels[id] ?? []);
  return Array.from({ length: Math.ceil((last - first) / step) }, (_, place) => {
    const index = first + place * step;
    const end = Math.min(last, index + step);
    return {
      index,
      from: data.from + index * series.widthMs,
      to: Math.min(data.to, data.from + end * series.widthMs),
      levels: levels.map((values) => mean(values, index, end)),
      waiting: mean(series.waiting?.average ?? [], index, end),
      mostWaiting: largest(series.waiting?.most ?? [], index, end),
    };
  });
}

/** The most runners and the most waiting steps in any column: what axes must reach. */
export function reachOf(columns: readonly Column[]): { readonly runners: number; readonly waiting: number } {
  let runners = 0;
  let waiting = 0;
  for (const column of columns) {
    runners = Math.max(
      runners,
      column.levels.reduce<number>((sum, value) => sum + (value ?? 0), 0),
    );
    waiting = Math.max(waiting, column.mostWaiting ?? 0);
  }
  return { runners, waiting };
}

function known(values: Values, from: number, to: number): readonly number[] {
  return values.slice(from, to).filter((value) => value !== null);
}

function mean(values: Values, from: number, to: number): number | null {
  const numbers = known(values, from, to);
  return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function largest(values: Values, from: number, to: number): number | null {
  const numbers = known(values, from, to);
  return numbers.length === 0 ? null : Math.max(...numbers);
}
