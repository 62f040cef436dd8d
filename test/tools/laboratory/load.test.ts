import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { group } from '#kit/fleet.ts';
import { mergeArrivals } from '#tools/arrival.ts';
import { arrivalsOf, type Load, load, ownersOf } from '#tools/laboratory/load.ts';
import { NAMED_SCENARIOS, parseScenario } from '#tools/laboratory/scenario.ts';

/** A Monday. */
const START = Date.UTC(2026, 10, 9);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const QUEUE_AWARE = { kind: 'queueAware', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 9 } as const;
const OWNER = { workspace: 'acme', repository: 'shop', labels: ['linux'] };

function play(input: unknown, spanMs: number, seed = 1) {
  const stretch = { start: START, end: START + spanMs };
  return [...arrivalsOf([load.parse(input)], [], stretch, seed)];
}

function minutes(input: unknown, spanMs: number): readonly number[] {
  return play(input, spanMs).map(({ at }) => (at - START) / MINUTE_MS);
}

describe('when steps come', () => {
  it.each([
    ['a burst, once', { kind: 'burst', at: '10m', steps: 3, duration: '5m', ...OWNER }, 2, [10, 10, 10]],
    [
      'a burst that repeats',
      { kind: 'burst', at: '0s', steps: 1, every: '40m', duration: '5m', ...OWNER },
      2,
      [0, 40, 80],
    ],
    ['a trickle', { kind: 'trickle', every: '30m', duration: '5m', ...OWNER }, 2, [30, 60, 90]],
    [
      'a nightly batch',
      { kind: 'nightly', at: '1h', steps: 3, over: '30m', duration: '5m', ...OWNER },
      26,
      [60, 70, 80, 1500, 1510, 1520],
    ],
    ['flapping', { kind: 'flapping', on: '10m', off: '20m', steps: 2, duration: '5m', ...OWNER }, 1, [20, 25, 50, 55]],
  ])('%s', (_name, input, hours, expected) => {
    expect(minutes(input, hours * HOUR_MS)).toEqual(expected);
  });

  it('never at or after the end', () => {
    expect(minutes({ kind: 'trickle', every: '30m', duration: '5m', ...OWNER }, HOUR_MS)).toEqual([30]);
  });

  it('at the rate of a Poisson stream, and with gaps as varied as theirs', () => {
    const all = play({ kind: 'poisson', perHour: 60, duration: '5m', ...OWNER }, 30 * DAY_MS);
    expect(all.length / (30 * 24 * 60)).toBeCloseTo(1, 1);
    const gaps = all.slice(1).map(({ at }, index) => at - (all[index]?.at ?? at));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  });

  it('at a rate that rises and then stays', () => {
    const all = play({ kind: 'ramp', from: 60, to: 600, over: '10h', duration: '5m', ...OWNER }, 20 * HOUR_MS);
    const between = (from: number, to: number) =>
      all.filter(({ at }) => START + from * HOUR_MS <= at && at < START + to * HOUR_MS).length / (to - from);
    expect(between(0, 1) / 87).toBeCloseTo(1, 0);
    expect(between(4, 6) / 330).toBeCloseTo(1, 0);
    expect(between(10, 20) / 600).toBeCloseTo(1, 1);
  });

  it('in batches of at least one, all of it at one moment', () => {
    const all = play(
      { kind: 'batches', perHour: 10, steps: { median: 3, p95: 45 }, duration: '5m', ...OWNER },
      30 * DAY_MS,
    );
    const sizes = [...Map.groupBy(all, ({ at }) => at).values()].map((batch) => batch.length).sort((a, b) => a - b);
    expect(sizes.length / (30 * 24 * 10)).toBeCloseTo(1, 1);
    expect(sizes[0]).toBe(1);
    expect(sizes[Math.floor(sizes.length / 2)]).toBe(3);
    expect((sizes[Math.floor(sizes.length * 0.95)] ?? 0) / 45).toBeCloseTo(1, 0);
  });

  it('in batches of working days', () => {
    const load = { kind: 'batches', perHour: 10, steps: { median: 3, p95: 45 }, duration: '5m', ...OWNER };
    const days = new Set(play({ ...load, weekend: 0 }, 7 * DAY_MS).map(({ at }) => Math.floor((at - START) / DAY_MS)));
    expect([...days]).toEqual([0, 1, 2, 3, 4]);
  });

  it('on working days with a lunch, and as little as said at the weekend', () => {
    const all = play({ kind: 'workingWeek', peakPerHour: 600, weekend: 0.1, duration: '5m', ...OWNER }, 7 * DAY_MS);
    const inHour = (day: number, hour: number) =>
      all.filter(({ at }) => Math.floor((at - START) / HOUR_MS) === day * 24 + hour).length;
    expect(inHour(0, 3)).toBe(0);
    expect(Math.abs(inHour(0, 9) / 600 - 1)).toBeLessThan(0.15);
    expect(Math.abs(inHour(0, 12) / 210 - 1)).toBeLessThan(0.15);
    expect(Math.abs(inHour(0, 14) / 600 - 1)).toBeLessThan(0.15);
    expect(inHour(5, 9) / inHour(0, 9)).toBeCloseTo(0.1, 1);
  });
});

