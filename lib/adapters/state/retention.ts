/**
 * How long state is kept. Deleting late is harmless everywhere: no rule reads an expiry, except that of a lease.
 */
import type { Instant } from '#core/model/observation.ts';
import { DAY_MS, HOUR_MS } from '#core/time.ts';

/** Tick records: long enough to explain what happened over a holiday. */
export const TICKS_KEPT_MS = 14 * DAY_MS;

/** Memory that nobody touches any more and that can be found out anew, such as that of scopes. */
const MEMORY_KEPT_MS = 90 * DAY_MS;

/** Documents that say what is ours: without them nobody would look after it. They may stay untouched for years. */
const KEPT_FOR_GOOD: readonly RegExp[] = [/^deployment$/, /^(group|place|places)\//];

/** When a document that is written now expires; undefined: never. */
export function expiryOf(key: string, now: Instant): Instant | undefined {
  return KEPT_FOR_GOOD.some((kept) => kept.test(key)) ? undefined : now + MEMORY_KEPT_MS;
}

/** Leases after they ran out; only their removal from the table depends on this. */
export const LEASE_KEPT_MS = HOUR_MS;
