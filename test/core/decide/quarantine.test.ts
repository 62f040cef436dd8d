import { describe, expect, it } from 'vitest';
import { classify } from '#core/decide/classify.ts';
import { decide } from '#core/decide/decide.ts';
import { nextQuarantine, quarantineRoom } from '#core/decide/quarantine.ts';
import { remember } from '#core/decide/remember.ts';
import { isSame } from '#core/memory.ts';
import type { GroupMemory, Quarantine, Runner } from '#core/model/observation.ts';
import { group, groupObservation, jobOf, NOON, observation, runner } from '#kit/fleet.ts';

const MINUTE = 60_000;
const memory = (quarantine?: Quarantine) => ({
  idleSince: {},
  drainingSince: {},
  ...(quarantine === undefined ? {} : { quarantine }),
});

describe('how many may start', () => {
  it.each([
    { name: 'no quarantine', failures: 0, minutesAgo: 0, starting: 0, room: 'all' },
    { name: 'one failure just now', failures: 1, minutesAgo: 0, starting: 0, room: 0, waitMs: MINUTE },
    { name: 'one failure, its minute over', failures: 1, minutesAgo: 1, starting: 0, room: 1, waitMs: 0 },
    { name: 'two failures wait two minutes', failures: 2, minutesAgo: 1, starting: 0, room: 0, waitMs: MINUTE },
    { name: 'three failures wait four minutes', failures: 3, minutesAgo: 1, starting: 0, room: 0, waitMs: 3 * MINUTE },
    { name: 'four failures wait eight minutes', failures: 4, minutesAgo: 1, starting: 0, room: 0, waitMs: 7 * MINUTE },
    { name: 'many failures wait ten minutes', failures: 40, minutesAgo: 4, starting: 0, room: 0, waitMs: 6 * MINUTE },
    { name: 'ten minutes are the longest', failures: 40, minutesAgo: 10, starting: 0, room: 1, waitMs: 0 },
    { name: 'one probe at a time', failures: 1, minutesAgo: 5, starting: 1, room: 0, waitMs: 0 },
  ])('$name', ({ failures, minutesAgo, starting, room, waitMs }) => {
    const quarantine = failures === 0 ? undefined : { failures, since: NOON - minutesAgo * MINUTE };
    const found = quarantineRoom(quarantine, starting, NOON);
    expect(found?.room ?? 'all').toBe(room);
    expect(found?.explain(3).values).toEqual(found && { failures, waitMs, withheld: 3 });
  });

  it.each([
    ['while it waits', 0, '1 failed start in a row: 3 withheld, the next try is in 1m'],
    ['while it tries', 1, '1 failed start in a row: 2 withheld, one runner at a time is tried'],
  ])('is a bound of the decision %s', (_name, minutesAgo, text) => {
    const seen = groupObservation({
      group: group({ min: 3 }),
      memory: memory({ failures: 1, since: NOON - minutesAgo * MINUTE }),
    });
    const [decided] = decide(observation([seen]));
    expect(decided?.decision.bounds.map((bound) => bound.text)).toEqual([text]);
    expect(decided?.creates).toBe(minutesAgo);
  });
});

describe('what the look that finds it makes of it, at once', () => {
  it.each([
    {
      name: 'a failed start is not replaced',
      runners: [{ status: 'UNREGISTERED' }],
      quarantine: undefined,
      creates: 0,
    },
    {
      name: 'a probe that failed is not replaced',
      runners: [{ status: 'UNREGISTERED' }],
      quarantine: { failures: 1, since: NOON - 30 * MINUTE },
      creates: 0,
    },
    {
      name: 'a probe at work lets the others follow',
      runners: [{ createdAt: NOON - MINUTE }],
      quarantine: { failures: 5, since: NOON - 30 * MINUTE },
      creates: 2,
    },
  ] as const)('$name', ({ runners, quarantine, creates }) => {
    const seen = groupObservation({
      group: group({ min: 3 }),
      runners: runners.map((over) => runner(over)),
      memory: memory(quarantine),
    });
    expect(decide(observation([seen]))[0]?.creates).toBe(creates);
  });
});

it('a Job that gave up before its runner connected is a failed start; one that ended after work is not', () => {
  const after = (over: Partial<Runner>) => {
    const dying = runner(over);
    const seen = groupObservation({ runners: [dying], jobs: [{ ...jobOf(dying), status: 'failed' }] });
    return nextQuarantine(seen, classify(seen, NOON), NOON);
  };
  expect(after({ status: 'UNREGISTERED', createdAt: NOON - MINUTE })).toMatchObject({
    failures: 1,
    since: NOON,
  });
  expect(after({ status: 'OFFLINE', stateChangedAt: NOON })).toBeUndefined();
});

