/** `tune` from arguments to answer. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../doors/command.ts';
import { workIn } from '../doors/working-directory.ts';

const CONFIG = `groups:
  - name: builds   # the only one
    workspace: acme
    labels: [builds]
    namespace: runners
    strategy: idleBuffer
    coolDown: 1m
    stabilisationWindow: 0s
    parameters: { min: 1, max: 9, idleCount: 5, scaleFactor: 0 }   # generous
`;

/** Three steps at once every 40 minutes: three idle runners are what it takes. */
const SCENARIO = {
  span: '6h',
  startup: '90s',
  loads: [{ kind: 'burst', at: '20m7s', every: '40m', steps: 3, duration: '5m' }],
};

const FIXED = ['min=1', 'scaleFactor=0', 'stabilisationWindow=0s', 'coolDown=1m', 'idleCount=0..5'].flatMap(
  (bounds) => ['--within', bounds],
);

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tune-'));
  const start = Date.UTC(2026, 10, 9);
  const step = { durationMs: 300_000, workspace: 'acme', repository: 'shop', labels: ['builds', 'self.hosted'] };
  const history = Array.from({ length: 27 }, (_, index) => {
    const ready = new Date(start + 7_000 + Math.floor(index / 3) * 2_400_000).toISOString();
    return JSON.stringify({ ready, ...step, id: `${index}` });
  });
  const files = {
    'runners.yaml': CONFIG,
    'bursts.json': JSON.stringify(SCENARIO),
    'steps.jsonl': `${history.join('\n')}\n`,
    'strangers.jsonl': `${history[0]?.replace('acme', 'nobody')}\n`,
    'empty.jsonl': '',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(directory, name), text);
  return workIn(directory);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

function tune(...args: readonly string[]) {
  return runCommand(['tune', '-c', 'runners.yaml', '-g', 'builds', ...args], {});
}

describe('tune', () => {
  it('says of a group that sleeps that nobody wakes it', async () => {
    const sleeping = CONFIG.replace('min: 1, max: 9, idleCount: 5', 'min: 0, max: 9, idleCount: 0');
    await writeFile('sleeping.yaml', `${sleeping}    wake: { from: [acme/shop], max: 3 }\n`);
    await writeFile('short.json', '{ span: 2h, loads: [{ kind: burst, at: 10m, every: 1h, steps: 1, duration: 1m }] }');
    const args = ['-c', 'sleeping.yaml', '-g', 'builds', '--scenario', 'short.json', '--within', 'min=0'];
    const { stderr } = await runCommand(['tune', ...args, '--within', 'idleCount=0', ...FIXED.slice(2, 8)], {});
    expect(stderr).toContain('No pipeline wakes a group here: while no runner of builds is online, steps for it fail;');
  });

  it('shows the frontier and writes a change that the command it prints applies', async () => {
    const { code, stdout, stderr } = await tune(
      ...['--scenario', 'bursts.json', '--goal', '100%<1s', '--by', 'hours', '--write-diff', 'tuned.diff', ...FIXED],
    );
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'The change is in tuned.diff; apply it with: patch runners.yaml < tuned.diff\n',
    });
    expect(stdout).toContain('All 6 settings within the bounds were tried: 6 runs.\nidleBuffer: idleCount 0–5.\n');
    expect(stdout).toContain('Recommended (→): idleCount 5 → 3.');
    expect(stdout).toContain('It keeps the goal in the hold-out too: 100 % within 0s.');
    await promisify(execFile)('sh', ['-c', /apply it with: (.*)/.exec(stderr)?.[1] ?? ''], { cwd: directory });
    const changed = await readFile(path.join(directory, 'runners.yaml'), 'utf8');
    await writeFile(path.join(directory, 'runners.yaml'), CONFIG);
    expect(changed).toBe(CONFIG.replace('idleCount: 5', 'idleCount: 3'));
  });

  it('gives the same as one document, from a history', async () => {
    const { code, stdout } = await tune(
      '--history',
      'steps.jsonl',
      '--goal',
      'p100<1s',
      '--by',
      'hours',
      '--json',
      ...FIXED,
    );
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      version: 1,
      group: 'builds',
      goal: { share: 1, withinMs: 1000, text: '100 % of steps wait less than 1s' },
      search: { settings: 6, isExhaustive: true },
      present: { strategy: 'idleBuffer', parameters: { idleCount: 5 } },
      holds: { training: true },
    });
    expect(document.training.steps + document.holdOut.steps).toBe(27);
    expect(document.frontier[document.recommended].parameters.idleCount).toBeLessThanOrEqual(5);
    expect(document.diff).toMatch(/^--- a\/runners\.yaml\n\+\+\+ b\/runners\.yaml\n@@ /);
  });

  it('says in one sentence what comes nearest to a goal that cannot be had, and writes nothing', async () => {
    const bounds = ['--within', 'idleCount=0..1', '--within', 'max=1', ...FIXED.slice(0, 8)];
    const { code, stdout } = await tune(
      ...['--scenario', 'bursts.json', '--goal', '100%<1s', '--write-diff', 'none.diff', ...bounds],
    );
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'The goal cannot be had: none of the 2 settings within the bounds lets 100 % of steps wait less than 1s; the nearest is',
    );
    await expect(readFile(path.join(directory, 'none.diff'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['a goal that is none', ['--goal', 'fast'], /Goal "fast" is not understood; write it like "95 % of steps wait/],
    ['a group that nobody has', ['-g', 'nobody'], /No group is called "nobody"; the configuration has "builds"/],
    ['a history without a step', ['--history', 'empty.jsonl'], /empty\.jsonl/],
    [
      'a history of others',
      ['--history', 'strangers.jsonl'],
      /No step is for group "builds" .*: 1 are those of other groups/,
    ],
    [
      'a strategy that nobody has',
      ['--strategy', 'magic'],
      /Give one of percentageRunnersIdle, idleBuffer, queueAware/,
    ],
    ['a parameter that nobody has', ['--within', 'speed=1..2'], /Give PARAMETER=FROM\.\.TO with one of min, max/],
    ['bounds that are upside down', ['--within', 'max=9..3'], /Give max=FROM\.\.TO, such as max=4\.\.30/],
    ['a duration without a unit', ['--within', 'coolDown=2m..soon'], /such as coolDown=2m\.\.10m/],
    [
      'bounds of another strategy',
      ['--within', 'scaleUpThreshold=0.1..0.2'],
      /idleBuffer does not have that parameter/,
    ],
    ['a hold-out of everything', ['--hold-out', '100%'], /Give days or weeks/],
    ['one run', ['--budget-runs', '1'], /Give a whole number between 2 and 10000/],
    [
      'a diff in no directory',
      ['--write-diff', 'no/where.diff'],
      /no\/where\.diff cannot be written: there is no such folder; name another place with --write-diff/,
    ],
  ])('refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await tune(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
