/** `plan`: the dry run. The same tick as `apply`, stopped before it acts. */
import type { Command } from 'commander';
import { hasFailed } from '../lib/report.ts';
import { renderReport } from '../lib/report-text.ts';
import { wire } from '../lib/wiring.ts';
import type { ExitCode } from './failure.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';
import { runTick } from './tick.ts';

const HELP = `
Shows what "apply" would do now, and why, and changes nothing.

Examples:
  $ runner-autoscaler plan --config runners_config.yaml
  $ runner-autoscaler plan --config s3://ci/runners.yaml --state dynamodb:runner-autoscaler --group linux-large
  $ runner-autoscaler plan --json | jq '.groups[] | {name, decision}'

Exit code: 0 fine, 1 something could not be read, 2 wrong use or invalid configuration.`;

/** Adds the command to the program. */
export function addPlan(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withCommonOptions(program.command('plan'))
    .description('show what would be done now, and why')
    .addHelpText('after', HELP)
    .action(async (options: CommonOptions) => finish(await plan(options, terminal)));
}

async function plan({ group: groups, json, ...options }: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const report = await runTick(wire(environmentFor(options)), { mode: 'plan', groups }, terminal);
  const lines = json ? [JSON.stringify(report)] : renderReport(report, terminal.layout);
  for (const line of lines) terminal.print(line);
  return hasFailed(report) ? 1 : 0;
}
