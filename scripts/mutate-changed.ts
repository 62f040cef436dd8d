/**
 * `npm run mutate:changed`: mutation testing for CI, for 45 seconds after half a minute of preparations: the mutants of the files that have
 * changed since the last release; docs/decisions/0171-mutants-of-a-release.md. What does not fit into the time is named, and left to
 * `npm run mutate`.
 *
 * MUTATE_BASE: a commit to compare with instead of the last release.
 */
import './help.ts';

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findChanges, type Git } from './mutation/changed.ts';
import { chooseFiles, estimateMutants, isMutated, type Sized } from './mutation/choice.ts';
import sample from './mutation/sample.config.mjs';

/** For the mutants alone: Stryker has run all tests once before. */
const ALLOWED_MS = 45_000;

/** About what two cores get through in that time beside other work: more than these would rarely be run. */
const ALLOWED_MUTANTS = 100;

const root = fileURLToPath(new URL('..', import.meta.url));

const git: Git = (...args) => {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
};

function listed(files: readonly Sized[]): string {
  return files.map(({ file }) => file).join(', ');
}

async function mutate(files: readonly Sized[]): Promise<number> {
  const args = ['run', 'scripts/mutation/sample.config.mjs', '--mutate', files.map(({ file }) => file).join(',')];
  const child = spawn(`${root}node_modules/.bin/stryker`, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, MUTATION_MS: String(ALLOWED_MS) },
  });
  const [code] = await once(child, 'exit');
  rmSync(`${root}${sample.tempDirName}`, { recursive: true, force: true });
  return typeof code === 'number' ? code : 1;
}

async function main(): Promise<number> {
  const { since, files = globSync('lib/**/*.ts', { cwd: root }), latest } = findChanges(git, process.env.MUTATE_BASE);
  const changed = files
    .filter((file) => isMutated(file, sample.mutate))
    .map((file) => ({ file, mutants: estimateMutants(readFileSync(`${root}${file}`, 'utf8')) }));
  if (changed.length === 0) {
    console.log(`No file under mutation testing has changed since ${since}.`);
    return 0;
  }
  const seed = git('rev-parse', 'HEAD') ?? '';
  const { chosen, left } = chooseFiles(changed, { first: latest, seed, mutants: ALLOWED_MUTANTS });
  console.log(`Mutating ${chosen.length} of ${changed.length} files that changed since ${since}: ${listed(chosen)}`);
  const exitCode = await mutate(chosen);
  if (left.length > 0) {
    console.log(
      `Not mutated for want of time: ${left.length} files; "npm run mutate" does all of them: ${listed(left)}`,
    );
  }
  return exitCode;
}

process.exitCode = await main();
