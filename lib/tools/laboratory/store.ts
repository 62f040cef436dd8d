/**
 * State for one run: a single process that writes documents and reads them back. It keeps no tick records and copies
 * nothing, since a month of ticks would otherwise be spent on copying what nobody changes.
 */

import { dropLease, emptyContents, takeLease } from '#adapters/state/contents.ts';
import type { StateStore } from '#core/ports.ts';

export function createRunStateStore(): StateStore {
  const contents = emptyContents();
  const documents = new Map<string, { readonly version: number; readonly value: unknown }>();
  return {
    acquireLease: async (request) => takeLease(contents, request),
    releaseLease: async (lease) => dropLease(contents, lease),
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
