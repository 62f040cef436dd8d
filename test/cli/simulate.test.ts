/** `simulate` as a child process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../doors/command.ts';

const CONFIG = `
groups:
  - name: builds
    workspace: acme
    labels: [builds]
    namespace: runners
    strategy: STRATEGY
    parameters: { min: 1, max: 9 }
`;

const STEP = { durationMs: 300_000, workspace: 'acme', repository: 'shop' };

let directory = '';
const file = (name: string) => path.join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'simulate-'));
  await writeFile(file('buffer.yaml'), CONFIG.replace('STRATEGY', 'idleBuffer'));
  await writeFile(file('queue.yaml'), CONFIG.replace('STRATEGY', 'queueAware'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

function simulate(...args: readonly string[]) {
  return runCommand(['simulate', ...args], { PATH: process.env.PATH ?? '' });
}

async function documentOf(...args: readonly string[]) {
  const { code, stdout, stderr } = await simulate('--json', ...args);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
}

describe('simulate', () => {
  it('shows every configuration beside the baseline and the oracle, and asks nobody', async () => {
    const { code, stdout, stderr } = await simulate(
      '-c',
      file('buffer.yaml'),
      '-c',
      file('queue.yaml'),
      '--load',
      'burst',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('burst: 330 steps in 1d, seed 1');
    expect(lines.slice(3, 7).map((line) => line.split(/ {2,}/)[0])).toEqual([
      'buffer.yaml',
      'queue.yaml',
      'Atlassian’s rule',
      'oracle',
    ]);
  });

  it('gives the same bytes for the same seed, and others for another', async () => {
    const play = async (seed: string) =>
      (await simulate('-c', file('buffer.yaml'), '--load', 'poisson', '--seed', seed, '--json')).stdout;
    const first = await play('7');
    expect(await play('7')).toBe(first);
    expect(await play('8')).not.toBe(first);
  });

  it('plays a history under the conditions of a scenario, and tells what is odd about it', async () => {
    const steps = [
      { ready: '2026-10-01T08:00:00Z', ...STEP, labels: ['self.hosted', 'linux', 'builds'] },
      { ready: '2026-10-01T08:10:00Z', ...STEP, labels: ['windows'] },
    ];
    await writeFile(file('steps.jsonl'), `${steps.map((step) => JSON.stringify(step)).join('\n')}\nnonsense\n`);
    await writeFile(file('slow.json'), JSON.stringify({ span: '1h', startup: '5m', warmUp: '10m', seed: 3 }));
    const { scenario, notes, policies } = await documentOf(
      ...['-c', file('buffer.yaml'), '--history', file('steps.jsonl'), '--scenario', file('slow.json')],
    );
    expect(scenario).toEqual({ name: 'steps.jsonl', start: '2026-10-01T08:00:00.000Z', spanMs: 660_000, seed: 3 });
    expect(notes.join('\n')).toMatch(/1 line.*\n.*1 steps ask for labels, or are of repositories, that no group has/);
    const counts = { arrived: 2, finished: 1, failed: { noRunner: 1, expired: 0, killed: 0, crashed: 0 } };
    expect(policies).toMatchObject(
      ['buffer.yaml', 'Atlassian’s rule', 'oracle'].map((name) => ({ name, steps: counts })),
    );
  });

  it.each([
    ['a load that nobody knows', ['--load', 'tsunami'], /Give one of burst, working-week/],
    ['a load beside a scenario', ['--load', 'burst', '--scenario', 'x.json'], /--load is a scenario of its own/],
    ['a seed that is none', ['--seed', 'lucky'], /Give a whole number/],
    ['a scenario that is not there', ['--scenario', 'nowhere.json'], /The scenario nowhere.json cannot be read/],
    ['a history that is not there', ['--history', 'nowhere.jsonl'], /nowhere.jsonl/],
  ])('refuses %s', async (_name, args, message) => {
    const { code, stderr } = await simulate('-c', file('buffer.yaml'), ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('refuses a scenario with everything that is wrong in it', async () => {
    await writeFile(file('wrong.json'), JSON.stringify({ span: '1d', loads: [{ kind: 'burst', steps: 3 }] }));
    const { code, stderr } = await simulate('-c', file('buffer.yaml'), '--scenario', file('wrong.json'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/wrong.json loads\[0\].at: must be a span of time like 30d, 2h30m or 45s/);
    expect(stderr).toMatch(/wrong.json loads\[0\].duration: must be a time like 45s, or a distribution/);
  });
});