it('a start in another namespace than the group’s tells nothing of starts in its own', () => {
  const dying = runner({ status: 'UNREGISTERED' });
  const away = { cluster: 'main', namespace: 'web' };
  const seen = groupObservation({ runners: [dying], jobs: [jobOf(dying, { status: 'failed', away })] });
  expect(nextQuarantine(seen, classify(seen, NOON), NOON)).toBeUndefined();
});

describe('what a look makes of it', () => {
  const failed: Partial<Runner> = { status: 'UNREGISTERED', createdAt: NOON - 20 * MINUTE };
  const hopeless: Partial<Runner> = { uuid: '{hopeless}', status: 'UNREGISTERED', createdAt: NOON - MINUTE };
  const before = { failures: 2, since: NOON - 10 * MINUTE };
  const deeper = { failures: 3, since: NOON };

  it.each([
    { name: 'nothing wrong', runners: [{}], before: undefined, after: undefined },
    { name: 'a first failed start', runners: [failed], before: undefined, after: { failures: 1, since: NOON } },
    { name: 'a hopeless start', runners: [hopeless], before: undefined, after: { failures: 1, since: NOON } },
    { name: 'one more', runners: [failed], before, after: deeper },
    { name: 'two at one look are one more', runners: [failed, failed], before, after: deeper },
    { name: 'nothing new', runners: [], before, after: before },
    { name: 'still starting', runners: [{ status: 'UNREGISTERED', createdAt: NOON }], before, after: before },
    { name: 'a later runner works', runners: [{ createdAt: NOON - 5 * MINUTE }], before, after: undefined },
    {
      name: 'a later runner works hard',
      runners: [{ createdAt: NOON - 5 * MINUTE, hasStep: true }],
      before,
      after: undefined,
    },
    {
      name: 'a probe works',
      runners: [{ createdAt: before.since + MINUTE / 2 }],
      before,
      after: undefined,
    },
    {
      name: 'only those work that came of the very tick that failed',
      runners: [{ createdAt: before.since + MINUTE / 2 - 1 }],
      before,
      after: before,
    },
    {
      name: 'one of a batch had bad luck: its siblings work',
      runners: [failed, { createdAt: NOON - 20 * MINUTE }],
      before: undefined,
      after: undefined,
    },
    {
      name: 'one of a batch had bad luck: a sibling works, by as much as clocks may differ the older',
      runners: [failed, { createdAt: NOON - 21 * MINUTE }],
      before: undefined,
      after: undefined,
    },
    {
      name: 'a batch fails while older ones work',
      runners: [failed, { createdAt: NOON - 21 * MINUTE - 1 }],
      before: undefined,
      after: { failures: 1, since: NOON },
    },
    {
      name: 'the end of a runner that has worked',
      runners: [{ status: 'OFFLINE' }],
      before: undefined,
      after: undefined,
    },
    { name: 'a drained runner', runners: [{ status: 'DISABLED', createdAt: NOON }], before, after: before },
  ] as const)('$name', ({ runners, before: quarantine, after }) => {
    const trouble = { reason: 'InvalidImageName', message: 'x y' };
    const pod = { name: 'pod', phase: 'Pending', restarts: 0, isProtected: true, trouble } as const;
    const made = runners.map((over) => runner(over));
    const jobs = made.map((entry) => jobOf(entry, entry.uuid === '{hopeless}' ? { pod } : {}));
    const seen = groupObservation({ runners: made, jobs, memory: memory(quarantine) });
    const classified = classify(seen, NOON);
    const next = nextQuarantine(seen, classified, NOON);
    expect(next && { failures: next.failures, since: next.since }).toEqual(after);
    const kept = remember(seen, classified, { enable: [], retire: [], recentTargets: [], creates: 0 }, NOON);
    expect(kept.quarantine).toEqual(next);
    expect('quarantine' in kept).toBe(after !== undefined);
  });

  it.each([
    ['deeper', { failures: 2, since: 1 }],
    ['later', { failures: 1, since: 2 }],
    ['over', undefined],
  ])('is something new to save: %s', (_name, after) => {
    expect(isSame(memory({ failures: 1, since: 1 }), memory(after))).toBe(false);
    expect(isSame(memory({ failures: 1, since: 1 }), memory({ failures: 1, since: 1 }))).toBe(true);
  });
});

