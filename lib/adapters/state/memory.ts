/**
 * State in this process: for tests, demos and `run` without a state store. What it knows ends with the process.
 */
import type { Instant } from '#core/model/observation.ts';
import type { TickRecord } from '#core/model/report.ts';
import type { MemoryDocument, StateStore } from '#core/ports.ts';
import { expiryOf } from './retention.ts';

/** Characters of tick records that are kept; beyond it the oldest go, so that a long run does not grow. */
const TICKS_KEPT_CHARACTERS = 64 * 1024 * 1024;

type StoredDocument = MemoryDocument & { readonly expiresAt: Instant };
type StoredTick = Pick<TickRecord, 'id' | 'at'> & { readonly json: string };

/** An empty store. `keptCharacters` bounds its tick records as JSON; the newest one stays in any case. */
export function createMemoryStateStore(options: { readonly keptCharacters?: number } = {}): StateStore {
  const leases = new Map<string, { readonly holder: string; readonly until: Instant }>();
  const documents = new Map<string, StoredDocument>();
  const keptCharacters = options.keptCharacters ?? TICKS_KEPT_CHARACTERS;
  let ticks: readonly StoredTick[] = [];

  return {
    acquireLease: async ({ name, holder, now, ttlMs }) => {
      const lease = leases.get(name);
      if (lease !== undefined && lease.until > now && lease.holder !== holder) return { acquired: false, ...lease };
      leases.set(name, { holder, until: now + ttlMs });
      return { acquired: true };
    },
    releaseLease: async ({ name, holder }) => {
      if (leases.get(name)?.holder === holder) leases.delete(name);
    },
    load: async (keys) => {
      const found = new Map<string, MemoryDocument>();
      for (const key of keys) {
        const document = documents.get(key);
        // A copy: what a caller does to its document must not change the stored one.
        if (document !== undefined) {
          found.set(key, { version: document.version, value: structuredClone(document.value) });
        }
      }
      return found;
    },
    save: async (changes, now) => {
      for (const [key, { expiresAt }] of documents) if (expiresAt <= now) documents.delete(key);
      return changes.flatMap(({ key, expectedVersion, value }) => {
        if ((documents.get(key)?.version ?? 0) !== expectedVersion) return [{ key }];
        // Through JSON, as any store keeps it: what does not survive that must not seem to.
        const copy: unknown = JSON.parse(JSON.stringify(value));
        documents.set(key, { version: expectedVersion + 1, value: copy, expiresAt: expiryOf(key, now) ?? Infinity });
        return [];
      });
    },
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

/** Oldest first; of ticks at the same instant (shards run side by side) by id, so that the order is always the same. */
export function compareTicks(a: Pick<TickRecord, 'at' | 'id'>, b: Pick<TickRecord, 'at' | 'id'>): number {
  if (a.at !== b.at) return a.at - b.at;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}
