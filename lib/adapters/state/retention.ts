/**
 * How long state is kept. Deleting late is harmless everywhere: no rule reads an expiry, except that of a lease.
 */
import { DAY_MS, HOUR_MS } from '#core/time.ts';

/** Tick records: long enough to explain what happened over a holiday. */
export const TICKS_KEPT_MS = 14 * DAY_MS;

/** Memory of groups and scopes that nobody touches any more, because they left the configuration. */
export const MEMORY_KEPT_MS = 90 * DAY_MS;

/** Leases after they ran out; only their removal from the table depends on this. */
export const LEASE_KEPT_MS = HOUR_MS;
