import { describe, expect, it } from 'vitest';
import { LISTING_LAG_MS, nextInventory, pendingAdds } from '#core/inventory.ts';
import type { GroupMemory } from '#core/model/observation.ts';
import { NOON } from '#kit/fleet.ts';

const EARLIER = NOON - 60_000;
const NOTHING: GroupMemory = { idleSince: {}, drainingSince: {} };

type Row = {
  readonly name: string;
  readonly memory: Partial<GroupMemory>;
  readonly seen: readonly string[];
  readonly adds?: number;
  readonly pending: number;
  readonly intended: GroupMemory['intended'];
};

const intended = (...entries: readonly (readonly [at: number, adds: number])[]) =>
  entries.map(([at, adds]) => ({ at, adds }));

describe('adds that were begun', () => {
  it.each<Row>([
    { name: 'none', memory: {}, seen: ['{a}'], pending: 0, intended: [] },
    {
      name: 'nothing is seen of three: all of them count',
      memory: { intended: intended([EARLIER, 3]) },
      seen: [],
      pending: 3,
      intended: intended([EARLIER, 3]),
    },
    {
      name: 'two of three are seen: the third counts',
      memory: { intended: intended([EARLIER, 3]) },
      seen: ['{a}', '{b}'],
      pending: 1,
      intended: intended([EARLIER, 1]),
    },
    {
      name: 'a runner that was known before is none of them',
      memory: { runners: { '{a}': EARLIER }, intended: intended([EARLIER, 1]) },
      seen: ['{a}'],
      pending: 1,
      intended: intended([EARLIER, 1]),
    },
    {
      name: 'who is seen first is of the oldest',
      memory: { intended: intended([EARLIER - 1, 1], [EARLIER, 2]) },
      seen: ['{a}', '{b}'],
      pending: 1,
      intended: intended([EARLIER, 1]),
    },
    {
      name: 'more are seen than were begun',
      memory: { intended: intended([EARLIER, 1]) },
      seen: ['{a}', '{b}', '{c}'],
      pending: 0,
      intended: [],
    },
    {
      name: 'a moment before the lists must have shown them',
      memory: { intended: intended([NOON - LISTING_LAG_MS + 1, 2]) },
      seen: [],
      pending: 2,
      intended: intended([NOON - LISTING_LAG_MS + 1, 2]),
    },
    {
      name: 'when the lists must have shown them there are none',
      memory: { intended: intended([NOON - LISTING_LAG_MS, 2]) },
      seen: [],
      pending: 0,
      intended: [],
    },
    {
      name: 'those of too long ago take who is seen before those that still count',
      memory: { intended: intended([NOON - LISTING_LAG_MS, 1], [EARLIER, 1]) },
      seen: ['{a}'],
      pending: 1,
      intended: intended([EARLIER, 1]),
    },
    {
      name: 'those of this tick are written down',
      memory: { intended: intended([EARLIER, 1]) },
      seen: [],
      adds: 4,
      pending: 1,
      intended: intended([EARLIER, 1], [NOON, 4]),
    },
  ])('$name', ({ memory, seen, adds = 0, pending, intended: after }) => {
    const before = { ...NOTHING, ...memory };
    expect(pendingAdds(before, seen, NOON)).toBe(pending);
    expect(nextInventory(before, seen, adds, NOON).intended).toEqual(after);
  });

  it('runners are remembered by when they were seen first, and forgotten when they are gone', () => {
    const before = { ...NOTHING, runners: { '{a}': EARLIER, '{gone}': EARLIER } };
    expect(nextInventory(before, ['{a}', '{b}'], 0, NOON).runners).toEqual({ '{a}': EARLIER, '{b}': NOON });
  });
});
