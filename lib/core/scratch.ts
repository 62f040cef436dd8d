/**
 * Registrations that `doctor --probe` makes to see how Bitbucket treats them, and removes. They are known by their name
 * and never run anything, so that a tick can remove one that outlived its probe.
 */
import type { Instant, Runner } from './model/observation.ts';
import { MINUTE_MS } from './time.ts';

/** How their names begin. */
const SCRATCH_PREFIX = 'autoscaler-probe-';

/** Longer than any probe takes: one that is older has been left behind. */
const PROBE_TAKES_MS = 10 * MINUTE_MS;

/** The name of a scratch registration; `id` tells it from others. */
export function scratchName(id: string): string {
  return `${SCRATCH_PREFIX}${id}`;
}

/** Whether a registration of that name is a probe's. */
export function isScratch(name: string): boolean {
  return name.startsWith(SCRATCH_PREFIX);
}

/** Whether the registration was left behind. One that was ever connected is somebody's, whatever its name. */
export function isLeftScratch({ name, status, hasStep, createdAt }: Runner, now: Instant): boolean {
  const isUnused = status !== 'ONLINE' && status !== 'OFFLINE' && status !== 'UNHEALTHY' && !hasStep;
  return isScratch(name) && isUnused && now - createdAt > PROBE_TAKES_MS;
}
