/** Commands of the documentation, in this checkout, for an environment that says nothing but what a test says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OSLS_CACHE } from '../infra/osls.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

type Environment = Readonly<Record<string, string>>;

/** How a command ended; `output` is stdout and stderr as they came. */
export type Ended = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly output: string;
};

/** `npm run --silent SCRIPT -- ARGUMENTS`. */
export function npmRun(script: string, args: readonly string[], environment: Environment): Promise<Ended> {
  return run('npm', ['run', '--silent', script, '--', ...args], environment);
}

/** `npx osls ARGUMENTS`. */
export function osls(args: readonly string[], environment: Environment): Promise<Ended> {
  return run('npx', ['osls', ...args], environment);
}

/** `{ a: 'b' }` as `--param a=b`. */
export function parameterArguments(parameters: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
}

async function run(program: string, args: readonly string[], environment: Environment): Promise<Ended> {
  const home = await mkdtemp(join(tmpdir(), 'home-'));
  const child = spawn(program, args, {
    cwd: ROOT,
    // Asks after the stack often, since the emulator is done at once.
    env: { PATH: process.env.PATH, HOME: home, SLS_AWS_MONITORING_FREQUENCY: '200', ...OSLS_CACHE, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '', output: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk;
      texts.output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return { code: code as number | null, ...texts };
}
