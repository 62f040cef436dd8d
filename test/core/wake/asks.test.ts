/** What pipelines ask of a group: the floor that it makes, and how it is written down. */
import { describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { parseWakeMemory, wakeMemoryKey } from '#core/memory.ts';
import type { StateStore } from '#core/ports.ts';
import { ask, MOST_ASKS, type WakeAsk, wokenAt } from '#core/wake/asks.ts';
import { fleet, group, NOON } from '#kit/fleet.ts';
import { runTicks } from '#kit/ticks.ts';
import { World } from '#tools/simulator/world.ts';
import { documents, look } from '../observe/look.ts';

const MINUTE = 60_000;
const wake = { from: [{ workspace: 'acme', repository: 'shop' }], max: 5, forMs: 10 * MINUTE };
const sleeper = group({ min: 0, wake });

function asks(over: Partial<WakeAsk> = {}): WakeAsk {
  const until = NOON + 10 * MINUTE;
  return { step: '{s1}', by: 'acme/shop', runners: 2, until, knownUntil: NOON + 60 * MINUTE, ...over };
}

describe('the floor', () => {
  const second = asks({ step: '{s2}', by: 'acme/api', runners: 1, until: NOON + 5 * MINUTE });
  const until = '2026-11-09T12:10:00.000Z';
  const rows = [
    { name: 'one that asks', given: [asks()], min: 2, woken: { runners: 2, by: ['acme/shop'], until } },
    {
      name: 'two: both together, until the later one',
      given: [asks(), second],
      min: 3,
      woken: { runners: 3, by: ['acme/api', 'acme/shop'], until },
    },
    {
      name: 'twice the same repository, which is named once',
      given: [asks(), asks({ step: '{s2}' })],
      min: 4,
      woken: { runners: 4, by: ['acme/shop'], until },
    },
    { name: 'wake.max', given: [asks({ runners: 9 })], min: 5, woken: { runners: 5, by: ['acme/shop'], until } },
    { name: 'one that has just run out', given: [asks({ until: NOON })], min: 0 },
    { name: 'the last millisecond', given: [asks({ until: NOON + 1 })], min: 2 },
    { name: 'nobody', given: [], min: 0 },
  ];
  it.each(rows)('of $name', ({ given, min, woken }) => {
    const now = wokenAt(sleeper, given, NOON);
    expect(now.min).toBe(min);
    if (woken !== undefined) expect(now.woken).toEqual(woken);
  });

  it('is never above max, and never lowers min', () => {
    expect(wokenAt({ ...sleeper, max: 1 }, [asks()], NOON)).toMatchObject({ min: 1, woken: { runners: 1 } });
    expect(wokenAt({ ...sleeper, min: 4 }, [asks()], NOON)).toMatchObject({ min: 4, woken: { runners: 2 } });
  });

  it('leaves a group that nobody may wake, or nobody has woken, as it is', () => {
    const plain = group();
    expect(wokenAt(plain, [asks()], NOON)).toBe(plain);
    expect(wokenAt(sleeper, [asks({ until: NOON })], NOON)).toBe(sleeper);
  });
});

describe('a look', () => {
  const entries = { [wakeMemoryKey('builds')]: { version: 1, value: { asks: [asks()] } } };

  it('sees the floor as the min of the group', async () => {
    const { seen } = await look(fleet([sleeper]), documents(entries));
    expect(seen.groups[0]?.group).toMatchObject({ min: 2, woken: { by: ['acme/shop'] } });
  });

  it('takes no notice where the group is no longer to be woken', async () => {
    const { seen } = await look(fleet([group()]), documents(entries));
    expect(seen.groups[0]?.group).toEqual(group());
  });
});

describe('asking', () => {
  it('counts a step once, and gives it back a floor that has run out while it still asks', async () => {
    const state = createMemoryStateStore();
    expect(await ask(state, 'builds', asks(), NOON)).toEqual({ outcome: 'taken', asks: [asks()] });
    const again = asks({ runners: 5, until: NOON + 20 * MINUTE });
    expect(await ask(state, 'builds', again, NOON + 10 * MINUTE - 1)).toEqual({ outcome: 'known', asks: [asks()] });
    const back = asks({ until: again.until });
    expect(await ask(state, 'builds', again, NOON + 10 * MINUTE)).toEqual({ outcome: 'taken', asks: [back] });
    const later = NOON + 60 * MINUTE;
    expect(await ask(state, 'builds', asks({ step: '{s2}' }), later)).toMatchObject({
      outcome: 'taken',
      asks: [{ step: '{s2}' }],
    });
  });

  it('gives a floor back beside those of others', async () => {
    const other = asks({ step: '{s2}', until: NOON + 30 * MINUTE });
    const state = scripted([asks({ until: NOON }), other], async () => []);
    expect(await ask(state, 'builds', asks(), NOON)).toEqual({ outcome: 'taken', asks: [other, asks()] });
  });

  it('gives nothing back where the pipeline was seen to have ended', async () => {
    const over = asks({ until: NOON - MINUTE, isOver: true });
    const state = scripted([over], async () => []);
    expect(await ask(state, 'builds', asks(), NOON)).toEqual({ outcome: 'known', asks: [over] });
  });

  it('gives it back to a step that runs again, with a token that was issued since', async () => {
    const over = asks({ until: NOON - MINUTE, isOver: true });
    const outcomeOf = async (issuedAt: number) => {
      const wanted = asks({ runners: 5 });
      const state = scripted([over], async () => []);
      return [wanted, await ask(state, 'builds', wanted, NOON, issuedAt)] as const;
    };
    const [again, taken] = await outcomeOf(NOON - MINUTE + 1);
    expect(taken).toEqual({ outcome: 'taken', asks: [again] });
    const [, known] = await outcomeOf(NOON - MINUTE);
    expect(known).toEqual({ outcome: 'known', asks: [over] });
  });

  it('loses none of 15 that come at once', async () => {
    const state = createMemoryStateStore();
    const all = Array.from({ length: 15 }, (_, index) => asks({ step: `{s${index}}`, runners: 1 }));
    const outcomes = await Promise.all(all.map((wanted) => ask(state, 'builds', wanted, NOON)));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(all.map(() => 'taken'));
    const document = (await state.load([wakeMemoryKey('builds')])).get(wakeMemoryKey('builds'));
    expect(parseWakeMemory(document?.value)).toHaveLength(15);
  });

  it('gives up when others are faster each time, and says so', async () => {
    const state = scripted([], async ([change]) => [{ key: change?.key ?? '' }]);
    expect(await ask(state, 'builds', asks(), NOON)).toEqual({ outcome: 'lost', asks: [] });
    expect(state.loads).toBe(20);
  });

  it('remembers a bounded number of steps', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => asks({ step: `{old${index}}` }));
    const full = scripted(many(MOST_ASKS), async () => []);
    expect((await ask(full, 'builds', asks(), NOON)).outcome).toBe('full');
    const nearly = scripted(many(MOST_ASKS - 1), async () => []);
    expect((await ask(nearly, 'builds', asks(), NOON)).outcome).toBe('taken');
  });

  it('rejects when the state store does', async () => {
    const state = scripted([], async ([change]) => [{ key: change?.key ?? '', failure: 'the table is throttled' }]);
    await expect(ask(state, 'builds', asks(), NOON)).rejects.toThrow('the table is throttled');
  });

  it('reads a document that makes no sense as empty', () => {
    expect([undefined, null, 7, [], {}, { asks: [{}] }].map(parseWakeMemory)).toEqual([[], [], [], [], [], []]);
  });
});

