import { describe, expect, it } from 'vitest';
import type { Figures } from '#tools/laboratory/figures.ts';
import { WaitingHistogram } from '#tools/laboratory/histogram.ts';
import type { Result } from '#tools/laboratory/run.ts';
import { Series } from '#tools/series.ts';
import { outcomeOf } from '#tools/tune/outcome.ts';

const DAY_MS = 86_400_000;
const GOAL = { share: 0.8, withinMs: 30_000 };

/** A run in which steps waited so many seconds, and so many found no runner or lost theirs. */
function resultOf(seconds: readonly number[], { noRunner = 0, killed = 0, crashed = 0 } = {}): Result {
  const waiting = new WaitingHistogram();
  for (const one of seconds) waiting.add(one * 1000);
  const failed = { noRunner, expired: 0, killed, crashed };
  const steps = { arrived: seconds.length + noRunner, finished: 0, running: 0, waiting: 0, failed };
  const figures: Figures = {
    steps,
    waiting: { meanMs: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, longestMs: waiting.longestMs, withinGoal: 1 },
    pickUp: { meanMs: 0, p95Ms: 0 },
    runnerHours: { registered: 48, busy: 0, idle: 48, starting: 0, unavailable: 0 },
    peak: 4,
    runners: { created: 0, removed: 0 },
    calls: { bitbucket: 0, kubernetes: 0, aws: 0 },
    callsInAnHour: 0,
    money: { runners: 2, slots: 60, total: 62 },
  };
  const runnerMs = { busy: 0, idle: 0, starting: 0, unavailable: 0 };
  const series = new Series(['busy', 'idle', 'starting', 'unavailable', 'waiting'], 0, DAY_MS, 1);
  const books = {
    steps,
    waiting,
    pickUp: new WaitingHistogram(),
    runnerMs,
    queueMs: 0,
    servedMs: 0,
    spanMs: DAY_MS,
    peak: 4,
    monthlyPeaks: [4],
    series,
  };
  return { policy: 'test', figures, books };
}

describe('outcomeOf', () => {
  it.each([
    ['the rank is met exactly', [1, 2, 3, 30, 90], {}, 30_000, 4 / 5],
    ['one step too many is late', [1, 2, 3, 31, 90], {}, 31_000, 3 / 5],
    ['a part of a second is a second', [1, 2, 3, 29.2, 90], {}, 30_000, 4 / 5],
    ['the longest is exact', [1, 2, 3, 4, 5.5], {}, 4_000, 1],
    ['one step found no runner, and one may fail', [1, 2, 3, 4], { noRunner: 1 }, 4_000, 4 / 5],
    ['two found none', [1, 2, 3], { noRunner: 2 }, Number.POSITIVE_INFINITY, 3 / 5],
    ['one lost its runner after it had waited little', [1, 2, 3, 4, 5], { killed: 1 }, 4_000, 4 / 5],
    ['two lost theirs', [1, 2, 3, 4, 5], { killed: 1, crashed: 1 }, Number.POSITIVE_INFINITY, 3 / 5],
    ['all failed', [], { noRunner: 3 }, Number.POSITIVE_INFINITY, 0],
    ['nothing came', [], {}, 0, 1],
    ['all waited longer than is told apart', [9500, 9600], {}, 9_600_000, 0],
  ])('%s', (_, seconds, failed: { noRunner?: number; killed?: number; crashed?: number }, waitedMs, keptShare) => {
    const outcome = outcomeOf(resultOf(seconds, failed), GOAL, 'money');
    const { noRunner = 0, killed = 0, crashed = 0 } = failed;
    expect(outcome).toMatchObject({ waitedMs, steps: seconds.length + noRunner, failed: noRunner + killed + crashed });
    expect(outcome.keptShare).toBeCloseTo(keptShare, 9);
  });

  it('takes shares at their word, whatever arithmetic makes of them', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    const goal = { share: 0.07, withinMs: 1 };
    expect(outcomeOf(resultOf(hundred), goal, 'money').waitedMs).toBe(7_000);
  });

  it('reckons with 30 days: runners in proportion, slots as billed', () => {
    expect(outcomeOf(resultOf([1]), GOAL, 'money')).toMatchObject({ money: 120, hours: 1440, cost: 120 });
    expect(outcomeOf(resultOf([1]), GOAL, 'hours').cost).toBe(1440);
    const twoMonths = resultOf([1]);
    const books = { ...twoMonths.books, monthlyPeaks: [4, 4], spanMs: 60 * DAY_MS };
    expect(outcomeOf({ ...twoMonths, books }, GOAL, 'money').money).toBe(31);
  });
});
