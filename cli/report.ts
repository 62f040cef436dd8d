/** `report`: what the ticks of a time did, as a page that opens from disk. */

import { type Command, InvalidArgumentError } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import { InputError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import type { StateStore } from '#core/ports.ts';
import { HOUR_MS } from '#core/time.ts';
import { counted } from '#text/layout.ts';
import { ProductionRecords } from '#tools/page/production.ts';
import type { ExitCode } from './failure.ts';
import { collect } from './option-values.ts';
import { environmentFor } from './options.ts';
import { writePage } from './page-file.ts';
import { checkPlace } from './place.ts';
import type { Terminal } from './terminal.ts';
import { parseStretch } from './time.ts';

const HELP = `
Writes one HTML file that loads nothing and opens without a server: runners over time with every decision, what limits and
problems held them back, the hourly calls, every figure and what it means. It reads only the records that ticks leave in the
state store, which are kept for 14 days.

Examples:
  $ runner-autoscaler report --html today.html --state dynamodb:runner-autoscaler
  $ runner-autoscaler report --html week.html --since 7d --group linux-large
  $ runner-autoscaler report --json --since 2h | jq '.tracks[] | {name, figures}'

Exit code: 0 written, 1 the state store could not be read, 2 wrong use, no tick in that time, or no place for the file.`;

/** What is read at once: the records of a large fleet are large. */
const SLICE_MS = 6 * HOUR_MS;
/** Work that takes no longer shows no progress. */
const QUIET_MS = 2000;

type ReportOptions = {
  readonly html?: string;
  readonly since?: number;
  readonly group?: readonly string[];
  readonly state?: string;
  readonly runnerHour?: number;
  readonly json?: true;
};

/** Adds the command to the program. */
export function addReport(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('report')
    .description('write a page of what the ticks did')
    .option('--html <file>', 'where to write the page')
    .option('--since <duration>', 'from so long ago until now (default: 24h)', parseStretch)
    .option('-g, --group <name>', 'only this group; repeat it for more', collect)
    .option(
      '--state <store>',
      'where the ticks leave their records: dynamodb:TABLE or sqlite:PATH (default: $STATE_STORE)',
    )
    .option('--runner-hour <price>', 'what a registered runner costs an hour, in US dollars', price)
    .option('--json', 'print what the page shows as one JSON document; everything else goes to stderr')
    .addHelpText('after', HELP)
    .action(async (options: ReportOptions) => finish(await report(options, terminal.io.clock.now(), terminal)));
}

async function report(options: ReportOptions, now: Instant, terminal: Terminal): Promise<ExitCode> {
  const { html, since = 24 * HOUR_MS, group: groups, runnerHour, json } = options;
  if (html === undefined && json === undefined) {
    throw new InputError('Say where to write the page with --html FILE, or ask for its numbers with --json');
  }
  if (html !== undefined) await checkPlace(html, '--html');
  const environment = environmentFor(options, terminal.io.env);
  if (environment.stateStore === 'memory') {
    throw new InputError(
      'State "memory" keeps no records; name the store that the ticks use with --state dynamodb:TABLE or sqlite:PATH (or STATE_STORE)',
    );
  }
  const state = await wire(environment, localConnectors(terminal.tell)).openState();
  const facts = [{ name: 'Records', text: environment.stateStore }];
  const records = new ProductionRecords({
    from: now - since,
    to: now,
    facts,
    ...(groups === undefined ? {} : { groups }),
    ...(runnerHour === undefined ? {} : { runnerHour }),
  });
  await readInto(records, state, { from: now - since, to: now }, terminal);
  if (records.ticks === 0) throw new InputError(noTicks(groups));
  const data = records.close();
  if (json !== undefined) terminal.print(JSON.stringify(data));
  if (html !== undefined) {
    await writePage(html, data);
    terminal.tell(`${html}: ${counted(records.ticks, 'tick')}`);
  }
  return 0;
}

function price(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give an amount of US dollars, such as 0.05.');
}

/** Slice by slice, oldest first. */
async function readInto(
  records: ProductionRecords,
  state: StateStore,
  { from, to }: { readonly from: Instant; readonly to: Instant },
  { showProgress, io }: Terminal,
): Promise<void> {
  const begun = io.clock.elapsed();
  for (let at = from; at < to; at += SLICE_MS) {
    if (io.clock.elapsed() - begun > QUIET_MS)
      showProgress(`reading records … ${Math.round(((at - from) / (to - from)) * 100)} %`);
    for (const record of await state.listTicks({ from: at, to: Math.min(to, at + SLICE_MS) })) records.add(record);
  }
  showProgress('');
}

function noTicks(groups: readonly string[] | undefined): string {
  const whom = groups === undefined ? 'anything' : groups.map((name) => `group "${name}"`).join(' or ');
  return `No tick of this time looked at ${whom}: give a longer --since (records are kept for 14 days), or the --state that the ticks use`;
}
