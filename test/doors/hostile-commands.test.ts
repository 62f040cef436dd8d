/**
 * Ten thousand hostile strings wherever other people may write, and every command over them: nothing but text and the ends
 * of lines reaches a terminal, a record or a page, and no secret does. No command writes CSV.
 */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createSqliteStateStore } from '#adapters/state/sqlite.ts';
import { runCommand } from './command.ts';
import { hostileStrings, MOVES, withoutOwn } from './hostile-strings.ts';
import { API_TOKEN, type DoorsWorld, startDoorsWorld } from './world.ts';

const CONFIG = `workspaces: { acme: { callsPerHour: 1000000, maxRunners: 2000 } }
groups:
  - name: app
    workspace: acme
    labels: [large]
    namespace: runners
    strategy: queueAware
    repositories: [app]
    parameters: { min: 3, max: 9, idleCount: 0 }`;

const APP = { workspace: 'acme', repository: 'app' };

/** Names, labels and messages of runners and their pods. */
function spreadRunners(world: DoorsWorld, next: () => string): void {
  const several = (count: number) => Array.from({ length: count }, next);
  for (let left = 400; left > 0; left -= 1) {
    const labels = [left % 2 === 0 ? 'autoscaler.created' : 'large', ...several(9)];
    world.bitbucket.addRunners({ workspace: 'acme' }, 1, { name: next(), labels, status: 'ONLINE' });
  }
  const [failing, ...working] = world.runners().slice(0, 3);
  for (const runner of working) {
    const labels = [...runner.labels, ...several(40)];
    Object.assign(runner, { name: next(), labels, status: 'ONLINE', step: { uuid: next() } });
  }
  world.kubernetes.setPodStatus('runners', `runner-${failing?.uuid.slice(1, -1)}`, {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: next() }],
    containerStatuses: [{ name: 'runner', state: { waiting: { reason: 'ErrImagePull', message: next() } } }],
  });
}

/** Branches, names of steps, and labels in files. */
function spreadPipelines({ bitbucket }: DoorsWorld, next: () => string): void {
  const [startedOn, completedOn] = [60_000, 30_000].map((ago) => new Date(Date.now() - ago).toISOString());
  for (let number = 1; number <= 60; number += 1) {
    const steps = Array.from({ length: 40 }, () => ({ name: next(), label: next() }));
    const yaml = steps.map(({ name, label }) => ({ step: { name, 'runs-on': [label], script: [] } }));
    const commit = `c${number}`;
    bitbucket.putFile(APP, JSON.stringify({ pipelines: { default: yaml } }), commit);
    bitbucket.addPipeline(APP, {
      ...{ number, createdOn: startedOn, status: number % 20 === 0 ? 'BUILDING' : 'PASSED' },
      target: {
        ...{ type: 'pipeline_ref_target', ref_type: 'branch', ref_name: next() },
        ...{ selector: { type: 'default' }, commit: { type: 'commit', hash: commit } },
      },
      steps: steps.map(({ name }) => ({
        ...{ name, state: 'COMPLETED', result: 'SUCCESSFUL', startedOn, completedOn },
      })),
    });
  }
}

/** A configuration of strings, which is wrong in every line. */
const wrongConfig = () => {
  const lines = hostileStrings(200).map((text) => JSON.stringify(text));
  return `groups:\n${lines.map((text) => `  - ${text}: ${text}\n`).join('')}`;
};

/** What a page has within its tags, values of attributes left out. */
const tagsOf = (page: string) => (page.match(/<[!/a-zA-Z][^>]*>/g) ?? []).map((tag) => tag.replaceAll(/"[^"]*"/g, ''));

it('move nothing, whatever command shows them', async () => {
  const strings = hostileStrings(10_000);
  let used = 0;
  const next = () => strings[used++ % strings.length] ?? '';
  await using world = await startDoorsWorld(CONFIG);
  const { bitbucket, kubernetes, environment, path } = world;
  await runCommand(['apply'], environment);
  spreadRunners(world, next);
  spreadPipelines(world, next);
  while (used < strings.length) bitbucket.addRunners({ workspace: 'acme' }, 1, { labels: [next(), next()] });
  await world.write('wrong.yaml', wrongConfig());
  const range = ['history', 'export', '--workspace', 'acme', '--since', '1d', '--calls-per-hour', '1000000', '--out'];
  const commands: readonly (readonly string[])[] = [
    ...[['plan'], ['plan', '--json'], ['apply'], ['apply', '--json']],
    ...[['status'], ['status', '--all'], ['status', '--json'], ['doctor'], ['doctor', '--json']],
    ...['--since 2h', '--json', '--since 1h'].map((more) => ['explain', '--group', 'app', ...more.split(' ')]),
    ...[
      ['report', '--json'],
      ['report', '--html', path('report.html')],
    ],
    [...range, path('h.jsonl')],
    ['history', 'check', path('h.jsonl'), '--json'],
    ['simulate', '--history', path('h.jsonl'), '--html', path('simulated.html')],
    ['validate', '--config', path('wrong.yaml')],
    ['validate', '--config', path('wrong.yaml'), '--json'],
    ['migrate', path('wrong.yaml'), '--out', path('migrated')],
    ...[next(), '--group', '--config'].map((text) => ['plan', text, next()]),
  ];
  const shown: string[] = [];
  for (const [index, args] of commands.entries()) {
    // Bitbucket may echo what it was sent, the credential with it.
    const error = { message: `${next()} ${API_TOKEN}` };
    bitbucket.script({ method: 'POST', reply: { status: 400, body: { error } } });
    kubernetes.failNext({ method: 'POST', answer: { status: 422, reason: next(), message: next() } });
    const terminal = { isTTY: index % 2 === 0, columns: 100 };
    const { stdout, stderr } = await runCommand(args, { ...environment, TERM: 'xterm-256color' }, terminal);
    const text = withoutOwn(stdout + stderr);
    expect(MOVES.exec(text), args.join(' ')).toBeNull();
    shown.push(text);
  }
  const state = createSqliteStateStore(path('state.sqlite'));
  const records = JSON.stringify(await state.listTicks({ from: 0, to: Infinity }));
  expect(records.replaceAll('\\\\', '')).not.toMatch(/\\u/);
  const pages = await Promise.all(['report.html', 'simulated.html'].map((name) => readFile(path(name), 'utf8')));
  for (const page of pages) {
    expect(MOVES.exec(page)).toBeNull();
    expect(tagsOf(page).filter((tag) => /onerror|onmouseover|alert\(1\)/.test(tag))).toEqual([]);
  }
  const everything = [...shown, records, ...pages].join('\n');
  expect(everything).toContain('owned');
  expect(world.secrets().filter((secret) => everything.includes(secret))).toEqual([]);
});
