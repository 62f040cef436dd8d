/** `simulate` from arguments to answer. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSqliteStateStore } from '#adapters/state/sqlite.ts';
import { loadFleet } from '#config/load.ts';
import { runTicks } from '#kit/ticks.ts';
import { World } from '#tools/simulator/world.ts';
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

/** Two workspaces, three groups, a schedule, and looks more often than once a minute. */
const FLEET = `
workspaces:
  acme: { maxRunners: 12 }
pollEvery: 20s
groups:
  - { name: small, workspace: acme, labels: [small], namespace: runners, strategy: idleBuffer, parameters: { min: 1, max: 6 } }
  - name: large
    workspace: acme
    repository: shop
    labels: [large]
    namespace: runners
    strategy: queueAware
    parameters: { min: 1, max: 6 }
    schedules: [{ name: day, days: [mon-fri], from: "07:00", to: "19:00", timezone: Europe/Berlin, min: 2, max: 8 }]
  - { name: other, workspace: umbrella, labels: [linux], namespace: runners, strategy: percentageRunnersIdle, parameters: { min: 1, max: 4, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 } }
`;

const STEP = { durationMs: 300_000, workspace: 'acme', repository: 'shop' };

let directory = '';
const file = (name: string) => path.join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'simulate-'));
  await writeFile(file('buffer.yaml'), CONFIG.replace('STRATEGY', 'idleBuffer'));
  await writeFile(file('queue.yaml'), CONFIG.replace('STRATEGY', 'queueAware'));
  await writeFile(file('fleet.yaml'), FLEET);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

