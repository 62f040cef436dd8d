/** A few hundred cases of the fuzzer, for crashes only; `npm run fuzz` plays more, and holds their time against that of plain ones. */
import { expect, it } from 'vitest';
import { InputError, ServiceError } from '#core/errors.ts';
import { caseAt, TARGET_NAMES } from './run.ts';

it.each(TARGET_NAMES.map((name, index) => [name, index] as const))(
  '%s: what is thrown is foreseen',
  async (_, index) => {
    for (let number = index; number < 30 * TARGET_NAMES.length; number += TARGET_NAMES.length) {
      const { target, input, plain } = caseAt(number);
      await target.read(plain);
      try {
        await target.read(input);
      } catch (error) {
        if (!(error instanceof InputError || error instanceof ServiceError)) throw error;
      }
    }
  },
);

it('is the same case for the same number', () => {
  expect(caseAt(77).input).toBe(caseAt(77).input);
  expect(new Set([3, 13, 23].map((number) => caseAt(number).input)).size).toBe(3);
});
