/** What is asked of a group: a share of its steps that wait no longer than so long. Pure. */
import { InputError } from '#core/errors.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';
import { parseDuration } from '#yaml/quantity.ts';

/** At least this share of steps (in (0, 1]) waits at most so long. */
export type Goal = { readonly share: number; readonly withinMs: number };

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
const SHARE = String.raw`(?:p${NUMBER}|${NUMBER}\s*%(?:\s+of(?:\s+the)?\s+steps)?)`;
const LESS = String.raw`\s*(?:<|(?:wait\s+)?less\s+than\s)\s*`;
const GOAL = new RegExp(`^${SHARE}${LESS}(\\d.*)$`, 'i');

/** Units as people write them, by the letter that durations have. */
const UNITS = [
  [/\s*(?:hours?|h)\b\s*/gi, 'h'],
  [/\s*(?:minutes?|mins?|m)\b\s*/gi, 'm'],
  [/\s*(?:seconds?|secs?|s)\b\s*/gi, 's'],
] as const;

/** `95 % of steps wait less than 60 s`, `95%<60s` or `p95 < 1m30s`. Throws `InputError` for anything else. */
export function parseGoal(text: string): Goal {
  const [, percentile, percent, time = ''] = GOAL.exec(text.trim()) ?? [];
  // 99.9 / 100 is a trace more than 0.999, and one step more than was meant.
  const share = Number((Number(percentile ?? percent) / 100).toFixed(9));
  const withinMs = parseDuration(separated(UNITS.reduce((rest, [unit, letter]) => rest.replace(unit, letter), time)));
  if (share > 0 && share <= 1 && withinMs > 0) return { share, withinMs };
  throw new InputError(
    `Goal "${text}" is not understood; write it like "95 % of steps wait less than 60 s", 95%<60s or p99<2m`,
  );
}

/** Of the steps that may miss the goal, those that may in the part that is searched: what comes next is never the same. */
const MARGIN = 0.8;

/** What is searched for, so that the goal is kept with a margin: of five steps that may be late only four are. */
export function withMargin({ share, withinMs }: Goal): Goal {
  return { share: Number((1 - MARGIN * (1 - share)).toFixed(9)), withinMs };
}

/** A duration needs a unit here, unlike in the configuration: 60 what? */
function separated(time: string): string {
  return /[hms]$/.test(time) ? time : '';
}

/** The goal in words. */
export function renderGoal({ share, withinMs }: Goal): string {
  return `${renderShare(share)} of steps wait less than ${renderSpan(withinMs)}`;
}

/** `0.95` → `95 %` */
export function renderShare(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`;
}

/** `90000` → `1m30s`, as the configuration takes it; `1500` → `1.5s`. */
export function renderSpan(ms: number): string {
  const hours = Math.floor(ms / HOUR_MS);
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  const seconds = (ms % MINUTE_MS) / 1000;
  const parts = [hours > 0 && `${hours}h`, minutes > 0 && `${minutes}m`, seconds > 0 && `${seconds}s`];
  return parts.filter((part) => part !== false).join('') || '0s';
}
