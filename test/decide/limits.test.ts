import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify } from '../../lib/decide/classify.ts';
import { limitByGroup, shareOut, workspaceBound } from '../../lib/decide/limits.ts';
import { group, groupObservation, NOON, population } from '../fixtures/fleet.ts';

type GroupRow = {
  readonly name: string;
  readonly registrations: number;
  readonly max: number;
  readonly perTick: number;
  readonly wanted: number;
  readonly creates: number;
  readonly bounds: readonly string[];
};

const GROUP_ROWS: readonly GroupRow[] = [
  { name: 'room for all', registrations: 2, max: 10, perTick: 50, wanted: 3, creates: 3, bounds: [] },
  { name: 'nothing wanted', registrations: 2, max: 10, perTick: 50, wanted: 0, creates: 0, bounds: [] },
  { name: 'nothing wanted at max', registrations: 10, max: 10, perTick: 50, wanted: 0, creates: 0, bounds: [] },
  { name: 'exactly the room', registrations: 7, max: 10, perTick: 50, wanted: 3, creates: 3, bounds: [] },
  {
    name: 'one more than the room',
    registrations: 7,
    max: 10,
    perTick: 50,
    wanted: 4,
    creates: 3,
    bounds: ['max 10 with 7 registered withholds 1'],
  },
  {
    name: 'at max',
    registrations: 10,
    max: 10,
    perTick: 50,
    wanted: 4,
    creates: 0,
    bounds: ['max 10 with 10 registered withholds 4'],
  },
  {
    name: 'above max: never a negative number',
    registrations: 13,
    max: 10,
    perTick: 50,
    wanted: 4,
    creates: 0,
    bounds: ['max 10 with 13 registered withholds 4'],
  },
  { name: 'exactly the pace', registrations: 0, max: 10, perTick: 3, wanted: 3, creates: 3, bounds: [] },
  {
    name: 'faster than the pace',
    registrations: 0,
    max: 10,
    perTick: 3,
    wanted: 5,
    creates: 3,
    bounds: ['at most 3 creates per tick leave 2 for the next'],
  },
  {
    name: 'max first, the pace on what max leaves',
    registrations: 4,
    max: 10,
    perTick: 2,
    wanted: 9,
    creates: 2,
    bounds: ['max 10 with 4 registered withholds 3', 'at most 2 creates per tick leave 4 for the next'],
  },
];

describe("a group's own limits", () => {
  it.each(GROUP_ROWS)('$name', ({ registrations, max, perTick, wanted, creates, bounds }) => {
    const seen = groupObservation({
      group: group({ max, maxCreatesPerTick: perTick }),
      runners: population({ idle: registrations }),
    });
    const allowance = limitByGroup(seen, classify(seen, NOON), wanted, NOON);
    expect(allowance.creates).toBe(creates);
    expect(allowance.bounds.map(({ text }) => text)).toEqual(bounds);
  });

  it('every registration counts towards max, whatever its class', () => {
    const runners = population({ busy: 1, idle: 1, starting: 1, draining: 1, dead: 1 });
    const seen = groupObservation({ group: group({ max: 7 }), runners });
    expect(limitByGroup(seen, classify(seen, NOON), 5, NOON).creates).toBe(2);
  });
});

const SHARE_ROWS: readonly {
  readonly name: string;
  readonly wanted: readonly number[];
  readonly room: number;
  readonly shares: readonly number[];
}[] = [
  { name: 'nobody there', wanted: [], room: 5, shares: [] },
  { name: 'nobody wants anything', wanted: [0, 0], room: 5, shares: [0, 0] },
  { name: 'room for all', wanted: [2, 3], room: 9, shares: [2, 3] },
  { name: 'exactly enough', wanted: [2, 3], room: 5, shares: [2, 3] },
  { name: 'no room', wanted: [2, 3], room: 0, shares: [0, 0] },
  { name: 'above the cap already', wanted: [2, 3], room: -4, shares: [0, 0] },
  { name: 'equal wishes, equal shares', wanted: [9, 9, 9], room: 6, shares: [2, 2, 2] },
  { name: 'what does not divide goes to the first', wanted: [9, 9, 9], room: 5, shares: [2, 2, 1] },
  { name: 'less room than groups', wanted: [9, 9, 9], room: 2, shares: [1, 1, 0] },
  { name: 'the modest get all, the rest share', wanted: [1, 9, 9], room: 9, shares: [1, 4, 4] },
  { name: 'whoever wants nothing is passed over', wanted: [0, 9, 0, 9], room: 4, shares: [0, 2, 0, 2] },
  { name: 'the order of the wishes does not matter', wanted: [9, 1, 9], room: 9, shares: [4, 1, 4] },
  { name: 'in several rounds', wanted: [1, 3, 9, 9], room: 16, shares: [1, 3, 6, 6] },
];

const wishes = fc.array(fc.nat(40), { maxLength: 12 });
const rooms = fc.integer({ min: -5, max: 150 });
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('sharing the room of a workspace', () => {
  it.each(SHARE_ROWS)('$name', ({ wanted, room, shares }) => {
    expect(shareOut(wanted, room)).toEqual(shares);
  });

  it('gives away the whole room or every wish, whichever is less', () => {
    fc.assert(
      fc.property(wishes, rooms, (wanted, room) => {
        expect(sum(shareOut(wanted, room))).toBe(Math.min(sum(wanted), Math.max(0, room)));
      }),
    );
  });

  it('gives nobody more than it wants, nor less than nothing', () => {
    fc.assert(
      fc.property(wishes, rooms, (wanted, room) => {
        shareOut(wanted, room).forEach((share, index) => {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(wanted[index] ?? 0);
        });
      }),
    );
  });

  it('is max–min fair: whoever wants more has at most one runner less than anybody, and none if it comes first', () => {
    fc.assert(
      fc.property(wishes, rooms, (wanted, room) => {
        const shares = shareOut(wanted, room);
        shares.forEach((share, hungry) => {
          if (share === wanted[hungry]) return;
          shares.forEach((other, index) => {
            expect(other - share).toBeLessThanOrEqual(hungry < index ? 0 : 1);
          });
        });
      }),
    );
  });

  it('depends on nothing but the wishes and the room, and leaves the wishes alone', () => {
    fc.assert(
      fc.property(wishes, rooms, (wanted, room) => {
        const before = [...wanted];
        expect(shareOut(wanted, room)).toEqual(shareOut(wanted, room));
        expect(wanted).toEqual(before);
      }),
    );
  });
});

it('the bound of a workspace says cap, registrations and what it withholds', () => {
  const bound = workspaceBound({ workspace: 'acme', registrations: 97, maxRunners: 100 }, 4);
  expect(bound).toEqual({
    code: 'workspace-cap',
    text: 'workspace cap 100 with 97 registered withholds 4',
    values: { cap: 100, registrations: 97, withheld: 4 },
  });
});
