/**
 * Numbers and times as the page writes them: the same on every machine and in the browser, whatever its language.
 * Times are UTC.
 */
/** @import { Instant } from '#core/model/observation.ts' */
/** @import { Unit } from '../data.ts' */

/** Keeps a number and its unit on one line. */
export const NBSP = '\u00a0';

export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A value in its unit. @param {number} value @param {Unit} unit */
export function formatValue(value, unit) {
  switch (unit) {
    case 'ms':
      return formatStretch(value);
    case 'count':
      return formatNumber(value, 0);
    case 'hours':
      return formatNumber(value, 1);
    case 'money':
      return formatNumber(value, 2);
  }
}

/** `1234.56` → `1,234.6` with one digit after the point. @param {number} value @param {number} digits */
export function formatNumber(value, digits) {
  const [whole = '', fraction] = Math.abs(value).toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && Number(text.replaceAll(',', '')) !== 0 ? `−${text}` : text;
}

/** A level, as precisely as a chart can show it: `4`, `0.3`. @param {number} value */
export function formatLevel(value) {
  return formatNumber(value, Number.isInteger(value) ? 0 : 1);
}

/** `4200` → `4.2 s`, `63000` → `1 min 3 s`; the two largest units, rounded. @param {number} ms */
export function formatStretch(ms) {
  const digits = ms < 10 * SECOND_MS && ms % SECOND_MS !== 0 ? 1 : 0;
  if (ms < 59_500) return `${(ms / SECOND_MS).toFixed(digits)}${NBSP}s`;
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 3600) return units(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes < 1440) return units(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(ms / HOUR_MS);
  return units(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** @param {number} large @param {string} largeUnit @param {number} small @param {string} smallUnit */
function units(large, largeUnit, small, smallUnit) {
  return small === 0 ? `${large}${NBSP}${largeUnit}` : `${large}${NBSP}${largeUnit} ${small}${NBSP}${smallUnit}`;
}

/** In one unit, for an axis: `30 s`, `1.5 min`, `2 h`. @param {number} ms */
export function formatTick(ms) {
  const [unit, name] =
    ms < MINUTE_MS
      ? [SECOND_MS, 's']
      : ms < HOUR_MS
        ? [MINUTE_MS, 'min']
        : ms < 48 * HOUR_MS
          ? [HOUR_MS, 'h']
          : [24 * HOUR_MS, 'd'];
  return `${Number((ms / unit).toFixed(1))}${NBSP}${name}`;
}

/** `38 %`, `0.4 %`. @param {number} share */
export function formatShare(share) {
  const percent = share * 100;
  return `${formatNumber(percent, percent !== 0 && Math.abs(percent) < 10 ? 1 : 0)}${NBSP}%`;
}

/** `Mon 23 Nov 09:30` @param {Instant} at */
export function formatTime(at) {
  return `${formatDay(at)} ${formatClock(at)}`;
}

/** `Mon 23 Nov` @param {Instant} at */
export function formatDay(at) {
  const date = new Date(at);
  return `${WEEKDAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

/** `09:30` @param {Instant} at */
export function formatClock(at) {
  return new Date(at).toISOString().slice(11, 16);
}

/** `09:30:45` @param {Instant} at */
function formatSeconds(at) {
  return new Date(at).toISOString().slice(11, 19);
}

/** `2026-11-23 09:30 UTC` @param {Instant} at */
export function formatDate(at) {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/**
 * `Mon 23 Nov 09:30–10:00`, with the second day where it is another, and with seconds where it is short.
 * @param {Instant} from @param {Instant} to
 */
export function formatRange(from, to) {
  if (formatDay(from) !== formatDay(to)) return `${formatTime(from)} – ${formatTime(to)}`;
  const clock = to - from < 2 * MINUTE_MS ? formatSeconds : formatClock;
  return `${formatDay(from)} ${clock(from)}–${clock(to)}`;
}

/** `1 step`, `2 steps`, `1,234 steps`. @param {number} amount @param {string} noun @param {string} [plural] */
export function formatCount(amount, noun, plural = `${noun}s`) {
  return `${formatNumber(amount, 0)} ${amount === 1 ? noun : plural}`;
}
