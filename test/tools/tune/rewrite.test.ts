/** Settings written into files as people write them, and the diffs as programs take them. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '#tools/simulator/random.ts';
import { rewrite, unifiedDiff } from '#tools/tune/rewrite.ts';
import { keyOf, type Setting, settingOf } from '#tools/tune/setting.ts';
import { sampleOf, spaceAround } from '#tools/tune/space.ts';
import { fleetOf } from './groups.ts';

const MINUTE_MS = 60_000;

const BUFFER: Setting = {
  strategy: 'idleBuffer',
  values: {
    ...{ min: 2, max: 12, coolDown: 2 * MINUTE_MS, idleCount: 3 },
    ...{ scaleFactor: 0.5, scaleFactorLimit: 6, stabilisationWindow: 90_000 },
  },
};

const RULE: Setting = {
  strategy: 'percentageRunnersIdle',
  values: {
    ...{ min: 2, max: 12, coolDown: 5 * MINUTE_MS },
    ...{ scaleUpThreshold: 0.8, scaleDownThreshold: 0.3, scaleUpMultiplier: 2, scaleDownMultiplier: 0.5 },
  },
};

const HEAD = `# The fleet of acme.
constants: { runner_cool_down_period: 300 }   # seconds

groups:
`;

const OTHER = `
  # Not this one.
  - name:      "other"
    workspace: acme
    labels:    [other]
    namespace: runners
    strategy:  idleBuffer
    parameters:   {min: 1,max: 3}   # tight
`;

function groupWith(lines: string): string {
  return `  - name: linux
    workspace: acme
    labels: [builds]
    namespace: runners
${lines}`;
}

const BLOCK = groupWith(`    strategy: idleBuffer   # the rule
    parameters:
      # bounds
      min: 1     # one is enough
      max: 12

      idleCount: 1
`);

const FLOW = groupWith(`    strategy: idleBuffer
    coolDown: 300
    parameters: { max: 12, min: 1 , idleCount: 1 }  # all
`);

const ATLASSIAN = groupWith(`    strategy: 'percentageRunnersIdle'
    parameters:
      min: 1
      max: 12
      scale_up_threshold: 0.5  # busy
      scale_down_threshold: 0.2
      scale_up_multiplier: 1.5
      scale_down_multiplier: 0.5
`);

const QUEUE = groupWith(`    strategy: queueAware
    repositories:
      - shop
      - api
    parameters: { min: 1, max: 12, scaleFactor: 0.5, scaleFactorLimit: 4 }
`);

const ALIAS = `x-defaults:
  small: &small { min: 1, max: 12, idleCount: 1 }
${HEAD}${groupWith('    strategy: idleBuffer\n    parameters: *small\n')}
  - name: twin
    workspace: acme
    labels: [twin]
    namespace: runners
    strategy: idleBuffer
    parameters: *small
`;

const MERGE = `x-defaults:
  small: &small { min: 1, max: 12, idleCount: 1 }
${HEAD}${groupWith('    strategy: idleBuffer\n    parameters:\n      <<: *small\n')}`;

function changedLines(before: string, after: string): readonly string[] {
  return unifiedDiff('runners.yaml', before, after)
    .split('\n')
    .filter((line) => /^[+-](?!--|\+\+)/.test(line));
}

describe('rewrite', () => {
  it.each([
    [
      'a block',
      HEAD + BLOCK + OTHER,
      BUFFER,
      [
        ...['+    coolDown: 2m', '+    stabilisationWindow: 1m30s'],
        ...['-      min: 1     # one is enough', '+      min: 2     # one is enough'],
        ...['-      idleCount: 1', '+      idleCount: 3', '+      scaleFactor: 0.5', '+      scaleFactorLimit: 6'],
      ],
    ],
    [
      'braces',
      HEAD + FLOW + OTHER,
      BUFFER,
      [
        ...['-    coolDown: 300', '-    parameters: { max: 12, min: 1 , idleCount: 1 }  # all'],
        ...['+    coolDown: 2m', '+    stabilisationWindow: 1m30s'],
        '+    parameters: { max: 12, min: 2 , idleCount: 3, scaleFactor: 0.5, scaleFactorLimit: 6 }  # all',
      ],
    ],
    [
      "Atlassian's spelling, which stays",
      HEAD + OTHER + ATLASSIAN,
      RULE,
      [
        ...['-      min: 1', '+      min: 2'],
        ...[
          '-      scale_up_threshold: 0.5  # busy',
          '-      scale_down_threshold: 0.2',
          '-      scale_up_multiplier: 1.5',
        ],
        ...[
          '+      scale_up_threshold: 0.8  # busy',
          '+      scale_down_threshold: 0.3',
          '+      scale_up_multiplier: 2',
        ],
      ],
    ],
    [
      'another strategy, of which nothing is left',
      HEAD + QUEUE,
      RULE,
      [
        ...['-    strategy: queueAware', '-    repositories:', '-      - shop', '-      - api'],
        '-    parameters: { min: 1, max: 12, scaleFactor: 0.5, scaleFactorLimit: 4 }',
        '+    strategy: percentageRunnersIdle',
        '+    coolDown: 5m',
        '+    parameters: { min: 2, max: 12, scaleUpThreshold: 0.8, scaleDownThreshold: 0.3, scaleUpMultiplier: 2, scaleDownMultiplier: 0.5 }',
      ],
    ],
    [
      'parameters that come from an anchor: the group gets its own',
      ALIAS,
      BUFFER,
      [
        '-    parameters: *small',
        ...['+    coolDown: 2m', '+    stabilisationWindow: 1m30s'],
        '+    parameters: { min: 2, max: 12, idleCount: 3, scaleFactor: 0.5, scaleFactorLimit: 6 }',
      ],
    ],
    [
      'parameters that are merged: what differs stands beside them',
      MERGE,
      BUFFER,
      [
        ...['+    coolDown: 2m', '+    stabilisationWindow: 1m30s'],
        ...['+      min: 2', '+      idleCount: 3', '+      scaleFactor: 0.5', '+      scaleFactorLimit: 6'],
      ],
    ],
  ])('%s', (_, text, setting, lines) => {
    expect(changedLines(text, rewrite(text, 'runners.yaml', 'linux', setting))).toEqual(lines);
  });

  it('takes a limit away with the factor that it was for', async () => {
    const values = {
      ...BUFFER.values,
      coolDown: 300_000,
      stabilisationWindow: 300_000,
      min: 1,
      idleCount: 1,
      scaleFactor: 0,
    };
    const { scaleFactorLimit: _, ...unlimited } = values;
    const after = rewrite(HEAD + QUEUE, 'runners.yaml', 'linux', { strategy: 'queueAware', values: unlimited });
    expect(after).toContain('    parameters: { min: 1, max: 12, scaleFactor: 0 }\n');
  });

  it('writes a limit down that had followed max', async () => {
    const text = HEAD + groupWith('    strategy: idleBuffer\n    parameters: { min: 1, max: 12, scaleFactor: 1 }\n');
    const [group] = (await fleetOf(text)).groups;
    if (group === undefined) throw new Error('there is a group');
    const present = settingOf(group);
    const after = rewrite(text, 'runners.yaml', 'linux', { ...present, values: { ...present.values, max: 20 } });
    expect(after).toContain('{ min: 1, max: 20, scaleFactor: 1, scaleFactorLimit: 12 }');
  });

  it('leaves a file alone in which nothing changes', async () => {
    for (const text of [HEAD + BLOCK, HEAD + FLOW, HEAD + ATLASSIAN, HEAD + QUEUE, ALIAS, MERGE]) {
      const group = (await fleetOf(text)).groups.find(({ name }) => name === 'linux');
      if (group === undefined) throw new Error('there is a group');
      const after = rewrite(text, 'runners.yaml', 'linux', settingOf(group));
      expect((await fleetOf(after)).groups).toEqual((await fleetOf(text)).groups);
      if (text !== ALIAS) expect(after).toBe(text);
    }
  });

  it('keeps the line ends of its author, and a missing one', () => {
    const windows = (HEAD + BLOCK).replaceAll('\n', '\r\n');
    const after = rewrite(windows, 'runners.yaml', 'linux', BUFFER);
    expect(after.replaceAll('\r\n', '')).not.toContain('\n');
    const cut = (HEAD + BLOCK).trimEnd();
    expect(rewrite(cut, 'runners.yaml', 'linux', BUFFER)).toMatch(/scaleFactorLimit: 6$/);
  });

  it('refuses a change that would reach others', () => {
    const shared = `${HEAD}${groupWith('    strategy: idleBuffer\n    parameters: &shared { min: 1, max: 12, idleCount: 1 }\n')}
  - name: twin
    workspace: acme
    labels: [twin]
    namespace: runners
    strategy: idleBuffer
    parameters: *shared
`;
    expect(() => rewrite(shared, 'runners.yaml', 'linux', BUFFER)).toThrow(
      'runners.yaml: the settings of group "linux" cannot be rewritten on their own, since they share an anchor with others or are written in an unusual way; give the group strategy and parameters of its own',
    );
  });

  it('refuses a file that has become invalid meanwhile', () => {
    expect(() => rewrite('groups: []', 'runners.yaml', 'linux', BUFFER)).toThrow(
      'runners.yaml is no valid configuration any more; validate it first',
    );
  });

  it('gives any group any setting, and nothing else', async () => {
    const texts = [HEAD + BLOCK + OTHER, HEAD + FLOW + OTHER, HEAD + OTHER + ATLASSIAN, HEAD + QUEUE, ALIAS, MERGE];
    const strategy = fc.constantFrom('percentageRunnersIdle', 'idleBuffer', 'queueAware');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...texts), strategy, fc.nat(), async (text, kind, seed) => {
        const before = (await fleetOf(text)).groups;
        const group = before.find(({ name }) => name === 'linux');
        if (group === undefined) throw new Error('there is a group');
        // What is merged cannot be taken away.
        fc.pre(text !== MERGE || kind !== 'percentageRunnersIdle');
        const space = spaceAround(settingOf(group, kind), { max: { from: 6, to: 30 } });
        for (const setting of sampleOf(space, 4, createRandom(seed))) {
          const after = (await fleetOf(rewrite(text, 'runners.yaml', 'linux', setting))).groups;
          const changed = after.find(({ name }) => name === 'linux');
          expect(changed && keyOf(settingOf(changed))).toBe(keyOf(setting));
          expect(after.filter(({ name }) => name !== 'linux')).toEqual(before.filter(({ name }) => name !== 'linux'));
        }
      }),
    );
  });
});

describe('unifiedDiff', () => {
  const run = promisify(execFile);

  it('is empty when nothing changes', () => {
    expect(unifiedDiff('runners.yaml', BLOCK, BLOCK)).toBe('');
  });

  it.each([
    ['git apply', ['git', 'apply'], HEAD + BLOCK + OTHER],
    ['patch', ['patch', '--batch', '-p1', '-i'], HEAD + BLOCK + OTHER],
    ['git apply, without a last line end', ['git', 'apply'], (HEAD + BLOCK).trimEnd()],
    ['patch, without a last line end', ['patch', '--batch', '-p1', '-i'], (HEAD + BLOCK).trimEnd()],
    ['git apply, with the line ends of Windows', ['git', 'apply'], (HEAD + BLOCK).replaceAll('\n', '\r\n')],
    [
      'patch, with the line ends of Windows',
      ['patch', '--binary', '--batch', '-p1', '-i'],
      (HEAD + BLOCK).replaceAll('\n', '\r\n'),
    ],
  ])('is applied by %s', async (_, [program = '', ...args], before) => {
    const directory = await mkdtemp(join(tmpdir(), 'tune-'));
    try {
      const after = rewrite(before, 'runners.yaml', 'linux', BUFFER);
      await mkdir(join(directory, 'ci'));
      await writeFile(join(directory, 'ci/runners.yaml'), before);
      await writeFile(join(directory, 'tuned.diff'), unifiedDiff('ci/runners.yaml', before, after));
      await run(program, [...args, 'tuned.diff'], { cwd: directory });
      expect(await readFile(join(directory, 'ci/runners.yaml'), 'utf8')).toBe(after);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
