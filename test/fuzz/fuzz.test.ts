/** A hundred cases of the fuzzer, for crashes only; `npm run fuzz` plays more, and holds their time against that of plain ones. */
import { expect, it, vi } from 'vitest';
import { InputError, ServiceError } from '#core/errors.ts';
import { caseAt, excessMemory, TARGET_NAMES } from './run.ts';
import { TARGETS } from './targets.ts';

it.each(TARGET_NAMES.map((name, index) => [name, index] as const))(
  '%s: what is thrown is foreseen',
  async (_, index) => {
    for (let number = index; number < 10 * TARGET_NAMES.length; number += TARGET_NAMES.length) {
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

it('holds the memory of the process against that of a function', () => {
  expect([excessMemory(512 * 1024), excessMemory(512 * 1024 + 1)]).toEqual([
    undefined,
    'the process took 513 MB, of 512',
  ]);
});

it('is the same case for the same number', () => {
  expect(caseAt(77).input).toBe(caseAt(77).input);
  expect(new Set([3, 13, 23].map((number) => caseAt(number).input)).size).toBe(3);
});

it.each(Object.entries(TARGETS))('%s: a key that is a collection, and a tag, print nothing', async (_, { read }) => {
  const said = [
    vi.spyOn(process, 'emitWarning').mockReturnValue(),
    vi.spyOn(process.stderr, 'write').mockReturnValue(true),
    vi.spyOn(process.stdout, 'write').mockReturnValue(true),
  ];
  try {
    for (const text of [
      '? [{ hush: 1 }, &a b]\n: x\n',
      'groups: { ? { hush: 1 } : !hush x }\n',
      '{"a":{"b":!hush 1}}',
    ]) {
      await Promise.resolve(text)
        .then(read)
        .catch(() => undefined);
    }
    expect(said.map(({ mock }) => mock.calls)).toEqual([[], [], []]);
  } finally {
    for (const spy of said) spy.mockRestore();
  }
});
