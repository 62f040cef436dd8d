/** `history`: what steps there were, from Bitbucket or from the ticks' records, for the laboratory. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import { wireHistory } from '#adapters/wiring-past.ts';
import { CALLS_PER_HOUR } from '#core/budget/hour.ts';
import { InputError } from '#core/errors.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { CallsSpent, limitCalls, type SharedBudget, shareBudget } from '#tools/history/calls.ts';
import { begunExport, type ExportResult, exportHistory, findFinished } from '#tools/history/export.ts';
import type { ExportPlan } from '#tools/history/journal.ts';
import { openHistory } from '#tools/history/read.ts';
import { describeSummary } from '#tools/history/summary.ts';
import type { ExitCode } from './failure.ts';
import { showExportProgress } from './history-progress.ts';
import { describeExport } from './history-text.ts';
import { exportTicks } from './history-ticks.ts';
import { collect } from './option-values.ts';
import { environmentFor } from './options.ts';
import { checkPlace } from './place.ts';
import { stopOnSignal } from './stop.ts';
import type { Terminal } from './terminal.ts';
import { parseStretch, parseTime } from './time.ts';

const HELP = `
Reads past pipelines and their steps into a file that simulate --history plays; docs/laboratory.md describes it. A pipeline
takes two calls, one for its steps and one for what they ask for, so that a busy month takes hours: its calls come after
those of the autoscaler, and it waits for its turn. Whatever is read stays read in FILE.partial: after Ctrl-C or a failure,
and after --max-calls, the same command with --resume goes on.

Examples:
  $ runner-autoscaler history export --workspace acme --since 30d --out acme.jsonl
  $ runner-autoscaler history export --workspace acme --repository shop --since 7d --out shop.jsonl --max-calls 200
  $ runner-autoscaler history export --workspace acme --since 30d --out acme.jsonl --resume --anonymise
  $ runner-autoscaler history export --workspace acme --from-ticks --state dynamodb:runner-autoscaler --since 14d --out acme.jsonl

Exit code: 0 the file is there, 1 it is not (yet): stopped, or something could not be read, 2 wrong use.`;

export type ExportOptions = {
  readonly workspace: string;
  readonly repository?: readonly string[];
  readonly since: Instant;
  readonly until?: Instant;
  readonly out: string;
  readonly anonymise?: true;
  readonly resume?: true;
  readonly config?: string;
  readonly state?: string;
  readonly callsPerHour?: number;
  readonly maxCalls?: number;
  readonly fromTicks?: true;
  readonly json?: true;
};

/** Adds the command to the program. */
export function addHistory(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const history = program.command('history').description('get the steps of the past, for the laboratory');
  const now = terminal.io.clock.now();
  const point = (text: string) => parsePoint(text, now);
  history
    .command('export')
    .description('read past pipelines into a file')
    .requiredOption('--workspace <name>', 'the workspace')
    .option('--repository <name>', 'only this repository; repeat it for more', collect)
    .requiredOption(
      '--since <time>',
      'from then on: 30d, 12h, 2026-11-01 or 2026-11-01T09:30, UTC unless it says otherwise',
      point,
    )
    .option('--until <time>', 'up to then (default: now)', point)
    .requiredOption('--out <file>', 'the file to write')
    .option('--anonymise', 'number workspace, repositories and labels instead of naming them')
    .option('--resume', 'go on with an export that was stopped')
    .option('-c, --config <source>', 'a configuration that says which credential and budget the workspace has')
    .option('--state <store>', "the autoscaler's memory, to share its hourly calls: dynamodb:TABLE or sqlite:PATH")
    .option('--calls-per-hour <number>', `the credential's hourly calls (default: ${CALLS_PER_HOUR})`, wholeNumber)
    .option('--max-calls <number>', 'stop after so many calls, to go on with --resume', wholeNumber)
    .option('--from-ticks', "from the records of the autoscaler's ticks in --state, without a call to Bitbucket")
    .option('--json', 'print one JSON document on stdout; everything else goes to stderr')
    .addHelpText('after', HELP)
    .action(async (options: ExportOptions) => finish(await runExport(options, now, terminal)));
  history
    .command('check')
    .description('tell what is in a history, and what is wrong with it')
    .argument('<file>', 'JSON Lines or CSV')
    .option('--json', 'print one JSON document on stdout')
    .action(async (file: string, options: { json?: true }) => finish(await check(file, options, now, terminal)));
}

