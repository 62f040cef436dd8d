/** How a command writes a page. */
import { writePrivate } from '#adapters/private-file.ts';
import type { PageData } from '#tools/page/data.ts';
import { renderPage } from '#tools/page/page.ts';
import { refusePlace } from './place.ts';

/** Writes the page. Throws `InputError` when that cannot be done. */
export async function writePage(file: string, data: PageData): Promise<void> {
  await writePrivate(file, renderPage(data)).catch((error: unknown) => refusePlace(file, '--html', error));
}
