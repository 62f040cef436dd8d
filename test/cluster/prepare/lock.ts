/** One build at a time per cache directory, over processes: the others wait and then find it done. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Does the work while holding the lock file. `onWait` is told, once, which process has it. */
export async function withLock<T>(path: string, onWait: (pid: number) => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  let told = false;
  for (;;) {
    const holder = await take(path);
    if (holder === undefined) break;
    if (!told) onWait(holder);
    told = true;
    await pause(500);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * Takes the lock; otherwise gives the living process that has it. What a dead process held is taken over; should two
 * do that at the same moment, both build, and the later result replaces the earlier.
 */
async function take(path: string): Promise<number | undefined> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, String(process.pid));
  try {
    // Linking makes the lock appear with its content.
    await link(own, path);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(own, { force: true });
  }
  const holder = Number(await readFile(path, 'utf8').catch(() => ''));
  if (holder !== 0 && isAlive(holder)) return holder;
  await rm(path, { force: true });
  return take(path);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
