/**
 * `npm run test:infra`: holds the packaged templates against CloudFormation's own rules with cfn-lint, no rule ignored.
 * cfn-lint is a Python program; it is installed, in one version, into this project's cache.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LARGE, SMALL } from './deployments.ts';
import { packageStack, templateIn } from './osls.ts';

const VERSION = '1.58.0';
const FOLDER = fileURLToPath(new URL(`../../.cache/cfn-lint-${VERSION}`, import.meta.url));
const PROGRAM = `${FOLDER}/bin/cfn-lint`;

process.exitCode = await lint();

async function lint(): Promise<number> {
  const complaint = install();
  if (complaint !== undefined) return fail(complaint);
  let failures = 0;
  for (const [name, values] of Object.entries({ small: SMALL, large: LARGE })) {
    const { code, output, directory } = await packageStack(values);
    if (code !== 0) return fail(`The ${name} stack cannot be packaged: ${output}`);
    const { status, stdout, stderr } = spawnSync(PROGRAM, [templateIn(directory)], { encoding: 'utf8' });
    process.stdout.write(`${name}: ${status === 0 ? 'nothing to complain about' : `\n${stdout}${stderr}`}\n`);
    failures += status === 0 ? 0 : 1;
  }
  return failures === 0 ? 0 : 1;
}

/** Gives the reason why it could not. */
function install(): string | undefined {
  if (existsSync(PROGRAM)) return undefined;
  process.stdout.write(`Installing cfn-lint ${VERSION} …\n`);
  const steps = [
    { program: 'python3', args: ['-m', 'venv', FOLDER] },
    {
      program: `${FOLDER}/bin/pip`,
      args: ['install', '--quiet', '--disable-pip-version-check', `cfn-lint==${VERSION}`],
    },
  ];
  for (const { program, args } of steps) {
    const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (error !== undefined && program === 'python3')
      return 'Python 3 is missing; install python3 to lint the template';
    if (status === 0) continue;
    // Half an installation would pass for a whole one.
    rmSync(FOLDER, { recursive: true, force: true });
    return `cfn-lint cannot be installed; python3 needs venv, and pip a way to its registry: ${stderr ?? error}`;
  }
  return undefined;
}

function fail(complaint: string): number {
  process.stderr.write(`${complaint}\n`);
  return 1;
}
