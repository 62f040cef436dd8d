/**
 * The walls between the wings, each broken on purpose: the linter must see it. One run of the linter over a folder in
 * which every row is a file of its own.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PLUGINS = ['scripts/pure-wing.grit', 'scripts/own-wing.grit', 'scripts/plain-imports.grit'];

/** `file`: where the code stands; a folder gets a file of its own for it. */
type Row = { readonly file: string; readonly code: string };

const imports = (file: string, from: string): Row => ({ file, code: `export { x } from '${from}';\n` });
const says = (file: string, expression: string): Row => ({ file, code: `export const x = () => ${expression};\n` });
const loads = (file: string, from: string): Row => says(file, `import('${from}')`);

const PURE_FOLDERS = [
  'lib/core/decide',
  'lib/yaml',
  'lib/text',
  'lib/manifests',
  'lib/config',
  'lib/doctor',
  'lib/tools/simulator',
  'lib/tools/laboratory',
  'lib/tools/tune',
  'lib/tools/migrate',
  'lib/tools/inspect',
  'lib/tools/page',
  'lib/tools/history',
  'lib/tools/new',
  'lib/tools',
];

/** What a pure wing may not ask for, by whichever name. */
const IMPURE = [
  'Date.now()',
  'new Date()',
  'Date()',
  "Date['now']()",
  'globalThis.Date.now()',
  'global.Date.now()',
  'performance.now()',
  'Temporal.Now.instant()',
  'new Intl.DateTimeFormat().format()',
  "new Intl.DateTimeFormat('en-US', { timeZone: 'UTC' }).formatToParts()",
  "'a'.localeCompare('b')",
  'new Date(0).getHours()',
  'new Date(0).toLocaleString()',
  "require('node:fs')",
  "new Function('return Date.now()')()",
  'navigator.hardwareConcurrency',
  'Math.random()',
  "Math['random']()",
  'process.env.HOME',
  "fetch('https://example.com')",
  "globalThis.fetch('https://example.com')",
  "new WebSocket('wss://example.com')",
  "new EventSource('https://example.com')",
  'AbortSignal.timeout(1)',
  'setTimeout(() => undefined, 1)',
  'setImmediate(() => undefined)',
  'queueMicrotask(() => undefined)',
];

/** The same, under another name. */
const RENAMED = [
  'export const { now } = Date;\n',
  'export const { random } = Math;\n',
  'export const { timeout } = AbortSignal;\n',
  'const Clock = Date;\nexport const x = () => Clock.now();\n',
  'export const x = (clock = Date) => clock.now();\n',
  'export const x = [1].map(Date.now);\n',
];

