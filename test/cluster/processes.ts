/** Child processes that write to log files and never outlive the test run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Process = {
  /** Whether it has ended. */
  readonly ended: boolean;
  /** The last lines of its log, for messages. */
  tail(): string;
  /** Ends it without asking, and waits until it is gone. */
  kill(): Promise<void>;
};

/** Starts processes whose logs are in `directory`; the directory is removed with the last of them. */
export type Spawner = {
  start(program: string, args: readonly string[]): Process;
  /** Of everything that was started. */
  pids(): readonly number[];
  /** Ends whatever still runs and removes the directory. */
  close(): Promise<void>;
};

/** These programs collect garbage for a good part of their time; while tests run, memory is what there is enough of. */
const SPARING = { GOGC: '800' };

const GUARD = fileURLToPath(new URL('./guard.ts', import.meta.url));

/** A spawner with a guard process beside it, which cleans up should this process die. */
export function createSpawner(directory: string): Spawner {
  // In a session of its own: Ctrl-C in the terminal goes to every process of the foreground group.
  const guard = spawn(process.execPath, [GUARD, directory], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.unref();
  const guardEnded = once(guard, 'exit');
  const pids: number[] = [];

  return {
    start(program, args) {
      const name = program.slice(program.lastIndexOf('/') + 1);
      const logPath = join(directory, `${name}.log`);
      const log = openSync(logPath, 'a');
      const child = spawn(program, args, { env: { ...process.env, ...SPARING }, stdio: ['ignore', log, log] });
      closeSync(log);
      const { pid } = child;
      if (pid === undefined) throw new Error(`${program} cannot be started`);
      const exited = once(child, 'exit');
      guard.stdin.write(`+${pid}\n`);
      pids.push(pid);
      const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
      return {
        get ended() {
          return hasEnded();
        },
        tail: () => readFileSync(logPath, 'utf8').trim().split('\n').slice(-5).join('\n'),
        async kill() {
          if (!hasEnded()) {
            child.kill('SIGKILL');
            await exited;
          }
          guard.stdin.write(`-${pid}\n`);
        },
      };
    },
    pids: () => pids,
    async close() {
      guard.ref();
      guard.stdin.end();
      await guardEnded;
    },
  };
}
