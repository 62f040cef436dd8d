/** `doctor`: what would keep the autoscaler from working, found before it does. */
import type { Command } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import { checkNode } from '#doctor/configuration.ts';
import { diagnose } from '#doctor/diagnose.ts';
import { renderDiagnosis } from '#tools/inspect/doctor-text.ts';
import manifest from '../package.json' with { type: 'json' };
import type { ExitCode } from './failure.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';
import { withProgress } from './tick.ts';

const HELP = `
Checks the configuration, the credential, Bitbucket, every cluster and namespace, and the state store, and says for
each fault what to do next. It changes nothing: it reads, asks what would be allowed, and does dry runs.

Examples:
  $ runner-autoscaler doctor --config runners_config.yaml
  $ runner-autoscaler doctor --config s3://ci/runners.yaml --state dynamodb:bitbucket-runner-autoscaler-prod
  $ runner-autoscaler doctor --json | jq '.checks[] | select(.outcome == "failed")'

Exit code: 0 nothing is wrong, 1 something is, 2 wrong use.`;

/** Adds the command to the program. */
export function addDoctor(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withCommonOptions(program.command('doctor'))
    .description('find what is wrong, and say what to do about it')
    .addHelpText('after', HELP)
    .action(async (options: CommonOptions) => finish(await doctor(options, terminal)));
}

async function doctor({ group: groups, json, ...options }: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const { io, tell, print, layout } = terminal;
  const wiring = wire(environmentFor(options, io.env), localConnectors(tell), io.clock.now);
  const instruments = { ...wiring.instruments(), self: 'user' as const };
  const known = io.node === undefined ? [] : [checkNode(io.node, manifest.version)];
  const visit = { known, ...(groups !== undefined && { groups }) };
  const diagnosis = await withProgress(wiring, terminal, () => diagnose(visit, instruments));
  for (const line of json ? [JSON.stringify(diagnosis)] : renderDiagnosis(diagnosis, layout)) print(line);
  return diagnosis.healthy ? 0 : 1;
}
