/** Moments as text. */
import type { Instant } from '#core/model/observation.ts';

/** `2026-11-23T08:00:00.000Z`: a moment in files and documents, and in sentences about them. */
export function isoText(at: Instant): string {
  return new Date(at).toISOString();
}

/** `2026-11-23 08:00:00`: a moment for people, in UTC. */
export function timeText(at: Instant): string {
  return isoText(at).slice(0, 19).replace('T', ' ');
}
