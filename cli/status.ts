/** `status`: the fleet now, from Bitbucket and the cluster side by side. */
import type { Command } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import { budgetsOf } from '#core/budget/tick-budgets.ts';
import { withOneNameEach } from '#core/observe/one-name.ts';
import { lookAndDecide } from '#core/reconcile.ts';
import { groupsAt } from '#core/schedule/bounds.ts';
import { looksAfter, selectGroups } from '#core/select.ts';
import { isIncomplete, statusOf } from '#tools/inspect/status.ts';
import { renderStatus } from '#tools/inspect/status-text.ts';
import type { ExitCode } from './failure.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';
import { tellWarnings, withProgress } from './tick.ts';

const HELP = `
Shows what Bitbucket says of every runner beside what the cluster says of its Job, and what of it does not match. It
changes nothing. What does not match is mostly a moment between two steps; the next tick repairs what is left behind.

Examples:
  $ runner-autoscaler status --config runners_config.yaml
  $ runner-autoscaler status --group linux-large --all
  $ runner-autoscaler status --json | jq '.groups[].runners[] | select(.mismatches != [])'

Exit code: 0 fine, 1 something could not be read, 2 wrong use or invalid configuration.`;

type StatusOptions = CommonOptions & { readonly all?: true };

/** Adds the command to the program. */
export function addStatus(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withCommonOptions(program.command('status'))
    .description('show the fleet now, in Bitbucket and in the cluster')
    .option('--all', 'list every runner, not only those that do not match')
    .addHelpText('after', HELP)
    .action(async (options: StatusOptions) => finish(await showStatus(options, terminal)));
}

async function showStatus(options: StatusOptions, terminal: Terminal): Promise<ExitCode> {
  const wiring = wire(environmentFor(options, terminal.io.env), localConnectors(terminal.tell));
  const look = await withProgress(wiring, terminal, async () => {
    const { fleet: configured, warnings } = await wiring.loadFleet();
    tellWarnings(warnings, terminal.tell);
    const selection = options.group === undefined ? {} : { groups: options.group };
    selectGroups(configured, selection);
    const now = terminal.io.clock.now();
    const ports = await wiring.openPorts(configured);
    const fleet = await withOneNameEach(configured, ports);
    const groups = groupsAt(selectGroups(fleet, selection), now);
    const isLookedAfter = looksAfter(fleet, selection);
    return await lookAndDecide(
      { fleet, groups, at: now, budgets: budgetsOf(groups, ports), looksAfter: isLookedAfter },
      ports,
    );
  });
  const status = statusOf(look);
  const lines = options.json
    ? [JSON.stringify(status)]
    : renderStatus(status, { all: options.all === true }, terminal.layout);
  for (const line of lines) terminal.print(line);
  return isIncomplete(status) ? 1 : 0;
}
