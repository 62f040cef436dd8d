/**
 * State in this process: for tests, demos and `run` without a state file. What it knows ends with the process.
 */
import type { TickRecord } from '#core/model/report.ts';
import type { StateStore } from '#core/ports.ts';
import { dropLease, emptyContents, loadDocuments, saveDocuments, takeLease } from './contents.ts';
import { compareTicks } from './tick-order.ts';

/** Characters of tick records that are kept; beyond it the oldest go, so that a long run does not grow. */
const TICKS_KEPT_CHARACTERS = 64 * 1024 * 1024;

type StoredTick = Pick<TickRecord, 'id' | 'at'> & { readonly json: string };

/** An empty store. `keptCharacters` bounds its tick records as JSON; the newest one stays in any case. */
export function createMemoryStateStore(options: { readonly keptCharacters?: number } = {}): StateStore {
  const contents = emptyContents();
  const keptCharacters = options.keptCharacters ?? TICKS_KEPT_CHARACTERS;
  let ticks: readonly StoredTick[] = [];

  return {
    acquireLease: async (request) => takeLease(contents, request),
    releaseLease: async (lease) => dropLease(contents, lease),
    load: async (keys) => loadDocuments(contents, keys),
    save: async (changes, now) => saveDocuments(contents, changes, now),
    appendTick: async (record) => {
      const { id, at } = record;
      const others = ticks.filter((tick) => tick.id !== id || tick.at !== at);
      const added = { id, at, json: JSON.stringify(record) };
      ticks = newestWithin([...others, added].sort(compareTicks), keptCharacters);
    },
    listTicks: async ({ from, to }) =>
      ticks.filter(({ at }) => from <= at && at < to).map(({ json }) => JSON.parse(json) as TickRecord),
  };
}

function newestWithin(ticks: readonly StoredTick[], keptCharacters: number): readonly StoredTick[] {
  let room = keptCharacters;
  const oldestDropped = ticks.findLastIndex((tick) => {
    room -= tick.json.length;
    return room < 0;
  });
  return ticks.slice(Math.min(oldestDropped + 1, ticks.length - 1));
}
