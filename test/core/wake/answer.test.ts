/** What steps that ask for runners are told, row by row, and all the way until their runners are online. */
import { describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { wakeLookKey, wakeMemoryKey, wakeNoteKey } from '#core/memory.ts';
import type { StateStore } from '#core/ports.ts';
import { answerWake, type WakeRequest } from '#core/wake/answer.ts';
import { MOST_ASKS, type WakeAsk } from '#core/wake/asks.ts';
import { takeUpLooks } from '#core/wake/look.ts';
import { fleet, group, NOON } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import { World } from '#tools/simulator/world.ts';

const MINUTE = 60_000;
const wake = { from: [{ workspace: 'acme', repository: 'shop' }], max: 5, forMs: 10 * MINUTE };
const builds = group({ min: 0, wake });
const tests = group({ name: 'tests', min: 0, wake });
const closed = group({ name: 'closed' });
const ALWAYS = {
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  from: 0,
  to: 1440,
  timezone: 'UTC',
} as const;
const asker = { step: '{s1}', workspaceUuid: '{acme}', repositoryUuid: '{shop}', expiresAt: NOON + 60 * MINUTE };

/** What a tick tells of groups of this name: which repository acme/shop is, and how many runners it has seen. */
function note(seen?: { at: number; online: number; starting: number; min?: number; held?: string }) {
  const known = { workspaceUuid: '{acme}', repositoryUuid: '{shop}', at: NOON };
  return { repositories: { 'acme/shop': known }, ...(seen && { seen }) };
}

/** A store in which ticks have told of these groups. */
async function told(names = ['builds', 'tests'], seen?: Parameters<typeof note>[0]): Promise<StateStore> {
  const state = createMemoryStateStore();
  await state.save(
    names.map((name) => ({ key: wakeNoteKey(name), expectedVersion: 0, value: note(seen) })),
    NOON,
  );
  return state;
}

/** Another step has asked for a runner of the group. */
async function askedBefore(state: StateStore, over: Partial<WakeAsk>): Promise<void> {
  const until = NOON + 5 * MINUTE;
  const one: WakeAsk = { step: '{s9}', by: 'acme/shop', runners: 1, until, knownUntil: until, ...over };
  await state.save([{ key: wakeMemoryKey('builds'), expectedVersion: 0, value: { asks: [one] } }], NOON);
}

async function request(over: Partial<WakeRequest> = {}): Promise<WakeRequest> {
  const order = { group: 'builds', runners: 2 };
  const config = fleet([builds, tests, closed]);
  return { fleet: config, asker, order, now: NOON, state: await told(), ...over };
}

describe('a step', () => {
  const nobody = 'no such group may be woken from this repository; its wake.from has to name it';
  const rows = [
    {
      name: 'of a group that has no wake',
      over: { order: { group: 'closed', runners: 1 } },
      status: 403,
      says: nobody,
    },
    { name: 'of a group that is not there', over: { order: { group: 'x', runners: 1 } }, status: 403, says: nobody },
    {
      name: 'of another repository',
      over: { asker: { ...asker, repositoryUuid: '{api}' } },
      status: 403,
      says: nobody,
    },
    { name: 'of another workspace', over: { asker: { ...asker, workspaceUuid: '{evil}' } }, status: 403, says: nobody },
    {
      name: 'with labels that no group has',
      over: { order: { labels: ['linux', 'gpu'], runners: 1 } },
      status: 403,
      says: nobody,
    },
    {
      name: 'with labels of two groups',
      over: { order: { labels: ['linux'], runners: 1 } },
      status: 409,
      says: 'these labels are of more than one group (builds, tests); name the group',
    },
    {
      name: 'that names neither a group nor labels, where there are two',
      over: { order: { runners: 1 } },
      status: 409,
      says: 'these labels are of more than one group (builds, tests); name the group',
    },
    {
      name: 'that names neither a group nor labels, where there is one',
      over: { order: { runners: 1 }, fleet: fleet([builds, closed]) },
      status: 202,
      says: '0 of 1 online, 0 starting; ask again in 10 seconds',
    },
    {
      name: 'of a group whose window allows no runners now',
      over: {
        fleet: fleet([{ ...builds, schedules: [{ ...ALWAYS, name: 'shut', min: 0, max: 0 }] }]),
      },
      status: 409,
      says: 'group builds may have no runners now, since its max is 0; ask when it is not',
    },
    {
      name: 'with labels of one',
      over: { order: { labels: ['linux', 'tests'], runners: 1 } },
      status: 202,
      says: '0 of 1 online, 0 starting; ask again in 10 seconds',
    },
    {
      name: 'that asks for more than allowed',
      over: { order: { group: 'builds', runners: 6 } },
      status: 409,
      says: '6 runners are more than wake.max of group builds (5); ask for fewer',
    },
    {
      name: 'that asks for all that is allowed',
      over: { order: { group: 'builds', runners: 5 } },
      status: 202,
      says: '0 of 5 online, 0 starting; ask again in 10 seconds',
    },
  ];
  it.each(rows)('$name', async ({ over, status, says }) => {
    const answer = await answerWake(await request(over));
    expect(answer).toMatchObject({ status, message: says });
    expect(answer.retryAfterS).toBe(status === 202 ? 10 : undefined);
  });

  it('where too many have asked waits a minute; where others are faster, two seconds', async () => {
    const ask = { by: 'acme/shop', runners: 1, until: NOON + 1, knownUntil: NOON + 1 };
    const asks = Array.from({ length: MOST_ASKS }, (_, index) => ({ ...ask, step: `{old${index}}` }));
    const state = await told();
    await state.save([{ key: wakeMemoryKey('builds'), expectedVersion: 0, value: { asks } }], NOON);
    expect(await answerWake(await request({ state }))).toEqual({
      status: 429,
      message: 'too many steps have asked for group builds; ask again in a minute',
      retryAfterS: 60,
    });
    const busy = { ...(await told()), save: async () => [{ key: wakeMemoryKey('builds') }] };
    expect(await answerWake(await request({ state: busy }))).toEqual({
      status: 503,
      message: 'too many steps ask at once; ask again',
      retryAfterS: 2,
    });
  });

  it('is remembered as long as its token, and as its floor, lasts', async () => {
    const until = async (expiresAt: number) => {
      const state = await told();
      await answerWake(await request({ state, asker: { ...asker, expiresAt } }));
      return (await state.load([wakeMemoryKey('builds')])).get(wakeMemoryKey('builds'))?.value;
    };
    const kept = { step: '{s1}', by: 'acme/shop', runners: 2, until: NOON + 10 * MINUTE, askedAt: NOON };
    expect(await until(NOON + 60 * MINUTE)).toEqual({ asks: [{ ...kept, knownUntil: NOON + 60 * MINUTE }] });
    expect(await until(NOON + MINUTE)).toEqual({ asks: [{ ...kept, knownUntil: NOON + 10 * MINUTE }] });
  });

  it('is remembered with its pipeline, where its token names one', async () => {
    const state = await told();
    await answerWake(await request({ state, asker: { ...asker, pipeline: '{p1}' } }));
    const kept = (await state.load([wakeMemoryKey('builds')])).get(wakeMemoryKey('builds'))?.value;
    expect(kept).toMatchObject({ asks: [{ step: '{s1}', pipeline: '{p1}' }] });
  });

  it('hears of what it asked for itself, not of what others asked for', async () => {
    const state = await told();
    const asked = async (step: string, runners: number) => {
      const order = { group: 'builds', runners };
      return (await answerWake(await request({ state, order, asker: { ...asker, step } }))).message;
    };
    expect(await asked('{s1}', 3)).toMatch(/^0 of 3 online/);
    expect(await asked('{s2}', 1)).toMatch(/^0 of 1 online/);
  });

  it('whose runners are online begins no look', async () => {
    const state = await told(['builds'], { at: NOON, online: 2, starting: 0 });
    await askedBefore(state, { askedAt: NOON - MINUTE });
    const config = fleet([{ ...builds, min: 3 }]);
    const looks: string[] = [];
    const look = async (workspace: string) => void looks.push(workspace);
    expect((await answerWake(await request({ fleet: config, state, look }))).status).toBe(200);
    expect(looks).toEqual([]);
  });
});

describe('a repository', () => {
  const late = 'the next tick looks up the repositories that may ask; ask again in 10 seconds';

  it('beside others is asked to wait while one of them is not looked up yet', async () => {
    const from = [...wake.from, { workspace: 'acme', repository: 'new' }];
    const config = fleet([{ ...builds, wake: { ...wake, from } }]);
    const stranger = { ...asker, repositoryUuid: '{new}' };
    expect(await answerWake(await request({ fleet: config, asker: stranger }))).toMatchObject({ message: late });
    expect((await answerWake(await request({ fleet: config }))).status).toBe(202);
  });

  it('that no tick has looked up yet is asked to wait, and a tick begins', async () => {
    const looks: string[] = [];
    const look = async (workspace: string) => void looks.push(workspace);
    const answer = await answerWake(await request({ state: await told(['tests']), look }));
    expect(answer).toEqual({ status: 503, message: late, retryAfterS: 10 });
    expect(looks).toEqual(['acme']);
  });

  it('beside a name that no repository has is refused at once', async () => {
    const state = createMemoryStateStore();
    const nobody = { workspaceUuid: '', repositoryUuid: '', at: NOON };
    const value = { repositories: { ...note().repositories, 'acme/shpo': nobody } };
    await state.save([{ key: wakeNoteKey('builds'), expectedVersion: 0, value }], NOON);
    const from = [...wake.from, { workspace: 'acme', repository: 'shpo' }];
    const config = fleet([{ ...builds, wake: { ...wake, from } }]);
    const stranger = { ...asker, repositoryUuid: '{api}' };
    expect((await answerWake(await request({ fleet: config, state, asker: stranger }))).status).toBe(403);
  });

  it('that is named by its uuid is known without a look', async () => {
    const byUuid = { ...builds, wake: { ...wake, from: [{ workspace: 'acme', repository: '{shop}' }] } };
    const asked = { fleet: fleet([byUuid]), state: createMemoryStateStore() };
    expect((await answerWake(await request(asked))).status).toBe(202);
    const stranger = { ...asker, repositoryUuid: '{api}' };
    expect((await answerWake(await request({ ...asked, asker: stranger }))).status).toBe(403);
  });
});

describe('a look', () => {
  it('for a repository that is not looked up yet is a hint, which no look has to take up', async () => {
    const state = await told(['tests']);
    await answerWake(await request({ state, look: async () => {} }));
    const look = (await state.load([wakeLookKey('acme')])).get(wakeLookKey('acme'));
    expect(look?.value).toEqual({ at: NOON, isOpen: false });
  });

  it('for a repository that is not looked up yet begins at most every 15 seconds', async () => {
    const state = await told(['tests']);
    const begun: number[] = [];
    for (const at of [0, 14_999, 15_000]) {
      await answerWake(await request({ state, now: NOON + at, look: async () => void begun.push(at) }));
    }
    expect(begun).toEqual([0, 15_000]);
  });

  type Order = Partial<WakeRequest['order']> & { step?: string; at?: number };

  /** Asks one after the other; gives after which of them a look began. */
  async function looksAfter(orders: readonly Order[], prepare?: (state: StateStore) => Promise<unknown>) {
    const state = await told();
    await prepare?.(state);
    const begun: number[] = [];
    for (const [index, { step = `{s${index}}`, at = 0, ...order }] of orders.entries()) {
      const look = async () => void begun.push(index);
      const now = NOON + at;
      const wanted = { group: 'builds', runners: 1, ...order };
      await answerWake(await request({ state, look, now, asker: { ...asker, step }, order: wanted }));
    }
    return begun;
  }

  it('begins with the first of many who ask before a tick takes it up', async () => {
    expect(await looksAfter(Array.from({ length: 9 }, () => ({})))).toEqual([0]);
    expect(await looksAfter([{}, { at: 59_999 }])).toEqual([0]);
  });

  it('that was lost is begun again after a minute', async () => {
    expect(await looksAfter([{}, { at: 60_000 }])).toEqual([0, 1]);
  });

  it('begins at once with the next floor when a tick has taken the last one up', async () => {
    const state = await told();
    const begun: string[] = [];
    const askAs = async (step: string) => {
      const look = async () => void begun.push(step);
      await answerWake(await request({ state, look, asker: { ...asker, step } }));
    };
    await askAs('{s1}');
    await takeUpLooks(state, ['acme', 'other'], NOON + 1);
    await askAs('{s2}');
    expect(begun).toEqual(['{s1}', '{s2}']);
  });

  it.each([
    ['at wake.max', {}, 5],
    ['below min', { min: 2 }, 1],
  ])('does not begin for a floor that is no higher: %s', async (_, over, runners) => {
    const state = await told();
    const config = fleet([{ ...builds, ...over }]);
    const begun: string[] = [];
    const askAs = async (step: string) => {
      const look = async () => void begun.push(step);
      const order = { group: 'builds', runners };
      await answerWake(await request({ fleet: config, state, look, order, asker: { ...asker, step } }));
    };
    await askAs('{s1}');
    await takeUpLooks(state, ['acme'], NOON);
    await askAs('{s2}');
    // The first one of the second row begins as a hint.
    expect(begun).toEqual(['{s1}']);
    const look = (await state.load([wakeLookKey('acme')])).get(wakeLookKey('acme'));
    expect(look?.value).toEqual({ at: NOON, isOpen: false });
  });

  it('for whoever waits begins at most every 15 seconds', async () => {
    const waits = [0, 10_000, 20_000, 30_000, 60_000, 74_999, 75_000].map((at) => ({ at, step: '{s1}' }));
    // The first one opens a look that no tick takes up for a minute.
    expect(await looksAfter(waits)).toEqual([0, 4, 6]);
  });

  it('that could not be begun is begun by whoever asks next', async () => {
    const state = await told();
    const fails = async () => Promise.reject(new Error('throttled'));
    await expect(answerWake(await request({ state, look: fails }))).rejects.toThrow('throttled');
    const begun: string[] = [];
    const look = async (workspace: string) => void begun.push(workspace);
    await answerWake(await request({ state, look, now: NOON + 1 }));
    expect(begun).toEqual(['acme']);
  });

  it('begins where the document could not be saved, and not where somebody else was faster', async () => {
    const begun = async (unsaved: object) => {
      const state = await told();
      const refused: StateStore = {
        ...state,
        save: async (changes, now) =>
          changes[0]?.key === wakeLookKey('acme')
            ? [{ key: wakeLookKey('acme'), ...unsaved }]
            : state.save(changes, now),
      };
      const looks: string[] = [];
      await answerWake(await request({ state: refused, look: async (workspace) => void looks.push(workspace) }));
      return looks.length;
    };
    expect([await begun({ failure: 'throttled' }), await begun({})]).toEqual([1, 0]);
  });
});

describe('runners that a tick saw online', () => {
  type Row = {
    readonly name: string;
    readonly before?: Partial<WakeAsk>;
    readonly seenAt?: number;
    readonly status: number;
  };
  const long = { askedAt: NOON - 9 * MINUTE, runners: 2 };
  it.each<Row>([
    { name: 'are more than were asked for, and one of them may go', before: { ...long, runners: 1 }, status: 202 },
    { name: 'are on their way out, as nobody has asked for any', status: 202 },
    { name: '… or what was asked for is over', before: { ...long, until: NOON }, status: 202 },
    { name: 'stay, as somebody had asked for some', before: long, status: 200 },
    { name: '… five seconds before that tick', before: { askedAt: NOON - 5_000, runners: 2 }, status: 200 },
    {
      name: 'may be on their way out: the tick may not have read it yet',
      before: { askedAt: NOON - 4_999, runners: 2 },
      status: 202,
    },
    { name: 'stay, by a document that does not say when', before: { runners: 2 }, status: 200 },
    { name: 'say something for five minutes', before: long, seenAt: NOON - 5 * MINUTE, status: 200 },
    { name: 'say nothing after that', before: long, seenAt: NOON - 5 * MINUTE - 1, status: 202 },
  ])('$name', async ({ before, seenAt = NOON, status }) => {
    const state = await told(['builds'], { at: seenAt, online: 2, starting: 0 });
    if (before !== undefined) await askedBefore(state, before);
    expect((await answerWake(await request({ state }))).status).toBe(status);
  });

  const fromNoon = { ...ALWAYS, name: 'day', from: 720, min: 2, max: 5 };
  it.each([
    ['stay where min keeps them', { min: 2 }, 2, 200],
    ['… and where a window does', { schedules: [fromNoon] }, 2, 200],
    ['may be on their way out where min was less at that look', { min: 2 }, 1, 202],
    ['… and where a window has opened since', { schedules: [fromNoon] }, 0, 202],
    ['… or has closed', { min: 2, schedules: [{ ...fromNoon, min: 0 }] }, 2, 202],
  ])('%s', async (_, over, min, status) => {
    const state = await told(['builds'], { at: NOON, online: 2, starting: 0, min });
    const config = fleet([{ ...builds, ...over }]);
    expect((await answerWake(await request({ fleet: config, state }))).status).toBe(status);
  });

  it('are not enough where more are asked for, although they stay', async () => {
    const state = await told(['builds'], { at: NOON, online: 1, starting: 3 });
    await askedBefore(state, long);
    expect(await answerWake(await request({ state }))).toMatchObject({
      status: 202,
      message: '1 of 2 online, 3 starting; ask again in 10 seconds',
    });
  });

  it('are told with what holds others back', async () => {
    const seen = { at: NOON, online: 0, starting: 1, held: 'workspace cap 1 with 1 registered withholds 1' };
    expect(await answerWake(await request({ state: await told(['builds'], seen) }))).toMatchObject({
      status: 202,
      message: '0 of 2 online, 1 starting (workspace cap 1 with 1 registered withholds 1); ask again in 10 seconds',
    });
  });

  it('before the step asked are told as such', async () => {
    const state = await told(['builds'], { at: NOON, online: 2, starting: 0 });
    expect(await answerWake(await request({ state }))).toMatchObject({
      message: '2 of 2 online, as they were before they were asked for; ask again in 10 seconds',
      online: 2,
    });
  });
});

it('a step whose pipeline was seen to have ended is told to run it again, and with a new token it asks anew', async () => {
  const state = await told();
  const ended = NOON - MINUTE;
  await askedBefore(state, { step: asker.step, until: ended, isOver: true });
  expect(await answerWake(await request({ state, asker: { ...asker, issuedAt: ended } }))).toEqual({
    status: 409,
    message: 'the pipeline of this step was seen to have ended, so nothing is kept for it; run the pipeline again',
  });
  const again = await request({ state, asker: { ...asker, issuedAt: ended + 1 } });
  expect(await answerWake(again)).toMatchObject({ status: 202, wanted: 2 });
});

it('a step finds at once what min keeps', async () => {
  const world = new World();
  const config = fleet([{ ...builds, min: 2 }]);
  await runTicks(world, config, { count: 4 });
  const who = await world.ports().runners.identify({ workspace: 'acme', repository: 'shop' });
  const { workspaceUuid, repositoryUuid = '' } = who;
  const first = await request({ fleet: config, state: world.ports().state, now: world.now });
  const answer = await answerWake({ ...first, asker: { ...asker, workspaceUuid, repositoryUuid } });
  expect(answer).toMatchObject({ status: 200, online: 2 });
});

it('a step whose pipeline was seen to have ended goes on where its runners are there all the same', async () => {
  const state = await told(['builds'], { at: NOON, online: 2, starting: 0 });
  await askedBefore(state, { step: asker.step, runners: 2, until: NOON - MINUTE, isOver: true });
  const config = fleet([{ ...builds, min: 2 }]);
  expect((await answerWake(await request({ state, fleet: config }))).status).toBe(200);
});

it('a step that asks until its runners are online is told so, and adds nothing', async () => {
  const world = new World();
  const config = fleet([builds, tests]);
  const who = world.ports().runners.identify({ workspace: 'acme', repository: 'shop' });
  const { workspaceUuid, repositoryUuid = '' } = await who;
  const ask = async (over: Partial<WakeRequest> = {}) =>
    answerWake({
      ...(await request({ fleet: config, state: world.ports().state, now: world.now })),
      asker: { ...asker, workspaceUuid, repositoryUuid },
      ...over,
    });
  expect((await ask()).status).toBe(503);
  await runTicks(world, config, { count: 1 });
  expect(await ask()).toMatchObject({ status: 202, online: 0, starting: 0, wanted: 2 });
  await runTicks(world, config, { count: 1 });
  expect(await ask()).toMatchObject({ status: 202, online: 0, starting: 2, wanted: 2 });
  await runTicks(world, config, { count: 3 });
  const again = await ask({ order: { group: 'builds', runners: 5 } });
  expect(again).toMatchObject({ status: 200, message: '2 runners of group builds online', online: 2, wanted: 2 });
  world.advance(6 * MINUTE);
  expect(await ask()).toMatchObject({ status: 202, online: 0, message: expect.stringMatching(/^0 of 2 online/) });
});
