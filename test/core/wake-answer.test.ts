/** What steps that ask for runners are told, row by row, and all the way until their runners are online. */
import { describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { wakeMemoryKey } from '#core/memory.ts';
import type { Scope } from '#core/model/configuration.ts';
import { MOST_ASKS } from '#core/wake.ts';
import { answerWake, type WakeRequest } from '#core/wake-answer.ts';
import { fleet, group, NOON } from '#kit/fleet.ts';
import { runTicks } from '#tools/simulator/drive.ts';
import { World } from '#tools/simulator/world.ts';

const MINUTE = 60_000;
const wake = { from: [{ workspace: 'acme', repository: 'shop' }], max: 5, forMs: 10 * MINUTE };
const builds = group({ min: 0, wake });
const tests = group({ name: 'tests', min: 0, wake });
const closed = group({ name: 'closed' });
const asker = { step: '{s1}', workspaceUuid: '{acme}', repositoryUuid: '{shop}', expiresAt: NOON + 60 * MINUTE };

const identify = async ({ workspace, repository = '' }: Scope) => ({
  workspaceUuid: `{${workspace}}`,
  repositoryUuid: `{${repository}}`,
});

function request(over: Partial<WakeRequest> = {}): WakeRequest {
  const order = { group: 'builds', runners: 2 };
  const config = fleet([builds, tests, closed]);
  return { fleet: config, asker, order, now: NOON, state: createMemoryStateStore(), identify, ...over };
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
    const answer = await answerWake(request(over));
    expect(answer).toMatchObject({ status, message: says });
    expect(answer.retryAfterS).toBe(status === 202 ? 10 : undefined);
  });

  it('where too many have asked waits a minute; where others are faster, two seconds', async () => {
    const ask = { by: 'acme/shop', runners: 1, until: NOON + 1, knownUntil: NOON + 1 };
    const asks = Array.from({ length: MOST_ASKS }, (_, index) => ({ ...ask, step: `{old${index}}` }));
    const state = createMemoryStateStore();
    await state.save([{ key: wakeMemoryKey('builds'), expectedVersion: 0, value: { asks } }], NOON);
    expect(await answerWake(request({ state }))).toEqual({
      status: 429,
      message: 'too many steps have asked for group builds; ask again in a minute',
      retryAfterS: 60,
    });
    const busy = { ...createMemoryStateStore(), save: async () => [{ key: wakeMemoryKey('builds') }] };
    expect(await answerWake(request({ state: busy }))).toEqual({
      status: 503,
      message: 'too many steps ask at once; ask again',
      retryAfterS: 2,
    });
  });

  it('is remembered as long as its token, and as its floor, lasts', async () => {
    const until = async (expiresAt: number) => {
      const state = createMemoryStateStore();
      await answerWake(request({ state, asker: { ...asker, expiresAt } }));
      return (await state.load([wakeMemoryKey('builds')])).get(wakeMemoryKey('builds'))?.value;
    };
    const kept = { step: '{s1}', by: 'acme/shop', runners: 2, until: NOON + 10 * MINUTE };
    expect(await until(NOON + 60 * MINUTE)).toEqual({ asks: [{ ...kept, knownUntil: NOON + 60 * MINUTE }] });
    expect(await until(NOON + MINUTE)).toEqual({ asks: [{ ...kept, knownUntil: NOON + 10 * MINUTE }] });
  });
});

it('a step that asks until its runners are online is told so, and adds nothing', async () => {
  const world = new World();
  const config = fleet([builds, tests]);
  const ask = (over: Partial<WakeRequest> = {}) =>
    answerWake(request({ fleet: config, state: world.ports().state, now: world.now, ...over }));
  expect(await ask()).toMatchObject({ status: 202, online: 0, starting: 0, wanted: 2 });
  await runTicks(world, config, { count: 4 });
  const again = await ask({ order: { group: 'builds', runners: 5 } });
  expect(again).toMatchObject({ status: 200, message: '2 runners of group builds online', online: 2, wanted: 2 });
  world.advance(6 * MINUTE);
  expect(await ask()).toMatchObject({ status: 202, online: 0, message: expect.stringMatching(/^0 of 2 online/) });
});
