/** `validate`: everything that is wrong with the configuration, at once. Calls nobody but the place where it lies. */
import type { Command } from 'commander';
import { formatProblem, InputError, type InputProblem } from '../lib/errors.ts';
import { checkTemplate } from '../lib/kubernetes/manifests.ts';
import type { Fleet } from '../lib/model.ts';
import { selectGroups } from '../lib/select.ts';
import { counted } from '../lib/text-layout.ts';
import { wire } from '../lib/wiring.ts';
import type { ExitCode } from './failure.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
Checks the configuration and its Job templates. Every problem is a line with its file, line and column.

Examples:
  $ runner-autoscaler validate --config runners_config.yaml
  $ runner-autoscaler validate --config s3://ci/runners.yaml --json | jq -r '.problems[].message'

Exit code: 0 valid (warnings allowed), 1 it could not be read from S3 or SSM, 2 invalid, or wrong use.`;

/** The answer of `validate --json`. */
type Verdict = {
  readonly version: 1;
  readonly valid: boolean;
  readonly source: string;
  /** How many groups were checked. */
  readonly groups: number;
  readonly problems: readonly InputProblem[];
  readonly warnings: readonly InputProblem[];
};

/** Adds the command to the program. */
export function addValidate(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withCommonOptions(program.command('validate'))
    .description('check the configuration')
    .addHelpText('after', HELP)
    .action(async (options: CommonOptions) => finish(await validate(options, terminal)));
}

async function validate({ json, group, ...options }: CommonOptions, { print }: Terminal): Promise<ExitCode> {
  const verdict = await judge(options, group);
  const lines = json ? [JSON.stringify(verdict)] : render(verdict);
  for (const line of lines) print(line);
  return verdict.valid ? 0 : 2;
}

async function judge(options: CommonOptions, names: CommonOptions['group']): Promise<Verdict> {
  const environment = environmentFor(options);
  const source = environment.configSource ?? '';
  try {
    const { fleet, warnings } = await wire(environment).loadFleet();
    const groups = selectGroups(fleet, names === undefined ? {} : { groups: names });
    const problems = templateProblems(groups);
    return { version: 1, valid: problems.length === 0, source, groups: groups.length, problems, warnings };
  } catch (error) {
    // What is no fault of the configuration itself, such as that none is named, is a wrong use like any other.
    if (!(error instanceof InputError) || error.problems.length === 0) throw error;
    return { version: 1, valid: false, source, groups: 0, problems: error.problems, warnings: [] };
  }
}

/** A template that several groups share is judged for each of them; what is wrong for all is said once. */
function templateProblems(groups: Fleet['groups']): readonly InputProblem[] {
  const problems = groups.flatMap((group) =>
    group.pod.template === undefined ? [] : checkTemplate(group.pod.template, group),
  );
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

function render({ valid, source, groups, problems, warnings }: Verdict): readonly string[] {
  const warned = warnings.length === 0 ? '' : `, with ${counted(warnings.length, 'warning')}`;
  const summary = valid
    ? `${source} is valid: ${counted(groups, 'group')}${warned}.`
    : `${source} is invalid: ${counted(problems.length, 'problem')}${warned}.`;
  return [...problems.map(formatProblem), ...warnings.map((warning) => `warning: ${formatProblem(warning)}`), summary];
}
