/** `apply`: one tick. */
import type { Command } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import { hasFailed } from '#core/report.ts';
import { renderReport } from '#text/report.ts';
import type { ExitCode } from './failure.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';
import { runTick } from './tick.ts';

const HELP = `
Looks once, decides, and creates or retires runners. It may be interrupted and repeated at any moment: the next tick
finishes or undoes what was left half done.

Examples:
  $ runner-autoscaler apply --config runners_config.yaml --state sqlite:runner-state.sqlite
  $ runner-autoscaler apply --config runners_config.yaml --state sqlite:runner-state.sqlite --group linux-large
  $ runner-autoscaler apply --json > report.json

Exit code: 0 fine (also when another tick holds the lease), 1 something failed, 2 wrong use or invalid configuration.`;

/** What a single tick without lasting memory cannot do. */
export const FORGETFUL =
  'warning: with state "memory" nothing is remembered after this tick, so cool-downs never end and idle runners stay; ' +
  'give --state sqlite:PATH or --state dynamodb:TABLE';

/** Adds the command to the program. */
export function addApply(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withCommonOptions(program.command('apply'))
    .description('do it: one tick')
    .addHelpText('after', HELP)
    .action(async (options: CommonOptions) => finish(await apply(options, terminal)));
}

async function apply({ group: groups, json, ...options }: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const environment = environmentFor(options, terminal.io.env);
  if (environment.stateStore === 'memory') terminal.tell(FORGETFUL);
  const report = await runTick(wire(environment, localConnectors(terminal.tell)), { mode: 'apply', groups }, terminal);
  const lines = json ? [JSON.stringify(report)] : renderReport(report, terminal.layout);
  for (const line of lines) terminal.print(line);
  return hasFailed(report) ? 1 : 0;
}
