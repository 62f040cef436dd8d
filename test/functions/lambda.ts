/** A function of the bundle in a process of its own, with its log. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Report } from '#core/model/report.ts';

export type Invocation = {
  readonly report?: Report;
  readonly error?: { readonly name: string; readonly message: string; readonly stack: string };
  /** What this invocation wrote, stdout and stderr. */
  readonly output: string;
};

export type InvocationOptions = {
  readonly requestId?: string;
  /** What its context says of the time that is left. */
  readonly remainingMs?: number;
  /** How far its clock is ahead of the machine's. */
  readonly clockAheadMs?: number;
};

export type Lambda = AsyncDisposable & {
  readonly invoke: (event: unknown, options?: InvocationOptions) => Promise<Invocation>;
  /** Stops the process, as Lambda does between invocations; what happens meanwhile it only hears of when it goes on. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Ends the process as Lambda ends one whose time is over; what it was at is left as it is. */
  readonly kill: () => Promise<void>;
};

/** Loads the bundled function at `path`. */
export async function startLambda(path: string, environment: Readonly<Record<string, string>>): Promise<Lambda> {
  const child = fork(fileURLToPath(new URL('lambda-host.mjs', import.meta.url)), [path], {
    env: { ...environment },
    execArgv: [],
    silent: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const closed = once(child, 'close');
  const kill = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  const ended = closed.then(() => Promise.reject(new Error(`the function's process ended: ${output}`)));
  ended.catch(() => undefined);
  const answer = async (): Promise<Omit<Invocation, 'output'>> => {
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return message;
  };
  await answer();
  return {
    invoke: async (event, { requestId = 'request-1', remainingMs = 55_000, clockAheadMs = 0 } = {}) => {
      output = '';
      child.send({ event, requestId, remainingMs, clockAheadMs });
      return { ...(await answer()), output };
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** The log lines of an invocation, parsed; metrics included. */
export function linesOf({ output }: Invocation): readonly Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}
