/** The bundle as it is shipped, built once per test file into a directory that has nothing else in it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { bundle } from '../../esbuild.config.mjs';

export type Bundle = {
  readonly path: (file: string) => string;
  /** esbuild's account of the files that it consists of. */
  readonly outputs: Metafile['outputs'];
  readonly remove: () => Promise<void>;
};

/** Builds it. No `node_modules` is in reach of the result: whatever it needs has to be inside. */
export async function buildBundle(): Promise<Bundle> {
  const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
  const { outputs } = await bundle(directory);
  return {
    path: (file) => join(directory, file),
    outputs,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
