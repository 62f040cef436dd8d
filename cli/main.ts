#!/usr/bin/env node
/** The command line: `runner-autoscaler COMMAND`. Every way to end goes through here, with an exit code and a sentence. */
import { Command } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { addApply } from './apply.ts';
import { addDemo } from './demo-command.ts';
import { addExplain } from './explain.ts';
import { type ExitCode, failureDocument, failureLines, failureOf } from './failure.ts';
import { addHistory } from './history.ts';
import { addMigrate } from './migrate.ts';
import { addPlan } from './plan.ts';
import { addReport } from './report.ts';
import { addRun } from './run.ts';
import { addSchedule } from './schedule.ts';
import { addSimulate } from './simulate.ts';
import { addStatus } from './status.ts';
import { openTerminal } from './terminal.ts';
import { addTune } from './tune.ts';
import { addValidate } from './validate.ts';

const HELP = `
Start with:
  $ runner-autoscaler validate --config runners_config.yaml
  $ runner-autoscaler plan --config runners_config.yaml

Exit code: 0 fine, 1 the work failed, 2 wrong use or invalid configuration.`;

const terminal = openTerminal();

function createProgram(finish: (code: ExitCode) => void): Command {
  const program = new Command('runner-autoscaler')
    .description('Scales Bitbucket Pipelines runners on Kubernetes.')
    .version(manifest.version)
    .helpCommand(true)
    .addHelpText('after', HELP)
    .showSuggestionAfterError()
    .exitOverride();
  addValidate(program, terminal, finish);
  addPlan(program, terminal, finish);
  addApply(program, terminal, finish);
  addRun(program, terminal, finish);
  addStatus(program, terminal, finish);
  addExplain(program, terminal, finish);
  addReport(program, terminal, finish);
  addSchedule(program, terminal, finish);
  addMigrate(program, terminal, finish);
  addHistory(program, terminal, finish);
  addSimulate(program, terminal, finish);
  addTune(program, terminal, finish);
  addDemo(program);
  return program;
}

function end(error: unknown): void {
  const failure = failureOf(error);
  process.exitCode = failure.exitCode;
  if (!failure.told) for (const line of failureLines(failure)) terminal.tell(line);
  if (failure.exitCode !== 0 && process.argv.includes('--json')) {
    terminal.print(JSON.stringify(failureDocument(failure)));
  }
}

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', () => process.exit());
process.on('uncaughtException', (error) => {
  end(error);
  process.exit();
});

try {
  const program = createProgram((code) => {
    process.exitCode = code;
  });
  await program.parseAsync();
} catch (error) {
  end(error);
}
