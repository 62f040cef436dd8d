/** Stretches of time in milliseconds, and moments as text. Pure: no clock is read here. */
import type { Instant } from './model/observation.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** `2026-11-23T08:00:00.000Z`: a moment in files and documents, and in sentences about them. */
export function isoText(at: Instant): string {
  return new Date(at).toISOString();
}

/** `2026-11-23 08:00:00`: a moment for people, in UTC. */
export function timeText(at: Instant): string {
  return isoText(at).slice(0, 19).replace('T', ' ');
}
