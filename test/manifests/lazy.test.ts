/** The field tables are for commands: the functions must not carry them, nor a command load them that checks nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundlePrograms } from '../../esbuild.config.mjs';

const TABLES = 'lib/manifests/schema.json';

async function inputsOf(program: string): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'lazy-'));
  try {
    return Object.keys((await bundlePrograms({ program }, directory)).inputs);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

it.each(['functions/scale.ts', 'functions/report.ts', 'cli/plan.ts'])(
  '%s does without the field tables',
  async (program) => {
    expect(await inputsOf(program)).not.toContain(TABLES);
  },
);

it('cli/validate.ts brings them', async () => {
  expect(await inputsOf('cli/validate.ts')).toContain(TABLES);
});
