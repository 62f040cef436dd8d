/** What each program of the bundle loads, in bytes, and how long a fresh process takes over it. */
import { basename, resolve } from 'node:path';
import type { Metafile } from 'esbuild';
import { startInvocations } from './invocations.ts';
import { median } from './median.ts';
import { printTable } from './table.ts';

type Outputs = Metafile['outputs'];
type ImportKind = 'import-statement' | 'dynamic-import';

const PROGRAMS: ReadonlySet<string> = new Set(['scale.js', 'report.js', 'cli.js']);

/** Enough to leave out a stumble of the machine. */
const ROUNDS = 5;

/** Prints the report. Of the times only their ratios mean anything; `npm run bench:cold` holds them to a budget. */
export async function printBundleReport({ outputs }: Metafile): Promise<void> {
  const entries = Object.keys(outputs).filter((path) => PROGRAMS.has(basename(path)));
  const rows: string[][] = [];
  for (const path of entries) {
    const atStart = sizeOf(outputs, reach(outputs, path, ['import-statement']));
    const inAll = sizeOf(outputs, reach(outputs, path, ['import-statement', 'dynamic-import']));
    rows.push([basename(path, '.js'), kibibytes(atStart), kibibytes(inAll), await initTime(path)]);
  }
  printTable(['program', 'at start', 'at most', 'init (processor)'], rows);
  console.log(`  all files: ${kibibytes(sizeOf(outputs, Object.keys(outputs)))}`);
}

/** Only functions can be loaded without running; the command line runs when it is loaded. */
async function initTime(path: string): Promise<string> {
  if (basename(path) === 'cli.js') return '–';
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await using process = await startInvocations(resolve(path), {});
    times.push(process.init.cpuMs);
  }
  return `${median(times).toFixed(0)} ms`;
}

/** The files that are loaded with this one, over imports of these kinds; paths as in `outputs`. */
export function reach(outputs: Outputs, from: string, kinds: readonly ImportKind[]): readonly string[] {
  const reached = new Set([from]);
  // A set goes on to what is added while it is walked through.
  for (const path of reached) {
    for (const { path: imported, kind, external } of outputs[path]?.imports ?? []) {
      if (external !== true && (kinds as readonly string[]).includes(kind)) reached.add(imported);
    }
  }
  return [...reached];
}

/** Bytes of these files together. */
export function sizeOf(outputs: Outputs, paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
}

/** `517 KiB`. */
export function kibibytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}
