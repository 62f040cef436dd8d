/** Errors as a command shows them: one sentence each, never a stack trace, and the exit code of the contract. */
import { CommanderError } from 'commander';
import { InputError, ServiceError, sentenceOf } from '#core/errors.ts';
import type { InputProblem } from '#yaml/problem.ts';
import type { Terminal } from './terminal.ts';

/** 0: fine. 1: the work failed. 2: wrong use, or invalid input, and nothing was done. */
export type ExitCode = 0 | 1 | 2;

/** What ended a command. */
type Failure = {
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly problems: readonly InputProblem[];
  /** Whether stderr has it already. */
  readonly told: boolean;
};

/** Tells what was thrown, on stderr and with `json` on stdout as well, and gives the exit code that it means. */
export function tellFailure(error: unknown, json: boolean, { print, tell, io }: Terminal): ExitCode {
  const failure = failureOf(error, io.debug);
  if (!failure.told) for (const line of failure.message.split('\n')) tell(`error: ${line}`);
  const { exitCode, message, problems } = failure;
  if (json && exitCode !== 0) print(JSON.stringify({ error: { message, problems } }));
  return exitCode;
}

/** A request for help arrives as an error too, with exit code 0. */
function failureOf(error: unknown, debug: (error: unknown) => void): Failure {
  if (error instanceof CommanderError) {
    const message = oneLine(error.message.replace(/^error: /, ''));
    return { exitCode: error.exitCode === 0 ? 0 : 2, message, problems: [], told: true };
  }
  if (error instanceof InputError)
    return { exitCode: 2, message: error.message, problems: error.problems, told: false };
  if (error instanceof ServiceError) return { exitCode: 1, message: error.message, problems: [], told: false };
  debug(error);
  const message =
    `${oneLine(sentenceOf(error))} (an error that was not foreseen: ` +
    'please report it, with what NODE_DEBUG=runner-autoscaler adds)';
  return { exitCode: 1, message, problems: [], told: false };
}

function oneLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
