/** Looks that are asked for: what is written down of them when ticks take them up, and when they cannot be begun. */
import { describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { wakeLookKey } from '#core/memory.ts';
import type { MemoryChange, StateStore } from '#core/ports.ts';
import { beginLook, isLookDue, takeUpLooks } from '#core/wake/look.ts';
import { NOON } from '#kit/fleet.ts';

const KEY = wakeLookKey('acme');

/** A store with these documents, and all that is saved from then on. */
async function storeOf(documents: Readonly<Record<string, unknown>> = {}) {
  const state = createMemoryStateStore();
  await state.save(
    Object.entries(documents).map(([name, value]) => ({ key: wakeLookKey(name), expectedVersion: 0, value })),
    NOON,
  );
  const saved: MemoryChange[] = [];
  const save: StateStore['save'] = async (changes, now) => {
    saved.push(...changes);
    return state.save(changes, now);
  };
  return { state: { ...state, save }, saved };
}

describe('a tick takes up', () => {
  const open = { at: NOON - 1000, isOpen: true };
  it.each([
    { name: 'a look that is open', value: open, saved: [{ at: NOON - 1000, isOpen: false }] },
    { name: 'none that another has taken up', value: { ...open, isOpen: false }, saved: [] },
    { name: 'none where the document makes no sense', value: { at: 'noon' }, saved: [] },
  ])('$name', async ({ value, saved }) => {
    const store = await storeOf({ acme: value });
    await takeUpLooks(store.state, ['acme', 'other'], NOON);
    expect(store.saved).toEqual(saved.map((one) => ({ key: KEY, expectedVersion: 1, value: one })));
  });

  it('the looks at its own workspaces, and no others', async () => {
    const store = await storeOf({ acme: open, other: open });
    await takeUpLooks(store.state, ['acme'], NOON);
    expect(store.saved.map(({ key }) => key)).toEqual([KEY]);
  });
});

describe('a look that cannot be begun', () => {
  const look = async () => Promise.reject(new Error('throttled'));
  const forgotten = { at: 0, isOpen: false };

  it('is forgotten, over the version in which it was asked for', async () => {
    const { state, saved } = await storeOf();
    await expect(beginLook(state, 'acme', 'floor', { now: NOON, look })).rejects.toThrow('throttled');
    expect(saved).toEqual([
      { key: KEY, expectedVersion: 0, value: { at: NOON, isOpen: true } },
      { key: KEY, expectedVersion: 1, value: forgotten },
    ]);
    expect(await isLookDue(state, 'acme', 'hint', NOON + 1)).toBe(true);
  });

  it('is forgotten also where it could not be written down that it was asked for', async () => {
    const { state, saved } = await storeOf();
    const answers = [[{ key: KEY, failure: 'throttled' }]];
    const save: StateStore['save'] = async (changes, now) => answers.shift() ?? state.save(changes, now);
    await expect(beginLook({ ...state, save }, 'acme', 'floor', { now: NOON, look })).rejects.toThrow('throttled');
    expect(saved).toEqual([{ key: KEY, expectedVersion: 0, value: forgotten }]);
  });
});
