/** `doctor`: what would keep the autoscaler from working, found before it does. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { describeAlarms } from '#adapters/aws/alarms.ts';
import { localConnectors } from '#adapters/local.ts';
import { writePrivate } from '#adapters/private-file.ts';
import { wire } from '#adapters/wiring.ts';
import { InputError } from '#core/errors.ts';
import { checkNode } from '#doctor/configuration.ts';
import { diagnose, type Visit } from '#doctor/diagnose.ts';
import { MOST_CALLS } from '#doctor/probe.ts';
import type { ProbeOrder } from '#doctor/probe-visit.ts';
import { renderDiagnosis } from '#tools/inspect/doctor-text.ts';
import manifest from '../package.json' with { type: 'json' };
import type { ExitCode } from './failure.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import { checkPlace, refusePlace } from './place.ts';
import { stopOnSignal } from './stop.ts';
import type { Terminal } from './terminal.ts';
import { withProgress } from './tick.ts';

const HELP = `
Checks the configuration, the credential, Bitbucket, every cluster and namespace, and the state store, and says for
each fault what to do next. It changes nothing: it reads, asks what would be allowed, and does dry runs.

With --probe it also tries out how Bitbucket treats a runner: it registers one in the workspace or repository of the
first group, takes it out of service and puts it back, and removes it. It makes at most ${MOST_CALLS} calls for that, and asks
first. The answers go to the state store and, without any name in them, to a file that you may share.

Examples:
  $ runner-autoscaler doctor --config runners_config.yaml
  $ runner-autoscaler doctor --config s3://ci/runners.yaml --state dynamodb:bitbucket-runner-autoscaler-prod
  $ runner-autoscaler doctor --json | jq '.checks[] | select(.outcome == "failed")'
  $ runner-autoscaler doctor --probe --state sqlite:runner-state.sqlite

Exit code: 0 nothing is wrong, 1 something is, 2 wrong use.`;

type DoctorOptions = CommonOptions & { readonly probe?: true; readonly yes?: true; readonly answers: string };

/** Adds the command to the program. */
export function addDoctor(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withCommonOptions(program.command('doctor'))
    .description('find what is wrong, and say what to do about it')
    .option('--probe', 'also register a scratch runner, see how Bitbucket treats it, and remove it')
    .option('--yes', 'with --probe: do not ask first')
    .option('--answers <file>', 'with --probe: where its answers go, as JSON', 'doctor-probe.json')
    .addHelpText('after', HELP)
    .action(async (options: DoctorOptions) => finish(await doctor(options, terminal)));
}

async function doctor(options: DoctorOptions, terminal: Terminal): Promise<ExitCode> {
  const { io, tell } = terminal;
  const wiring = wire(environmentFor(options, io.env), localConnectors(tell), io.clock.now);
  if (options.probe === undefined) return await visit(options, wiring, terminal);
  await checkPlace(options.answers, '--answers');
  await askFirst(options, terminal);
  const stop = stopOnSignal(io, () => tell('Stopping; what the probe made is being removed.'));
  const { signal, sleep } = stop;
  try {
    return await visit(options, wiring, terminal, {
      id: randomUUID(),
      signal,
      sleep,
      onAnswers: (answers) => write(options.answers, answers, tell),
    });
  } finally {
    stop.release();
  }
}

async function visit(
  { group: groups, json }: DoctorOptions,
  wiring: ReturnType<typeof wire>,
  terminal: Terminal,
  probe?: ProbeOrder,
): Promise<ExitCode> {
  const { io, print, layout } = terminal;
  const known = io.node === undefined ? [] : [checkNode(io.node, manifest.version)];
  const order: Visit = { known, ...(groups && { groups }), ...(probe && { probe }) };
  const { cloudWatchUrl: url, ...means } = wiring.instruments();
  const alarms = (prefix: string) => describeAlarms(prefix, { url });
  const instruments = { ...means, self: 'user' as const, serviceName: undefined, alarms };
  const diagnosis = await withProgress(wiring, terminal, () => diagnose(order, instruments));
  for (const line of json ? [JSON.stringify(diagnosis)] : renderDiagnosis(diagnosis, layout)) print(line);
  return diagnosis.healthy ? 0 : 1;
}

/** Throws `InputError` where the answer is no, or nobody can answer. */
async function askFirst({ yes, answers }: DoctorOptions, { io }: Terminal): Promise<void> {
  if (yes) return;
  if (io.confirm === undefined)
    throw new InputError('doctor --probe asks first, and nobody can answer here; add --yes');
  const question = `Register a scratch runner at Bitbucket, try it out with at most ${MOST_CALLS} calls, remove it, and write ${answers}?`;
  if (!(await io.confirm(question)))
    throw new InputError('The probe was declined, and nothing was done; leave out --probe');
}

async function write(file: string, answers: object, tell: Terminal['tell']): Promise<void> {
  await writePrivate(file, `${JSON.stringify(answers, undefined, 2)}\n`).catch((error: unknown) =>
    refusePlace(file, '--answers', error),
  );
  tell(`The probe's answers are in ${file}; they name nobody and nothing of yours.`);
}