describe('the shapes of real histories', () => {
  /** Variance of the steps per minute over their mean, with the hour's rate taken out: 1 for independent steps. */
  function dispersionOf(times: readonly number[]): number {
    const hours = Map.groupBy(times, (at) => Math.floor(at / HOUR_MS));
    let [variance, mean] = [0, 0];
    for (const [hour, within] of hours) {
      const perMinute = new Array<number>(60).fill(0);
      for (const at of within) {
        const minute = Math.floor((at - hour * HOUR_MS) / MINUTE_MS);
        perMinute[minute] = (perMinute[minute] ?? 0) + 1;
      }
      variance += perMinute.reduce((sum, count) => sum + (count - within.length / 60) ** 2, 0) * (60 / 59);
      mean += within.length;
    }
    return variance / mean;
  }

  it.each([
    ['matrix', 22.7, 218, 55_000],
    ['nightly-regression', 334, 56, 5_261],
    ['small-team', 1, 2_846, 374],
    ['long-builds', 1.2, 5_305, 344],
  ])('%s: dispersion, duration and number are those that were measured', (name, dispersion, median, inFourWeeks) => {
    const { loads, start, span } = parseScenario(NAMED_SCENARIOS[name], name);
    const owners = ownersOf([group()]);
    const steps = [...arrivalsOf(loads, owners, { start, end: start + span }, 1)];
    const seconds = steps.map(({ durationMs }) => durationMs / 1000).sort((a, b) => a - b);
    const ratios = [
      dispersionOf(steps.map(({ at }) => at)) / dispersion,
      (seconds[seconds.length >> 1] ?? 0) / median,
      (steps.length * ((28 * DAY_MS) / span)) / inFourWeeks,
    ];
    for (const ratio of ratios) expect(Math.abs(Math.log(ratio))).toBeLessThan(Math.log(1.25));
  });
});

describe('whose steps they are', () => {
  it('those of the owner that the load names', () => {
    const [step] = play({ kind: 'burst', at: '0s', steps: 1, duration: '5m', ...OWNER }, HOUR_MS);
    expect(step).toEqual({
      at: START,
      scope: { workspace: 'acme', repository: 'shop' },
      labels: ['linux'],
      durationMs: 300_000,
    });
  });

  it('each group’s own, where the load names nobody: in its repository, or in one of its own', () => {
    const groups = [
      group({ name: 'a', scope: { workspace: 'acme', repository: 'shop' }, labels: ['linux', 'x'] }),
      group({ name: 'b' }),
      group({ name: 'c', strategy: { ...QUEUE_AWARE, repositories: { kind: 'named', names: ['web', 'api'] } } }),
      group({ name: 'd', strategy: { ...QUEUE_AWARE, repositories: { kind: 'query', query: 'team' } } }),
      group({ name: 'e', strategy: { ...QUEUE_AWARE, repositories: { kind: 'query' } } }),
    ];
    const trickle = load.parse({ kind: 'trickle', every: '1h', duration: '5m' });
    const stretch = { start: START, end: START + 2 * HOUR_MS };
    expect([...arrivalsOf([trickle], ownersOf(groups), stretch, 1)].map(({ scope }) => scope.repository)).toEqual([
      ...['shop', 'b', 'web', 'team', 'e'],
    ]);
  });

  it('are drawn anew for each owner and each seed, and the same for the same', () => {
    const poisson = load.parse({ kind: 'poisson', perHour: 10, duration: '5m' });
    const owners = ['a', 'b'].map((repository) => ({ scope: { workspace: 'acme', repository }, labels: [] }));
    const stretch = { start: START, end: START + DAY_MS };
    const timesOf = (seed: number, repository: string) =>
      [...arrivalsOf([poisson], owners, stretch, seed)]
        .filter(({ scope }) => scope.repository === repository)
        .map(({ at }) => at);
    expect(timesOf(1, 'a')).toEqual(timesOf(1, 'a'));
    expect(timesOf(1, 'a')).not.toEqual(timesOf(1, 'b'));
    expect(timesOf(1, 'a')).not.toEqual(timesOf(2, 'a'));
  });
});

describe('bad loads', () => {
  it.each([
    ['one that never moves on', { kind: 'trickle', every: '0s', duration: '5m' }],
    ['a spell of nothing', { kind: 'flapping', on: '0s', off: '5m', steps: 1, duration: '5m' }],
    ['a night longer than a day', { kind: 'nightly', at: '1h', steps: 1, over: '25h', duration: '5m' }],
    ['no steps', { kind: 'burst', at: '1h', steps: 0, duration: '5m' }],
    ['a shape that nobody knows', { kind: 'tsunami', duration: '5m' }],
  ])('%s is refused', (_name, input) => {
    expect(load.safeParse(input).success).toBe(false);
  });
});

describe('streams as one', () => {
  it('keep the order of time, and of the streams within a moment', () => {
    const times = fc.array(fc.array(fc.nat(20), { maxLength: 10 }), { maxLength: 6 });
    fc.assert(
      fc.property(times, (lists) => {
        const streams = lists.map((list, stream) =>
          list
            .toSorted((a, b) => a - b)
            .map((at) => ({ at, scope: { workspace: 'acme' }, labels: [], durationMs: stream })),
        );
        const expected = streams.flat().toSorted((a, b) => a.at - b.at || a.durationMs - b.durationMs);
        expect([...mergeArrivals(streams)]).toEqual(expected);
      }),
    );
  });

  it('are read no further than they are asked for', () => {
    const endless: Load = load.parse({ kind: 'trickle', every: '1s', duration: '5m', ...OWNER });
    const stream = arrivalsOf([endless], [], { start: START, end: Number.POSITIVE_INFINITY }, 1);
    const [first] = stream;
    expect(first?.at).toBe(START + 1000);
  });
});