const REFUSED: readonly Row[] = [
  ...['#adapters/wiring.ts', '#config/load.ts', '#manifests/naming.ts', '#text/layout.ts', '#tools/tune/tune.ts'].map(
    (from) => imports('lib/core', from),
  ),
  imports('lib/core', '#yaml/document.ts'),
  imports('lib/core/decide', '../../adapters/wiring.ts'),
  imports('lib/core', '../../functions/tick.ts'),
  imports('lib/yaml', '#core/errors.ts'),
  imports('lib/text', '#yaml/problem.ts'),
  imports('lib/text', '#tools/tune/tune.ts'),
  imports('lib/manifests', '#adapters/kubernetes/jobs.ts'),
  imports('lib/manifests', '#config/load.ts'),
  imports('lib/config', '#adapters/source.ts'),
  imports('lib/config', '#manifests/check.ts'),
  imports('lib/adapters', '#tools/history/read.ts'),
  imports('lib/adapters/state', '#text/layout.ts'),
  imports('lib/adapters', '../tools/history/read.ts'),
  imports('lib/core', '#doctor/check.ts'),
  imports('lib/yaml', '#doctor/check.ts'),
  imports('lib/text', '#doctor/check.ts'),
  imports('lib/manifests', '#doctor/check.ts'),
  imports('lib/config', '#doctor/check.ts'),
  imports('lib/adapters', '../doctor/check.ts'),
  imports('lib/doctor', '#tools/inspect/doctor-text.ts'),
  imports('lib/doctor', '#text/layout.ts'),
  imports('lib/doctor', '../../cli/main.ts'),
  imports('infra', '#doctor/check.ts'),
  imports('lib/tools/history', '../../../cli/main.ts'),
  imports('lib/tools/history', '#kit/fleet.ts'),
  imports('functions', '#tools/simulator/world.ts'),
  imports('functions', '../lib/tools/simulator/world.ts'),
  imports('functions', '#text/report.ts'),
  imports('functions', '#adapters/kubernetes/kubeconfig.ts'),
  imports('functions', '../cli/main.ts'),
  imports('functions', '../lib/text/report.ts'),
  imports('functions', '../infra/service.ts'),
  imports('functions', '../test/kit/fleet.ts'),
  imports('infra', '#tools/tune/tune.ts'),
  imports('infra', '#kit/fleet.ts'),
  imports('cli', '#kit/fleet.ts'),
  imports('cli', '../test/kit/fleet.ts'),
  ...PURE_FOLDERS.flatMap((folder) => [
    ...IMPURE.map((expression) => says(folder, expression)),
    ...RENAMED.map((code) => ({ file: folder, code })),
    imports(folder, 'node:fs'),
    imports(folder, '@aws-sdk/client-s3'),
    imports(folder, '@kubernetes/client-node'),
    imports(folder, 'got'),
    loads(folder, 'node:fs'),
    loads(folder, '#kit/fleet.ts'),
  ]),
  ...['yaml', 'commander', 'zod/v4/locales/de.js', 'lib/core/errors.ts'].map((from) => imports('lib/core', from)),
  ...['../../serverless.ts', '../../package.json', '../yaml/document.ts', '../../esbuild.config.mjs'].flatMap(
    (from) => [
      imports('lib/core', from),
      imports('lib/core/decide', `../${from}`),
      imports('lib/core/decide/strategies', `../../${from}`),
      loads('lib/core', from),
    ],
  ),
  imports('lib/yaml', '../core/errors.ts'),
  imports('lib/text', '../../serverless.ts'),
  imports('lib/adapters/state/dynamodb', '../../../core/errors.ts'),
  imports('lib/tools/page/script', '../../../text/layout.ts'),
  imports('lib/tools/page/script', '../../../../serverless.ts'),
  imports('lib/core', '#core/errors.ts'),
  imports('lib/adapters', '#adapters/wiring.ts'),
  imports('lib/tools', '#tools/series.ts'),
  imports('lib/tools', '../../scripts/fuzz.ts'),
  says('lib/adapters/budget/priority.ts', 'Date.now()'),
  says('lib/adapters/budget/throttle.ts', 'Date.now()'),
  imports('lib/adapters/budget/state.ts', 'node:fs'),
  imports('lib/tools/history/export.ts', '../../../cli/main.ts'),
  imports('lib/tools/history/write.ts', '#kit/fleet.ts'),
  ...['functions', 'lib/doctor'].flatMap((folder) => [
    imports(folder, '#adapters/local.ts'),
    imports(folder, '#adapters/state/sqlite.ts'),
    imports(folder, '#adapters/state/sqlite-database.ts'),
    imports(folder, '#adapters/kubernetes/kubeconfig.ts'),
    loads(folder, '#adapters/local.ts'),
  ]),
  imports('functions', 'node:sqlite'),
  imports('functions', '@kubernetes/client-node'),
  imports('functions', '#adapters/wiring-past.ts'),
  imports('functions', '#adapters/state/state-file.ts'),
  ...['lib/core', 'lib/adapters', 'functions'].flatMap((folder) => [
    { file: folder, code: "export type X = import('#tools/tune/tune.ts').Tune;\n" },
    says(folder, 'import(`#tools/tune/tune.ts`)'),
  ]),
  imports('functions', '../lib/adapters/local.ts'),
  imports('functions', '../scripts/fuzz.ts'),
  imports('functions', '../bench/main.ts'),
  ...['../infra/service.ts', '../bench/main.ts', '../scripts/fuzz.ts', '../functions/tick.ts', '../serverless.ts'].map(
    (from) => imports('cli', from),
  ),
  imports('infra', '../scripts/config-push.ts'),
  imports('infra', '../bench/main.ts'),
  imports('serverless.ts', './scripts/config-push.ts'),
  loads('esbuild.config.mjs', './lib/tools/tune/tune.ts'),
  says('lib/adapters', 'process.env.HOME'),
  says('lib/adapters', "console.log('x')"),
];

