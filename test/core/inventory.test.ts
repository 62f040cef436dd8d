import { describe, expect, it } from 'vitest';
import { CLOCK_SKEW_MS } from '#core/decide/age.ts';
import { LISTING_LAG_MS, nextInventory, pendingAdds, placesOf } from '#core/inventory.ts';
import type { GroupMemory } from '#core/model/observation.ts';
import { jobOf, NOON, runner } from '#kit/fleet.ts';

const EARLIER = NOON - 60_000;
const NOTHING: GroupMemory = { idleSince: {}, drainingSince: {} };

type Row = {
  readonly name: string;
  readonly memory: Partial<GroupMemory>;
  readonly seen: readonly string[];
  /** When those of `seen` were made; a minute ago unless it says otherwise. */
  readonly made?: Readonly<Record<string, number>>;
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
      name: 'one that was made before it was begun, and that an older list shows again, is none of them',
      memory: { intended: intended([EARLIER, 1]) },
      seen: ['{back}'],
      made: { '{back}': EARLIER - CLOCK_SKEW_MS - 1 },
      pending: 1,
      intended: intended([EARLIER, 1]),
    },
    {
      name: 'one that was made then by a clock that is behind may be one of them',
      memory: { intended: intended([EARLIER, 1]) },
      seen: ['{a}'],
      made: { '{a}': EARLIER - CLOCK_SKEW_MS },
      pending: 0,
      intended: [],
    },
    {
      name: 'one that is back, and one that is new: the new one is taken',
      memory: { intended: intended([EARLIER, 2]) },
      seen: ['{back}', '{a}'],
      made: { '{back}': EARLIER - CLOCK_SKEW_MS - 1 },
      pending: 1,
      intended: intended([EARLIER, 1]),
    },
    {
      name: 'one that was made before the later of two is of the older',
      memory: { intended: intended([EARLIER - CLOCK_SKEW_MS - 1, 1], [EARLIER, 1]) },
      seen: ['{b}', '{a}'],
      made: { '{a}': EARLIER - CLOCK_SKEW_MS - 1 },
      pending: 0,
      intended: [],
    },
    {
      name: 'those of this tick are written down',
      memory: { intended: intended([EARLIER, 1]) },
      seen: [],
      adds: 4,
      pending: 1,
      intended: intended([EARLIER, 1], [NOON, 4]),
    },
  ])('$name', ({ memory, seen, made = {}, adds = 0, pending, intended: after }) => {
    const before = { ...NOTHING, ...memory };
    const places = seen.map((uuid) => ({ uuid, createdAt: made[uuid] ?? EARLIER }));
    expect(pendingAdds(before, places, NOON)).toBe(pending);
    expect(nextInventory(before, places, adds, NOON).intended).toEqual(after);
  });

  it('runners are remembered by when they were seen first, and forgotten when they are gone', () => {
    const before = { ...NOTHING, runners: { '{a}': EARLIER, '{gone}': EARLIER } };
    const seen = ['{a}', '{b}'].map((uuid) => ({ uuid, createdAt: EARLIER }));
    expect(nextInventory(before, seen, 0, NOON).runners).toEqual({ '{a}': EARLIER, '{b}': NOON });
  });

  it('a runner was made when it was registered, and one that no list shows when its Job was', () => {
    const listed = runner({ uuid: '{listed}', createdAt: NOON - 2 });
    const unlisted = jobOf(runner({ uuid: '{unlisted}' }), { createdAt: NOON - 1 });
    expect(placesOf({ runners: [listed], orphanJobs: [unlisted] })).toEqual([
      { uuid: '{listed}', createdAt: NOON - 2 },
      { uuid: '{unlisted}', createdAt: NOON - 1 },
    ]);
  });
});
