/** What is wrong with the file itself is said before anybody needs a region or a credential of AWS. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { configuration } from '../doors/world.ts';

async function push(text: string) {
  const file = join(await mkdtemp(join(tmpdir(), 'push-')), 'runners.yaml');
  await writeFile(file, text);
  const args = ['scripts/config-push.ts', '--stage', 'nowhere', file];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { PATH: process.env.PATH } });
  return [status, stderr.replaceAll(file, 'runners.yaml')];
}

it.each([
  [
    'the file, when it is wrong',
    configuration().replace('max:', 'maks:'),
    /^error: runners\.yaml:\d+:\d+ groups\[0\]\.parameters\.maks: unknown key$/m,
  ],
  ['the region, when the file is right', configuration(), /^error: No AWS region is named; .+ stages\/nowhere\.yaml/],
])('config:push names %s', async (_, text, sentence) => {
  expect(await push(text)).toEqual([2, expect.stringMatching(sentence)]);
});
