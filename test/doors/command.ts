/** The command line as a function: a command runs inside the test, with streams, a clock and signals of its own. */
import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type { Io } from '../../cli/io.ts';
import { runCli } from '../../cli/run-cli.ts';
import { type ManualClock, manualClock } from './clock.ts';

export type Result = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunningCommand = {
  /** What SIGINT or SIGTERM would do. */
  readonly signal: (name: 'SIGINT' | 'SIGTERM') => void;
  readonly clock: ManualClock;
  /** The match, as soon as the stream's text so far matches; rejects when the command ends before. */
  readonly seen: (stream: 'stdout' | 'stderr', pattern: RegExp) => Promise<RegExpExecArray>;
  readonly ended: Promise<Result>;
};

/** Where a command writes, and who answers its questions, if anybody does. */
export type CommandTerminal = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly confirm?: NonNullable<Io['confirm']>;
};

/** Starts a command. No timer of it runs but by the clock that is given back; `terminal` is where it writes. */
export function startCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  { confirm, ...terminal }: CommandTerminal = {},
): RunningCommand {
  const clock = manualClock();
  const signals = new EventEmitter();
  const written = new EventEmitter();
  const texts = { stdout: '', stderr: '' };
  const output = (name: keyof typeof texts) => ({
    ...terminal,
    write: (text: string) => {
      texts[name] += text;
      written.emit(name);
    },
  });
  const exited = Promise.withResolvers<number>();
  const stderr = output('stderr');
  const io: Io = {
    stdout: output('stdout'),
    stderr,
    env: environment,
    clock,
    signals,
    exit: exited.resolve,
    debug: (error) => stderr.write(inspect(error)),
    ...(confirm && { confirm }),
  };
  const ended = Promise.race([runCli(args, io), exited.promise]).then((code) => ({ code, ...texts }));
  const seen = (stream: 'stdout' | 'stderr', pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(texts[stream]);
        if (match !== null) resolve(match);
      };
      written.on(stream, look);
      look();
      ended.then(() => reject(new Error(`ended before ${pattern} was seen on ${stream}: ${texts.stderr}`)), reject);
    });
  return { signal: (name) => signals.emit(name, name), clock, seen, ended };
}

/** Runs a command to its end. */
export function runCommand(...parameters: Parameters<typeof startCommand>): Promise<Result> {
  return startCommand(...parameters).ended;
}
