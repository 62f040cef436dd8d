/** Commits whose files are not read for some time: here, in other processes, and without a state store. */
import { describe, expect, it } from 'vitest';
import { rememberStopped, STOPPED_FILES_KEY } from '#adapters/bitbucket/stopped-files.ts';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import type { StateStore } from '#core/ports.ts';

const NOON = Date.parse('2026-11-23T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

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

describe('a commit whose file was not read to its end', () => {
  it('is known for an hour, in this process and the next; the other commits of its repository are read', async () => {
    const { clock, open } = place();
    const here = open();
    await here.add('acme/shop', 'abc');
    const stop = { until: NOON + HOUR, commits: ['abc'] };
    const next = open();
    expect([await here.find('acme/shop', 'abc'), await next.find('acme/shop', 'abc')]).toEqual([stop, stop]);
    expect([await next.find('acme/shop', 'ab'), await next.find('acme/shop2', 'abc')]).toEqual([undefined, undefined]);
    clock.now += HOUR - 1;
    expect(await next.find('acme/shop', 'abc')).toEqual(stop);
    clock.now += 1;
    expect(await next.find('acme/shop', 'abc')).toBeUndefined();
  });

  it('keeps, as the third within ten minutes, all of its repository from being read until they are over', async () => {
    const { clock, open } = place();
    const here = open();
    await here.add('acme/shop', 'a');
    await here.add('acme/shop2', 'a');
    clock.now += MINUTE;
    await here.add('acme/shop', 'b');
    expect(await here.find('acme/shop', 'good')).toBeUndefined();
    clock.now += MINUTE;
    await here.add('acme/shop', 'c');
    const block = { until: NOON + 10 * MINUTE, commits: ['c', 'b', 'a'] };
    expect([await here.find('acme/shop', 'good'), await open().find('acme/shop', 'good')]).toEqual([block, block]);
    expect(await here.find('acme/shop', 'c')).toMatchObject({ commits: ['c'] });
    expect(await here.find('acme/shop2', 'good')).toBeUndefined();
    clock.now = NOON + 10 * MINUTE - 1;
    expect(await here.find('acme/shop', 'good')).toEqual(block);
    clock.now += 1;
    expect(await here.find('acme/shop', 'good')).toBeUndefined();
  });

  it('is known beside those that another process has met', async () => {
    const { open } = place();
    const [one, other] = [open(), open()];
    await one.find('acme/shop', 'a');
    await other.add('acme/shop', 'a');
    await one.add('acme/app', 'b');
    expect([await one.find('acme/shop', 'a'), await open().find('acme/app', 'b')]).toMatchObject([
      { commits: ['a'] },
      { commits: ['b'] },
    ]);
  });

  it('is known in this process only where nothing may be kept', async () => {
    const { state, open } = place(createMemoryStateStore(), false);
    const here = open();
    await here.add('acme/shop', 'abc');
    expect(await here.find('acme/shop', 'abc')).toMatchObject({ commits: ['abc'] });
    expect(await open().find('acme/shop', 'abc')).toBeUndefined();
    expect(await state.load([STOPPED_FILES_KEY])).toEqual(new Map());
  });

  it('is known in this process where there is no store', async () => {
    const here = place(FAILING).open();
    expect(await here.find('acme/shop', 'abc')).toBeUndefined();
    await here.add('acme/shop', 'abc');
    expect(await here.find('acme/shop', 'abc')).toMatchObject({ commits: ['abc'] });
  });

  it('is not known by a name of the language, or from a document of somebody else', async () => {
    const { state, open } = place();
    await state.save([{ key: STOPPED_FILES_KEY, expectedVersion: 0, value: ['x'] }], NOON);
    expect([await open().find('constructor', 'a'), await open().find('0', 'a')]).toEqual([undefined, undefined]);
  });

  it('is not known from what an earlier version kept by repository', async () => {
    const { state, open } = place();
    const value = { 'acme/shop': { commit: 'abc', until: NOON + 10 * MINUTE } };
    await state.save([{ key: STOPPED_FILES_KEY, expectedVersion: 0, value }], NOON);
    expect(await open().find('acme/shop', 'abc')).toBeUndefined();
  });

  it('is one of a hundred at most: those that were met last', async () => {
    const { clock, open } = place();
    const here = open();
    for (let index = 0; index <= 100; index += 1) {
      clock.now += 1;
      await here.add(`acme/${index}`, 'abc');
    }
    expect([await here.find('acme/0', 'abc'), await open().find('acme/0', 'abc')]).toEqual([undefined, undefined]);
    expect([await here.find('acme/1', 'abc'), await open().find('acme/100', 'abc')]).toMatchObject([
      { commits: ['abc'] },
      { commits: ['abc'] },
    ]);
  });
});
