/** The field tables are for commands: the functions must not carry them, nor a command load them that checks nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { reach } from '../../bench/bundle-report.ts';
import { bundlePrograms } from '../../esbuild.config.mjs';

const TABLES = 'lib/manifests/schema.json';
const PROGRAMS = {
  scale: 'functions/scale.ts',
  report: 'functions/report.ts',
  plan: 'cli/plan.ts',
  validate: 'cli/validate.ts',
} as const;

let outputs: Metafile['outputs'];

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lazy-'));
  ({ outputs } = await bundlePrograms(PROGRAMS, directory));
  await rm(directory, { recursive: true, force: true });
});

/** What is in a program, and in all that it may load later. */
function inputsOf(program: string): readonly string[] {
  const [path = ''] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === program) ?? [];
  return reach(outputs, path, ['import-statement', 'dynamic-import']).flatMap((output) =>
    Object.keys(outputs[output]?.inputs ?? {}),
  );
}

it.each([PROGRAMS.scale, PROGRAMS.report, PROGRAMS.plan])('%s does without the field tables', (program) => {
  expect(inputsOf(program)).toContain(program);
  expect(inputsOf(program)).not.toContain(TABLES);
});

it('cli/validate.ts brings them', () => {
  expect(inputsOf(PROGRAMS.validate)).toContain(TABLES);
});
