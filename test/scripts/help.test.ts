/** Every script that people run says with `--help` what it does, and does nothing. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };

/** By file, the scripts that run it; some run several files one after the other. */
const FILES = Map.groupBy(
  Object.entries(scripts).flatMap(([name, command]) =>
    [...command.matchAll(/node ((?:scripts|bench)\/[\w-]+\.ts)/g)].map(([, file = '']) => ({ name, file })),
  ),
  ({ file }) => file,
);

it.each([...FILES])('%s begins with what it does, and with the import that shows it', async (file, users) => {
  const text = await readFile(file, 'utf8');
  const names = users.map(({ name }) => name).join('|');
  expect(text).toMatch(
    new RegExp(`^/\\*\\*\\s(?: \\* )?\`npm run (${names})\\b[\\s\\S]*?\\*/\nimport '[./]+/(scripts/)?help.ts';\n`),
  );
});

it('shows it, and nothing else', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['scripts/fuzz.ts', '--help']);
  expect([stdout, stderr]).toEqual([
    expect.stringMatching(/^`npm run fuzz`: [\s\S]+ when something does not hold\.\n$/),
    '',
  ]);
  expect(stdout).not.toContain('*');
});
