import { describe, expect, it } from 'vitest';
import { limitByGroup } from '#core/decide/allowance.ts';
import { classifyGroup } from '#core/decide/classify.ts';
import { group, groupObservation, NOON, population } from '#kit/fleet.ts';

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
    const allowance = limitByGroup(classifyGroup(seen, NOON), wanted, NOON);
    expect(allowance.creates).toBe(creates);
    expect(allowance.bounds.map(({ text }) => text)).toEqual(bounds);
  });

  it.each([
    ['with its end', { name: 'office', until: '2026-11-23T19:00+01:00' }, 'until 2026-11-23T19:00+01:00'],
    ['that never closes', { name: 'office' }, 'at all times'],
  ])('the window that sets the bounds comes first, also where it withholds nothing: one %s', (_, window, end) => {
    const seen = groupObservation({ group: group({ min: 2, max: 7, window }), runners: population({ idle: 6 }) });
    const texts = (wanted: number) =>
      limitByGroup(classifyGroup(seen, NOON), wanted, NOON).bounds.map(({ text }) => text);
    expect(texts(0)).toEqual([`window office sets min 2 and max 7 ${end}`]);
    expect(texts(2)).toEqual([`window office sets min 2 and max 7 ${end}`, 'max 7 with 6 registered withholds 1']);
  });

  it('what is left where the group was before counts towards max', () => {
    const seen = groupObservation({ group: group({ max: 7 }), runners: population({ idle: 2 }), elsewhere: 3 });
    expect(limitByGroup(classifyGroup(seen, NOON), 5, NOON).creates).toBe(2);
  });

  it('says who asked for runners, all of them', () => {
    const woken = { runners: 3, by: ['acme/shop', 'acme/site'], until: '2026-11-23T19:10:00.000Z' };
    const seen = groupObservation({ group: group({ woken }) });
    const { bounds } = limitByGroup(classifyGroup(seen, NOON), 0, NOON);
    expect(bounds).toMatchObject([{ code: 'woken', values: { ...woken, by: 'acme/shop and acme/site' } }]);
  });

  it('every registration counts towards max, whatever its class', () => {
    const runners = population({ busy: 1, idle: 1, starting: 1, draining: 1, dead: 1 });
    const seen = groupObservation({ group: group({ max: 7 }), runners });
    expect(limitByGroup(classifyGroup(seen, NOON), 5, NOON).creates).toBe(2);
  });
});
