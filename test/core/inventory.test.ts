import { describe, expect, it } from 'vitest';
import { CLOCK_SKEW_MS } from '#core/decide/age.ts';
import {
  hadJob,
  hasOldAdds,
  isAddThatRan,
  LISTING_LAG_MS,
  nextInventory,
  pendingAdds,
  seatsOf,
  unseenJob,
  withAdds,
} from '#core/inventory.ts';
import type { GroupMemory, GroupObservation, Runner } from '#core/model/observation.ts';
import { groupObservation, jobOf, NOON, runner } from '#kit/fleet.ts';

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
    expect(seatsOf({ runners: [listed], orphanJobs: [unlisted] })).toEqual([
      { uuid: '{listed}', createdAt: NOON - 2 },
      { uuid: '{unlisted}', createdAt: NOON - 1 },
    ]);
  });
});

describe('whether adds are given up if a look does not see them', () => {
  it.each([
    { name: 'no add was begun', entries: undefined, isOld: false },
    { name: 'a moment before the lists must have shown it', entries: [NOON - LISTING_LAG_MS + 1], isOld: false },
    { name: 'the lists must have shown it', entries: [NOON - LISTING_LAG_MS], isOld: true },
    { name: 'of two, the lists must have shown one', entries: [NOON - LISTING_LAG_MS, NOON], isOld: true },
  ])('$name: $isOld', ({ entries, isOld }) => {
    const memory = { ...NOTHING, ...(entries && { intended: intended(...entries.map((at) => [at, 1] as const)) }) };
    expect(hasOldAdds(memory, NOON)).toBe(isOld);
  });
});

describe('what is remembered when adds of a tick have made runners', () => {
  it.each<{
    readonly name: string;
    readonly memory: Partial<GroupMemory>;
    readonly made: readonly string[];
    readonly gone?: number;
    readonly after: Partial<GroupMemory>;
  }>([
    {
      name: 'nothing was begun and nothing was made: nothing is added',
      memory: {},
      made: [],
      after: {},
    },
    {
      name: 'one of three was made: two are still to be seen',
      memory: { intended: intended([NOON, 3]) },
      made: ['{a}'],
      after: { runners: { '{a}': NOON }, intended: intended([NOON, 2]) },
    },
    {
      name: 'one of three was made and one is not there: one is still to be seen',
      memory: { intended: intended([NOON, 3]) },
      made: ['{a}'],
      gone: 1,
      after: { runners: { '{a}': NOON }, intended: intended([NOON, 1]) },
    },
    {
      name: 'all were made: none is still to be seen',
      memory: { intended: intended([NOON, 1]), runners: { '{old}': EARLIER } },
      made: ['{a}'],
      after: { runners: { '{old}': EARLIER, '{a}': NOON } },
    },
    {
      name: 'adds of an earlier tick stay as they are',
      memory: { intended: intended([EARLIER, 2], [NOON, 1]) },
      made: ['{a}'],
      after: { runners: { '{a}': NOON }, intended: intended([EARLIER, 2]) },
    },
    {
      name: 'one is not there and none was made: runners stay as they were',
      memory: { intended: intended([NOON, 1]), runners: { '{old}': EARLIER } },
      made: [],
      gone: 1,
      after: { runners: { '{old}': EARLIER } },
    },
  ])('$name', ({ memory, made, gone = 0, after }) => {
    expect(withAdds({ ...NOTHING, ...memory }, made, gone, NOON)).toStrictEqual({ ...NOTHING, ...after });
  });
});

describe('whether a runner is known to have had a Job', () => {
  it.each<{ readonly name: string; readonly memory: Partial<GroupMemory>; readonly had: boolean }>([
    { name: 'no look has seen it', memory: {}, had: false },
    { name: 'a look has seen it', memory: { runners: { '{a}': EARLIER } }, had: true },
    { name: 'a look has seen it without a Job', memory: { runners: { '{a}': EARLIER }, jobless: ['{a}'] }, had: false },
    { name: 'another had no Job', memory: { runners: { '{a}': EARLIER }, jobless: ['{b}'] }, had: true },
  ])('$name: $had', ({ memory, had }) => {
    expect(hadJob({ ...NOTHING, ...memory }, '{a}')).toBe(had);
  });
});

describe('whether a runner that nobody has seen before is an add that has run', () => {
  const begun = { intended: intended([EARLIER, 1]) };

  it.each<{
    readonly name: string;
    readonly memory: Partial<GroupMemory>;
    readonly seen?: Partial<Runner>;
    readonly is: boolean;
  }>([
    { name: 'no add was begun', memory: {}, is: false },
    { name: 'made when an add was begun', memory: begun, is: true },
    {
      name: 'made as late as a list may be late',
      memory: begun,
      seen: { createdAt: EARLIER + LISTING_LAG_MS },
      is: true,
    },
    { name: 'made later than that', memory: begun, seen: { createdAt: EARLIER + LISTING_LAG_MS + 1 }, is: false },
    { name: 'made long before', memory: begun, seen: { createdAt: EARLIER - LISTING_LAG_MS - 1 }, is: false },
    { name: 'it has never connected', memory: begun, seen: { status: 'UNREGISTERED' }, is: false },
    { name: 'a look has seen it', memory: { ...begun, runners: { '{a}': EARLIER } }, is: false },
    { name: 'it shows a step, and may be anybody’s', memory: begun, seen: { hasStep: true }, is: false },
  ])('$name: $is', ({ memory, seen, is }) => {
    const one = runner({ uuid: '{a}', createdAt: EARLIER, ...seen });
    expect(isAddThatRan({ ...NOTHING, ...memory }, one)).toBe(is);
  });
});

describe('the Job of a runner behind which a look saw none', () => {
  const HERE = { runners: { '{a}': EARLIER } };
  const AWAY = { awayJobs: { '{a}': 'main/web' } };

  it.each<{
    readonly name: string;
    readonly memory?: Partial<GroupMemory>;
    readonly look?: Partial<GroupObservation>;
    readonly is: ReturnType<typeof unseenJob>;
  }>([
    { name: 'nobody ever saw one', is: 'unknown' },
    { name: 'nobody ever saw one, and some are not read', look: { jobsHidden: true }, is: 'out-of-sight' },
    { name: 'it was here', memory: HERE, is: 'gone' },
    { name: 'it was here, and some elsewhere are not read', memory: HERE, look: { jobsHidden: true }, is: 'gone' },
    { name: 'it may be at a place that was left', memory: HERE, look: { jobsUnsure: true }, is: 'out-of-sight' },
    { name: 'it was elsewhere, which is read', memory: AWAY, look: { awayRead: ['{a}'] }, is: 'gone' },
    { name: 'it was elsewhere, which is not read', memory: AWAY, look: { awayRead: ['{b}'] }, is: 'out-of-sight' },
    { name: 'it was here, and then elsewhere', memory: { ...HERE, ...AWAY }, is: 'out-of-sight' },
    { name: 'another one was elsewhere', memory: { awayJobs: { '{b}': 'main/web' } }, is: 'unknown' },
  ])('$name: $is', ({ memory, look, is }) => {
    expect(unseenJob(groupObservation({ memory: { ...NOTHING, ...memory }, ...look }), '{a}')).toBe(is);
  });
});
