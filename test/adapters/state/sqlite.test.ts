/** What is the database's own beyond the contract: its rights, its bounds, bad files, a full disk and real processes. */
import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStateStore } from '#adapters/state/sqlite.ts';
import { MOVE_AWAY } from '#adapters/state/state-file.ts';
import { tickRecord } from '#kit/tick-records.ts';

const NOW = Date.UTC(2026, 10, 20, 10);
const DAY_MS = 24 * 3_600_000;
const lease = { name: 'tick', holder: 'a', now: NOW, ttlMs: 60_000 };
const ALL = { from: 0, to: Infinity };

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'state-'));
  path = join(directory, 'deep', 'state.sqlite');
});

afterEach(() => rm(directory, { recursive: true }));

const filesIn = async (folder: string) => (await readdir(folder)).sort();
const idsOf = async (store: ReturnType<typeof createSqliteStateStore>) =>
  (await store.listTicks(ALL)).map(({ id }) => id);
const unusable = (reason: string, place = path) => ({
  name: 'InputError',
  message: `State database ${place} cannot be used (${reason})`,
});

/** A process that counts in the database, as nobody when this one is root; what it printed. */
async function count(times: number, formerFile: string[] = [], user: { readonly uid?: number } = {}): Promise<string> {
  const worker = join(import.meta.dirname, '../../kit/state-worker.ts');
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [worker, path, String(times), ...formerFile],
    user,
  );
  return `${stderr}${stdout}`;
}

/** Rights say nothing to root. */
const SOMEBODY = process.getuid?.() === 0 ? { uid: 65_534 } : {};

