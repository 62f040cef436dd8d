/**
 * State in one JSON file, for a laptop or a pod with a volume. The file is replaced as a whole by renaming, so a
 * reader sees the old or the new state and never half of one; changes take turns through a lock file, so that two
 * processes on one machine exclude each other as two Lambdas do with DynamoDB.
 *
 * Beside `PATH` lie `PATH.lock` (for milliseconds), `PATH.tmp` and the tick records `PATH.ticks.jsonl`.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { InputError } from '#core/errors.ts';
import type { StateStore } from '#core/ports.ts';
import { type Contents, dropLease, emptyContents, loadDocuments, saveDocuments, takeLease } from './contents.ts';
import { isCode, type LockWaiting, withFileLock } from './file-lock.ts';
import { appendTickLine, readTickLines, TICK_FILE_BYTES } from './file-ticks.ts';

/** What tests change. */
export type FileStateOptions = {
  readonly waiting?: Partial<LockWaiting>;
  readonly tickFileBytes?: number;
};

const FileSchema = z.object({
  format: z.literal(1),
  leases: z.record(z.string(), z.object({ holder: z.string(), until: z.number() })),
  documents: z.record(
    z.string(),
    z.object({ version: z.number().int().positive(), value: z.unknown(), expiresAt: z.number() }),
  ),
});

/**
 * A store in the file `path`, which is made at the first change, its directory too, readable for its owner only.
 * Its methods throw `InputError` when the file cannot be used: the user chose it.
 */
export function createFileStateStore(path: string, options: FileStateOptions = {}): StateStore {
  const waiting: LockWaiting = { sleep: wait, attempts: 500, pauseMs: 10, ...options.waiting };
  const ticksPath = `${path}.ticks.jsonl`;
  const tickFileBytes = options.tickFileBytes ?? TICK_FILE_BYTES;

  const alone = <T>(work: () => Promise<T>): Promise<T> =>
    explained(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      return await withFileLock(`${path}.lock`, waiting, work);
    });

  const change = <T>(apply: (contents: Contents) => T): Promise<T> =>
    alone(async () => {
      const contents = await read(path);
      const answer = apply(contents);
      await replace(path, contents);
      return answer;
    });

  return {
    acquireLease: (request) => change((contents) => takeLease(contents, request)),
    releaseLease: (lease) => change((contents) => dropLease(contents, lease)),
    load: (keys) => explained(path, async () => loadDocuments(await read(path), keys)),
    save: (changes, now) => change((contents) => saveDocuments(contents, changes, now)),
    appendTick: (record) => alone(() => appendTickLine(ticksPath, record, tickFileBytes)),
    listTicks: (range) => explained(ticksPath, () => readTickLines(ticksPath, range)),
  };
}

async function read(path: string): Promise<Contents> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return emptyContents();
    throw error;
  }
  const { data } = FileSchema.safeParse(parseJson(text));
  if (data === undefined) {
    throw new InputError(
      `State file ${path} is damaged or not a state file; move it away to start without memory, which only makes idle runners wait for one more cool-down`,
    );
  }
  return { leases: new Map(Object.entries(data.leases)), documents: new Map(Object.entries(data.documents)) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function replace(path: string, contents: Contents): Promise<void> {
  const state: z.infer<typeof FileSchema> = {
    format: 1,
    leases: Object.fromEntries(contents.leases),
    documents: Object.fromEntries(contents.documents),
  };
  // One name suffices: only the holder of the lock writes, and what a dead one left is overwritten.
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(state, null, 2)}\n`);
    // On disk before the rename is, or a power cut could leave an empty file under the final name.
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** Turns the file system's errors into a sentence about the file. */
async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new InputError(`State file ${path} cannot be used (${reasonOf(String(error.code))})`, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; give this user the right to write the file and its directory',
  EPERM: 'permission denied; give this user the right to write the file and its directory',
  EISDIR: 'it is a directory; name a file in it',
  ENOTDIR: 'a part of its path is not a directory; choose another path',
  EEXIST: 'a part of its path is not a directory; choose another path',
  ENOSPC: 'the disk is full; free some space',
  EROFS: 'the file system is read-only; choose another path',
};

function reasonOf(code: string): string {
  return REASONS[code] ?? `${code}; check the path and the disk`;
}
