import { describe, expect, it } from 'vitest';
import { WaitingHistogram } from '#tools/laboratory/histogram.ts';
import { renderBounds, renderResults } from '#tools/laboratory/results-text.ts';
import type { Result } from '#tools/laboratory/run.ts';
import { Series } from '#tools/series.ts';

function resultOf(policy: string, scale: number): Result {
  const steps = {
    arrived: 100,
    finished: 90,
    running: 0,
    waiting: 0,
    failed: { noRunner: 1, expired: 2 * scale, killed: 3, crashed: 4 },
  };
  const runnerMs = { busy: 0, idle: 0, starting: 0, unavailable: 0 };
  return {
    policy,
    figures: {
      steps,
      waiting: {
        meanMs: 4_000 * scale,
        p50Ms: 0,
        p95Ms: 39_000,
        p99Ms: 76_000,
        longestMs: 106_000 * scale,
        withinGoal: 1,
      },
      pickUp: { meanMs: 0, p95Ms: 0 },
      runnerHours: { registered: 837.26 * scale, busy: 268.2, idle: 501.7, starting: 18.4, unavailable: 48.96 },
      peak: 27,
      runners: { created: 1471, removed: 1470 },
      calls: { bitbucket: 30_000, kubernetes: 9_981, aws: 7 },
      callsInAnHour: 0,
      money: { runners: 41.87, slots: 405, total: 446.87 },
    },
    books: {
      steps,
      waiting: new WaitingHistogram(),
      pickUp: new WaitingHistogram(),
      runnerMs,
      queueMs: 0,
      servedMs: 0,
      spanMs: 0,
      peak: 27,
      monthlyPeaks: [27],
      series: new Series(['busy', 'idle', 'starting', 'unavailable', 'waiting'], 0, 1, 1),
    },
  };
}

const RESULTS = [resultOf('buffered.yaml', 1), resultOf('Atlassian’s rule', 100)];

describe('results in a terminal', () => {
  it('stand in one table where there is room', () => {
    expect(renderResults(RESULTS, { width: 180, goalMs: 60_000, currency: 'EUR' })).toEqual([
      'policy                  mean  p50   p95         p99     longest  ≤ 1 min  pick-up  no runner  lost     hours   busy   idle  starting  peak  added  removed    cost  calls',
      'buffered.yaml            4 s  0 s  39 s  1 min 16 s  1 min 46 s    100 %      0 s          1     9     837.3  268.2  501.7      18.4    27   1471     1470  446.87  39981',
      'Atlassian’s rule  6 min 40 s  0 s  39 s  1 min 16 s  2 h 57 min    100 %      0 s          1   207  83,726.0  268.2  501.7      18.4    27   1471     1470  446.87  39981',
      '',
      'mean, p50, p95, p99, longest: how long steps waited, from ready until a free runner was there for them',
      '≤ 1 min: the share of steps that waited for 1 min at the most; pick-up: how long the free runner then took, on average',
      'no runner: steps that failed because no runner was online; lost: that waited for too long, or lost their runner',
      'hours: registrations times time, and what they were at (the rest was out of service); peak: most registrations at once',
      'cost: runner-hours and slots at the scenario’s prices, in EUR; calls: to Bitbucket and the cluster',
      'oracle: pays for no idle runner, so steps wait for its starts: a lower bound of cost, not of waiting',
    ]);
  });

  it('stand in several tables in a narrow one, with what belongs together side by side', () => {
    expect(renderResults(RESULTS, { width: 80, goalMs: 60_000, currency: 'EUR' }).slice(0, 16)).toEqual([
      'policy                  mean  p50   p95         p99     longest',
      'buffered.yaml            4 s  0 s  39 s  1 min 16 s  1 min 46 s',
      'Atlassian’s rule  6 min 40 s  0 s  39 s  1 min 16 s  2 h 57 min',
      '',
      'policy            ≤ 1 min  pick-up  no runner  lost',
      'buffered.yaml       100 %      0 s          1     9',
      'Atlassian’s rule    100 %      0 s          1   207',
      '',
      'policy               hours   busy   idle  starting',
      'buffered.yaml        837.3  268.2  501.7      18.4',
      'Atlassian’s rule  83,726.0  268.2  501.7      18.4',
      '',
      'policy            peak  added  removed    cost  calls',
      'buffered.yaml       27   1471     1470  446.87  39981',
      'Atlassian’s rule    27   1471     1470  446.87  39981',
      '',
    ]);
  });

  it('say what nodes cost where one lets idle runners reserve less, and “–” for pods that say nothing', () => {
    const [first, second] = RESULTS;
    if (first === undefined || second === undefined) throw new Error('two results');
    const withNodes = (cpu: number, memory: number): Result => {
      const nodes = { hours: 720, aMonth: 276.48, idleAMonth: 182.5, idleShare: { cpu, memory } };
      return { ...first, figures: { ...first.figures, nodes } };
    };
    const layout = { width: 40, goalMs: 60_000, currency: 'EUR' };
    const told = (cpu: number, memory: number) => renderResults([withNodes(cpu, memory), second], layout);
    for (const lines of [told(0.5, 1), told(1, 0.5)]) {
      expect(lines).toEqual(
        expect.arrayContaining([
          'policy             nodes  of it idle',
          'buffered.yaml     276.48      182.50',
          'Atlassian’s rule       –           –',
        ]),
      );
      expect(lines.join(' ')).toContain('nodes: what the nodes that the pods’ requests take cost in 30 days');
    }
    expect(told(1, 1).join(' ')).not.toContain('nodes');
  });

  it('name bounds with their source', () => {
    const point = { label: 'β 1', waitingMeanMs: 4_200, waitingP95Ms: 63_000, runnerHours: 1234.56, money: 80 };
    const bounds = [{ name: 'staffing', source: 'R + β√R.', points: [point, { ...point, label: 'staffing' }] }];
    expect(renderBounds(bounds, { width: 200 })).toEqual([
      'staffing: β 1: 4.2 s on average, 95 % within 1 min 3 s, 1,234.6 hours, cost 80.00; 4.2 s on average, 95 % within 1 min 3 s, 1,234.6 hours, cost 80.00. R + β√R.',
    ]);
  });

  it.each([169, 170])('a line may be as long as the terminal is wide: %i', (width) => {
    const widest = 169;
    const layout = { goalMs: 60_000, currency: 'EUR' };
    expect(Math.max(...renderResults(RESULTS, { width, ...layout }).map((line) => line.length))).toBe(widest);
    expect(renderResults(RESULTS, { width: widest - 1, ...layout })[0]?.length).toBeLessThan(widest);
  });

  it('names the goal that the share is of', () => {
    expect(renderResults(RESULTS, { width: 160, goalMs: 150_000, currency: 'EUR' })[0]).toContain(' ≤ 2 min 30 s ');
  });

  it.each([80, 100, 120])('no line exceeds %i', (width) => {
    expect(
      Math.max(...renderResults(RESULTS, { width, goalMs: 60_000, currency: 'EUR' }).map((line) => line.length)),
    ).toBeLessThanOrEqual(width);
  });
});
