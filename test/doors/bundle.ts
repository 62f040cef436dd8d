/** The bundle as it is shipped, built once per test file into a directory that has nothing else in it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../esbuild.config.mjs';

export type Bundle = {
  readonly path: (file: string) => string;
  readonly inputs: readonly string[];
  readonly remove: () => Promise<void>;
};

/** Builds it. No `node_modules` is in reach of the result: whatever it needs has to be inside. */
export async function buildBundle(): Promise<Bundle> {
  const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
  const { inputs } = await bundle(directory);
  return {
    path: (file) => join(directory, file),
    inputs: Object.keys(inputs),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
