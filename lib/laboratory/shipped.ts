/** The shipped autoscaler as a policy: the same `reconcile` that the function calls, with the same configuration. */
import type { Fleet } from '../model.ts';
import { reconcile } from '../reconcile.ts';
import type { Policy } from './policy.ts';

/** A configuration as a policy, with a tick every so often (default: a minute, as the schedule's). */
export function shippedPolicy(name: string, fleet: Fleet, tickMs = 60_000): Policy {
  return {
    name,
    tickMs,
    open: ({ world, ports, onReport }) => ({
      tick: async () => {
        const tickId = world.nextTickId();
        onReport(await reconcile({ fleet, mode: 'apply', now: world.now, tickId, elapsedMs: () => 0 }, ports));
      },
    }),
  };
}
