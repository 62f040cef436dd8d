/**
 * A lock between processes of one machine: a file that only one of them can create. It is held for one
 * read-change-replace of the state file, that is for milliseconds; whoever finds it waits a little.
 *
 * A holder that died leaves its file behind. Taking that away must not hit a lock that somebody took meanwhile, so it
 * happens under a second such file, by which only one process at a time looks and deletes. Whoever dies in that
 * instant leaves a lock that nobody breaks: the error names the files to delete.
 */
import { randomUUID } from 'node:crypto';
import { readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { InputError } from '#core/errors.ts';

/** How a waiter passes its time; tests bring their own. */
export type LockWaiting = {
  readonly sleep: (ms: number) => Promise<void>;
  /** How often a held lock is looked at again. */
  readonly attempts: number;
  readonly pauseMs: number;
};

/** A lock this old has lost its holder, wherever that ran; a living one holds it for milliseconds. */
const ABANDONED_AFTER_MS = 60_000;

/** Runs `work` while holding `path`. Throws `InputError` when the lock stays taken. */
export async function withFileLock<T>(path: string, waiting: LockWaiting, work: () => Promise<T>): Promise<T> {
  const owner = `${hostname()} ${process.pid} ${randomUUID()}`;
  await acquire(path, owner, waiting);
  try {
    return await work();
  } finally {
    await release(path, owner);
  }
}

/** A machine that slept in the middle may wake up to find the lock somebody else's. */
async function release(path: string, owner: string): Promise<void> {
  if ((await readIfPresent(path)) === owner) await deleteIfPresent(path);
}

async function acquire(path: string, owner: string, waiting: LockWaiting): Promise<void> {
  for (let attempt = 0; attempt < waiting.attempts; attempt += 1) {
    if (await createExclusively(path, owner)) return;
    if (await isAbandoned(path)) await breakAbandoned(path, owner);
    else await waiting.sleep(waiting.pauseMs);
  }
  const waitedMs = waiting.attempts * waiting.pauseMs;
  throw new InputError(
    `State file lock ${path} was still taken after ${waitedMs / 1_000} s; if no other autoscaler uses this file, delete ${path} and ${path}.break`,
  );
}

async function breakAbandoned(path: string, owner: string): Promise<void> {
  const guard = `${path}.break`;
  if (!(await createExclusively(guard, owner))) return;
  try {
    if (await isAbandoned(path)) await deleteIfPresent(path);
  } finally {
    await deleteIfPresent(guard);
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const age = await ageMs(path);
  if (age !== undefined && age > ABANDONED_AFTER_MS) return true;
  const [host, pid] = (await readIfPresent(path))?.split(' ') ?? [];
  // Process ids mean nothing on another host, such as a container that shares the directory.
  return host === hostname() && pid !== undefined && !isRunning(Number(pid));
}

async function ageMs(path: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}

async function createExclusively(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function deleteIfPresent(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

/** Whether Node's file system gave this code, such as `ENOENT`. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
