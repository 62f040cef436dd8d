/**
 * The clock on the wall of a time zone, by the rules that Node brings along. A *wall time* is a number like an instant:
 * the milliseconds that a clock at UTC would count when it shows the same date and time. Pure: the same instant always
 * gives the same answer.
 */
import { countWhile } from '../halving.ts';
import type { Instant } from '../model/observation.ts';
import { DAY_MS } from '../time.ts';

/** Milliseconds since the epoch by the clock of some zone; compare it only with others of the same zone. */
type WallTime = number;

/** Whether Node knows this name. Offsets such as `+01:00` are no zones: they have no daylight saving. */
export function isZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    offsetFormatterOf(name);
    return true;
  } catch {
    return false;
  }
}

/** How far the zone's clock is ahead of UTC, in milliseconds; negative in the west. */
export function offsetAt(zone: string, at: Instant): number {
  const text = offsetFormatterOf(zone).format(at);
  // Stryker disable next-line StringLiteral,ArrayDeclaration: an empty text is 0 too, and no offset is none to read.
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /([+-])(\d+):(\d+)(?::(\d+))?/.exec(text) ?? [];
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -size : size;
}

/** What the zone's clock shows. */
export function wallTimeAt(zone: string, at: Instant): WallTime {
  return at + offsetAt(zone, at);
}

/**
 * The first instant at which the zone's clock shows this time or a later one. So a time that is skipped is the moment of
 * the change, and of a time that comes twice it is the first.
 */
export function instantOf(zone: string, wall: WallTime): Instant {
  // No offset reaches a day, so a day before lies before any change that matters, and a day after behind it.
  const before = offsetAt(zone, wall - DAY_MS);
  const early = wall - before;
  if (offsetAt(zone, early) === before) return early;
  const after = offsetAt(zone, wall + DAY_MS);
  const late = wall - after;
  return offsetAt(zone, late) === after ? late : changeBetween(zone, wall - DAY_MS, wall + DAY_MS);
}

/** `2026-11-23T07:00+01:00`: date and time on the zone's clock, with its offset (ISO 8601, to the minute). */
export function formatWallTime(zone: string, at: Instant): string {
  // Stryker disable next-line StringLiteral: every time has an offset.
  const { year, month, day, hour, minute, timeZoneName = '' } = partsAt(zone, at);
  return `${year}-${month}-${day}T${hour}:${minute}${timeZoneName.slice('GMT'.length)}`;
}

/** `Mon 2026-11-23 07:00`: the same for people. */
export function describeWallTime(zone: string, at: Instant): string {
  const { weekday, year, month, day, hour, minute } = partsAt(zone, at);
  return `${weekday} ${year}-${month}-${day} ${hour}:${minute}`;
}

/** The first instant of the later offset, of two instants with one change between them. */
function changeBetween(zone: string, from: Instant, to: Instant): Instant {
  const before = offsetAt(zone, from);
  return from + countWhile(to - from, (ms) => offsetAt(zone, from + ms) === before);
}

type Parts = { readonly [Type in Intl.DateTimeFormatPartTypes]?: string };

function partsAt(zone: string, at: Instant): Parts {
  const parts = formatterOf(zone).formatToParts(at);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}

const TWO = '2-digit';

const formatterOf = cachedFormatters({
  weekday: 'short',
  year: 'numeric',
  month: TWO,
  day: TWO,
  hour: TWO,
  minute: TWO,
  hourCycle: 'h23',
  timeZoneName: 'longOffset',
});

/** Offsets are asked for many times in a tick, and every other field takes time. */
const offsetFormatterOf = cachedFormatters({ timeZoneName: 'longOffset' });

/** Making a formatter costs a hundred times what using it does, so there is one for each zone. */
function cachedFormatters(options: Intl.DateTimeFormatOptions): (zone: string) => Intl.DateTimeFormat {
  const formatters = new Map<string, Intl.DateTimeFormat>();
  return (zone) => {
    const known = formatters.get(zone);
    // Stryker disable next-line ConditionalExpression: only slower.
    if (known !== undefined) return known;
    const formatter = new Intl.DateTimeFormat('en-US', { ...options, timeZone: zone });
    // Stryker disable next-line CallExpression: only slower.
    formatters.set(zone, formatter);
    return formatter;
  };
}
