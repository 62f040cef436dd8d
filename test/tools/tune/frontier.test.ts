import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frontierOf } from '#tools/page/script/frontier.js';
import { inLayers, meetsGoal, type Point, preference, preferred } from '#tools/tune/frontier.ts';

const GOAL = { share: 0.95, withinMs: 60 };

/** Few values, so that many are equal; and some of which too many steps failed. */
const points = fc.array(
  fc.record({
    waitedMs: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.POSITIVE_INFINITY)),
    cost: fc.integer({ min: 0, max: 9 }),
  }),
  { maxLength: 30 },
);

function point(waitedMs: number, cost: number): Point {
  return { waitedMs, cost };
}

/** Whether a is at least as good as b in both, and better in one. */
function dominates(a: Point, b: Point): boolean {
  return a.waitedMs <= b.waitedMs && a.cost <= b.cost && (a.waitedMs < b.waitedMs || a.cost < b.cost);
}

describe('dominates', () => {
  it.each([
    ['better in both', point(1, 1), point(2, 2), true],
    ['as fast, and cheaper', point(1, 1), point(1, 2), true],
    ['as cheap, and faster', point(1, 1), point(2, 1), true],
    ['equal', point(1, 1), point(1, 1), false],
    ['faster and dearer', point(1, 2), point(2, 1), false],
    ['worse in both', point(2, 2), point(1, 1), false],
    ['both fail, cheaper', point(Number.POSITIVE_INFINITY, 1), point(Number.POSITIVE_INFINITY, 2), true],
  ])('%s', (_, a, b, expected) => expect(dominates(a, b)).toBe(expected));
});

describe('frontierOf', () => {
  it('has no member that is dominated, and all others are dominated by a member', () => {
    fc.assert(
      fc.property(points, (all) => {
        const frontier = frontierOf(all);
        const others = all.filter((one) => !frontier.includes(one));
        expect(frontier.filter((one) => all.some((other) => dominates(other, one)))).toEqual([]);
        expect(others.filter((one) => !frontier.some((member) => dominates(member, one)))).toEqual([]);
      }),
    );
  });

  it('begins with the cheapest, and is in order', () => {
    fc.assert(
      fc.property(points, (all) => {
        const costs = frontierOf(all).map(({ cost }) => cost);
        expect(costs).toEqual([...costs].sort((a, b) => a - b));
        if (all.length > 0) expect(costs[0]).toBe(Math.min(...all.map(({ cost }) => cost)));
      }),
    );
  });

  it('meetsGoal equals in the order in which they came', () => {
    const all = [1, 2, 3].map((name) => ({ ...point(5, 5), name }));
    expect(frontierOf(all)).toEqual(all);
  });
});

describe('inLayers', () => {
  it('puts what the goal prefers first, within each layer', () => {
    const [slow, fast, faster, beaten] = [point(90, 1), point(50, 5), point(20, 6), point(95, 7)];
    expect(inLayers([slow, beaten, faster, fast], GOAL)).toEqual([fast, faster, slow, beaten]);
  });

  it('loses nobody, and puts nobody before one that dominates it', () => {
    fc.assert(
      fc.property(points, (all) => {
        const ordered = inLayers(all, GOAL);
        expect(new Set(ordered)).toEqual(new Set(all));
        expect(ordered).toHaveLength(all.length);
        for (const [index, one] of ordered.entries()) {
          expect(ordered.slice(index + 1).filter((later) => dominates(later, one))).toEqual([]);
        }
      }),
    );
  });
});

describe('preference', () => {
  it.each([
    ['what meetsGoal the goal before what does not', point(60, 9), point(61, 1), -1],
    ['of those that keep it the cheaper', point(60, 1), point(1, 2), -1],
    ['of those that keep it for the same the faster', point(1, 1), point(2, 1), -1],
    ['of those that do not the nearer', point(61, 9), point(62, 1), -1],
    ['of those that are equally far the cheaper', point(61, 1), point(61, 2), -1],
    ['of those that all fail the cheaper', point(Number.POSITIVE_INFINITY, 1), point(Number.POSITIVE_INFINITY, 2), -1],
    ['equals', point(1, 1), point(1, 1), 0],
  ])('%s', (_, a, b, expected) => {
    expect(Math.sign(preference(GOAL, a, b))).toBe(expected);
    expect(Math.sign(preference(GOAL, b, a))).toBe(expected === 0 ? 0 : -expected);
  });

  it('prefers a member of the frontier', () => {
    fc.assert(
      fc.property(points, (all) => {
        const best = preferred(all, GOAL);
        if (best !== undefined) expect(frontierOf(all)).toContain(best);
      }),
    );
  });

  it('prefers nobody among none, and the first among equals', () => {
    const equals = [1, 2].map((name) => ({ ...point(5, 5), name }));
    expect(preferred([], GOAL)).toBeUndefined();
    expect(preferred(equals, GOAL)).toBe(equals[0]);
  });
});

it('meetsGoal a goal to the millisecond', () => {
  expect([59, 60, 61].map((waitedMs) => meetsGoal(GOAL, point(waitedMs, 0)))).toEqual([true, true, false]);
});
