/** What a command takes from the process that runs it. A test hands in its own, so that no process has to be started. */
import type { EventEmitter } from 'node:events';
import type { Variables } from '#adapters/environment.ts';
import type { Instant } from '#core/model/observation.ts';

/** Everything that `runCli` knows of its process. It keeps nothing between two runs. */
export type Io = {
  readonly stdout: Output;
  readonly stderr: Output;
  /** The SDK of AWS reads the environment of the real process itself. */
  readonly env: Variables;
  /** The version of Node, such as `24.11.0`. */
  readonly node?: string;
  readonly clock: Clock;
  /** Where SIGINT and SIGTERM arrive. */
  readonly signals: Pick<EventEmitter, 'on' | 'off'>;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** Asks a person and gives whether the answer is yes; absent: there is nobody to ask. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Takes an error that was not foreseen, stack and all. */
  readonly debug: (error: unknown) => void;
};

/** One of the two streams. `columns` and `rows` are known on a terminal only. */
export type Output = {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export type Clock = {
  readonly now: () => Instant;
  /** Milliseconds since a fixed moment, by a clock that nobody sets. */
  readonly elapsed: () => number;
  /** Ends early, without an error, when the signal comes. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Calls `work` again and again, until what it returns is called. */
  readonly every: (ms: number, work: () => void) => () => void;
};
