/**
 * Bitbucket may show a step up to a minute after it has started. A runner that looks idle, is disabled, and has in truth
 * just taken a step must keep it: with the configuration's default grace and whatever pace the ticks have.
 */
import { describe, expect, it } from 'vitest';
import { loadFleet } from '#config/load.ts';
import { tickIn } from '#kit/drive.ts';
import { runTicks } from '#kit/ticks.ts';
import { World } from '#tools/simulator/world.ts';
import { expectNobodyKilled } from './invariants.ts';

const CONFIG = `
constants: { runner_cool_down_period: 0 }
groups:
  - name: builds
    workspace: acme
    labels: [builds]
    namespace: runners
    strategy: percentageRunnersIdle
    parameters: { min: 0, max: 4, scale_up_threshold: 0.8, scale_down_threshold: 0.5, scale_up_multiplier: 2, scale_down_multiplier: 0.1 }
`;

const lags = [0, 30, 45, 58, 60];
const paces = [10, 30, 60];
const rows = lags.flatMap((lag) => paces.map((pace) => ({ lag, pace })));

describe('a step taken in the moment between the look and the disabling', () => {
  it.each(rows)('survives a busy mark that is $lag s late, with a tick every $pace s', async ({ lag, pace }) => {
    const world = new World({ stepLagMs: lag * 1000 });
    const { fleet } = await loadFleet('test', { readText: async () => CONFIG });
    const { groups, ...rest } = fleet;
    await runTicks(world, { ...rest, groups: groups.map((group) => ({ ...group, min: 1 })) }, { count: 2 });

    let taken = false;
    await tickIn(
      world,
      fleet,
      world.ports((call, proceed) => {
        if (call.method === 'disable') {
          // The tick takes its time: the step starts some seconds after the look.
          world.advance(3000);
          world.submit({ scope: { workspace: 'acme' }, labels: ['builds'], durationMs: 20 * 60_000 });
          taken = true;
        }
        return proceed();
      }),
    );
    expect(taken).toBe(true);
    world.advance(pace * 1000);
    await runTicks(world, fleet, { count: Math.ceil(1500 / pace), everyMs: pace * 1000 });
    expectNobodyKilled(world);
    expect(world.steps.map(({ state }) => state)).toEqual(['finished']);
  });
});
