/** A bundled function in a fresh process, and what its initialization and each of its invocations take. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What something took. Processor time is that of all threads together. */
export type Spent = { readonly wallMs: number; readonly cpuMs: number };

export type InvocationMeasured = Spent & {
  /** Log lines and metrics, as they are written to stdout. */
  readonly loggedBytes: number;
  /** The most that the process has had in memory so far. */
  readonly maxRssMegabytes: number;
  /** Names of the metrics that it has emitted so far. */
  readonly metrics: readonly string[];
  /** Modules loaded so far, absolute; empty unless they were asked for. */
  readonly files: readonly string[];
};

export type Invocations = AsyncDisposable & {
  readonly init: Spent;
  /** Invokes the handler as the schedule does; rejects when the invocation fails. */
  readonly invoke: () => Promise<InvocationMeasured>;
};

type Answer<Measured> = Measured & { readonly error?: string };

/** Starts a process that imports the bundle at `path`, absolute. `files` records what it loads, which costs time. */
export async function startInvocations(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
  { files = false } = {},
): Promise<Invocations> {
  const child = fork(
    fileURLToPath(new URL('invocation-process.mjs', import.meta.url)),
    [path, ...(files ? ['--files'] : [])],
    { env: { ...environment }, execArgv: [] },
  );
  const init = await answerOf<Spent>(child).catch((error: unknown) => {
    child.kill();
    throw error;
  });
  return {
    init,
    invoke: () => {
      child.send('invoke');
      return answerOf<InvocationMeasured>(child);
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}

async function answerOf<Measured>(child: ChildProcess): Promise<Measured> {
  const waiting = new AbortController();
  try {
    const [answer] = (await Promise.race([
      once(child, 'message', waiting),
      once(child, 'close', waiting).then(() => Promise.reject(new Error("the function's process ended"))),
    ])) as [Answer<Measured>];
    if (answer.error !== undefined) throw new Error(`the measured function failed: ${answer.error}`);
    return answer;
  } finally {
    waiting.abort();
  }
}