const ALLOWED: readonly Row[] = [
  imports('lib/core', '#yaml/problem.ts'),
  imports('lib/core/decide/strategies', '#yaml/finding.ts'),
  imports('lib/core/decide', '../model/decision.ts'),
  imports('lib/core', 'zod'),
  imports('lib/core', 'p-limit'),
  says('lib/core', 'new Date(0).toISOString()'),
  says('lib/core', "new Date(Date.parse('2026-11-09T12:00:00Z'))"),
  says('lib/core', 'Date.UTC(2026, 10, 9)'),
  says('lib/core', 'new Date(0).getUTCHours()'),
  says('lib/core', "(1e6).toLocaleString('en-US')"),
  says('lib/core', "new Intl.DateTimeFormat('en-US', { timeZone: 'UTC' }).format(0)"),
  { file: 'lib/core', code: 'export const x = (value: unknown) => value instanceof Date;\n' },
  { file: 'lib/core', code: 'export type Look = { readonly signal: AbortSignal; readonly at: Date };\n' },
  imports('lib/text', '#core/reasons.ts'),
  imports('lib/manifests', '#yaml/document.ts'),
  imports('lib/config', '#core/errors.ts'),
  imports('lib/config', '#yaml/document.ts'),
  imports('lib/adapters', '#config/load.ts'),
  imports('lib/adapters', 'node:https'),
  imports('lib/tools/history', '#adapters/bitbucket/past.ts'),
  imports('lib/tools/history/read.ts', 'node:fs'),
  imports('lib/tools/tune', '../simulator/world.ts'),
  imports('lib/adapters/state/dynamodb', '../../aws/client.ts'),
  imports('lib/doctor', '#adapters/wiring.ts'),
  imports('functions', '#adapters/wiring.ts'),
  imports('cli', '../package.json'),
  imports('cli', '#tools/tune/tune.ts'),
];

const nameOf = ({ file, code }: Row) => `${file}: ${code.trim()}`;
const pathOf = (rows: string, { file }: Row, index: number) =>
  path.extname(file) === '' ? `${file}/${rows}-${index}.ts` : file;

let folder: string;
let findings: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'walls-'));
  const {
    vcs: _none,
    $schema: _local,
    ...settings
  } = JSON.parse(await readFile(path.join(ROOT, 'biome.json'), 'utf8'));
  await writeFile(path.join(folder, 'biome.json'), JSON.stringify(settings));
  await Promise.all(PLUGINS.map(async (file) => write(file, await readFile(path.join(ROOT, file), 'utf8'))));
  await Promise.all(REFUSED.map((row, index) => write(pathOf('refused', row, index), row.code)));
  await Promise.all(ALLOWED.map((row, index) => write(pathOf('allowed', row, index), row.code)));
  findings = await lint(folder);
});

afterAll(() => rm(folder, { recursive: true }));

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
  await writeFile(path.join(folder, file), text, { flag: 'wx' });
}

/** What the linter finds, by file. */
async function lint(cwd: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const args = [biome, 'lint', '.', '--reporter=json', '--max-diagnostics=none'];
  const stdout = await new Promise<string>((resolve) =>
    execFile(process.execPath, args, { cwd, maxBuffer: 1e8 }, (_error, text) => resolve(text)),
  );
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: readonly { severity: string; category: string; location: { path: string } }[];
  };
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return new Map(
    Object.entries(Object.groupBy(errors, ({ location }) => location.path)).map(([file, found = []]) => [
      file,
      found.map(({ category }) => category),
    ]),
  );
}

const WALLS = ['lint/style/noRestrictedImports', 'lint/style/noRestrictedGlobals', 'plugin'];
const OTHERS = ['lint/style/noProcessEnv', 'lint/suspicious/noConsole'];

describe('a wall that is broken', () => {
  it.each(REFUSED.map((row, index) => ({ row, index, name: nameOf(row) })))('is seen: $name', ({ row, index }) => {
    const found = findings.get(pathOf('refused', row, index)) ?? [];
    expect(found.filter((category) => [...WALLS, ...OTHERS].includes(category))).not.toEqual([]);
  });
});

describe('what the walls let through', () => {
  it.each(ALLOWED.map((row, index) => ({ row, index, name: nameOf(row) })))('passes: $name', ({ row, index }) => {
    expect(findings.get(pathOf('allowed', row, index)) ?? []).toEqual([]);
  });
});

describe('the layout', () => {
  it('lib/ has these wings and no loose file', async () => {
    expect((await readdir(path.join(ROOT, 'lib'))).toSorted()).toEqual([
      'adapters',
      'config',
      'core',
      'doctor',
      'manifests',
      'text',
      'tools',
      'yaml',
    ]);
  });
});
