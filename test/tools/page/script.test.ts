/** The page's script is put together from modules as they are; these are the rules that make that possible. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { renderPage } from '#tools/page/page.ts';
import { SCRIPT, SCRIPT_FILES, withoutModules } from '#tools/page/script.ts';
import { bundlePrograms } from '../../../esbuild.config.mjs';
import { sampleProduction } from './sample.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../../lib/tools/page/script');
const texts = new Map(SCRIPT_FILES.map((file) => [file, readFileSync(path.join(FOLDER, file), 'utf8')]));

describe('the page’s script', () => {
  it('is all files of its folder', () => {
    const found = readdirSync(FOLDER).filter((file) => file.endsWith('.js'));
    expect([...SCRIPT_FILES].sort()).toEqual(found.sort());
  });

  it.each(SCRIPT_FILES)('%s imports only what comes before it, by name', (file) => {
    const before = SCRIPT_FILES.slice(0, SCRIPT_FILES.indexOf(file));
    for (const [, names, from] of (texts.get(file) ?? '').matchAll(/^import ([^;]*?) from '([^']*)';$/gm)) {
      expect(before).toContain(from?.replace('./', ''));
      expect(names).toMatch(/^\{[\s\w,]*\}$/);
    }
  });

  it('has nothing left of modules', () => {
    for (const text of texts.values()) expect(withoutModules(text)).not.toMatch(/^\s*(import|export)\b/m);
  });

  it('compiles, so that no name at the top of a file is in another one', () => {
    expect(() => new Script(SCRIPT)).not.toThrow();
    expect(() => new Script("'use strict'; { function a() {} function a() {} }")).toThrow(/already been declared/);
  });

  it('is in the bundle, where a page is the same bytes', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'page-'));
    await bundlePrograms({ page: 'lib/tools/page/page.ts' }, directory);
    const bundled: { renderPage: typeof renderPage } = await import(path.join(directory, 'page.js'));
    await rm(directory, { recursive: true });
    const data = await sampleProduction();
    expect(bundled.renderPage(data)).toBe(renderPage(data));
  });
});