it('a sleeping group has what was asked for at the next tick, and sleeps again when it has run out', async () => {
  const world = new World();
  const config = fleet([{ ...sleeper, coolDownMs: MINUTE }]);
  const [asleep] = await runTicks(world, config, { count: 1 });
  expect(asleep?.groups[0]?.decision).toMatchObject({ action: 'hold', to: 0 });

  const until = world.now + 10 * MINUTE;
  await ask(world.ports().state, 'builds', asks({ until, knownUntil: until }), world.now);
  const [woken] = await runTicks(world, config, { count: 1 });
  expect(woken?.groups[0]?.decision).toMatchObject({ action: 'scale-up', to: 2 });
  expect(woken?.groups[0]?.bounds).toMatchObject([{ code: 'woken', values: { by: 'acme/shop', runners: 2 } }]);

  await runTicks(world, config, { count: 2 });
  world.submit({ scope: sleeper.scope, labels: sleeper.labels, durationMs: 3 * MINUTE });
  const later = await runTicks(world, config, { count: 16 });
  expect(world.steps.map(({ state }) => state)).toEqual(['finished']);
  expect(later.at(-1)?.groups[0]?.decision).toMatchObject({ action: 'hold', to: 0 });
});

/** A store in which this was asked for, and that saves as told; `loads` counts. */
function scripted(given: readonly WakeAsk[], save: StateStore['save']): StateStore & { readonly loads: number } {
  let loads = 0;
  return {
    ...createMemoryStateStore(),
    get loads() {
      return loads;
    },
    load: async (keys) => {
      loads += 1;
      return new Map(keys.map((key) => [key, { version: 1, value: { asks: given } }]));
    },
    save,
  };
}
