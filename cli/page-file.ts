/** Where a command writes a page. */
import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError, sentenceOf } from '../lib/errors.ts';
import type { PageData } from '../lib/page/data.ts';
import { renderPage } from '../lib/page/page.ts';

/** Throws `InputError` when there is no such place, before any work is done for it. */
export async function checkPlace(file: string): Promise<void> {
  await access(path.dirname(file), constants.W_OK).catch((error: unknown) => fail(file, error));
}

/** Writes the page. */
export async function writePage(file: string, data: PageData): Promise<void> {
  await writeFile(file, renderPage(data)).catch((error: unknown) => fail(file, error));
}

function fail(file: string, error: unknown): never {
  throw new InputError(`The page cannot be written to ${file}: ${sentenceOf(error)}; name another place with --html`);
}
