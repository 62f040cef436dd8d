/** The search on functions whose answers are known. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '#tools/simulator/random.ts';
import { type Point, preferred } from '#tools/tune/frontier.ts';
import { plannedWork, type Search, search } from '#tools/tune/search.ts';
import { keyOf, type Setting, settingOf } from '#tools/tune/setting.ts';
import { type SearchBounds, spacesAround } from '#tools/tune/space.ts';
import { groupOf } from './groups.ts';

const MINUTE_MS = 60_000;
const GOAL = { share: 0.95, withinMs: 60 };
const present = settingOf(await groupOf('idleBuffer', ['min: 4', 'max: 40', 'idleCount: 4']));

/** Idle runners save waiting, and cost; long windows only cost. */
function evaluateSmoothly({ values }: Setting): Point {
  const { min = 0, idleCount = 0, scaleFactor = 0, coolDown = 0, stabilisationWindow = 0 } = values;
  const ready = min + 2 * idleCount + 10 * scaleFactor;
  return { waitedMs: Math.round(600 / (1 + ready)), cost: ready + (coolDown + stabilisationWindow) / MINUTE_MS };
}

function requestOf(bounds: SearchBounds = {}, changes: Partial<Search<Point>> = {}) {
  const trials: string[] = [];
  const request: Search<Point> = {
    spaces: spacesAround(present, bounds),
    present,
    goal: GOAL,
    mostRuns: 60,
    stages: [1 / 4, 1 / 2, 1],
    random: createRandom(1),
    evaluate: async (setting, share) => {
      trials.push(`${share} ${keyOf(setting)}`);
      return evaluateSmoothly(setting);
    },
    ...changes,
  };
  return { request, trials };
}

const SMALL: SearchBounds = {
  min: { from: 1, to: 4 },
  idleCount: { from: 1, to: 5 },
  scaleFactor: { from: 0, to: 0 },
  stabilisationWindow: { from: 0, to: 0 },
  coolDown: { from: MINUTE_MS, to: MINUTE_MS },
};

describe('search', () => {
  it('tries a small space whole, each setting once, and the present one first', async () => {
    const { request, trials } = requestOf(SMALL);
    const { runs, tried, isExhaustive } = await search(request);
    expect({ runs, isExhaustive, tried: tried.length }).toEqual({ runs: 21, isExhaustive: true, tried: 20 });
    expect(trials[0]).toBe(`1 ${keyOf(present)}`);
    expect(new Set(trials).size).toBe(21);
    expect(preferred(tried, GOAL)?.setting.values).toMatchObject({ min: 1, idleCount: 4 });
  });

  it.each([
    [21, true],
    [20, false],
  ])('has %i runs for 20 settings and the present one: all are tried is %s', async (mostRuns, isExhaustive) => {
    expect((await search(requestOf(SMALL, { mostRuns }).request)).isExhaustive).toBe(isExhaustive);
  });

  it('looks at many settings briefly, at half of them longer, at a quarter on the whole, then climbs', async () => {
    const { request, trials } = requestOf();
    const { runs, tried, isExhaustive } = await search(request);
    const shares = trials.map((trial) => Number(trial.split(' ')[0]));
    expect({ runs, isExhaustive }).toEqual({ runs: 60, isExhaustive: false });
    // Of the 19 that are drawn some make no sense.
    const drawn = shares.filter((share) => share === 1 / 4).length;
    expect(drawn).toBeGreaterThanOrEqual(14);
    expect(shares.slice(0, drawn + 11)).toEqual([1, ...Array(drawn).fill(1 / 4), ...Array(10).fill(1 / 2)]);
    expect(new Set(shares.slice(drawn + 11))).toEqual(new Set([1]));
    expect(new Set(tried.map(({ setting }) => keyOf(setting))).size).toBe(tried.length);
  });

  it('comes near to the cheapest in a space that is far larger than its budget', async () => {
    const { request } = requestOf({}, { mostRuns: 100 });
    const best = preferred((await search(request)).tried, GOAL);
    // The least is ready = 9, with the shortest windows, which cost 1.
    expect(best?.waitedMs).toBeLessThanOrEqual(60);
    expect(best?.cost).toBeLessThanOrEqual(11);
  });

  it('is the same for the same seed, and never exceeds its budget or leaves its bounds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 40 }), fc.nat(), fc.boolean(), async (mostRuns, seed, isStaged) => {
        const stages = isStaged ? [1 / 4, 1 / 2, 1] : [1];
        const [first, again] = [0, 1].map(() =>
          requestOf({ min: { from: 2, to: 3 } }, { mostRuns, stages, random: createRandom(seed) }),
        );
        if (first === undefined || again === undefined) return;
        const found = await search(first.request);
        await search(again.request);
        expect(again.trials).toEqual(first.trials);
        expect(found.runs).toBe(first.trials.length);
        expect(found.runs).toBeLessThanOrEqual(mostRuns);
        expect(found.tried.map(({ setting }) => setting.values.min).filter((min) => min !== 2 && min !== 3)).toEqual(
          [],
        );
      }),
      { numRuns: 30 },
    );
  });

  it('takes the present setting as one of them only where the bounds allow it', async () => {
    const within = await search(requestOf().request);
    const without = await search(requestOf({ min: { from: 1, to: 2 } }).request);
    expect(within.tried[0]).toBe(within.present);
    expect(without.tried).not.toContain(without.present);
    expect(without.present.setting).toBe(present);
  });

  it('ends when there is nothing left to climb to', async () => {
    const { request } = requestOf({}, { mostRuns: 5000, evaluate: async () => ({ waitedMs: 1, cost: 1 }) });
    const { runs } = await search({
      ...request,
      spaces: spacesAround(present, { ...SMALL, idleCount: { from: 1, to: 500 } }),
    });
    expect(runs).toBeLessThan(5000);
  });

  it('lets strategies compete, each with its share of the first look', async () => {
    const spaces = [...spacesAround(present, {}), ...spacesAround({ ...present, strategy: 'queueAware' }, {})];
    const { request, trials } = requestOf({}, { spaces });
    await search(request);
    const kinds = trials.filter((trial) => trial.startsWith('0.25 ')).map((trial) => trial.split(' ')[1]);
    expect(kinds.filter((kind) => kind === 'idleBuffer').length).toBeGreaterThanOrEqual(7);
    expect(kinds.filter((kind) => kind === 'queueAware').length).toBeGreaterThanOrEqual(7);
  });
});

describe('plannedWork', () => {
  it.each([
    ['a small space', SMALL, [1], 60, 21],
    ['a large one in stages', {}, [1 / 4, 1 / 2, 1], 60, 19 / 4 + 10 / 2 + 5 + 26],
    ['a large one at once', {}, [1], 60, 60],
  ])('of %s', (_, bounds, stages, mostRuns, work) => {
    expect(plannedWork({ mostRuns, stages, spaces: spacesAround(present, bounds) })).toBeCloseTo(work, 9);
  });
});
