/**
 * The database file: how it is opened, made, and what is said when that fails. It is opened for each transaction, which
 * takes half a millisecond: nothing is held open in between, and a file that was moved away is missed at once.
 *
 * SQLite's rollback journal, not its write-ahead log: a tick writes four times, so the log's speed gains nothing, and
 * without it the state is one file at rest, which can be copied, on any volume that has file locks.
 */
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { InputError } from '#core/errors.ts';
import { fileReason } from '../file-errors.ts';
import { APPEND, PRIVATE } from '../private-file.ts';
import { type FormerState, MOVE_AWAY, readStateFile } from './state-file.ts';

export type DatabaseOptions = {
  /** The state file of an earlier version, whose content a new database begins with. */
  readonly formerFile?: string;
  /** Takes a sentence for the user. */
  readonly tell?: (sentence: string) => void;
  /** How long to wait while other processes hold the database, 10 s; transactions take milliseconds. */
  readonly busyMs?: number;
  /** The pages that the database may have, for tests of a full disk. */
  readonly maxPages?: number;
};

type Database = {
  /** Undefined when there is no database yet. */
  readonly read: <T>(query: (database: DatabaseSync) => T) => Promise<T | undefined>;
  /** In one transaction, which alone writes. What throws leaves no trace, and is repeated while another one writes. */
  readonly write: <T>(change: (database: DatabaseSync) => T) => Promise<T>;
};

/** "BRAS": tells our databases from other programs'. */
const APPLICATION_ID = 0x42524153;
const VERSION = 1;

const BUSY = 5;
const LONGEST_PAUSE_MS = 10;

const SCHEMA = `
  CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE documents (
    key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL, expires_at INTEGER NOT NULL
  );
  CREATE TABLE ticks (at INTEGER NOT NULL, id TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (at, id));
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};`;

type Place = DatabaseOptions & { readonly path: string; readonly busyMs: number };

/** Names a database; nothing is read before the first transaction. Transactions throw `InputError`. */
export function openDatabase(path: string, options: DatabaseOptions): Database {
  const place: Place = { ...options, path, busyMs: options.busyMs ?? 10_000 };
  return {
    read: (query) => patiently(place, () => read(place, query)),
    write: (change) => patiently(place, () => write(place, change)),
  };
}

/**
 * Repeats the transaction while other processes hold the database. SQLite would wait by itself, but with the whole process,
 * and with pauses that grow until others who write all the time leave it no turn.
 */
async function patiently<T>(place: Place, transaction: () => T): Promise<T> {
  const deadline = performance.now() + place.busyMs;
  for (;;) {
    try {
      return transaction();
    } catch (error) {
      if (resultOf(error) !== BUSY || performance.now() >= deadline) throw explain(error, place);
    }
    await wait(1 + Math.random() * LONGEST_PAUSE_MS);
  }
}

function read<T>(place: Place, query: (database: DatabaseSync) => T): T | undefined {
  if (hasContent(place.path)) {
    using database = connect(place);
    if (!isEmpty(database)) {
      checkOwner(database, place.path);
      return query(database);
    }
  }
  // Also where a process died while it took over the former file: what it had written is undone.
  return readFormer(place) === undefined ? undefined : write(place, query);
}

function write<T>(place: Place, change: (database: DatabaseSync) => T): T {
  const { path, tell } = place;
  if (!hasContent(path)) {
    // What cannot be read is told before there is a file that looks like an empty memory.
    readFormer(place);
    makeFile(path);
  }
  // Closing it undoes a transaction that has not come to its end.
  using database = connect(place);
  database.exec('BEGIN IMMEDIATE');
  const takenOver = isEmpty(database) ? fill(database, readFormer(place)) : undefined;
  checkOwner(database, path);
  const answer = change(database);
  database.exec('COMMIT');
  if (takenOver !== undefined) tell?.(describeTakeOver(takenOver, path));
  return answer;
}

function readFormer({ formerFile }: Place): FormerState | undefined {
  return formerFile === undefined ? undefined : readStateFile(formerFile);
}

function connect({ path, maxPages }: Place): DatabaseSync {
  const database = new DatabaseSync(path);
  if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${maxPages}`);
  return database;
}

function hasContent(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) throw unusable(path, 'it is a directory; name a file in it');
  return stats !== undefined && stats.size > 0;
}

/** SQLite would make it readable for everybody. */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  closeSync(openSync(path, APPEND, PRIVATE));
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function checkOwner(database: DatabaseSync, path: string): void {
  const { id, version } = database
    .prepare('SELECT application_id AS id, user_version AS version FROM pragma_application_id, pragma_user_version')
    .get() ?? { id: 0, version: 0 };
  if (id !== APPLICATION_ID) throw unusable(path, 'it belongs to another program; name another file');
  if (version !== VERSION)
    throw unusable(path, 'a later version has written it; use that version, or name another file');
}

/** Makes the tables, and puts what an earlier version has left into them. */
function fill(database: DatabaseSync, former: FormerState | undefined): FormerState | undefined {
  database.exec(SCHEMA);
  const { leases = [], documents = [], ticks = [] } = former ?? {};
  const lease = database.prepare('INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)');
  for (const [name, { holder, until }] of leases) lease.run(name, holder, until);
  const document = database.prepare('INSERT INTO documents (key, version, value, expires_at) VALUES (?, ?, ?, ?)');
  for (const [key, { version, value, expiresAt }] of documents) {
    document.run(key, version, JSON.stringify(value), expiresAt);
  }
  const tick = database.prepare('INSERT OR REPLACE INTO ticks (at, id, record) VALUES (?, ?, ?)');
  for (const { at, id, json } of ticks) tick.run(at, id, json);
  return former;
}

function describeTakeOver({ path, documents, ticks }: FormerState, database: string): string {
  return `State file ${path} was taken over into ${database} (documents: ${documents.length}, tick records: ${ticks.length}) and stays as it is, so that the former version can go on with it; write sqlite:${database} from now on`;
}

/* Failures */

/** A sentence about the database instead of an error of the file system or of SQLite. */
function explain(error: unknown, { path, busyMs }: Place): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const result = resultOf(error);
  const reason =
    result === undefined ? fileReason(error, 'write the file and its directory') : databaseReason(result, path, busyMs);
  return unusable(path, reason, error);
}

/** SQLite's primary result code, which is the low byte of an extended one. */
function resultOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}

function unusable(path: string, reason: string, cause?: unknown): InputError {
  return new InputError(`State database ${path} cannot be used (${reason})`, { cause });
}

function databaseReason(result: number, path: string, busyMs: number): string {
  const reasons: Readonly<Record<number, string>> = {
    [BUSY]: `another process has held it for ${busyMs / 1_000} s; end what has it open, such as a sqlite3 shell`,
    8: 'it is read-only; give this user the right to write the file and its directory',
    11: `it is damaged; ${MOVE_AWAY}`,
    13: 'the disk is full; free some space',
    14: 'it cannot be opened; give this user the right to read and write the file and its directory',
    26: `it is not a SQLite database; name another file, or write file:${path} if an earlier version has written it`,
  };
  return reasons[result] ?? `SQLite error ${result}; check the path and the disk`;
}
