/** `explain`: why a group was scaled, or was not, from what the ticks have left behind. */
import type { Command } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import { InputError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import { renderExplanation, renderTimeline } from '#tools/inspect/explain-text.ts';
import { explain } from '#tools/inspect/explanation.ts';
import { findTick, findTicks } from '#tools/inspect/find.ts';
import { timelineOf } from '#tools/inspect/timeline.ts';
import type { ExitCode } from './failure.ts';
import { environmentFor } from './options.ts';
import type { Terminal } from './terminal.ts';
import { parseStretch, parseTime } from './time.ts';

const HELP = `
Tells what a tick saw of a group, what it decided, every limit that applied, and what was not done and why. It reads
only the records that ticks leave in the state store, which are kept for 14 days.

Examples:
  $ runner-autoscaler explain --group linux-large --state dynamodb:runner-autoscaler
  $ runner-autoscaler explain --group linux-large --at 10:15
  $ runner-autoscaler explain --group linux-large --at 2026-11-23T10:15+01:00 --json
  $ runner-autoscaler explain --group linux-large --since 2h

Exit code: 0 fine, 1 the state store could not be read, 2 wrong use, or no tick looked at the group.`;

type ExplainOptions = {
  readonly group: string;
  readonly at?: Instant;
  readonly since?: number;
  readonly state?: string;
  readonly json?: true;
};

/** Adds the command to the program. */
export function addExplain(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const now = terminal.io.clock.now();
  program
    .command('explain')
    .description('tell why a group was scaled, or was not')
    .requiredOption('-g, --group <name>', 'the group')
    .option('--at <time>', 'the tick in force then, UTC unless it says otherwise (default: the last)', (text) =>
      parseTime(text, now),
    )
    .option('--since <duration>', 'all ticks since so long ago, told briefly', parseStretch)
    .option(
      '--state <store>',
      'where the ticks leave their records: dynamodb:TABLE or sqlite:PATH (default: $STATE_STORE)',
    )
    .option('--json', 'print one JSON document on stdout; everything else goes to stderr')
    .addHelpText('after', HELP)
    .action(async (options: ExplainOptions) => finish(await explainGroup(options, now, terminal)));
}

async function explainGroup(
  options: ExplainOptions,
  now: Instant,
  { print, tell, layout, io }: Terminal,
): Promise<ExitCode> {
  const { group, at, since, json } = options;
  if (at !== undefined && since !== undefined)
    throw new InputError('Give --at or --since, not both: one explains a tick, the other tells of many');
  const environment = environmentFor(options, io.env);
  if (environment.stateStore === 'memory') {
    throw new InputError(
      'State "memory" keeps no records; name the store that the ticks use with --state dynamodb:TABLE or sqlite:PATH (or STATE_STORE)',
    );
  }
  const state = await wire(environment, localConnectors(tell)).openState();
  if (since === undefined) {
    const explanation = explain(await findTick(state, group, at ?? now), group);
    for (const line of json ? [JSON.stringify(explanation)] : renderExplanation(explanation, layout)) print(line);
    return 0;
  }
  const spans = timelineOf(await findTicks(state, group, { from: now - since, to: now + 1 }), group);
  const lines = json ? [JSON.stringify({ version: 1, group, spans })] : renderTimeline(group, spans, layout);
  for (const line of lines) print(line);
  return 0;
}
