/** Each decision is one file, under a number of its own that its heading repeats. */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect, it } from 'vitest';

const FILES = globSync('docs/decisions/*.md').sort();
const numberOf = (file: string) => Number(basename(file).slice(0, 4));

it.each(FILES)('%s begins with its number', async (file) => {
  expect(await readFile(file, 'utf8')).toMatch(new RegExp(`^# ${numberOf(file)}\\. `));
});

it('no number is given twice', () => {
  const numbers = FILES.map(numberOf);
  expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
});
