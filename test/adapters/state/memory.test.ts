import { describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { tickRecord } from '#kit/tick-records.ts';

describe('tick records in memory', () => {
  const size = JSON.stringify(tickRecord('tick-0', 1_000)).length;

  it.each([
    ['all while they fit', 3 * size, ['tick-0', 'tick-1', 'tick-2']],
    ['the newest that fit', 3 * size - 1, ['tick-1', 'tick-2']],
    ['the newest even if it is too large', 1, ['tick-2']],
  ])('keep %s', async (_case, keptCharacters, ids) => {
    const store = createMemoryStateStore({ keptCharacters });
    for (const index of [0, 1, 2]) await store.appendTick(tickRecord(`tick-${index}`, 1_000 + index));
    expect((await store.listTicks({ from: 0, to: 2_000 })).map(({ id }) => id)).toEqual(ids);
  });
});
