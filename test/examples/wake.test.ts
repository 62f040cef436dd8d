/** The example of a pipeline that wakes its group: it fits the configuration beside it, and its script does what it says. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadFleet } from '#config/load.ts';

const readText = (source: string) => readFile(source, 'utf8');
const { pipelines } = parse(await readText('examples/wake/bitbucket-pipelines.yml'));
const [{ step: first }, { parallel }] = pipelines.default;
const script: string = first.script.at(-1);

it('wakes the group that its other steps run on', async () => {
  const { fleet } = await loadFleet('examples/wake/runners.yaml', { readText });
  const [group] = fleet.groups;
  expect(first).toMatchObject({ oidc: true });
  expect(first).not.toHaveProperty('runs-on');
  expect(first.script.join('\n')).toContain(`GROUP=${group?.name} RUNNERS=${parallel.length}`);
  for (const { step } of parallel) expect(group?.labels).toEqual(expect.arrayContaining(step['runs-on']));
});

it('has a script of twelve lines, which is that of docs/from-zero.md', async () => {
  expect(script.trimEnd().split('\n')).toHaveLength(12);
  expect(await readText('docs/from-zero.md')).toContain(`\`\`\`sh\n${script}\`\`\``);
});

/** Runs the script with a curl that gives these answers, the last again and again; gives how it ended and what it sent. */
async function play(...answers: readonly (number | 'nothing')[]) {
  const directory = await mkdtemp(join(tmpdir(), 'wake-'));
  const curl = `#!/bin/sh
echo "$@" >> sent
set -- ${answers.join(' ')}
calls=$(wc -l < sent)
[ "$calls" -gt $# ] && calls=$#
shift $((calls - 1))
[ "$1" = nothing ] && exit 7
echo '{"message":"told"}' > answer.json
printf %s "$1"
`;
  await writeFile(join(directory, 'curl'), curl);
  await chmod(join(directory, 'curl'), 0o755);
  const env = {
    PATH: `${directory}:${process.env.PATH}`,
    WAKE_URL: 'https://wake.example',
    BITBUCKET_STEP_OIDC_TOKEN: 'the-token',
    GROUP: 'linux-large',
    RUNNERS: '2',
    WAIT_SECONDS: answers.at(-1) === 202 ? '0' : '600',
    PAUSE_SECONDS: '0',
  };
  const ended = await promisify(execFile)('/bin/sh', ['-e', '-c', script], { cwd: directory, env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }) => ({ code, stdout }),
  );
  const sent = (await readFile(join(directory, 'sent'), 'utf8')).trim().split('\n');
  await rm(directory, { recursive: true });
  return { ...ended, sent };
}

describe('the script', () => {
  it('sends the token and what is wanted, and ends when the runners are online', async () => {
    const { code, sent } = await play(202, 503, 429, 'nothing', 200);
    expect([code, sent.length]).toEqual([0, 5]);
    expect(sent[0]).toContain(
      'https://wake.example --header Authorization: Bearer the-token --data {"group":"linux-large","runners":2}',
    );
  });

  it.each([400, 403, 409])('ends with an error at %i, and shows the answer', async (status) => {
    expect(await play(status)).toMatchObject({ code: 1, stdout: '{"message":"told"}\n', sent: [expect.any(String)] });
  });

  it('ends with an error when its time is over', async () => {
    expect((await play(202)).code).toBe(1);
  });
});
