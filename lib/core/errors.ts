/**
 * The few errors that some caller branches on. Every message is one sentence (or one per problem) that names the
 * thing, the reason and the next step; messages never contain a credential.
 */
import { formatProblem, type InputProblem } from '#yaml/problem.ts';

/** The user's input (file, option, environment variable, secret) is wrong; nothing was done. Exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly problems: readonly InputProblem[];

  /** From all problems at once, or from one sentence about something that has no place in a file. */
  constructor(problems: readonly InputProblem[] | string, options?: ErrorOptions) {
    super(typeof problems === 'string' ? problems : problems.map(formatProblem).join('\n'), options);
    this.problems = typeof problems === 'string' ? [] : problems;
  }
}

/** Which service a call went to. */
export type Service = 'bitbucket' | 'kubernetes' | 'aws';

/**
 * A call to a service failed, after whatever retries are safe. `outcome` tells what is known of its effect:
 * `refused` – the service answered that it did nothing; `unknown` – it may have happened (time-out, lost connection, 5xx).
 */
export class ServiceError extends Error {
  override readonly name: string = 'ServiceError';
  readonly service: Service;
  readonly outcome: 'refused' | 'unknown';
  /** HTTP status, when there was an answer. */
  readonly status: number | undefined;

  constructor(
    message: string,
    details: { service: Service; outcome: 'refused' | 'unknown'; status?: number },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.service = details.service;
    this.outcome = details.outcome;
    this.status = details.status;
  }
}

/** Bitbucket refuses a credential, whatever is asked with it: the sentence names the credential and nothing else. */
export class CredentialError extends ServiceError {
  override readonly name = 'CredentialError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, { service: 'bitbucket', outcome: 'refused', status: 401 }, options);
  }
}

/** Whose calls are held back, why, where its budget stands, and for how long at least. */
export type BudgetFacts = {
  readonly credential: string;
  readonly why: 'throttled' | 'short';
  readonly used: number;
  readonly limit: number;
  readonly waitMs: number;
};

/**
 * A call to Bitbucket was not made: the hourly budget of its credential keeps what is left for more important calls, or
 * Bitbucket throttles it. Nothing is wrong; the call is worth making again after `facts.waitMs`.
 */
export class BudgetError extends ServiceError {
  override readonly name = 'BudgetError';
  readonly facts: BudgetFacts;

  constructor(message: string, facts: BudgetFacts) {
    super(message, { service: 'bitbucket', outcome: 'refused' });
    this.facts = facts;
  }
}

/** The one sentence of any error, for a report or a terminal: never a stack trace. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
