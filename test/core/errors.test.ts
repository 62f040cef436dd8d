/** The errors that callers branch on: by their class, and log lines by their name. */
import { describe, expect, it } from 'vitest';
import { BudgetError, CredentialError, InputError, ServiceError, sentenceOf } from '#core/errors.ts';

const SHORT = { credential: 'ci', why: 'short', used: 9, limit: 10, waitMs: 1000 } as const;

describe('input that is wrong', () => {
  const problems = [
    { source: 'runners.yaml', line: 2, column: 3, path: 'groups[0].min', message: 'is missing' },
    { source: 'runners.yaml', path: 'groups', message: 'is empty' },
  ];

  it('has a sentence for each problem, with its place, on a line of its own', () => {
    const { message, problems: kept } = new InputError(problems);
    expect(message).toBe('runners.yaml:2:3 groups[0].min: is missing\nrunners.yaml groups: is empty');
    expect(kept).toEqual(problems);
  });

  it('has a sentence of its own where nothing is wrong with a file', () => {
    const { message, problems: kept } = new InputError('No group is called "x".');
    expect(message).toBe('No group is called "x".');
    expect(kept).toEqual([]);
  });

  it('keeps its cause', () => {
    const cause = new Error('ENOENT');
    expect(new InputError('There is no such file.', { cause }).cause).toBe(cause);
  });
});

describe('a call that failed', () => {
  it('says which service it went to, what is known of its effect, and the status of an answer', () => {
    const cause = new Error('reset');
    const error = new ServiceError(
      'Bitbucket answered 503.',
      { service: 'bitbucket', outcome: 'unknown', status: 503 },
      { cause },
    );
    expect(error).toMatchObject({
      message: 'Bitbucket answered 503.',
      service: 'bitbucket',
      outcome: 'unknown',
      status: 503,
    });
    expect(error.cause).toBe(cause);
  });

  it('has no status without an answer', () => {
    expect(new ServiceError('No answer.', { service: 'aws', outcome: 'unknown' }).status).toBeUndefined();
  });

  it('is of Bitbucket and had no effect when a credential is refused, and keeps its cause', () => {
    const cause = new Error('401');
    const error = new CredentialError('Bitbucket refuses the token.', { cause });
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ service: 'bitbucket', outcome: 'refused', status: 401, cause });
  });

  it('is of Bitbucket and had no effect when the hourly calls held it back', () => {
    const error = new BudgetError('Held back.', SHORT);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ service: 'bitbucket', outcome: 'refused', facts: SHORT });
  });
});

it.each([
  ['InputError', () => new InputError('x')],
  ['ServiceError', () => new ServiceError('x', { service: 'aws', outcome: 'refused' })],
  ['CredentialError', () => new CredentialError('x')],
  ['BudgetError', () => new BudgetError('x', SHORT)],
])('%s is called so', (name, make) => {
  expect(make().name).toBe(name);
});

it.each([
  ['an error: its message', new Error('The disk is full.'), 'The disk is full.'],
  ['a text that was thrown', 'odd', 'odd'],
  ['nothing at all', undefined, 'undefined'],
])('the sentence of %s', (_, thrown, sentence) => {
  expect(sentenceOf(thrown)).toBe(sentence);
});
