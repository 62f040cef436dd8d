/** `report --html` and `simulate --html` from arguments to page. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../doors/command.ts';
import { workIn } from '../doors/working-directory.ts';
import { type DoorsWorld, startDoorsWorld } from '../doors/world.ts';

let world: DoorsWorld;

beforeAll(async () => {
  world = await startDoorsWorld();
  const { code } = await runCommand(['apply'], world.environment);
  expect(code).toBe(0);
  return workIn(world.directory);
});

afterAll(async () => {
  await world.close();
});

/** The data that a page embeds. */
async function dataOf(file: string) {
  const html = await readFile(world.path(file), 'utf8');
  const [, embedded = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(embedded);
}

/** Every number in it, however deep; the smallest first. */
function ascending(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return Object.values(value ?? {})
    .flatMap(ascending)
    .sort((a, b) => a - b);
}

describe('report', () => {
  it('writes a page of what the ticks recorded, and asks nobody but the state store', async () => {
    const { CONFIG_SOURCE: _, BITBUCKET_BASE_URL: __, ...environment } = world.environment;
    const { code, stdout, stderr } = await runCommand(['report', '--html', world.path('page.html')], environment);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: `${world.path('page.html')}: 1 tick\n` });
    expect(await dataOf('page.html')).toMatchObject({
      version: 1,
      kind: 'production',
      tracks: [{ name: 'linux-large', role: 'group', figures: { scaleUps: 1, added: 3, ticks: 1 } }],
    });
  });

  it('prints the same numbers as one document', async () => {
    const { code, stdout } = await runCommand(
      ['report', '--json', '--since', '1h', '-g', 'linux-large'],
      world.environment,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, tracks: [{ figures: { scaleUps: 1 } }] });
  });

  it.each([
    ['without a place', ['report'], /^error: Say where to write the page with --html FILE, or ask/],
    ['without records', ['report', '--html', 'x.html', '--state', 'memory'], /^error: State "memory" keeps no records/],
    [
      'in a place that is none',
      ['report', '--html', '/nowhere/x.html'],
      /^error: \/nowhere\/x\.html cannot be written: there is no such folder; name another place with --html$/m,
    ],
    [
      'of a group that no tick looked at',
      ['report', '--json', '-g', 'x'],
      /^error: No tick of this time looked at group "x"/,
    ],
    ['of a stretch that is none', ['report', '--json', '--since', 'ever'], /such as 30m, 2h or 1d/],
  ])('%s: exit 2 and one sentence', async (_name, args, sentence) => {
    const { code, stderr } = await runCommand(args, world.environment);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

type Policy = {
  readonly name: string;
  readonly nodes?: { readonly aMonth: number; readonly idleAMonth: number };
  readonly waiting: Readonly<Record<string, number>>;
};

describe('simulate --html', () => {
  it('writes a page whose numbers are those of the table', async () => {
    await world.write(
      'short.json',
      JSON.stringify({ name: 'short', span: '2h', loads: [{ kind: 'trickle', every: '10m', duration: '1m' }] }),
    );
    const args = ['simulate', '--scenario', world.path('short.json'), '--json', '--html', world.path('lab.html')];
    const { code, stdout } = await runCommand(args, world.environment);
    expect(code).toBe(0);
    const data = await dataOf('lab.html');
    expect(data).toMatchObject({ version: 1, kind: 'laboratory', title: 'Policies compared: short' });
    const { policies } = JSON.parse(stdout);
    const numbers = ({ name, figures }: { name: string; figures: Record<string, number> }) => [
      name,
      ascending(figures),
    ];
    // The share within the goal is in the table of shares beside the chart; of nodes the page tells the money.
    const printed = policies.map(({ name, nodes, waiting: { withinGoal: _, ...waiting }, ...figures }: Policy) => {
      const money = nodes && { month: nodes.aMonth, idle: nodes.idleAMonth };
      return [name, ascending({ waiting, ...figures, ...money })];
    });
    expect(data.tracks.map(numbers)).toEqual(printed);
    expect(data.tracks[0].figures).toMatchObject({ stepsArrived: 11, stepsFinished: 11 });
  });

  it('says at once that the page cannot be written', async () => {
    const { code, stderr } = await runCommand(['simulate', '--html', '/nowhere/x.html'], world.environment);
    expect([code, stderr.split(':')[1]]).toEqual([2, ' /nowhere/x.html cannot be written']);
  });
});
