/** `plan`: the dry run. The same tick as `apply`, stopped before it acts. */
import type { Command } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import { hasFailed } from '#core/report.ts';
import { foreseeAdds } from '#doctor/foresee.ts';
import { renderReport } from '#text/report.ts';
import type { ExitCode } from './failure.ts';
import { printManifests } from './manifests.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';
import { runTick, type TickOptions } from './tick.ts';

const HELP = `
Shows what "apply" would do now, and why, and changes nothing; where runners would be added, also what would keep them
from it: a namespace that is missing, or rights in it. With --manifests it shows the Job and the Secret of a
runner of each group instead, as YAML; for that it asks neither Bitbucket nor a cluster.

Examples:
  $ runner-autoscaler plan --config runners_config.yaml
  $ runner-autoscaler plan --config s3://ci/runners.yaml --state dynamodb:runner-autoscaler --group linux-large
  $ runner-autoscaler plan --manifests --group linux-large
  $ runner-autoscaler plan --json | jq '.groups[] | {name, decision}'

Exit code: 0 fine, 1 something could not be read, 2 wrong use or invalid configuration.`;

type PlanOptions = CommonOptions & { readonly manifests?: true };

/** Adds the command to the program. */
export function addPlan(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withCommonOptions(program.command('plan'))
    .description('show what would be done now, and why')
    .option('--manifests', 'print the Job and Secret of a runner of each group, with stand-ins for what is secret')
    .addHelpText('after', HELP)
    .action(async (options: PlanOptions) => finish(await plan(options, terminal)));
}

async function plan(options: PlanOptions, terminal: Terminal): Promise<ExitCode> {
  const { group: groups, json, manifests } = options;
  const wiring = wire(environmentFor(options, terminal.io.env), localConnectors(terminal.tell));
  if (manifests) {
    await printManifests(wiring, options, terminal);
    return 0;
  }
  const instruments = { ...wiring.instruments(), self: 'user' as const, serviceName: undefined };
  const foresee: TickOptions['foresee'] = (made, fleet) => foreseeAdds(made, fleet, instruments);
  const report = await runTick(wiring, { mode: 'plan', groups, foresee }, terminal);
  const lines = json ? [JSON.stringify(report)] : renderReport(report, terminal.layout);
  for (const line of lines) terminal.print(line);
  return hasFailed(report) ? 1 : 0;
}
