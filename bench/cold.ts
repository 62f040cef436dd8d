/**
 * `npm run bench:cold`: what a cold start of `scale` loads and takes, side by side with a naive bundle of the same
 * handler, made and run in the same minutes. Exits with 1 when a budget is broken.
 *
 * Times are processor time: it counts what is to be done and not who else wants the processor, so that it holds on a
 * busy machine, and a function's first second is spent computing, not waiting. Elapsed time is only shown. Each is the
 * least of all rounds: what else runs on the machine can only add to it.
 */
import '../scripts/help.ts';

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { bundle } from '../esbuild.config.mjs';
import { kibibytes, reach, sizeOf } from './bundle-report.ts';
import { type Spent, startInvocations } from './invocations.ts';
import { type LambdaStage, openLambdaStage } from './lambda-stage.ts';
import { bundleNaively } from './naive.ts';
import { printTable } from './table.ts';

/**
 * Taken in turns, so that a slow moment of the machine meets both. While the budget seems broken more are taken: a start of
 * ours is short, so that few of them are undisturbed on a machine that is busy all the time.
 */
const ROUNDS = 15;
const MOST_ROUNDS = 60;

/** All that a function can load at any time; its first tick loads less. */
const MOST_BYTES = 1_500_000;
/** Of the naive bundle's. */
const MOST_INIT = 0.2;

const folder = await mkdtemp(join(tmpdir(), 'autoscaler-cold-'));
try {
  process.exitCode = (await compare()) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function compare(): Promise<boolean> {
  const outdir = join(folder, 'ours');
  const { outputs } = await bundle(outdir);
  const [ours, naive] = [join(outdir, 'scale.js'), await bundleNaively(folder)];
  // Both ways to a text: the configuration is in S3, its Job template in SSM.
  await using stage = await openLambdaStage({
    ...{ workspaces: 1, groupsPerWorkspace: 10, min: 1, max: 30, busy: 5, runners: 10, latencyMs: 0 },
    jobTemplate: 'ssm:/bench/template',
  });
  const entry = Object.keys(outputs).find((path) => basename(path) === 'scale.js') ?? '';
  const loaded = await loadedBy(ours, stage);
  const atStart = sizeOf(outputs, reach(outputs, entry, ['import-statement']));
  const inAll = sizeOf(outputs, reach(outputs, entry, ['import-statement', 'dynamic-import']));
  const { size: naiveBytes } = await stat(naive);
  const times = await takeTurns({ ours, naive }, stage);

  printTable(
    ['scale', 'ours', 'naive', 'ratio'],
    [
      ['loaded at start', kibibytes(atStart), kibibytes(naiveBytes), ratio(atStart, naiveBytes)],
      ['loaded by the end of the first tick', kibibytes(loaded), kibibytes(naiveBytes), ratio(loaded, naiveBytes)],
      ['all chunks', kibibytes(inAll), kibibytes(naiveBytes), ratio(inAll, naiveBytes)],
      timeRow('init, processor', times, ({ init }) => init.cpuMs),
      timeRow('init, elapsed', times, ({ init }) => init.wallMs),
      timeRow('init and first tick, processor', times, ({ init, tick }) => init.cpuMs + tick.cpuMs),
      timeRow('init and first tick, elapsed', times, ({ init, tick }) => init.wallMs + tick.wallMs),
    ],
  );
  return keepsTo([
    ['all chunks, bytes', MOST_BYTES, inAll],
    ['init of the naive one, processor', MOST_INIT, initShareOf(times)],
  ]);
}

/** Bytes of the files that a real tick has loaded, as Node's loader saw them. */
async function loadedBy(path: string, { environment }: LambdaStage): Promise<number> {
  await using scale = await startInvocations(path, environment, { files: true });
  const { files } = await scale.invoke();
  const sizes = await Promise.all(files.map((file) => stat(file)));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

type Cold = { readonly init: Spent; readonly tick: Spent };
type Times = Readonly<Record<'ours' | 'naive', readonly Cold[]>>;

async function takeTurns(paths: Readonly<Record<'ours' | 'naive', string>>, stage: LambdaStage): Promise<Times> {
  const ours: Cold[] = [];
  const naive: Cold[] = [];
  const seemsBroken = () => initShareOf({ ours, naive }) > MOST_INIT;
  for (let round = 0; round < ROUNDS || (round < MOST_ROUNDS && seemsBroken()); round += 1) {
    ours.push(await startCold(paths.ours, stage));
    naive.push(await startCold(paths.naive, stage));
  }
  return { ours, naive };
}

async function startCold(path: string, { environment }: LambdaStage): Promise<Cold> {
  await using scale = await startInvocations(path, environment);
  return { init: scale.init, tick: await scale.invoke() };
}

function timeRow(name: string, { ours, naive }: Times, timeOf: (cold: Cold) => number): string[] {
  const [a, b] = [least(ours.map(timeOf)), least(naive.map(timeOf))];
  return [name, `${a.toFixed(0)} ms`, `${b.toFixed(0)} ms`, ratio(a, b)];
}

/** What our init takes of the naive one's, in processor time. */
function initShareOf({ ours, naive }: Times): number {
  const timeOf = ({ init }: Cold) => init.cpuMs;
  return least(ours.map(timeOf)) / least(naive.map(timeOf));
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}

function ratio(a: number, b: number): string {
  return (a / b).toFixed(2);
}

function keepsTo(budgets: readonly (readonly [name: string, most: number, measured: number])[]): boolean {
  console.log('\nBudgets\n');
  const shown = (value: number) => (value < 10 ? value.toFixed(2) : value.toLocaleString('en'));
  printTable(
    ['budget', 'at most', 'measured', ''],
    budgets.map(([name, most, measured]) => [name, shown(most), shown(measured), measured <= most ? 'kept' : 'BROKEN']),
  );
  return budgets.every(([, most, measured]) => measured <= most);
}
