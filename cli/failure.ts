/** Errors as a command shows them: one sentence each, never a stack trace, and the exit code of the contract. */
import { debuglog } from 'node:util';
import { CommanderError } from 'commander';
import { InputError, ServiceError, sentenceOf } from '#core/errors.ts';
import type { InputProblem } from '#yaml/problem.ts';

/** 0: fine. 1: the work failed. 2: wrong use, or invalid input, and nothing was done. */
export type ExitCode = 0 | 1 | 2;

/** What ended a command. */
export type Failure = {
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly problems: readonly InputProblem[];
  /** Whether stderr has it already. */
  readonly told: boolean;
};

const debug = debuglog('runner-autoscaler');

/** Reads what was thrown. A request for help arrives as an error too, with exit code 0. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) {
    const message = oneLine(error.message.replace(/^error: /, ''));
    return { exitCode: error.exitCode === 0 ? 0 : 2, message, problems: [], told: true };
  }
  if (error instanceof InputError)
    return { exitCode: 2, message: error.message, problems: error.problems, told: false };
  if (error instanceof ServiceError) return { exitCode: 1, message: error.message, problems: [], told: false };
  debug('%O', error);
  const message =
    `${oneLine(sentenceOf(error))} (an error that was not foreseen: ` +
    'please report it, with what NODE_DEBUG=runner-autoscaler adds)';
  return { exitCode: 1, message, problems: [], told: false };
}

/** What stderr says: a line for each problem. */
export function failureLines({ message }: Failure): readonly string[] {
  return message.split('\n').map((line) => `error: ${line}`);
}

/** What `--json` prints instead of the answer. */
export function failureDocument({ message, problems }: Failure): object {
  return { error: { message, problems } };
}

function oneLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