describe('the database', () => {
  it('is made at the first change with its directory, for its owner only, and leaves nothing else behind', async () => {
    const store = createSqliteStateStore(path);
    expect(await store.load(['a'])).toEqual(new Map());
    expect(await store.listTicks(ALL)).toEqual([]);
    expect(await filesIn(directory)).toEqual([]);
    await store.acquireLease(lease);
    await store.save([{ key: 'a', expectedVersion: 0, value: { b: 1 } }], NOW);
    await store.appendTick(tickRecord('tick-1', NOW));
    expect(await filesIn(join(directory, 'deep'))).toEqual(['state.sqlite']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('forgets documents that nobody touched for 90 days', async () => {
    const store = createSqliteStateStore(path);
    const later = NOW + 90 * DAY_MS;
    await store.save([{ key: 'old', expectedVersion: 0, value: 1 }], NOW);
    const ours = ['deployment', 'group/a', 'place/a', 'places/0'];
    await store.save(
      [...ours, 'a deployment', 'my/group/a'].map((key) => ({ key, expectedVersion: 0, value: 1 })),
      NOW,
    );
    await store.save([{ key: 'young', expectedVersion: 0, value: 1 }], NOW + 1);
    await store.save([{ key: 'new', expectedVersion: 0, value: 1 }], later);
    const all = ['old', 'a deployment', 'my/group/a', 'young', 'new', ...ours];
    // What says what is ours stays.
    expect([...(await store.load(all)).keys()].sort()).toEqual(['young', 'new', ...ours].sort());
  });

  it('keeps tick records for 14 days', async () => {
    const store = createSqliteStateStore(path);
    await store.appendTick(tickRecord('old', NOW - 14 * DAY_MS - 1));
    await store.appendTick(tickRecord('young', NOW - 14 * DAY_MS));
    await store.appendTick(tickRecord('new', NOW));
    expect(await idsOf(store)).toEqual(['young', 'new']);
  });

  it('is bounded: the oldest tick records go, the newest stays even if it is too large', async () => {
    const notes = Array.from({ length: 50 }, (_, index) => `${index}`.padEnd(1_000, 'x'));
    const store = createSqliteStateStore(path, { maxBytes: 200_000 });
    for (let index = 0; index < 10; index += 1) await store.appendTick(tickRecord(`tick-${index}`, NOW + index, notes));
    expect(await idsOf(store)).toEqual(['tick-7', 'tick-8', 'tick-9']);
    expect((await stat(path)).size).toBeLessThan(300_000);
    const small = createSqliteStateStore(path, { maxBytes: 1 });
    await small.appendTick(tickRecord('tick-10', NOW + 10, notes));
    expect(await idsOf(small)).toEqual(['tick-10']);
  });

  it('gives a document that it cannot read no value, and the others theirs', async () => {
    const store = createSqliteStateStore(path);
    await store.save(
      ['a', 'b'].map((key) => ({ key, expectedVersion: 0, value: 1 })),
      NOW,
    );
    using database = new DatabaseSync(path);
    database.exec(`UPDATE documents SET value = '{"half' WHERE key = 'a'`);
    expect(await store.load(['a', 'b'])).toEqual(
      new Map([
        ['a', { version: 1, value: undefined }],
        ['b', { version: 1, value: 1 }],
      ]),
    );
  });

  it('counts right when three processes make it and write it at once, and keeps their output clean', async () => {
    expect(await Promise.all([count(200), count(200), count(200)])).toEqual(['', '', '']);
    expect(await createSqliteStateStore(path).load(['counter'])).toEqual(
      new Map([['counter', { version: 600, value: 600 }]]),
    );
  });
});

describe('a database that cannot be used', () => {
  const inUse = async (place = path) => {
    await mkdir(join(directory, 'deep'), { recursive: true });
    await createSqliteStateStore(place).acquireLease(lease);
  };

  it('because it is a directory', async () => {
    const refusal = unusable('it is a directory; name a file in it', directory);
    await expect(createSqliteStateStore(directory).load(['a'])).rejects.toMatchObject(refusal);
    await expect(createSqliteStateStore(directory).acquireLease(lease)).rejects.toMatchObject(refusal);
  });

  it('because it lies below a file', async () => {
    await writeFile(join(directory, 'deep'), '');
    await expect(createSqliteStateStore(path).acquireLease(lease)).rejects.toMatchObject(
      unusable('a part of its path is not a directory; choose another path'),
    );
  });

  it.each([
    ['a state file of an earlier version', '{"format":1,"leases":{},"documents":{}}'],
    ['a text', 'workspace: acme\n'.repeat(500)],
  ])('because it is %s, which stays as it is', async (_case, content) => {
    await mkdir(join(directory, 'deep'));
    await writeFile(path, content);
    const refusal = unusable(
      `it is not a SQLite database; name another file, or write file:${path} if an earlier version has written it`,
    );
    await expect(createSqliteStateStore(path).acquireLease(lease)).rejects.toMatchObject(refusal);
    await expect(createSqliteStateStore(path).load(['a'])).rejects.toMatchObject(refusal);
    expect(await readFile(path, 'utf8')).toBe(content);
    expect(await filesIn(join(directory, 'deep'))).toEqual(['state.sqlite']);
  });

  it.each([
    ["another program's", 'CREATE TABLE builds (id)', 'it belongs to another program; name another file'],
    [
      "a later version's",
      'PRAGMA user_version = 2',
      'a later version has written it; use that version, or name another file',
    ],
  ])('because it is %s', async (owner, statement, reason) => {
    if (owner.startsWith('a later')) await inUse();
    await mkdir(join(directory, 'deep'), { recursive: true });
    using database = new DatabaseSync(path);
    database.exec(statement);
    await expect(createSqliteStateStore(path).acquireLease(lease)).rejects.toMatchObject(unusable(reason));
    await expect(createSqliteStateStore(path).load(['a'])).rejects.toMatchObject(unusable(reason));
  });

  it('because it is damaged', async () => {
    await inUse();
    const content = await readFile(path);
    await writeFile(path, content.fill(0xff, 4_096));
    await expect(createSqliteStateStore(path).load(['a'])).rejects.toMatchObject(
      unusable(`it is damaged; ${MOVE_AWAY}`),
    );
  });

  it('because the disk is full: what it held stays, and it goes on when there is space', async () => {
    const store = createSqliteStateStore(path);
    await store.save([{ key: 'a', expectedVersion: 0, value: 'before' }], NOW);
    const big = [
      { key: 'a', expectedVersion: 1, value: 'after' },
      { key: 'b', expectedVersion: 0, value: 'x'.repeat(100_000) },
    ];
    const full = createSqliteStateStore(path, { maxPages: 10 });
    await expect(full.save(big, NOW)).rejects.toMatchObject(unusable('the disk is full; free some space'));
    expect(await store.load(['a', 'b'])).toEqual(new Map([['a', { version: 1, value: 'before' }]]));
    expect(await store.save(big, NOW)).toEqual([]);
  });

  it('because another process holds it for too long', async () => {
    await inUse();
    using database = new DatabaseSync(path);
    database.exec('BEGIN EXCLUSIVE');
    await expect(createSqliteStateStore(path, { busyMs: 20 }).acquireLease(lease)).rejects.toMatchObject(
      unusable('another process has held it for 0.02 s; end what has it open, such as a sqlite3 shell'),
    );
  });

  it('is waited for while another process holds it', async () => {
    await inUse();
    const database = new DatabaseSync(path);
    database.exec('BEGIN EXCLUSIVE');
    const taken = createSqliteStateStore(path).acquireLease(lease);
    setTimeout(() => database.close(), 1);
    expect(await taken).toEqual({ acquired: true });
  });

  it.each([
    [
      'may not be read',
      0o000,
      'it cannot be opened; give this user the right to read and write the file and its directory',
    ],
    ['may not be written', 0o444, 'it is read-only; give this user the right to write the file and its directory'],
  ])('because it %s', async (_case, mode, reason) => {
    await inUse();
    await chmod(path, mode);
    await chmod(directory, 0o755);
    expect(await count(1, [], SOMEBODY)).toBe(`InputError: State database ${path} cannot be used (${reason})`);
  });

  it('because its directory may not be written', async () => {
    await chmod(directory, 0o555);
    expect(await count(1, [], SOMEBODY)).toBe(
      `InputError: State database ${path} cannot be used (permission denied; give this user the right to write the file and its directory)`,
    );
    await chmod(directory, 0o755);
  });
});

describe('the state file of an earlier version', () => {
  const FORMER = {
    format: 1,
    leases: { tick: { holder: 'a', until: NOW + 60_000 } },
    documents: { group: { version: 7, value: { idleSince: { '{u}': NOW } }, expiresAt: NOW + 90 * DAY_MS } },
  };
  let file: string;
  let told: string[];

  beforeEach(() => {
    file = join(directory, 'state.json');
    path = `${file}.sqlite`;
    told = [];
  });

  const open = () => createSqliteStateStore(path, { formerFile: file, tell: (line) => told.push(line) });
  const line = (id: string, at: number) => `${JSON.stringify(tickRecord(id, at))}\n`;

  it.each([
    ['a change', (store: ReturnType<typeof open>) => store.releaseLease({ name: 'other', holder: 'b' })],
    ['a look', (store: ReturnType<typeof open>) => store.load(['group'])],
  ])('is taken over at the first use, %s, once, stays as it is, and the user hears of it', async (_case, use) => {
    await writeFile(file, JSON.stringify(FORMER));
    await writeFile(`${file}.ticks.jsonl.1`, line('tick-1', NOW) + line('tick-2', NOW + 1));
    await writeFile(
      `${file}.ticks.jsonl`,
      `${line('tick-2', NOW + 1)}{"id":"tick-3","at":17\n${line('tick-4', NOW + 2)}`,
    );
    const before = await Promise.all((await filesIn(directory)).map((name) => readFile(join(directory, name), 'utf8')));
    await use(open());
    expect(told).toEqual([
      `State file ${file} was taken over into ${path} (documents: 1, tick records: 4) and stays as it is, so that the former version can go on with it; write sqlite:${path} from now on`,
    ]);
    const store = open();
    expect(await store.acquireLease({ ...lease, holder: 'b' })).toEqual({
      acquired: false,
      holder: 'a',
      until: NOW + 60_000,
    });
    expect(await store.load(['group'])).toEqual(
      new Map([['group', { version: 7, value: FORMER.documents.group.value }]]),
    );
    expect(await store.listTicks(ALL)).toEqual(
      ['tick-1', 'tick-2', 'tick-4'].map((id, index) => tickRecord(id, NOW + index)),
    );
    expect(told).toHaveLength(1);
    const names = await filesIn(directory);
    expect(names).toEqual(['state.json', 'state.json.sqlite', 'state.json.ticks.jsonl', 'state.json.ticks.jsonl.1']);
    const after = names.filter((name) => !name.endsWith('.sqlite'));
    expect(await Promise.all(after.map((name) => readFile(join(directory, name), 'utf8')))).toEqual(before);
  });

  it('that does not exist leaves the store empty, without a word', async () => {
    expect(await open().load(['group'])).toEqual(new Map());
    expect(await filesIn(directory)).toEqual([]);
    await open().acquireLease(lease);
    expect(await filesIn(directory)).toEqual(['state.json.sqlite']);
    expect(told).toEqual([]);
  });

  it('is taken over once when three processes meet it', async () => {
    await writeFile(
      file,
      JSON.stringify({ ...FORMER, documents: { counter: { version: 100, value: 100, expiresAt: NOW } } }),
    );
    expect(await Promise.all([1, 2, 3].map(() => count(20, [file])))).toEqual(['', '', '']);
    expect(await open().load(['counter'])).toEqual(new Map([['counter', { version: 160, value: 160 }]]));
  });

  it('is taken over by the next process when the first one died before it was done', async () => {
    await writeFile(file, JSON.stringify(FORMER));
    await writeFile(path, '');
    expect(await open().load(['group'])).toMatchObject({ size: 1 });
    expect(told).toHaveLength(1);
  });

  it('is taken over by the next process, read or written, when the first one was killed with half of it on the disk', async () => {
    await writeFile(file, JSON.stringify(FORMER));
    const half = `
      import { DatabaseSync } from 'node:sqlite';
      const database = new DatabaseSync(${JSON.stringify(path)});
      database.exec('PRAGMA cache_size = 1; BEGIN IMMEDIATE; CREATE TABLE ticks (record TEXT)');
      const add = database.prepare('INSERT INTO ticks VALUES (?)');
      for (let count = 0; count < 100; count += 1) add.run('x'.repeat(4_000));
      process.kill(process.pid, 'SIGKILL');`;
    spawnSync(process.execPath, ['--input-type=module', '--eval', half]);
    expect((await stat(path)).size).toBeGreaterThan(0);
    expect(await open().load(['group'])).toMatchObject({ size: 1 });
    expect(told).toHaveLength(1);
  });

  it.each([
    ['nothing', ''],
    ['half of it', '{"format":1,"leases":{"tick":{"hol'],
    ['other JSON', '[]'],
    ['a later format', '{"format":2,"leases":{},"documents":{}}'],
    ['a wrong lease', '{"format":1,"leases":{"tick":{"holder":"a"}},"documents":{}}'],
  ])('that holds %s is refused, untouched, with the next step', async (_case, content) => {
    await writeFile(file, content);
    const refusal = {
      name: 'InputError',
      message: `State file ${file} is damaged or not a state file, so nothing was taken over from it; ${MOVE_AWAY}`,
    };
    await expect(open().acquireLease(lease)).rejects.toMatchObject(refusal);
    await expect(open().load(['a'])).rejects.toMatchObject(refusal);
    expect(await readFile(file, 'utf8')).toBe(content);
    expect(await filesIn(directory)).toEqual(['state.json']);
  });

  it('that is a directory is refused', async () => {
    await mkdir(file);
    await expect(open().load(['a'])).rejects.toMatchObject({
      name: 'InputError',
      message: `State file ${file} cannot be read (it is a directory; name a file in it)`,
    });
    expect(await filesIn(directory)).toEqual(['state.json']);
  });

  it('that may not be read is refused, and stays the only file', async () => {
    await writeFile(file, JSON.stringify(FORMER), { mode: 0o000 });
    await chmod(directory, 0o777);
    expect(await count(1, [file], SOMEBODY)).toBe(
      `InputError: State file ${file} cannot be read (permission denied; give this user the right to read it)`,
    );
    expect(await filesIn(directory)).toEqual(['state.json']);
  });

  it('is not taken over in part when the disk is full', async () => {
    await writeFile(file, JSON.stringify(FORMER));
    await writeFile(
      `${file}.ticks.jsonl`,
      line('tick-1', NOW)
        .repeat(2_000)
        .replaceAll('tick-1', () => `tick-${Math.random()}`),
    );
    const full = createSqliteStateStore(path, { formerFile: file, maxPages: 20 });
    await expect(full.load(['group'])).rejects.toMatchObject(unusable('the disk is full; free some space'));
    expect((await stat(path)).size).toBe(0);
    expect(await open().load(['group'])).toMatchObject({ size: 1 });
  });
});
