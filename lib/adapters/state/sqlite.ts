/**
 * State in a SQLite database, for a laptop or a pod with a volume. Each method is one transaction, so several processes
 * of one machine may share the file, and a process that is killed leaves the state before or after it.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { TickRecord } from '#core/model/report.ts';
import type { LeaseAnswer, MemoryDocument, StateStore, UnsavedDocument } from '#core/ports.ts';
import { jsonIn } from '#yaml/values.ts';
import { expiryOf, TICKS_KEPT_MS } from './retention.ts';
import { type DatabaseOptions, openDatabase } from './sqlite-database.ts';

type SqliteOptions = DatabaseOptions & {
  /** The size at which the oldest tick records go; the newest one stays in any case. */
  readonly maxBytes?: number;
};

/** About two weeks of small fleets at one tick a minute. */
const MAX_BYTES = 128 * 1024 * 1024;

/**
 * A store in the database `path`, which is made at the first change, its directory too, readable for its owner only.
 * Its methods throw `InputError` when the file cannot be used: the user chose it.
 */
export function createSqliteStateStore(path: string, options: SqliteOptions = {}): StateStore {
  const { read, write } = openDatabase(path, options);
  const maxBytes = options.maxBytes ?? MAX_BYTES;
  return {
    acquireLease: (request) => write((database) => takeLease(database, request)),
    releaseLease: ({ name, holder }) =>
      write((database) => {
        database.prepare('DELETE FROM leases WHERE name = ? AND holder = ?').run(name, holder);
      }),
    load: async (keys) => (await read((database) => loadDocuments(database, keys))) ?? new Map(),
    save: (changes, now) => write((database) => saveDocuments(database, changes, now)),
    appendTick: (record) => write((database) => appendTick(database, record, maxBytes)),
    listTicks: async (range) => (await read((database) => listTicks(database, range))) ?? [],
  };
}

const TAKE_LEASE = `
  INSERT INTO leases (name, holder, until) VALUES ($name, $holder, $until)
  ON CONFLICT (name) DO UPDATE SET holder = $holder, until = $until WHERE until <= $now OR holder = $holder`;

function takeLease(
  database: DatabaseSync,
  { name, holder, now, ttlMs }: Parameters<StateStore['acquireLease']>[0],
): LeaseAnswer {
  const { changes } = database
    .prepare(TAKE_LEASE)
    .run({ $name: name, $holder: holder, $until: now + ttlMs, $now: now });
  if (changes === 1) return { acquired: true };
  const held = database.prepare('SELECT holder, until FROM leases WHERE name = ?').get(name);
  return { acquired: false, holder: String(held?.holder), until: Number(held?.until) };
}

function loadDocuments(database: DatabaseSync, keys: readonly string[]): ReadonlyMap<string, MemoryDocument> {
  const select = database.prepare('SELECT version, value FROM documents WHERE key = ?');
  const found = new Map<string, MemoryDocument>();
  for (const key of keys) {
    const row = select.get(key);
    if (row !== undefined) found.set(key, { version: Number(row.version), value: jsonIn(String(row.value)) });
  }
  return found;
}

/** The column takes no null. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** Compares and sets each document by itself, and forgets what nobody touched for long. */
function saveDocuments(
  database: DatabaseSync,
  changes: Parameters<StateStore['save']>[0],
  now: number,
): readonly UnsavedDocument[] {
  database.prepare('DELETE FROM documents WHERE expires_at <= ?').run(now);
  const insert = database.prepare(
    'INSERT INTO documents (value, expires_at, key, version) VALUES (?, ?, ?, ? + 1) ON CONFLICT DO NOTHING',
  );
  const update = database.prepare(
    'UPDATE documents SET version = version + 1, value = ?, expires_at = ? WHERE key = ? AND version = ?',
  );
  return changes.flatMap(({ key, expectedVersion, value }) => {
    const statement = expectedVersion === 0 ? insert : update;
    const saved = statement.run(JSON.stringify(value), expiryOf(key, now) ?? NEVER, key, expectedVersion).changes === 1;
    return saved ? [] : [{ key }];
  });
}

function appendTick(database: DatabaseSync, record: TickRecord, maxBytes: number): void {
  const { at, id } = record;
  database
    .prepare('INSERT OR REPLACE INTO ticks (at, id, record) VALUES (?, ?, ?)')
    .run(at, id, JSON.stringify(record));
  database.prepare('DELETE FROM ticks WHERE at < ?').run(at - TICKS_KEPT_MS);
  const dropOldest = database.prepare(`
    DELETE FROM ticks WHERE (SELECT count(*) FROM (SELECT 1 FROM ticks LIMIT 2)) = 2
    AND (at, id) = (SELECT at, id FROM ticks ORDER BY at, id LIMIT 1)`);
  let dropped = true;
  while (dropped && bytesUsed(database) > maxBytes) dropped = dropOldest.run().changes === 1;
}

/** Pages that deleted records have left are used again, and do not count. */
function bytesUsed(database: DatabaseSync): number {
  const { bytes } = database
    .prepare(
      'SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size',
    )
    .get() ?? { bytes: 0 };
  return Number(bytes);
}

function listTicks(
  database: DatabaseSync,
  { from, to }: Parameters<StateStore['listTicks']>[0],
): readonly TickRecord[] {
  const rows = database.prepare('SELECT record FROM ticks WHERE at >= ? AND at < ? ORDER BY at, id').all(from, to);
  return rows.map(({ record }) => JSON.parse(String(record)) as TickRecord);
}