describe('starts that are interrupted', () => {
  const EVICTED = { why: 'EvictionByEvictionAPI' };
  const young: Partial<Runner> = { status: 'UNREGISTERED', createdAt: NOON - MINUTE };
  type Kind = 'leaving' | 'ended' | 'working' | 'late';
  /** A runner whose pod leaves, whose Job ended with it, that works, or that never came online. */
  const made = (kind: Kind, over: Partial<Runner> = {}) => {
    const one = runner(kind === 'working' ? { createdAt: NOON - MINUTE, ...over } : { ...young, ...over });
    const job = jobOf(one, {
      ...((kind === 'leaving' || kind === 'ended') && { takenAway: EVICTED }),
      ...(kind === 'ended' && { status: 'failed' as const }),
    });
    return { one, job };
  };
  const lookAt = (found: readonly ReturnType<typeof made>[], remembered: Partial<GroupMemory> = {}) => {
    const seen = groupObservation({
      runners: found.map(({ one }) => one),
      jobs: found.map(({ job }) => job),
      memory: { ...memory(), ...remembered },
    });
    const classified = classify(seen, NOON);
    return remember(seen, classified, { enable: [], retire: [], recentTargets: [], creates: 0 }, NOON);
  };
  const registered = NOON - MINUTE;
  const row = (looks: number) => ({ looks, registered: NOON - 5 * MINUTE });
  const quarantine = { failures: 2, since: NOON - 10 * MINUTE };

  it.each<{
    readonly name: string;
    readonly found: readonly ReturnType<typeof made>[];
    readonly before?: Partial<GroupMemory>;
    readonly looks?: number;
    readonly failures?: number;
  }>([
    { name: 'none', found: [] },
    { name: 'the first', found: [made('leaving')], looks: 1 },
    { name: 'several at one look are one', found: [made('leaving'), made('ended')], looks: 1 },
    { name: 'the third look is borne', found: [made('ended')], before: { interruptions: row(2) }, looks: 3 },
    {
      name: 'the fourth is a failure',
      found: [made('leaving')],
      before: { interruptions: row(3) },
      looks: 4,
      failures: 1,
    },
    {
      name: 'what was registered within half a minute of the third is of the same wave',
      found: [made('leaving', { createdAt: NOON - 5 * MINUTE + 29_999 })],
      before: { interruptions: row(3) },
      looks: 3,
    },
    {
      name: '… and half a minute later of the next',
      found: [made('leaving', { createdAt: NOON - 5 * MINUTE + 30_000 })],
      before: { interruptions: row(3) },
      looks: 4,
      failures: 1,
    },
    {
      name: 'in a row of failures the first is one',
      found: [made('leaving')],
      before: { quarantine },
      looks: 1,
      failures: 3,
    },
    {
      name: 'in a row of failures with other settings it is borne',
      found: [made('leaving')],
      before: { quarantine: { ...quarantine, settings: 1 } },
      looks: 1,
    },
    {
      name: 'one that was online is not interrupted in its start',
      found: [made('leaving', { status: 'ONLINE' })],
    },
    {
      name: 'one that never came online is a failure, and no interruption',
      found: [made('late', { createdAt: NOON - 20 * MINUTE })],
      failures: 1,
    },
    { name: 'nothing new', found: [], before: { interruptions: row(3) }, looks: 3 },
    {
      name: 'the last of the row was registered half an hour ago: it is none any more',
      found: [made('leaving')],
      before: { interruptions: { looks: 3, registered: NOON - 30 * MINUTE } },
      looks: 1,
    },
    {
      name: 'a moment less than half an hour ago',
      found: [made('leaving')],
      before: { interruptions: { looks: 3, registered: NOON - 30 * MINUTE + 1 } },
      looks: 4,
      failures: 1,
    },
    {
      name: 'with other settings a row begins anew',
      found: [made('leaving')],
      before: { interruptions: row(9), quarantine: { ...quarantine, settings: 1 } },
      looks: 1,
    },
    { name: 'a row that is over is forgotten', found: [], before: { interruptions: { looks: 3, registered: 0 } } },
    {
      name: 'one that works and is as late ends the row',
      found: [made('working', { createdAt: NOON - 6 * MINUTE })],
      before: { interruptions: row(3) },
    },
    {
      name: 'one that works and is older does not',
      found: [made('working', { createdAt: NOON - 6 * MINUTE - 1 })],
      before: { interruptions: row(3) },
      looks: 3,
    },
    {
      name: 'beside one that works it is bad luck, and the row over',
      found: [made('leaving'), made('working')],
      before: { interruptions: row(3) },
    },
  ])('$name', ({ found, before, looks, failures }) => {
    const next = lookAt(found, before);
    expect(next.interruptions?.looks).toBe(looks);
    expect(next.quarantine?.failures).toBe(failures);
  });

  it('each counts once, and says why it does', () => {
    const known = made('leaving', { createdAt: NOON - 2 * MINUTE });
    const next = lookAt([known, made('leaving'), made('ended', { createdAt: NOON - 3 * MINUTE })], {
      interruptions: row(3),
      failedStarts: { [known.one.uuid]: NOON - MINUTE },
    });
    expect(next.interruptions).toEqual({ looks: 4, registered });
    expect(next.quarantine?.failed?.map(({ cause }) => cause)).toEqual([
      'its pod is being taken away (EvictionByEvictionAPI), so it takes no new step',
      'its Job is failed, because its pod was taken away before the runner had connected',
    ]);
    expect(Object.values(next.failedStarts ?? {})).toEqual([NOON, NOON, NOON]);
    expect(lookAt([known], { interruptions: row(3), failedStarts: next.failedStarts ?? {} })).toMatchObject({
      interruptions: row(3),
    });
  });
});
