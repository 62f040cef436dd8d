import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { targetsWithin, timeLeft } from '#core/decide/stabilisation.ts';
import type { RecentTarget } from '#core/model/observation.ts';

const WINDOW = 300;

/** Looks at these times with these targets, one after the other. */
function lookAt(looks: readonly (readonly [at: number, target: number])[], windowMs = WINDOW) {
  return looks.reduce<readonly RecentTarget[]>(
    (before, [at, target]) => targetsWithin(windowMs, before, target, at),
    [],
  );
}

describe('the targets of the stabilisation window', () => {
  it.each([
    { name: 'the first look', looks: [[1000, 4]], are: [[4, 1000]] },
    {
      name: 'the same again: nothing changes, so nothing has to be saved',
      looks: [
        [1000, 4],
        [1060, 4],
      ],
      are: [[4, 1000]],
    },
    {
      name: 'lower: the higher one stays, and ended now',
      looks: [
        [1000, 9],
        [1060, 4],
      ],
      are: [
        [9, 1000],
        [4, 1060],
      ],
    },
    {
      name: 'higher: the lower one is forgotten, and counts as part of it',
      looks: [
        [1000, 4],
        [1060, 9],
      ],
      are: [[9, 1000]],
    },
    {
      name: 'up again, but not as high: what was higher ended when it fell',
      looks: [
        [1000, 9],
        [1060, 4],
        [1120, 6],
      ],
      are: [
        [9, 1000],
        [6, 1060],
      ],
    },
    {
      name: 'as high again',
      looks: [
        [1000, 9],
        [1060, 4],
        [1120, 9],
      ],
      are: [[9, 1000]],
    },
    {
      name: 'down the stairs',
      looks: [
        [1000, 9],
        [1060, 6],
        [1120, 4],
      ],
      are: [
        [9, 1000],
        [6, 1060],
        [4, 1120],
      ],
    },
    {
      name: 'a moment before the window is over',
      looks: [
        [1000, 9],
        [1060, 4],
        [1359, 4],
      ],
      are: [
        [9, 1000],
        [4, 1060],
      ],
    },
    {
      name: 'the window is over',
      looks: [
        [1000, 9],
        [1060, 4],
        [1360, 4],
      ],
      are: [[4, 1060]],
    },
    {
      name: 'nobody looked for hours: the target counts as held until now',
      looks: [
        [1000, 9],
        [90_000, 4],
      ],
      are: [
        [9, 1000],
        [4, 90_000],
      ],
    },
  ] as const)('$name', ({ looks, are }) => {
    expect(lookAt(looks).map(({ target, since }) => [target, since])).toEqual(are);
  });

  it('without a window there are none', () => {
    expect(targetsWithin(0, [{ target: 9, since: 1000 }], 4, 1000)).toEqual([]);
  });

  it('in any history: the highest is that of the window, and no more is kept than there are lower ones after it', () => {
    const histories = fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.nat(12)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(histories, (steps) => {
        let at = 0;
        const looks = steps.map(([pause, target]) => {
          at += pause;
          return [at, target] as const;
        });
        const kept = lookAt(looks);
        const held = looks.filter((_, index) => (looks[index + 1]?.[0] ?? at) > at - WINDOW);
        expect(kept[0]?.target).toBe(Math.max(...held.map(([, target]) => target)));
        expect(kept.at(-1)?.target).toBe(looks.at(-1)?.[1]);
        const targets = kept.map(({ target }) => target);
        expect(targets).toEqual([...new Set(targets)].sort((a, b) => b - a));
      }),
      { numRuns: 500 },
    );
  });
});

describe('how long the highest target still counts', () => {
  it.each([
    ['none is kept', [], 0],
    ['it is the present one', [[9, 1000]], 0],
    [
      'it fell a minute ago',
      [
        [9, 1000],
        [4, 1060],
      ],
      240,
    ],
    [
      'it fell first',
      [
        [9, 1000],
        [6, 1030],
        [4, 1060],
      ],
      210,
    ],
  ] as const)('%s', (_, targets, left) => {
    const recent = targets.map(([target, since]) => ({ target, since }));
    expect(timeLeft(WINDOW, recent, 1120)).toBe(left);
  });
});
