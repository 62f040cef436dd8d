import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Demand, shareOut } from '#core/decide/share-out.ts';
import { SHARE_ROWS } from '#spec/shares.ts';

const claimsOf = fc.array(
  fc.record({
    wanted: fc.nat(40),
    weight: fc.constantFrom(0.25, 0.5, 1, 1, 1, 2, 3, 10),
    working: fc.nat(50),
  }),
  { maxLength: 12 },
);
const rooms = fc.integer({ min: -5, max: 150 });
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('sharing what is left', () => {
  it.each(SHARE_ROWS)('$name', ({ claims, room, shares }) => {
    const complete = claims.map(([wanted, weight = 1, working = 0]) => ({ wanted, weight, working }));
    expect(shareOut(complete, room)).toEqual(shares);
  });

  it('gives away the whole room or every wish, whichever is less', () => {
    fc.assert(
      fc.property(claimsOf, rooms, (demands, room) => {
        expect(sum(shareOut(demands, room))).toBe(
          Math.min(sum(demands.map(({ wanted }) => wanted)), Math.max(0, room)),
        );
      }),
    );
  });

  it('gives nobody more than it wants, nor less than nothing', () => {
    fc.assert(
      fc.property(claimsOf, rooms, (demands, room) => {
        shareOut(demands, room).forEach((share, index) => {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(demands[index]?.wanted ?? 0);
        });
      }),
    );
  });

  it('is max–min fair by weight: without its last runner, nobody has more for its weight than one who wants more', () => {
    fc.assert(
      fc.property(claimsOf, rooms, (demands, room) => {
        const shares = shareOut(demands, room);
        demands.forEach(({ wanted, weight }, hungry) => {
          const share = shares[hungry] ?? 0;
          if (share === wanted) return;
          demands.forEach((other, index) => {
            expect(((shares[index] ?? 0) - 1) * weight).toBeLessThanOrEqual(share * other.weight);
          });
        });
      }),
    );
  });

  it('lets nobody starve: where there is room for one each, everybody who wants one gets one', () => {
    fc.assert(
      fc.property(claimsOf, fc.nat(30), (demands, more) => {
        const hungry = demands.filter(({ wanted }) => wanted > 0).length;
        const shares = shareOut(demands, hungry + more);
        expect(shares.filter((share) => share > 0)).toHaveLength(hungry);
      }),
    );
  });

  it('lets nobody starve where room comes one by one: all have their turn, in proportion to their weights', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0.5, 1, 2, 4), { minLength: 1, maxLength: 8 }), (weights) => {
        let demands: readonly Demand[] = weights.map((weight) => ({ wanted: 1000, weight, working: 0 }));
        const rounds = Math.ceil(sum(weights) / Math.min(...weights)) + weights.length;
        for (let round = 0; round < rounds; round += 1) {
          const shares = shareOut(demands, 1);
          demands = demands.map((demand, index) => ({ ...demand, working: demand.working + (shares[index] ?? 0) }));
        }
        for (const { working } of demands) expect(working).toBeGreaterThanOrEqual(1);
        const perWeight = demands.map(({ working, weight }) => working / weight);
        const last = demands.map(({ working, weight }) => (working - 1) / weight);
        expect(Math.max(...last)).toBeLessThanOrEqual(Math.min(...perWeight));
      }),
    );
  });

  it('depends on nothing but the demands and the room, and leaves the demands alone', () => {
    fc.assert(
      fc.property(claimsOf, rooms, (demands, room) => {
        const before = structuredClone(demands);
        expect(shareOut(demands, room)).toEqual(shareOut(demands, room));
        expect(demands).toEqual(before);
      }),
    );
  });
});
