import { expect, it } from 'vitest';
import type { Report } from '#core/model/report.ts';
import { fleet, group } from '#kit/fleet.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import { play, scenarioOf } from './trial.ts';

const OWNER = { workspace: 'acme', repository: 'shop', labels: ['self.hosted'] };
const groups = fleet([
  group({
    min: 1,
    max: 20,
    strategy: {
      kind: 'queueAware',
      idleCount: 1,
      scaleFactor: 0,
      scaleFactorLimit: 1,
      repositories: { kind: 'named', names: ['shop'] },
    },
  }),
]);

/** Ten steps of ten minutes at seven seconds past a minute; starts take 45 s. */
async function burst(events?: string) {
  const scenario = scenarioOf({
    span: '1h',
    loads: [{ kind: 'burst', at: '10m7s', steps: 10, duration: '10m', ...OWNER }],
    ...(events !== undefined && { events }),
  });
  const reports: Report[] = [];
  const onReport = (report: Report) => reports.push(report);
  const { figures } = await play(scenario, groups, shippedPolicy('test', groups), { onReport });
  const between = reports.map(({ tick }) => Date.parse(tick.at) - scenario.start).filter((at) => at % 60_000 !== 0);
  return { figures, between };
}

it('an event lets the workspace be looked at at once, at most every 15 seconds; without events nobody looks between', async () => {
  const [without, with_] = [await burst(), await burst('3s')];
  expect(without.between).toEqual([]);
  expect(without.figures.waiting.longestMs).toBe(53_000 + 45_000);
  expect(with_.between[0]).toBe(10 * 60_000 + 10_000);
  expect(with_.figures.waiting.longestMs).toBe(3_000 + 45_000);
  const apart = with_.between.slice(1).map((at, index) => at - (with_.between[index] ?? 0));
  expect(Math.min(...apart)).toBeGreaterThanOrEqual(15_000);
  expect(with_.between.length).toBeGreaterThan(2);
  // What came of them is time alone.
  expect(with_.figures.steps).toEqual(without.figures.steps);
});
