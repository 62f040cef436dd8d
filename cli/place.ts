/** The places where commands write files, looked at before any work is done for them. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError, sentenceOf } from '#core/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'what should be its folder is a file',
  EACCES: 'its folder may not be written to',
  EROFS: 'its folder may not be written to',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a symbolic link, which is not followed',
};

/** Throws `InputError` when no file can be written there. `option`: what names the place, for the sentence. */
export async function checkPlace(file: string, option: string): Promise<void> {
  await access(path.dirname(file), constants.W_OK).catch((error: unknown) => refusePlace(file, option, error));
  const present = await stat(file).catch(() => undefined);
  if (present?.isDirectory()) refusePlace(file, option, { code: 'EISDIR' });
}

/** Throws the `InputError` for a place to which nothing could be written. */
export function refusePlace(file: string, option: string, error: unknown): never {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const reason = REASONS[code] ?? sentenceOf(error);
  throw new InputError(`${file} cannot be written: ${reason}; name another place with ${option}`, { cause: error });
}
