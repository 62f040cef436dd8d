/** Builds the bundle as it is shipped, once for all test files that run it, into a directory of its own. */
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
