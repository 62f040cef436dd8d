/**
 * Numbers and times as the page writes them: the same on every machine and in the browser, whatever its language.
 * Times are UTC.
 */
import type { Instant } from '#core/model/observation.ts';
import type { Unit } from './data.ts';

/** Keeps a number and its unit on one line. */
export const NBSP = '\u00a0';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A value in its unit. */
export function formatValue(value: number, unit: Unit): string {
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

/** `1234.56` → `1,234.6` with one digit after the point. */
export function formatNumber(value: number, digits: number): string {
  const [whole = '', fraction] = Math.abs(value).toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && Number(text.replaceAll(',', '')) !== 0 ? `−${text}` : text;
}

/** A level, as precisely as a chart can show it: `4`, `0.3`. */
export function formatLevel(value: number): string {
  return formatNumber(value, Number.isInteger(value) ? 0 : 1);
}

/** `4200` → `4.2 s`, `63000` → `1 min 3 s`; the two largest units, rounded. */
export function formatStretch(ms: number): string {
  const digits = ms < 10 * SECOND_MS && ms % SECOND_MS !== 0 ? 1 : 0;
  if (ms < 59_500) return `${(ms / SECOND_MS).toFixed(digits)}${NBSP}s`;
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 3600) return units(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes < 1440) return units(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(ms / HOUR_MS);
  return units(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function units(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${NBSP}${largeUnit}` : `${large}${NBSP}${largeUnit} ${small}${NBSP}${smallUnit}`;
}

/** In one unit, for an axis: `30 s`, `1.5 min`, `2 h`. */
export function formatTick(ms: number): string {
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

/** `38 %`, `0.4 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${formatNumber(percent, percent !== 0 && Math.abs(percent) < 10 ? 1 : 0)}${NBSP}%`;
}

/** `Mon 23 Nov 09:30` */
export function formatTime(at: Instant): string {
  return `${formatDay(at)} ${formatClock(at)}`;
}

/** `Mon 23 Nov` */
export function formatDay(at: Instant): string {
  const date = new Date(at);
  return `${WEEKDAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

/** `09:30` */
export function formatClock(at: Instant): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** `09:30:45` */
function formatSeconds(at: Instant): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** `2026-11-23 09:30 UTC` */
export function formatDate(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `Mon 23 Nov 09:30–10:00`, with the second day where it is another, and with seconds where it is short. */
export function formatRange(from: Instant, to: Instant): string {
  if (formatDay(from) !== formatDay(to)) return `${formatTime(from)} – ${formatTime(to)}`;
  const clock = to - from < 2 * MINUTE_MS ? formatSeconds : formatClock;
  return `${formatDay(from)} ${clock(from)}–${clock(to)}`;
}

/** `1 step`, `2 steps`, `1,234 steps`. */
export function formatCount(amount: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(amount, 0)} ${amount === 1 ? noun : plural}`;
}
