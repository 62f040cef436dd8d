/** Memory between the ticks of a long run. */
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import type { StateStore } from '#core/ports.ts';

/**
 * State for one run: a single process that writes documents and reads them back. It keeps no tick records and copies
 * nothing, since a month of ticks would otherwise be spent on copying what nobody changes.
 */
export function createRunStateStore(): StateStore {
  const { acquireLease, releaseLease } = createMemoryStateStore();
  const documents = new Map<string, { readonly version: number; readonly value: unknown }>();
  return {
    acquireLease,
    releaseLease,
    load: async (keys) =>
      new Map(
        keys.flatMap((key) => {
          const document = documents.get(key);
          return document === undefined ? [] : [[key, document]];
        }),
      ),
    save: async (changes) =>
      changes.flatMap(({ key, expectedVersion, value }) => {
        if ((documents.get(key)?.version ?? 0) !== expectedVersion) return [{ key }];
        documents.set(key, { version: expectedVersion + 1, value });
        return [];
      }),
    appendTick: async () => undefined,
    listTicks: async () => [],
  };
}
