/** Bounds that can be reckoned by hand, and the constants of the one that comes from a paper. */
import { describe, expect, it } from 'vitest';
import { fleet, group } from '#kit/fleet.ts';
import { boundsOf } from '#tools/laboratory/bounds.ts';
import { oraclePolicy } from '#tools/laboratory/oracle.ts';
import type { ScenarioInput } from '#tools/laboratory/scenario.ts';
import { play, scenarioOf, stepsOf } from './trial.ts';

const MINUTE_MS = 60_000;

/** Steps as minute of arrival and minutes of duration; a start takes ten minutes. */
async function boundsFor(steps: readonly (readonly [number, number])[], input: ScenarioInput = {}) {
  const scenario = scenarioOf({ span: '10h', startup: '10m', ...input });
  const arrivals = steps.map(([at, minutes]) => ({
    ...{ at: scenario.start + at * MINUTE_MS, scope: { workspace: 'acme' }, labels: [] },
    durationMs: minutes * MINUTE_MS,
  }));
  const [clairvoyant, staffing] = await boundsOf(arrivals, scenario);
  if (clairvoyant === undefined || staffing === undefined) throw new Error('there are two');
  return { clairvoyant, staffing };
}

describe('who knows the future', () => {
  it.each([
    ['no step', [], 0],
    ['one: a start and the step', [[0, 5]], 15],
    [
      'one after the other at once: one runner',
      [
        [0, 5],
        [5, 5],
      ],
      20,
    ],
    [
      'a pause that is shorter than a start: kept idle',
      [
        [0, 5],
        [14, 5],
      ],
      29,
    ],
    [
      'a pause that is as long: started anew',
      [
        [0, 5],
        [15, 5],
      ],
      30,
    ],
    [
      'two at once: two runners',
      [
        [0, 5],
        [0, 5],
      ],
      30,
    ],
    // The one that ended last waits a minute, not four.
    [
      'who was busy last takes the next',
      [
        [0, 4],
        [0, 7],
        [8, 5],
      ],
      37,
    ],
    // Kept for eight minutes; that of the first has gone by then.
    [
      'the others go',
      [
        [0, 4],
        [0, 7],
        [15, 5],
        [15, 5],
      ],
      20 + 11 + 8 + 5 + 10 + 5,
    ],
    ['what goes on beyond the end does not count', [[590, 60]], 20],
    ['nor what comes after it', [[600, 60]], 0],
  ] as const)('%s', async (_, steps, minutes) => {
    const { clairvoyant } = await boundsFor(steps);
    expect(clairvoyant.points).toMatchObject([{ waitingMeanMs: 0, waitingP95Ms: 0, runnerHours: minutes / 60 }]);
  });

  it('pays for runners, and for the most steps at once of each month', async () => {
    const prices = { runnerHour: 2, slotMonth: 10, includedSlots: 1 };
    const days = (day: number) => day * 24 * 60;
    const steps = [
      [0, 20],
      [0, 20],
      [10, 20],
      [days(31), 20],
      [days(31), 20],
    ] as const;
    const { clairvoyant } = await boundsFor(steps, { span: '40d', prices });
    expect(clairvoyant.points[0]?.runnerHours).toBeCloseTo(2.5, 9);
    expect(clairvoyant.points[0]?.money).toBeCloseTo(5 + 20 + 10, 9);
  });

  it('is cheaper than the oracle, and lets nobody wait', async () => {
    const scenario = scenarioOf({ span: '2d', loads: [{ kind: 'poisson', perHour: 20, duration: '5m' }] });
    const four = fleet([group({ max: 40 })]);
    const { figures } = await play(scenario, four, oraclePolicy(four));
    const [clairvoyant] = await boundsOf(stepsOf(scenario, four), scenario);
    expect(clairvoyant?.points[0]?.runnerHours).toBeGreaterThan(figures.runnerHours.busy);
    expect(clairvoyant?.points[0]?.runnerHours).toBeLessThan(figures.runnerHours.registered);
  });
});

describe('square-root staffing', () => {
  /** Two hours with four runners' work each, in steps of six minutes; 40 of them an hour. */
  const EVEN = Array.from({ length: 80 }, (_, index) => [index * 1.5, 6] as const);

  it.each([
    [0, 0.5],
    [1, 1],
    [2, 2],
  ])('point %i has R + %f √R runners, and the waiting of Halfin and Whitt', async (index, beta) => {
    const { staffing } = await boundsFor(EVEN, { span: '2h' });
    const point = staffing.points[index];
    // The last hour lacks a little of the work that goes on beyond it; the first begins with nobody.
    expect(point?.runnerHours).toBeCloseTo(2 * (4 + beta * 2), 0);
    const waits = 1 / (1 + (beta * normalBelow(beta)) / density(beta));
    const meanWait = (6 * MINUTE_MS) / (beta * 2);
    expect((point?.waitingMeanMs ?? 0) / (waits * meanWait)).toBeCloseTo(1, 1);
    const p95 = Math.max(0, meanWait * Math.log(waits / 0.05));
    expect(Math.abs((point?.waitingP95Ms ?? 0) - p95)).toBeLessThan(0.1 * p95 + 1_000);
  });

  it('has nothing to staff without steps', async () => {
    const { staffing } = await boundsFor([]);
    expect(staffing.points.map(({ runnerHours, waitingMeanMs }) => [runnerHours, waitingMeanMs])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('spreads the work of a step over its hours', async () => {
    const { staffing } = await boundsFor([[30, 120]], { span: 4 * 3600 });
    // Half an hour, an hour and half an hour of work, with half a root of each.
    expect(staffing.points[0]?.runnerHours).toBeCloseTo(2 + 0.5 * (1 + 2 * Math.sqrt(0.5)), 9);
  });
});

function density(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** By summing up. */
function normalBelow(x: number): number {
  const width = 1e-4;
  let sum = 0;
  for (let at = 0; at < x; at += width) sum += density(at + width / 2) * width;
  return 0.5 + sum;
}
