/** Which part of the time a chart shows, and the buckets in it. */
/** @import { PageData, Track, Values, TrackSeries } from '../data.ts' */
/** @import { View, ChartColumn } from './types.ts' */

export const WHOLE = { from: 0, to: 1 };

/** How many buckets a series has. @param {PageData} data @param {TrackSeries} series */
export function bucketCount({ from, to }, { widthMs }) {
  return Math.max(1, Math.ceil((to - from) / widthMs - 1e-6));
}

/**
 * The buckets of a view, neighbours taken together until there are at most `most` columns.
 * @param {PageData} data @param {Track} track @param {View} view @param {number} most
 */
export function columnsOf(data, { series }, view, most) {
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

/**
 * The most runners and the most waiting steps in any column: what axes must reach.
 * @param {readonly ChartColumn[]} columns
 */
export function reachOf(columns) {
  let runners = 0;
  let waiting = 0;
  for (const column of columns) {
    runners = Math.max(runners, sumOf(column.levels));
    waiting = Math.max(waiting, column.mostWaiting ?? 0);
  }
  return { runners, waiting };
}

/** What is known of levels, added up. @param {Values} levels */
export function sumOf(levels) {
  let sum = 0;
  for (const level of levels) sum += level ?? 0;
  return sum;
}

/** @param {Values} values @param {number} from @param {number} to */
function known(values, from, to) {
  return values.slice(from, to).filter((value) => value !== null);
}

/** @param {Values} values @param {number} from @param {number} to */
function mean(values, from, to) {
  const numbers = known(values, from, to);
  return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

/** @param {Values} values @param {number} from @param {number} to */
function largest(values, from, to) {
  const numbers = known(values, from, to);
  return numbers.length === 0 ? null : Math.max(...numbers);
}
