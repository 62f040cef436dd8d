/** Builds the bundle as it is shipped, once for every test file that runs it, into a directory that has nothing else in it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../esbuild.config.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the bundle is. */
    readonly bundle: string;
    /** What esbuild says of its files. */
    readonly metafile: Metafile;
  }
}

/** No `node_modules` is in reach of the result: whatever it needs has to be inside. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
  provide('metafile', await bundle(directory));
  provide('bundle', directory);
  return () => rm(directory, { recursive: true, force: true });
}
