/** What is wrong with the file itself is said before anybody needs a region or a credential of AWS. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { configuration } from '../doors/world.ts';

async function push(text: string, stage: string) {
  const file = join(await mkdtemp(join(tmpdir(), 'push-')), 'runners.yaml');
  await writeFile(file, text);
  const args = ['scripts/config-push.ts', '--stage', stage, file];
  const env = { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true', HOME: '/nonexistent' };
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  return [status, stderr.replaceAll(file, 'runners.yaml')];
}

it.each([
  [
    'the file, when it is wrong',
    configuration().replace('max:', 'maks:'),
    'nowhere',
    2,
    /^error: runners\.yaml:\d+:\d+ groups\[0\]\.parameters\.maks: unknown key$/m,
  ],
  [
    'the region, when the file is right',
    configuration(),
    'nowhere',
    2,
    /^error: No AWS region is named; .+nowhere\.yaml/,
  ],
  [
    'the credential of AWS, when the file of the stage has the region',
    configuration(),
    'example',
    1,
    /^error: .*credential/,
  ],
])('config:push names %s', async (_, text, stage, code, sentence) => {
  expect(await push(text, stage)).toEqual([code, expect.stringMatching(sentence)]);
});
