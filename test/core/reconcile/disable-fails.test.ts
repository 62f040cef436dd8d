/** A runner that could not be disabled stays in service: its drain grace begins when it really is out of service. */
import { expect, it } from 'vitest';
import { tickIn } from '#kit/drive.ts';
import { failWhere } from '#kit/failing-calls.ts';
import { fleet, group } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import { World } from '#tools/simulator/world.ts';

const SECOND = 1000;

it('a step that began just before a late disabling is not lost, though the API shows it late', async () => {
  const builds = group({ min: 2, coolDownMs: 0, drainGraceMs: 45 * SECOND });
  const world = new World({ stepLagMs: 40 * SECOND });
  await runTicks(world, fleet([builds]), { count: 2 });
  const config = fleet([{ ...builds, min: 0 }]);
  for (let tick = 0; tick < 5; tick += 1) {
    await tickIn(world, config, world.ports(failWhere(({ method }) => method === 'disable', 'refused')));
    world.advance(10 * SECOND);
  }
  for (let step = 0; step < 2; step += 1) {
    world.submit({ scope: builds.scope, labels: builds.labels, durationMs: 600 * SECOND });
  }
  await runTicks(world, config, { count: 12, everyMs: 10 * SECOND });
  expect(world.steps.map(({ state }) => state)).toEqual(['running', 'running']);
});
