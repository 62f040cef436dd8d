/** The command line: `runner-autoscaler COMMAND`. Every way to end goes through here, with an exit code and a sentence. */
import { Command } from 'commander';
import { InputError } from '#core/errors.ts';
import { visible } from '#core/visible.ts';
import { keptByNpm } from '#text/kept-by-npm.ts';
import manifest from '../package.json' with { type: 'json' };
import { addApply } from './apply.ts';
import { addDemo } from './demo-command.ts';
import { addDoctor } from './doctor.ts';
import { addExplain } from './explain.ts';
import { type ExitCode, tellFailure } from './failure.ts';
import { addHistory } from './history.ts';
import type { Io } from './io.ts';
import { addMigrate } from './migrate.ts';
import { addPlan } from './plan.ts';
import { addReport } from './report.ts';
import { addRun } from './run.ts';
import { addSchedule } from './schedule.ts';
import { addSimulate } from './simulate.ts';
import { addStatus } from './status.ts';
import { openTerminal, type Terminal } from './terminal.ts';
import { addTune } from './tune.ts';
import { addValidate } from './validate.ts';
import { addWake } from './wake.ts';

const HELP = `
Start with:
  $ runner-autoscaler validate --config runners_config.yaml
  $ runner-autoscaler doctor --config runners_config.yaml
  $ runner-autoscaler plan --config runners_config.yaml

Exit code: 0 fine, 1 the work failed, 2 wrong use or invalid configuration.`;

/** Where there is no terminal; as wide as commander itself takes it. */
const HELP_WIDTH = 80;

const COMMANDS = [
  addValidate,
  addDoctor,
  addPlan,
  addApply,
  addRun,
  addStatus,
  addExplain,
  addReport,
  addSchedule,
  addMigrate,
  addHistory,
  addSimulate,
  addTune,
  addWake,
  addDemo,
];

/**
 * Runs one command to its end and gives its exit code. `argv` begins with the command. It never rejects, and as many
 * commands may run at the same time as there are processes to hand in.
 */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  const terminal = openTerminal(io);
  let exitCode: ExitCode = 0;
  try {
    const program = createProgram(terminal, (code) => {
      exitCode = code;
    });
    refuseWhatNpmKept(program, io);
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return tellFailure(error, argv.includes('--json'), terminal);
  }
}

/** Without `--` a command would run as if its options had not been said. */
function refuseWhatNpmKept(program: Command, { env }: Io): void {
  const commands = program.commands.flatMap((one) => [one, ...one.commands]);
  const options = new Set(commands.flatMap((one) => one.options.map(({ long }) => long?.slice(2) ?? '')));
  const kept = keptByNpm([...options], env);
  if (kept !== undefined) throw new InputError(kept);
}

/** Help, and complaints that repeat what was typed. */
function shownLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

function createProgram(terminal: Terminal, finish: (code: ExitCode) => void): Command {
  const { stdout, stderr } = terminal.io;
  const program = new Command('runner-autoscaler')
    .description('Scales Bitbucket Pipelines runners on Kubernetes.')
    .version(manifest.version)
    .helpCommand(true)
    .addHelpText('after', HELP)
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => stdout.write(shownLines(text)),
      writeErr: (text) => stderr.write(shownLines(text)),
      getOutHelpWidth: () => stdout.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => stderr.columns ?? HELP_WIDTH,
    })
    .exitOverride();
  for (const add of COMMANDS) add(program, terminal, finish);
  return program;
}
