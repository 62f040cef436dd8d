/** Two sets of books of one run: together they are what one set would be. */
import { describe, expect, it } from 'vitest';
import { fleet, group } from '#kit/fleet.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import { turnAt } from '#tools/laboratory/turns.ts';
import { play, scenarioOf } from './trial.ts';

const HOUR_MS = 3_600_000;
const SCENARIO = scenarioOf({
  span: '10h',
  loads: [{ kind: 'poisson', perHour: 30, duration: { kind: 'exponential', mean: '5m' } }],
});
const FLEET = fleet([group({ max: 10 })]);

describe('turns', () => {
  it.each([
    ['at their beginning', 0, 0],
    ['at the end of the first', 2 * HOUR_MS - 1, 0],
    ['at the beginning of the second', 2 * HOUR_MS, 1],
    ['in the third', 5 * HOUR_MS, 0],
  ])('%s', (_, at, turn) => expect(turnAt({ from: 0, everyMs: 2 * HOUR_MS }, at)).toBe(turn));

  it('add up to the whole: time, runners and steps', async () => {
    const policy = shippedPolicy('ours', FLEET);
    const whole = await play(SCENARIO, FLEET, policy);
    const turns = { from: SCENARIO.start, everyMs: 3 * HOUR_MS };
    const { books, others } = await play(SCENARIO, FLEET, policy, { counting: { turns } });
    if (others === undefined) throw new Error('there are two');
    // Three hours, three hours, and one.
    expect([books.spanMs, others.books.spanMs]).toEqual([6 * HOUR_MS, 4 * HOUR_MS]);
    expect(books.runnerMs.busy + others.books.runnerMs.busy).toBe(whole.books.runnerMs.busy);
    expect(books.runnerMs.idle + others.books.runnerMs.idle).toBe(whole.books.runnerMs.idle);
    expect(books.queueMs + others.books.queueMs).toBe(whole.books.queueMs);
    expect(books.steps.arrived + others.books.steps.arrived).toBe(whole.books.steps.arrived);
    expect(books.waiting.count + others.books.waiting.count).toBe(whole.books.waiting.count);
    expect(books.waiting.sumMs + others.books.waiting.sumMs).toBe(whole.books.waiting.sumMs);
    expect(Math.max(books.peak, others.books.peak)).toBe(whole.books.peak);
    expect(whole.others).toBeUndefined();
  });

  it('count the steps that are asked for, and all runners', async () => {
    const policy = shippedPolicy('ours', FLEET);
    const { books } = await play(SCENARIO, FLEET, policy, { counting: { isCounted: () => false } });
    expect(books.steps.arrived + books.waiting.count).toBe(0);
    expect(books.runnerMs.busy).toBeGreaterThan(0);
  });
});
