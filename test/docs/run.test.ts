/**
 * Every command of the program in a console block of README.md and docs/ runs to its end without a fault: in a folder
 * with files of the names that it names, against stand-ins for Bitbucket, the cluster and the function URL. What lies in
 * AWS is a file here, and weeks are shorter. Other blocks say what they are: output, or a file.
 */
import { globSync } from 'node:fs';
import { cp, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSqliteStateStore } from '#adapters/state/sqlite.ts';
import { capture } from '#adapters/wake/capture.ts';
import { HOUR_MS } from '#core/time.ts';
import { json, scriptedService } from '#kit/loopback.ts';
import type { LoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { type RunningCommand, startCommand } from '../doors/command.ts';
import { workIn } from '../doors/working-directory.ts';
import { startDoorsWorld } from '../doors/world.ts';

type Block = { readonly document: string; readonly language: string; readonly lines: readonly string[] };

const BLOCKS = (await Promise.all(globSync(['README.md', 'CONTRIBUTING.md', 'docs/*.md']).map(blocksOf))).flat();

async function blocksOf(document: string): Promise<readonly Block[]> {
  const text = (await readFile(document, 'utf8')).replaceAll(/\\\n\s*/g, '');
  return [...text.matchAll(/^ *```(.*)\n([\s\S]*?)^ *```$/gm)].map(([, language = '', body = '']) => ({
    document,
    language,
    lines: body.split('\n').filter((line) => line.trim() !== ''),
  }));
}

/** The command lines of a block; in `console` whatever does not begin with `$` is output. */
function commandsIn({ language, lines }: Block): readonly string[] {
  if (language === 'console') return lines.flatMap((line) => /^ *\$ (.+)$/.exec(line)?.[1] ?? []);
  return language === 'sh' ? lines.map((line) => line.trim()) : [];
}

const LINES = [...new Set(BLOCKS.flatMap(commandsIn))];

/** What each name of a command stands for in the folder of this test. */
const STAND_INS: readonly (readonly [RegExp, string])[] = [
  [/^s3:\/\/.*\//, ''],
  [/^dynamodb:.*/, 'sqlite:./state.sqlite'],
  [/^127\.0\.0\.1:8080$/, '127.0.0.1:0'],
  [/^--load$/, '--scenario'],
  [/^working-week$/, 'hours.yaml'],
  [/^30d$/, '2h'],
  [/^10:15$/, new Date(Date.now() + HOUR_MS).toISOString()],
];

/** The arguments of a command of the program; undefined for any other. */
function argumentsIn(line: string): readonly string[] | undefined {
  const [command = ''] = line.split(/ [|>] /);
  const words = /^(?:runner-autoscaler|npm run (?:--silent )?cli --) (.+)$/.exec(command)?.[1]?.match(/"[^"]*"|\S+/g);
  return words?.map((word) =>
    STAND_INS.reduce((text, [name, here]) => text.replace(name, here), word.replaceAll('"', '')),
  );
}

/** Minutes of play: CI runs the demo as `npm start`, and test/cli/tune.test.ts searches within narrow bounds. */
const LONG: readonly (string | undefined)[] = ['demo', 'tune'];
const COMMANDS = LINES.flatMap((line) => {
  const args = argumentsIn(line);
  return args === undefined || LONG.includes(args[0]) ? [] : [args];
});

/** A group that is small and simple, so that playing it takes no time. */
const group = (name: string, labels: string) =>
  `  - { name: ${name}, workspace: acme, labels: [${labels}], namespace: runners, strategy: idleBuffer, parameters: { min: 1, max: 4, idleCount: 1, scaleFactor: 1 } }\n`;
const CONFIG = `groups:\n${group('linux-large', 'large')}${group('builds', 'builds')}`;
const HOURS = 'span: 3h\nloads: [{ kind: burst, at: 20m, every: 1h, steps: 2, duration: 5m, labels: [large] }]\n';

/** Those of the chart's groups. */
const WORKSPACE = '{3c3c6b5e-9a3e-4f0b-8a53-2f0f3a1f6a01}';
const REPOSITORY = '{7d1d2a9c-54d8-4a30-9b1c-0f6d4c1b2e02}';

let environment: Readonly<Record<string, string>>;
const endings: (() => unknown)[] = [];

beforeAll(async () => {
  const workspaces = { acme: ['shop'], [WORKSPACE]: [REPOSITORY] };
  const world = await startDoorsWorld(CONFIG, { bitbucket: { workspaces } });
  const door = await scriptedService(({ method }) =>
    method === 'GET' ? json(405, {}) : json(200, { message: 'online', group: 'linux-large', online: 2 }),
  );
  environment = {
    ...world.environment,
    STATE_STORE: 'sqlite:./state.sqlite',
    WAKE_URL: door.url,
    BITBUCKET_STEP_OIDC_TOKEN: 'the-token-of-a-step',
  };
  for (const name of ['runners.yaml', 'now.yaml', 'buffered.yaml']) await world.write(name, CONFIG);
  await mkdir(world.path('examples/laboratory'), { recursive: true });
  for (const name of ['hours.yaml', 'examples/laboratory/bad-day.yaml']) await world.write(name, HOURS);
  await cp('examples/when-idle', world.path('examples/when-idle'), { recursive: true });
  for (const name of ['old.yaml', 'autoscaler.yaml']) {
    await cp('test/kit/atlassian/chart-3.11/rendered.yaml', world.path(name));
  }
  addPast(world.bitbucket, Date.now() - HOUR_MS);
  endings.push(workIn(world.directory), door.close, world.close);
});
afterAll(async () => {
  for (const end of endings) await end();
});

/** A pipeline that ran, whose step had a runner of the group. */
function addPast(bitbucket: LoopbackBitbucket, at: number): void {
  const scope = { workspace: 'acme', repository: 'shop' };
  const iso = (minutes: number) => new Date(at + minutes * 60_000).toISOString();
  const times = { startedOn: iso(2), completedOn: iso(5) };
  const done = { state: 'COMPLETED', result: 'SUCCESSFUL' } as const;
  bitbucket.putFile(scope, 'pipelines: { default: [{ step: { name: Test, runs-on: [self.hosted, large] } }] }', 'one');
  bitbucket.addPipeline(scope, {
    commit: 'one',
    number: 1,
    createdOn: iso(0),
    status: 'PASSED',
    steps: [{ name: 'Test', ...done, ...times }],
  });
}

/** Runs it as a person would, who says yes, waits as long as it takes, and stops what does not end. */
async function play(args: readonly string[]) {
  const command = startCommand(args, environment, { confirm: async () => true });
  const stop = () => command.signal('SIGINT');
  if (args[0] === 'run') await command.seen('stdout', /\d groups?: /).then(stop);
  if (args.includes('--capture')) await command.seen('stderr', /waiting for/).then(() => sendSpans(command));
  if (args.includes('--probe')) await pumped(command);
  return command.ended;
}

/** As many as are waited for. */
async function sendSpans({ clock }: RunningCommand): Promise<void> {
  const state = createSqliteStateStore('state.sqlite');
  for (let number = 1; number <= 10; number += 1) await capture({ number }, state, Date.now());
  clock.advance(5_000);
}

/** Lets time pass until the command is done. */
async function pumped({ clock, ended }: RunningCommand): Promise<void> {
  let isDone = false;
  void ended.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    clock.advance(20);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('every command runs', () => {
  it.each(COMMANDS.map((args) => [args.join(' '), args] as const))('%s', async (_, args) => {
    if (args.includes('--built-in')) await rm('migrated', { recursive: true });
    const { code, stderr, stdout } = await play(args);
    expect({ code, stderr, stdout: code === 0 ? '' : stdout }).toEqual({
      code: 0,
      stderr: expect.any(String),
      stdout: '',
    });
  });

  it('of which there are many', () => expect(COMMANDS.length).toBeGreaterThan(35));
});

describe('other blocks', () => {
  it('say what they are, so that everything else is a command', () => {
    const kinds = ['console', 'sh', 'text', 'text problems', 'yaml', 'yaml broken', 'yaml template', 'json', 'hcl'];
    expect(BLOCKS.filter(({ language }) => !kinds.includes(language))).toEqual([]);
  });

  it('of kubectl and aws name files that there are', async () => {
    const paths = LINES.flatMap((line) => [...line.matchAll(/(?: -k|--template-file) ((?:infra|examples)\S+)/g)]);
    expect(paths.length).toBeGreaterThan(2);
    for (const [, path = ''] of paths) expect(await stat(new URL(`../../${path}`, import.meta.url))).toBeDefined();
  });
});
