/** The process that runs the command line: streams, environment, clock and signals. No other file in `cli` touches it. */
import { createInterface } from 'node:readline/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { debuglog } from 'node:util';
import type { Clock, Io } from './io.ts';

const clock: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
  every: (ms, work) => {
    const timer = setInterval(work, ms);
    return () => clearInterval(timer);
  },
};

/** Gives the process as `runCli` wants it, and ends it quietly once nobody reads its answer any more. */
export function processIo(): Io {
  const debug = debuglog('runner-autoscaler');
  // A reader that has seen enough, such as `head`, is no failure.
  process.stdout.on('error', () => process.exit());
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    node: process.versions.node,
    clock,
    signals: process,
    exit: (code) => process.exit(code),
    ...(process.stdin.isTTY && { confirm }),
    debug: (error) => debug('%O', error),
  };
}

/** The question goes to stderr, so that an answer in JSON stays alone on stdout. */
async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
