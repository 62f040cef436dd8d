/** Points in time and stretches of it, as they are written on a command line. Times are UTC unless they say otherwise. */

import { InvalidArgumentError } from 'commander';
import type { Instant } from '#core/model/observation.ts';
import { DAY_MS } from '#core/time.ts';
import { parseSpan } from '#yaml/quantity.ts';

const DATE_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/;
const CLOCK_TIME = /^(\d{2}):(\d{2})(?::(\d{2}))?$/;

/** `2026-11-23T10:00`, with seconds and zone if wanted, or `10:00`, the last time that it was that late. */
export function parseTime(text: string, now: Instant): Instant {
  const time = CLOCK_TIME.exec(text) === null ? dateTime(text) : lastTime(text, now);
  if (!Number.isNaN(time)) return time;
  throw new InvalidArgumentError('Give a time such as 2026-11-23T10:00 or 10:00, both UTC.');
}

/** Milliseconds of `2h`, `2d` or `1d12h`. */
export function parseStretch(text: string): number {
  const ms = parseSpan(text);
  if (ms > 0) return ms;
  throw new InvalidArgumentError('Give a duration such as 30m, 2h or 1d.');
}

function dateTime(text: string): Instant {
  const match = DATE_TIME.exec(text);
  if (match === null) return Number.NaN;
  return Date.parse(`${text.replace(' ', 'T')}${match[1] === undefined ? 'Z' : ''}`);
}

function lastTime(text: string, now: Instant): Instant {
  const today = Date.parse(`${new Date(now).toISOString().slice(0, 10)}T${text}Z`);
  return today <= now ? today : today - DAY_MS;
}
