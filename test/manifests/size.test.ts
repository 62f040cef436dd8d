import { expect, it } from 'vitest';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { parseTemplate } from '#manifests/template-parser.ts';
import { migrate } from '#tools/migrate/migrate.ts';

it('a template has a largest size', () => {
  const text = BUILT_IN_TEMPLATE.text;
  const parse = (long: string) => parseTemplate({ ...BUILT_IN_TEMPLATE, text: long }).problems;
  expect(parse(`${text}#`.padEnd(256 * 1024, 'x'))).toEqual([]);
  const problem = { source: 'built-in job template', path: '' };
  expect(parse(`${text}#`.padEnd(256 * 1024 + 1, 'x'))).toEqual([
    { ...problem, message: 'is longer than 256 KiB; a template holds one Job' },
  ]);
  expect(parse(`[${'[],'.repeat(20_000)}]`)).toEqual([
    { ...problem, message: 'has more than 40000 pieces of YAML; a template holds one Job' },
  ]);
});

it('a file to migrate has a largest size', async () => {
  const file = { source: 'c.yaml', text: `groups: [${'[],'.repeat(100_000)}]` };
  await expect(migrate([file])).rejects.toThrow(
    "has more than 200000 pieces of YAML; give the files of Atlassian's autoscaler only",
  );
});
