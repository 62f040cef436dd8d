import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import { makePlan } from '#core/plan.ts';
import { GUIDE, group, groupObservation, NOON, observation, population } from '#kit/fleet.ts';
import { SCALING_ROWS, type ScalingRow } from '#spec/scaling.ts';

function decideRow({ seen, over = {} }: ScalingRow) {
  const runners = population(seen);
  const { strategy, ...limits } = over;
  const look = observation([
    groupObservation({
      group: group({ min: 1, max: 10, ...limits, strategy: { ...GUIDE, ...strategy } }),
      runners,
      memory: { idleSince: Object.fromEntries(runners.map(({ uuid }) => [uuid, NOON - 300_000])), drainingSince: {} },
    }),
  ]);
  const decisions = decide(look);
  return { decision: decisions[0]?.decision, plan: makePlan(look, decisions).groups[0] };
}

describe('percentageRunnersIdle, by the table of the documentation', () => {
  it.each(SCALING_ROWS)('$name', (row) => {
    const { decision, plan } = decideRow(row);
    expect({
      action: decision?.action,
      to: decision?.to,
      reason: decision?.reason.code,
      bounds: decision?.bounds.map(({ code }) => code),
    }).toEqual({ action: row.action, to: row.to, reason: row.reason, bounds: row.bounds ?? [] });
    // One that is dead is only tidied away.
    const living = plan?.actions.filter(({ reason }) => reason.code !== 'never-online') ?? [];
    const planned = (action: string) => living.filter((entry) => entry.action === action).length;
    expect(planned('add') - planned('disable')).toBe((decision?.to ?? 0) - (decision?.from ?? 0));
  });
});
