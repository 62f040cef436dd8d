/** Repositories whose files are not read for some time: here, in other processes, and without a state store. */
import { describe, expect, it } from 'vitest';
import { rememberStopped, STOPPED_FILES_KEY } from '#adapters/bitbucket/stopped-files.ts';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import type { StateStore } from '#core/ports.ts';

const NOON = Date.parse('2026-11-23T12:00:00Z');
const MINUTE = 60_000;

function place(state: StateStore = createMemoryStateStore(), mayKeep = true) {
  const clock = { now: NOON };
  const open = () => rememberStopped({ openState: async () => state, now: () => clock.now, mayKeep: () => mayKeep });
  return { clock, state, open };
}

const FAILING: StateStore = {
  ...createMemoryStateStore(),
  load: async () => {
    throw new Error('no table');
  },
};

describe('a repository with a file that was not read to its end', () => {
  it('is known for ten minutes, in this process and the next', async () => {
    const { clock, open } = place();
    const here = open();
    await here.add('acme/shop', 'abc');
    const stop = { commit: 'abc', until: NOON + 10 * MINUTE };
    const next = open();
    expect([await here.find('acme/shop'), await next.find('acme/shop')]).toEqual([stop, stop]);
    expect(await here.find('acme/other')).toBeUndefined();
    clock.now += 10 * MINUTE - 1;
    expect(await next.find('acme/shop')).toEqual(stop);
    clock.now += 1;
    expect(await next.find('acme/shop')).toBeUndefined();
  });

  it('is known beside those that another process has met', async () => {
    const { open } = place();
    const [one, other] = [open(), open()];
    await one.find('acme/shop');
    await other.add('acme/shop', 'a');
    await one.add('acme/app', 'b');
    expect([await one.find('acme/shop'), await open().find('acme/app')]).toMatchObject([
      { commit: 'a' },
      { commit: 'b' },
    ]);
  });

  it('is known in this process only where nothing may be kept', async () => {
    const { state, open } = place(createMemoryStateStore(), false);
    const here = open();
    await here.add('acme/shop', 'abc');
    expect(await here.find('acme/shop')).toMatchObject({ commit: 'abc' });
    expect(await open().find('acme/shop')).toBeUndefined();
    expect(await state.load([STOPPED_FILES_KEY])).toEqual(new Map());
  });

  it('is known in this process where there is no store', async () => {
    const here = place(FAILING).open();
    expect(await here.find('acme/shop')).toBeUndefined();
    await here.add('acme/shop', 'abc');
    expect(await here.find('acme/shop')).toMatchObject({ commit: 'abc' });
  });

  it('is not known by a name of the language, or from a document of somebody else', async () => {
    const { state, open } = place();
    await state.save([{ key: STOPPED_FILES_KEY, expectedVersion: 0, value: ['x'] }], NOON);
    expect([await open().find('constructor'), await open().find('0')]).toEqual([undefined, undefined]);
  });

  it('is one of a hundred at most: those that were met last', async () => {
    const { clock, open } = place();
    const here = open();
    for (let index = 0; index <= 100; index += 1) {
      clock.now += 1;
      await here.add(`acme/${index}`, 'abc');
    }
    expect([await here.find('acme/0'), await open().find('acme/0')]).toEqual([undefined, undefined]);
    expect([await here.find('acme/1'), await open().find('acme/100')]).toMatchObject([
      { commit: 'abc' },
      { commit: 'abc' },
    ]);
  });
});
