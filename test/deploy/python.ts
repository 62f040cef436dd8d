/**
 * The Python programs that tests run: installed once for each content of a `requirements.txt`, for all checkouts.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { userCache } from '#kit/user-cache.ts';

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));

/** Paths of the programs. */
export type PythonPrograms = { readonly python: string; readonly cfnLint: string; readonly checkov: string };

export type Installation = {
  /** What to install, for pip; default: what the tests of the deployment need. */
  readonly requirements?: string;
  /** Of the installer; `PATH` is where python3 is looked for. */
  readonly environment: NodeJS.ProcessEnv;
  /** Where installations are kept; default: this project's part of the user's cache. */
  readonly cache?: string;
  /** Told before something is installed. */
  readonly onInstall?: (pins: string) => void;
};

/** Installs the programs unless they are there. Throws an Error of one sentence with the next step. */
export function installPythonPrograms({
  requirements: file = REQUIREMENTS,
  environment,
  cache = userCache(environment),
  onInstall,
}: Installation): PythonPrograms {
  const requirements = readFileSync(file, 'utf8');
  const folder = join(cache, `python-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`);
  const program = (name: string) => join(folder, 'bin', name);
  const programs = { python: program('python'), cfnLint: program('cfn-lint'), checkov: program('checkov') };
  // Written last: half an installation must not pass for a whole one.
  const seal = join(folder, 'complete');
  if (existsSync(seal)) return programs;
  rmSync(folder, { recursive: true, force: true });
  createFolder(folder, environment);
  onInstall?.(requirements.match(/^[^#\s]+$/gm)?.join(', ') ?? '');
  install(programs.python, file, environment);
  writeFileSync(seal, '');
  return programs;
}

function createFolder(folder: string, env: NodeJS.ProcessEnv): void {
  const { error, status, stdout } = spawnSync('python3', ['-m', 'venv', folder], { encoding: 'utf8', env });
  if (error !== undefined) {
    throw new Error(
      'Python 3 is missing, which the AWS emulator and cfn-lint need; install python3 with its venv module',
    );
  }
  if (status === 0) return;
  // Debian has it in a package of its own.
  throw new Error(
    `python3 cannot make a virtual environment (${lastLine(stdout)}); install its venv module, such as python3-venv`,
  );
}

function install(python: string, file: string, env: NodeJS.ProcessEnv): void {
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', file];
  const { status, stderr } = spawnSync(python, args, { encoding: 'utf8', env });
  if (status === 0) return;
  throw new Error(
    `pip cannot install ${file} (${lastLine(stderr)}); give it a way to its registry, and Python 3.10 or newer`,
  );
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