function simulate(...args: readonly string[]) {
  return runCommand(['simulate', ...args], {});
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
    await writeFile(
      file('drawn.json'),
      JSON.stringify({ span: '4h', loads: [{ kind: 'poisson', perHour: 40, duration: '5m' }] }),
    );
    const play = async (seed: string) =>
      (await simulate('-c', file('buffer.yaml'), '--scenario', file('drawn.json'), '--seed', seed, '--json')).stdout;
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
    await writeFile(file('slow.json'), JSON.stringify({ conditions: 'ideal', startup: '5m', warmUp: '10m', seed: 3 }));
    const { scenario, notes, policies } = await documentOf(
      ...['-c', file('buffer.yaml'), '--history', file('steps.jsonl'), '--scenario', file('slow.json')],
    );
    // Ten minutes, and as long as a step may wait: nobody's waiting is cut short.
    expect(scenario).toEqual({
      ...{ name: 'steps.jsonl', start: '2026-10-01T08:00:00.000Z', seed: 3, goalMs: 60_000 },
      spanMs: 160 * 60_000,
    });
    expect(notes.join('\n')).toMatch(/1 line.*\n.*1 step of labels or repositories that no group has/);
    const counts = { arrived: 2, finished: 1, failed: { noRunner: 1, expired: 0, killed: 0, crashed: 0 } };
    expect(policies).toMatchObject(
      ['buffer.yaml', 'Atlassian’s rule', 'oracle'].map((name) => ({ name, steps: counts })),
    );
  });

  it('plays groups of several workspaces with their schedules and their pace', async () => {
    await writeFile(
      file('busy.yaml'),
      ['span: 3h', 'start: 2026-11-09T04:00:00Z', 'loads:', '  - { kind: poisson, perHour: 40, duration: 5m }'].join(
        '\n',
      ),
    );
    const args = ['-c', file('fleet.yaml'), '--scenario', file('busy.yaml')];
    const played = await simulate('--json', ...args);
    const [ours] = JSON.parse(played.stdout).policies;
    const { arrived, finished, running, waiting, failed } = ours.steps;
    const lost = failed.noRunner + failed.expired + failed.killed + failed.crashed;
    expect(finished + running + waiting + lost).toBe(arrived);
    expect(arrived).toBeGreaterThan(200);
    // A look at two workspaces with three scopes every minute, somewhat more often where the calls pay for it.
    expect(ours.calls.bitbucket).toBeGreaterThan(3 * 3 * 60);
    expect(await simulate('--json', ...args)).toEqual(played);
  });

  it('reads a CSV whose lines are repeated, broken off or of nobody’s labels, and says so of each', async () => {
    const lines = [
      'ready,durationMs,workspace,repository,labels,id',
      '2026-10-01T08:00:00Z,300000,acme,shop,self.hosted linux builds,1',
      '2026-10-01T08:30:00Z,300000,acme,shop,self.hosted linux builds,2',
      '2026-10-03T09:00:00Z,300000,acme,shop,self.hosted linux builds,3',
      '2026-10-03T09:00:00Z,300000,acme,shop,self.hosted linux builds,3',
      '2026-10-03T09:01:00Z,300000,acme,shop,self.hosted windows,4',
      '2026-10-03T09:02:00Z,300000,ac',
    ];
    await writeFile(file('steps.csv'), lines.join('\n'));
    const { notes, policies } = await documentOf('-c', file('buffer.yaml'), '--history', file('steps.csv'));
    expect(notes).toEqual([
      `${file('steps.csv')}: 4 steps in 7 lines, ready from 2026-10-01T08:00:00.000Z to 2026-10-03T09:01:00.000Z.`,
      'Skipped 1 line (the first is line 7): no valid step (it has not one value for each column).',
      'Skipped 1 line (the first is line 5): repeated: the same repository and id.',
      'No step for 2d 30m from 2026-10-01T08:30:00.000Z on.',
      `${file('steps.csv')}: 1 step of labels or repositories that no group has (self.hosted windows in shop: 1); such steps fail in every run.`,
    ]);
    expect(policies[0].steps).toMatchObject({ arrived: 4, failed: { noRunner: 1 } });
  });

  it('plays a history for as long as it says that it is', async () => {
    const header = { history: 1, workspace: 'acme', from: '2026-10-01T00:00:00Z', to: '2026-10-03T00:00:00Z' };
    const step = { ready: '2026-10-01T08:00:00Z', ...STEP, labels: ['builds'] };
    await writeFile(file('days.jsonl'), [header, step].map((line) => JSON.stringify(line)).join('\n'));
    const { scenario } = await documentOf('-c', file('buffer.yaml'), '--history', file('days.jsonl'));
    expect(scenario).toMatchObject({ start: '2026-10-01T00:00:00.000Z', spanMs: 48 * 3_600_000 });
  });

  it('counts the queue of steps that name no repository, and says whose they are taken for', async () => {
    const { repository: _, ...step } = STEP;
    const times = Array.from({ length: 30 }, (_, index) => new Date(Date.UTC(2026, 9, 1, 8, 0, index)).toISOString());
    const write = (name: string, more: object) => {
      const lines = times.map((ready) => JSON.stringify({ ready, ...step, ...more, labels: ['builds'] }));
      return writeFile(file(name), lines.join('\n'));
    };
    await write('bare.jsonl', {});
    await write('housed.jsonl', { repository: 'builds' });
    const play = (name: string) => documentOf('-c', file('queue.yaml'), '--history', file(name));
    const [bare, housed] = [await play('bare.jsonl'), await play('housed.jsonl')];
    expect(bare.policies).toEqual(housed.policies);
    expect(bare.notes.at(-1)).toBe(`${file('bare.jsonl')}: 30 steps without a repository, played as those of builds.`);
  });

  it('lets no more steps run at once than the configuration says that Bitbucket does', async () => {
    const limited = `workspaces: { acme: { concurrencyLimit: 4 } }\n${CONFIG.replace('STRATEGY', 'queueAware')}`;
    await writeFile(file('limited.yaml'), limited);
    await writeFile(
      file('burst.json'),
      JSON.stringify({ span: '2h', loads: [{ kind: 'burst', at: '10m', steps: 30, every: '1h', duration: '5m' }] }),
    );
    const { policies } = await documentOf('-c', file('limited.yaml'), '--scenario', file('burst.json'));
    // Slots are the most steps that ran at once, at 15 each.
    expect(policies.map(({ money }: { money: { slots: number } }) => money.slots / 15)).toEqual([4, 4, 4]);
  });

  it('shows the share of steps within the goal that is asked for', async () => {
    await writeFile(
      file('goal.json'),
      JSON.stringify({ span: '5h', loads: [{ kind: 'burst', at: '10m', steps: 30, every: '2h', duration: '5m' }] }),
    );
    const args = ['-c', file('buffer.yaml'), '--scenario', file('goal.json')];
    const shareWithin = async (goal: string) =>
      (await documentOf(...args, '--goal', goal)).policies[0].waiting.withinGoal;
    expect(await shareWithin('10m')).toBeGreaterThan(await shareWithin('5s'));
    expect((await simulate(...args, '--goal', '2m')).stdout).toContain(' ≤ 2 min ');
  });

  it('plays the history that a scenario names, from wherever it is called', async () => {
    const example = path.resolve(import.meta.dirname, '../../examples/laboratory/replay.yaml');
    const { scenario, policies } = await documentOf('-c', file('buffer.yaml'), '--scenario', example);
    expect(scenario).toMatchObject({ name: 'steps.csv', start: '2026-11-02T08:00:00.000Z', spanMs: 215 * 60_000 });
    expect(policies[0].steps.arrived).toBe(4);
  });

  it('says that nothing comes where a scenario has no loads, and what the quiet costs', async () => {
    await writeFile(file('quiet.yaml'), '{ name: quiet, span: 2h }');
    const { notes, policies } = await documentOf('-c', file('buffer.yaml'), '--scenario', file('quiet.yaml'));
    expect(notes).toEqual(['quiet: no loads and no history, so no step comes.']);
    expect(policies[0]).toMatchObject({ steps: { arrived: 0 }, runnerHours: { registered: 2, idle: 2 } });
  });

  it('says of a group that sleeps that nobody wakes it, once for all configurations', async () => {
    const example = path.resolve(import.meta.dirname, '../../examples/wake/runners.yaml');
    const { notes } = await documentOf(
      '-c',
      file('buffer.yaml'),
      '-c',
      example,
      '-c',
      example,
      '--scenario',
      file('quiet.yaml'),
    );
    expect(notes.slice(1)).toEqual([
      'No pipeline wakes a group here: while no runner of linux-large is online, steps for it fail; set min: 1, also in its windows, to play it as if it never slept.',
    ]);
  });

  it('plays what the ticks have recorded', async () => {
    const world = new World({ start: Date.UTC(2026, 9, 1, 8), state: createSqliteStateStore(file('state.sqlite')) });
    const { fleet } = await loadFleet(file('buffer.yaml'), { readText: (source) => readFile(source, 'utf8') });
    const labels = ['builds', 'linux', 'self.hosted'];
    for (const minute of [5, 20, 21, 50]) {
      const step = { scope: { workspace: 'acme', repository: 'shop' }, labels, durationMs: 4 * 60_000 + 1 };
      world.submit(step, world.now + minute * 60_000);
    }
    await runTicks(world, fleet, { count: 70 });
    const exported = await runCommand(
      [
        ...['history', 'export', '--from-ticks', '--workspace', 'acme', '--state', `sqlite:${file('state.sqlite')}`],
        ...['--since', '2026-10-01T08:00:00Z', '--until', '2026-10-01T09:00:00Z', '--out', file('ticks.jsonl')],
      ],
      {},
    );
    expect(exported).toMatchObject({ code: 0 });
    const { scenario, policies } = await documentOf('-c', file('queue.yaml'), '--history', file('ticks.jsonl'));
    expect(scenario.start).toBe('2026-10-01T08:00:00.000Z');
    expect(policies[0].steps).toMatchObject({ arrived: 4, failed: { noRunner: 0 } });
  });

  it.each([
    ['a load that nobody knows', ['--load', 'tsunami'], /Give one of burst, working-week/],
    ['a load beside a scenario', ['--load', 'burst', '--scenario', 'x.json'], /--load is a scenario of its own/],
    ['a seed that is none', ['--seed', 'lucky'], /Give a whole number/],
    ['a scenario that is not there', ['--scenario', 'nowhere.json'], /The scenario nowhere.json cannot be read/],
    ['a history that is not there', ['--history', 'nowhere.jsonl'], /nowhere.jsonl/],
    ['a configuration that is not there', ['-c', 'nowhere.yaml'], /nowhere.yaml/],
  ])('refuses %s', async (_name, args, message) => {
    const { code, stderr } = await simulate('-c', file('buffer.yaml'), ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('refuses a scenario with everything that is wrong in it', async () => {
    await writeFile(file('wrong.json'), JSON.stringify({ span: '1d', loads: [{ kind: 'burst', steps: 3 }] }));
    const { code, stderr } = await simulate('-c', file('buffer.yaml'), '--scenario', file('wrong.json'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/wrong.json:1:\d+ loads\[0\].at: must be a span of time like 30d, 2h30m or 45s/);
    expect(stderr).toMatch(/wrong.json:1:\d+ loads\[0\].duration: must be a time like 45s, or a distribution/);
  });
});
