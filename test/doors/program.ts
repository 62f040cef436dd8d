/** The program as a process: for signals, exit codes, what the AWS SDK reads from the environment, and the bundle. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const SOURCE = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export type ProgramResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type RunningProgram = {
  readonly process: ChildProcess;
  /** Resolves as soon as the stream's text so far matches; rejects when the program ends before. */
  readonly seen: (stream: 'stdout' | 'stderr', pattern: RegExp) => Promise<void>;
  readonly ended: Promise<ProgramResult>;
};

/** Starts the program: the source, or a bundle. */
export function startProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): RunningProgram {
  const { NODE_COMPILE_CACHE } = process.env;
  const env = { ...environment, NODE_COMPILE_CACHE };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk;
    });
  }
  const ended = once(child, 'close').then(([code]): ProgramResult => ({ code: code as number | null, ...texts }));
  const seen = (stream: 'stdout' | 'stderr', pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (pattern.test(texts[stream])) resolve();
      };
      child[stream].on('data', look);
      look();
      ended.then(({ stderr }) => reject(new Error(`ended before ${pattern} was seen on ${stream}: ${stderr}`)), reject);
    });
  return { process: child, seen, ended };
}

/** Runs the program to its end. */
export function runProgram(...parameters: Parameters<typeof startProgram>): Promise<ProgramResult> {
  return startProgram(...parameters).ended;
}

/** On a busy machine any tick may take so long that it shows its progress. */
export function withoutProgress(stderr: string): string {
  return stderr.replace(/^still working .*\n/gm, '');
}