async function check(file: string, { json }: { json?: true }, now: Instant, { print }: Terminal): Promise<ExitCode> {
  const history = await openHistory(file, { latest: now });
  for await (const _ of history.arrivals);
  const summary = history.summary();
  for (const line of json ? [JSON.stringify({ version: 1, ...summary })] : describeSummary(summary)) print(line);
  return 0;
}

async function runExport(options: ExportOptions, now: Instant, terminal: Terminal): Promise<ExitCode> {
  const plan = planOf(options, now);
  await checkPlace(options.out, '--out');
  const finished = await findFinished(options.out, options.resume === true);
  if (finished !== undefined) {
    terminal.tell(`${options.out} is whole; nothing is left to do`);
    if (options.json) terminal.print(JSON.stringify({ version: 1, file: options.out, isWhole: true, ...finished }));
    return 0;
  }
  if (options.fromTicks) return exportTicks(options, plan, terminal);
  return exportPast(options, plan, terminal);
}

function planOf(
  { workspace, repository, since, until, anonymise, fromTicks }: ExportOptions,
  now: Instant,
): ExportPlan {
  const to = Math.min(until ?? now, now);
  if (since >= to) throw new InputError('The export ends before it begins; give --since a time before --until and now');
  if (fromTicks && repository !== undefined) {
    throw new InputError('--from-ticks knows groups and not repositories; leave out --repository');
  }
  const plan = { workspace, from: since, to, anonymised: anonymise === true };
  return repository === undefined ? plan : { ...plan, repositories: [...new Set(repository)] };
}

async function exportPast(options: ExportOptions, plan: ExportPlan, terminal: Terminal): Promise<ExitCode> {
  const { out: file, maxCalls = Number.POSITIVE_INFINITY } = options;
  const past = await openPast(options, plan.workspace, maxCalls, terminal);
  const stop = stopOnSignal(terminal.io, () => terminal.tell('stopping; what was read stays read'));
  const progress = showExportProgress(terminal);
  const finish = (isWhole: boolean, result: ExportResult | undefined): ExitCode => {
    progress.end();
    const facts = { file, isWhole, calls: past.calls(), ...result };
    if (options.json) terminal.print(JSON.stringify({ version: 1, ...facts }));
    for (const line of describeExport(facts)) (options.json ? terminal.tell : terminal.print)(line);
    return isWhole ? 0 : 1;
  };
  try {
    const request = { file, plan, isResumed: options.resume === true };
    const waiting = { sleep: stop.sleep, signal: stop.signal, now: terminal.io.clock.now };
    const result = await exportHistory(request, past.api, {
      ...waiting,
      beforeCall: past.beforeCall,
      onWait: progress.wait,
      onProgress: progress.show,
    });
    return finish(true, result);
  } catch (error) {
    progress.end();
    if (error instanceof CallsSpent || stop.signal.aborted) return finish(false, await begunExport(file));
    throw error;
  } finally {
    stop.release();
    await past.share();
  }
}

async function openPast(options: ExportOptions, workspace: string, maxCalls: number, { tell, io }: Terminal) {
  const { env, clock } = io;
  const environment = environmentFor(options, env);
  const wiring = wire(environment, localConnectors(tell));
  const workspaces = await workspacesOf(options, workspace, wiring);
  const past = await wireHistory(environment, workspace, workspaces, (budget) => limitCalls(budget, maxCalls));
  if (environment.stateStore === 'memory') return { ...past, ...ALONE };
  return { ...past, ...shareBudget(await wiring.openState(), past.budget, clock.now) };
}

/** Nobody else's calls are known. */
const ALONE: SharedBudget = { beforeCall: async () => undefined, share: async () => undefined };

async function workspacesOf(
  { config, callsPerHour }: ExportOptions,
  workspace: string,
  wiring: ReturnType<typeof wire>,
): Promise<Fleet['workspaces']> {
  const known = config === undefined ? {} : (await wiring.loadFleet()).fleet.workspaces;
  if (callsPerHour === undefined) return known;
  const settings = known[workspace] ?? { maxRunners: 100, api: 'internal' as const };
  return { ...known, [workspace]: { ...settings, callsPerHour } };
}

function parsePoint(text: string, now: Instant): Instant {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return parseTime(`${text}T00:00`, now);
  return /^\d+[a-z]/.test(text) ? now - parseStretch(text) : parseTime(text, now);
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number above 0.');
}
