/**
 * Sees to it that the emulator and the linter are there. Runs before the tests rather than in them, so that whoever
 * waits sees what for.
 *
 *   node test/deploy/prepare.ts [CACHE]
 */
import { installPythonPrograms } from './python.ts';

const [, , cache] = process.argv;
try {
  installPythonPrograms({
    environment: process.env,
    cache,
    onInstall: (pins) => process.stderr.write(`Installing ${pins} …\n`),
  });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
