/**
 * `validate`: everything that is wrong with the configuration, at once. Calls nobody but the place where it lies, and the
 * state store, where one is named.
 */
import type { Command } from 'commander';
import type { Environment } from '#adapters/environment.ts';
import { localConnectors } from '#adapters/local.ts';
import { type Wiring, wire } from '#adapters/wiring.ts';
import { leftBehind } from '#config/left-behind.ts';
import type { InspectedFleet } from '#config/load.ts';
import { sentenceOf } from '#core/errors.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { PLACES_KEYS, type Places, parsePlaces } from '#core/places.ts';
import { duration } from '#core/quantities.ts';
import { selectGroups } from '#core/select.ts';
import { memoryRisk } from '#manifests/when-idle.ts';
import { counted } from '#text/layout.ts';
import { formatProblem, type InputProblem } from '#yaml/problem.ts';
import type { ExitCode } from './failure.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
Checks the configuration, renders the manifests of every group and holds them against Kubernetes' own rules, without
asking a cluster. Every problem is a line with its file, line and column. With a state store it also warns of runners
that a changed or removed group leaves behind. With --pipelines it reads what ran lately in the repositories, with the
credential of the ticks, and names those that use a group which sleeps without waking it: two to six calls each.

Examples:
  $ runner-autoscaler validate --config runners_config.yaml
  $ runner-autoscaler validate --config s3://ci/runners.yaml --json | jq -r '.problems[].message'
  $ runner-autoscaler validate --config runners_config.yaml --state dynamodb:bitbucket-runner-autoscaler-prod
  $ runner-autoscaler validate --config runners_config.yaml --pipelines

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
  /** What promises depend on that a configuration does not show. */
  readonly conditions: readonly string[];
};

/** Adds the command to the program. */
export function addValidate(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withCommonOptions(program.command('validate'))
    .option('--pipelines', 'read the pipelines of the repositories that use groups which sleep, too')
    .description('check the configuration')
    .addHelpText('after', HELP)
    .action(async (options: ValidateOptions) => finish(await validate(options, terminal)));
}

type ValidateOptions = CommonOptions & { readonly pipelines?: true };

async function validate(
  { json, group, ...options }: ValidateOptions,
  { print, tell, io }: Terminal,
): Promise<ExitCode> {
  const verdict = await judge(environmentFor(options, io.env), group, tell, options.pipelines === true);
  const lines = json ? [JSON.stringify(verdict)] : render(verdict);
  for (const line of lines) print(line);
  return verdict.valid ? 0 : 2;
}

async function judge(
  environment: Environment,
  names: CommonOptions['group'],
  tell: Terminal['tell'],
  withPipelines: boolean,
): Promise<Verdict> {
  const wiring = wire(environment, localConnectors(tell));
  const inspected = await wiring.inspectFleet();
  const { fleet, problems, warnings } = inspected;
  // A group that is wrong is not in the fleet; nobody needs to hear that it cannot be found.
  const groups =
    problems.length > 0
      ? fleet.groups.filter(({ name }) => names === undefined || names.includes(name))
      : selectGroups(fleet, names === undefined ? {} : { groups: names });
  // The field tables are of use to nobody else.
  const { checkGroups } = await import('#manifests/check.ts');
  const manifests = checkGroups(groups);
  const all = [...problems, ...manifests.problems];
  const left = all.length > 0 ? [] : await leftBehindBy(inspected, names, environment, wiring);
  const unwoken = withPipelines && all.length === 0 ? await unwokenBy(groups, environment, fleet.workspaces) : [];
  return {
    version: 1,
    valid: all.length === 0,
    source: environment.configSource ?? '',
    groups: groups.length,
    problems: all,
    warnings: [...warnings, ...manifests.warnings, ...left, ...unwoken],
    conditions: conditionsOf(groups),
  };
}

/** Runners that groups have made, as the ticks remember, where no group is any more. */
async function leftBehindBy(
  { fleet, locate }: InspectedFleet,
  names: CommonOptions['group'],
  { stateStore }: Environment,
  wiring: Wiring,
): Promise<readonly InputProblem[]> {
  if (stateStore === 'memory') return [];
  const state = await wiring.openState();
  try {
    const documents = [...(await state.load(PLACES_KEYS)).values()];
    const places: Places = Object.assign({}, ...documents.map(({ value }) => parsePlaces(value)));
    return leftBehind(places, fleet, names).map(locate);
  } catch (error) {
    // Not knowing makes no configuration wrong.
    const message = `does not tell whether runners are left behind: ${sentenceOf(error)}`;
    return [{ source: stateStore, path: '', message }];
  }
}

/** Pipelines that use groups which sleep without waking them. */
async function unwokenBy(
  groups: readonly RunnerGroup[],
  environment: Environment,
  workspaces: InspectedFleet['fleet']['workspaces'],
): Promise<readonly InputProblem[]> {
  const [{ findUnwoken }, { wireHistory }] = await Promise.all([
    import('#tools/inspect/unwoken.ts'),
    import('#adapters/wiring-past.ts'),
  ]);
  return findUnwoken(groups, async (workspace) => {
    const { api } = await wireHistory(environment, workspace, workspaces, (budget) => budget);
    return api;
  });
}

function conditionsOf(groups: readonly RunnerGroup[]): readonly string[] {
  if (groups.length === 0) return [];
  const grace = duration(Math.min(...groups.map(({ drainGraceMs }) => drainGraceMs)));
  const risk = memoryRisk(groups);
  return [
    `no build is killed where the right to get pods/log is granted (component pods-log, docs/deploy.md); without it, none while Bitbucket hides a running step for less than drainGrace (${grace})`,
    ...(risk === undefined ? [] : [`with one exception: ${risk}`]),
  ];
}

function render({ valid, source, groups, problems, warnings, conditions }: Verdict): readonly string[] {
  const warned = warnings.length === 0 ? '' : `, with ${counted(warnings.length, 'warning')}`;
  const summary = valid
    ? `${source} is valid: ${counted(groups, 'group')}${warned}.`
    : `${source} is invalid: ${counted(problems.length, 'problem')}${warned}.`;
  return [
    ...problems.map(formatProblem),
    ...warnings.map((warning) => `warning: ${formatProblem(warning)}`),
    ...(valid ? conditions.map((condition) => `note: ${condition}`) : []),
    summary,
  ];
}
