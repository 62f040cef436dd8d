import { describe, expect, it } from 'vitest';
import {
  mayHaveHappened,
  type Operation,
  RETRY_POLICY,
  repeatsAfter,
  type Trouble,
  troubleOf,
} from '#adapters/http/retry-policy.ts';

const OPERATIONS: readonly Operation[] = ['read', 'disable', 'remove', 'token', 'cluster-call', 'register', 'enable'];

/** How often each operation is repeated, in the order of `OPERATIONS`. */
const TABLE: readonly (readonly [Trouble, readonly number[]])[] = [
  ['rate-limited', [3, 3, 3, 3, 3, 3, 3]],
  ['conflict', [0, 3, 0, 0, 3, 0, 3]],
  ['server-error', [3, 3, 3, 3, 3, 0, 3]],
  ['timed-out', [3, 3, 3, 3, 1, 0, 3]],
  ['connection-lost', [3, 3, 3, 3, 3, 0, 3]],
  ['unreachable', [3, 3, 3, 3, 3, 0, 3]],
  ['too-large', [0, 0, 0, 0, 0, 0, 0]],
  ['untrusted', [0, 0, 0, 0, 0, 0, 0]],
  ['not-sent', [0, 0, 0, 0, 0, 0, 0]],
];

describe('the retry policy as data', () => {
  it.each(TABLE)('after %s', (trouble, repeats) => {
    expect(OPERATIONS.map((operation) => repeatsAfter(trouble, operation))).toEqual(repeats);
  });

  it('has each trouble and operation in exactly one row, with a reason', () => {
    const cells = RETRY_POLICY.flatMap(({ after, of }) =>
      after.flatMap((trouble) => of.map((operation) => `${trouble} ${operation}`)),
    );
    const all = TABLE.flatMap(([trouble]) => OPERATIONS.map((operation) => `${trouble} ${operation}`));
    expect(cells.toSorted()).toEqual(all.toSorted());
    expect(RETRY_POLICY.filter(({ because }) => because === '')).toEqual([]);
  });

  it('repeats a registration only when it was turned away', () => {
    const rules = RETRY_POLICY.filter(({ of, repeats }) => of.includes('register') && repeats > 0);
    expect(rules.flatMap(({ after }) => after)).toEqual(['rate-limited']);
  });

  it('takes nothing for harmless that may have arrived', () => {
    expect(TABLE.flatMap(([trouble]) => (mayHaveHappened(trouble) ? [trouble] : []))).toEqual([
      'server-error',
      'timed-out',
      'connection-lost',
      'too-large',
    ]);
    expect(mayHaveHappened(undefined)).toBe(false);
  });
});

describe('troubleOf', () => {
  it.each([
    [200, undefined],
    [404, undefined],
    [409, 'conflict'],
    [429, 'rate-limited'],
    [499, undefined],
    [500, 'server-error'],
  ])('status %i is %s', (status, trouble) => {
    expect(troubleOf({ kind: 'answer', status, headers: {}, text: '' })).toBe(trouble);
  });

  it('a 409 that is no conflict is none', () => {
    expect(troubleOf({ kind: 'answer', status: 409, headers: {}, text: '' }, () => false)).toBeUndefined();
  });
});
