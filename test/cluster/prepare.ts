/**
 * Sees to it that there is a control plane to start. Runs before the tests rather than in them, so that whoever waits
 * sees what for.
 *
 *   node test/cluster/prepare.ts
 */
import { buildPrograms } from './prepare/build.ts';
import { fetchPrograms } from './prepare/fetch.ts';
import { prepare } from './prepare/prepare.ts';
import { createProgress } from './prepare/progress.ts';

const { env } = process;
try {
  const sources = {
    fetch: fetchPrograms,
    build: (directory: string, version: string, onPackage: () => void) =>
      buildPrograms({ directory, version, env, onPackage }),
  };
  const directory = await prepare(env, sources, createProgress(process.stderr));
  process.stderr.write(`Control plane: ${directory}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
