/** The command line as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const SOURCE = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export type Result = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type RunningCommand = {
  readonly process: ChildProcess;
  /** Resolves as soon as the stream's text so far matches; rejects when the command ends before. */
  readonly seen: (stream: 'stdout' | 'stderr', pattern: RegExp) => Promise<void>;
  readonly ended: Promise<Result>;
};

/** Starts a command. `program` is the source or a bundle. */
export function startCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  { program = SOURCE, cwd }: { program?: string; cwd?: string } = {},
): RunningCommand {
  const child = spawn(process.execPath, [program, ...args], {
    env: environment,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk;
    });
  }
  const ended = once(child, 'close').then(([code]): Result => ({ code: code as number | null, ...texts }));
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

/** Runs a command to its end. */
export function runCommand(...parameters: Parameters<typeof startCommand>): Promise<Result> {
  return startCommand(...parameters).ended;
}
