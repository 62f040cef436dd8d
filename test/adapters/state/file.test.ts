/**
 * What is the file's own beyond the contract: its rights, its lock, damage, and two real processes.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileStateStore } from '#adapters/state/file.ts';
import { tickRecord } from '#kit/tick-records.ts';

const NOW = Date.UTC(2026, 10, 20, 10);
const NO_SUCH_PROCESS = 2 ** 22 + 1; // above Linux' largest process id
const lease = { name: 'tick', holder: 'a', now: NOW, ttlMs: 60_000 };

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'state-'));
  path = join(directory, 'deep', 'state.json');
});

afterEach(() => rm(directory, { recursive: true }));

describe('the state file', () => {
  it('is made with its directory, for its owner only, and leaves nothing else behind', async () => {
    const store = createFileStateStore(path);
    expect(await store.load(['a'])).toEqual(new Map());
    await store.acquireLease(lease);
    await store.save([{ key: 'a', expectedVersion: 0, value: { b: 1 } }], NOW);
    await store.appendTick(tickRecord('tick-1', NOW));
    expect((await readdir(join(directory, 'deep'))).sort()).toEqual(['state.json', 'state.json.ticks.jsonl']);
    for (const file of [path, `${path}.ticks.jsonl`]) expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      format: 1,
      leases: { tick: { holder: 'a', until: NOW + 60_000 } },
      documents: { a: { version: 1, value: { b: 1 }, expiresAt: NOW + 90 * 24 * 3_600_000 } },
    });
  });

  it('forgets documents that nobody touched for 90 days', async () => {
    const store = createFileStateStore(path);
    const later = NOW + 90 * 24 * 3_600_000;
    await store.save([{ key: 'old', expectedVersion: 0, value: 1 }], NOW);
    await store.save([{ key: 'young', expectedVersion: 0, value: 1 }], NOW + 1);
    await store.save([{ key: 'new', expectedVersion: 0, value: 1 }], later);
    expect([...(await store.load(['old', 'young', 'new'])).keys()]).toEqual(['young', 'new']);
  });

  it.each([
    ['nothing', ''],
    ['half of it', '{"format":1,"leases":{"tick":{"hol'],
    ['other JSON', '[]'],
    ['a later format', '{"format":2,"leases":{},"documents":{}}'],
    ['a wrong lease', '{"format":1,"leases":{"tick":{"holder":"a"}},"documents":{}}'],
  ])('that holds %s is refused, untouched, with the next step', async (_case, content) => {
    await mkdir(join(directory, 'deep'));
    await writeFile(path, content);
    const store = createFileStateStore(path);
    const refusal = {
      name: 'InputError',
      message: `State file ${path} is damaged or not a state file; move it away to start without memory, which only makes idle runners wait for one more cool-down`,
    };
    await expect(store.acquireLease(lease)).rejects.toMatchObject(refusal);
    await expect(store.load(['a'])).rejects.toMatchObject(refusal);
    expect(await readFile(path, 'utf8')).toBe(content);
    expect(await readdir(join(directory, 'deep'))).toEqual(['state.json']);
  });

  it('that is a directory is refused', async () => {
    await expect(createFileStateStore(directory).load(['a'])).rejects.toMatchObject({
      name: 'InputError',
      message: `State file ${directory} cannot be used (it is a directory; name a file in it)`,
    });
  });

  it('that lies below a file is refused', async () => {
    await writeFile(join(directory, 'deep'), '');
    await expect(createFileStateStore(path).acquireLease(lease)).rejects.toMatchObject({
      name: 'InputError',
      message: `State file ${path} cannot be used (a part of its path is not a directory; choose another path)`,
    });
  });

  it('counts right when two processes write it at once', async () => {
    const worker = join(import.meta.dirname, '../../kit/file-state-worker.ts');
    const run = promisify(execFile);
    await Promise.all([1, 2].map(() => run(process.execPath, [worker, path, '40'])));
    expect(await createFileStateStore(path).load(['counter'])).toEqual(
      new Map([['counter', { version: 80, value: 80 }]]),
    );
  });
});

describe('the lock file', () => {
  const here = hostname();
  const LONG_AGO = new Date(Date.now() - 10 * 60_000);

  /** Finds this lock, and tells whether the lease was got and how often it waited. */
  async function acquire(lock: string, options: { readonly old?: boolean; readonly broken?: boolean } = {}) {
    await mkdir(join(directory, 'deep'));
    await writeFile(`${path}.lock`, lock);
    if (options.old) await utimes(`${path}.lock`, LONG_AGO, LONG_AGO);
    if (options.broken) await writeFile(`${path}.lock.break`, `${here} ${NO_SUCH_PROCESS} x`);
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      waits.push(ms);
    };
    const store = createFileStateStore(path, { waiting: { sleep, attempts: 3, pauseMs: 10 } });
    const answer = await store.acquireLease(lease).catch((error: Error) => error.message);
    return { answer, waits };
  }

  const stillTaken = () =>
    `State file lock ${path}.lock was still taken after 0.03 s; if no other autoscaler uses this file, delete ${path}.lock and ${path}.lock.break`;

  it.each([
    ['of a process that is gone', `${here} ${NO_SUCH_PROCESS} x`, {}],
    ['that is a minute old, from another host', 'elsewhere 1 x', { old: true }],
    ['that is a minute old, without an owner', '', { old: true }],
  ])('%s is broken', async (_case, lock, options) => {
    expect(await acquire(lock, options)).toEqual({ answer: { acquired: true }, waits: [] });
  });

  it.each([
    ['of a process that runs', `${here} ${process.pid} x`],
    ['of another host', `elsewhere ${NO_SUCH_PROCESS} x`],
    ['that is just being written', ''],
  ])('%s is waited for, not for ever', async (_case, lock) => {
    expect(await acquire(lock)).toEqual({ answer: stillTaken(), waits: [10, 10, 10] });
    expect(await readFile(`${path}.lock`, 'utf8')).toBe(lock);
  });

  it('is not broken while somebody else is about to', async () => {
    expect(await acquire(`${here} ${NO_SUCH_PROCESS} x`, { broken: true })).toMatchObject({ answer: stillTaken() });
  });
});

describe('the tick records beside it', () => {
  const ids = async (store: ReturnType<typeof createFileStateStore>) =>
    (await store.listTicks({ from: 0, to: Infinity })).map(({ id }) => id);

  it('survive a line that a dying process left half written', async () => {
    const store = createFileStateStore(path);
    await store.appendTick(tickRecord('tick-1', NOW));
    await writeFile(`${path}.ticks.jsonl`, '{"id":"tick-2","at":17', { flag: 'a' });
    await store.appendTick(tickRecord('tick-3', NOW + 1));
    expect(await ids(store)).toEqual(['tick-1', 'tick-3']);
  });

  it('are bounded: a full file becomes the previous one', async () => {
    const line = Buffer.byteLength(`${JSON.stringify(tickRecord('tick-0', NOW))}\n`);
    const store = createFileStateStore(path, { tickFileBytes: 2 * line });
    for (let index = 0; index < 5; index += 1) await store.appendTick(tickRecord(`tick-${index}`, NOW + index));
    expect(await ids(store)).toEqual(['tick-2', 'tick-3', 'tick-4']);
    expect((await readdir(join(directory, 'deep'))).sort()).toEqual([
      'state.json.ticks.jsonl',
      'state.json.ticks.jsonl.1',
    ]);
  });
});
