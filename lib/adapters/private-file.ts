/**
 * Files with the names of people's work in them: nobody else may read them, and where somebody has put a symbolic link in
 * their place nothing is written through it.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;

/** Flags of `open`: a new file, or one whose content is replaced. */
export const REPLACE = WRITE | constants.O_TRUNC;

/** Flags of `open`: a new file, or one that goes on. */
export const APPEND = WRITE | constants.O_APPEND;

/** Its owner's alone. */
export const PRIVATE = 0o600;

/** Opens such a file; one that is there becomes its owner's alone. Rejects with Node's error, ELOOP for a link. */
export async function openPrivate(path: string, flags: typeof REPLACE | typeof APPEND): Promise<FileHandle> {
  const file = await open(path, flags, PRIVATE);
  try {
    await file.chmod(PRIVATE);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Writes such a file whole. */
export async function writePrivate(path: string, text: string): Promise<void> {
  await using file = await openPrivate(path, REPLACE);
  await file.writeFile(text);
}
