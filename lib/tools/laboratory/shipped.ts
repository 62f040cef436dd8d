/** The shipped autoscaler as a policy: the same `reconcile` that the function calls, with the same configuration. */
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { callsBetween, reconcile } from '#core/reconcile.ts';
import { MINUTE_MS } from '#core/time.ts';
import { isLookDue } from '#core/wake/look.ts';
import { isoText } from '#text/time.ts';
import { sleeps } from '../inspect/unwoken.ts';
import type { Policy } from './policy.ts';
import { watchRest } from './rest.ts';

/** How a configuration is played. */
type ShippedOptions = {
  /** Play every tick, also those that are known to repeat the one before them. */
  readonly everyTick?: boolean;
};

/** What of these groups is not played: a sentence, or none. */
export function notPlayed(groups: readonly RunnerGroup[]): readonly string[] {
  const names = [...new Set(groups.filter(sleeps).map(({ name }) => name))];
  if (names.length === 0) return [];
  return [
    `No pipeline wakes a group here: while no runner of ${names.join(', ')} is online, steps for it fail; set min: 1, also in its windows, to play it as if it never slept.`,
  ];
}

/** A configuration as a policy, with a tick every so often (default: a minute, as the schedule's). */
export function shippedPolicy(
  name: string,
  fleet: Fleet,
  tickMs = MINUTE_MS,
  { everyTick = false }: ShippedOptions = {},
): Policy {
  return {
    name,
    tickMs,
    open: ({ world, ports, onReport }) => {
      const rest = watchRest(fleet, world, tickMs);
      const workspaces = [...new Set(fleet.groups.map(({ scope }) => scope.workspace))];
      const look = async () => {
        const tickId = world.nextTickId();
        const repeated = everyTick ? undefined : rest.repeated();
        if (repeated !== undefined) {
          const { report, calls } = repeated;
          world.countSpared(calls);
          const at = isoText(world.now);
          onReport({ ...report, tick: { ...report.tick, id: tickId, at } });
          return;
        }
        const before = ports.calls();
        const report = await reconcile({ fleet, mode: 'apply', now: world.now, tickId, elapsedMs: () => 0 }, ports);
        rest.note({ report, calls: callsBetween(before, ports.calls()) });
        onReport(report);
      };
      const told = async () => {
        const due = [];
        for (const workspace of workspaces) due.push(await isLookDue(world.state, workspace, 'hint', world.now));
        if (due.includes(true)) await look();
      };
      return { tick: look, told };
    },
  };
}
