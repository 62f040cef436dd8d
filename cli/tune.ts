/** `tune`: the cheapest parameters of a group that keep a waiting goal, found by playing its history. */

import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { writePrivate } from '#adapters/private-file.ts';
import { wire } from '#adapters/wiring.ts';
import { STRATEGY_NAMES } from '#config/strategy-schema.ts';
import { InputError } from '#core/errors.ts';
import { duration } from '#core/quantities.ts';
import { selectGroups } from '#core/select.ts';
import { notPlayed } from '#tools/laboratory/shipped.ts';
import { parseGoal } from '#tools/tune/goal.ts';
import { rewrite, unifiedDiff } from '#tools/tune/rewrite.ts';
import { DURATIONS, type Kind, kindOf, PARAMETERS } from '#tools/tune/setting.ts';
import type { SearchBounds } from '#tools/tune/space.ts';
import type { TurnLength } from '#tools/tune/stretch.ts';
import { type Tuning, tune } from '#tools/tune/tune.ts';
import { renderTuning, tuningDocument, unmetGoal } from '#tools/tune/tuning-text.ts';
import { DURATION_PATTERN, parseDuration } from '#yaml/quantity.ts';
import type { ExitCode } from './failure.ts';
import { environmentFor } from './options.ts';
import { checkPlace, refusePlace } from './place.ts';
import { prepareScenario, type ScenarioOptions, wholeNumber, withScenarioOptions } from './scenario-options.ts';
import type { Terminal } from './terminal.ts';
import { tellWarnings } from './tick.ts';

const HELP = `
Plays the steps of a group with the real autoscaler, setting after setting, and shows which are worth a look: how long
steps wait against what a month costs. Every second day is kept back from the search, and what was found is checked on
those. Calls nobody but the place where the configuration lies. The same input and seed give the same answer.

Examples:
  $ runner-autoscaler tune --config runners_config.yaml --group linux-large --history steps.jsonl
  $ runner-autoscaler tune -c runners_config.yaml -g linux-large --history steps.jsonl --goal "90 % of steps wait less than 2m"
  $ runner-autoscaler tune -c runners_config.yaml -g linux-large --load working-week --goal 95%<60s --write-diff tuned.diff
  $ patch runners_config.yaml < tuned.diff

Exit code: 0 a setting keeps the goal, 1 none does, or the change cannot be written as a diff, 2 wrong use or invalid
input.`;

type TuneOptions = ScenarioOptions & {
  readonly config?: string;
  readonly group: string;
  readonly goal: string;
  readonly strategy?: readonly Kind[];
  readonly within?: SearchBounds;
  readonly holdOut?: TurnLength;
  readonly by: 'money' | 'hours';
  readonly budgetRuns: number;
  readonly writeDiff?: string;
  readonly json?: true;
};

/** Adds the command to the program. */
export function addTune(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program
    .command('tune')
    .description('find the cheapest parameters that keep a waiting goal')
    .option('-c, --config <source>', 'configuration: a file, s3://bucket/key or ssm:/name (default: $CONFIG_SOURCE)')
    .requiredOption('-g, --group <name>', 'the group');
  withScenarioOptions(command)
    .option('--goal <goal>', 'such as 95%<60s', '95 % of steps wait less than 60 s')
    .option('--strategy <name>', "try this strategy; repeat it for more (default: the group's own)", strategies)
    .option('--within <bounds>', 'such as max=4..30 or coolDown=2m..10m; repeat it for more parameters', bounds)
    .option('--hold-out <turns>', 'check on every second of these: days or weeks (default: what suits the time)', turns)
    .option('--by <measure>', 'what is cheap: money or hours', measure, 'money')
    .option('--budget-runs <count>', 'at most so many runs of the search', runs, 100)
    .option('--write-diff <file>', 'write the change of the configuration as a unified diff')
    .option('--json', 'print one JSON document on stdout; everything else goes to stderr')
    .addHelpText('after', HELP)
    .action(async (options: TuneOptions) => finish(await tuneGroup(options, terminal)));
}

async function tuneGroup(options: TuneOptions, terminal: Terminal): Promise<ExitCode> {
  const goal = parseGoal(options.goal);
  // Before the search, which takes minutes.
  if (options.writeDiff !== undefined) await checkPlace(options.writeDiff, '--write-diff');
  const wiring = wire(
    environmentFor(options.config === undefined ? {} : { config: options.config }, terminal.io.env),
    localConnectors(terminal.tell),
  );
  const { fleet, warnings } = await wiring.loadFleet();
  tellWarnings(warnings, terminal.tell);
  const [group] = selectGroups(fleet, { groups: [options.group] });
  if (group === undefined) throw new InputError(`No group is called "${options.group}"`);
  const { scenario, notes, openArrivals } = await prepareScenario(options, fleet);
  for (const note of [...notes, ...notPlayed([group])]) terminal.tell(note);
  const tuning = await tune({
    fleet,
    group,
    scenario,
    openArrivals,
    goal,
    measure: options.by,
    strategies: options.strategy ?? [kindOf(group)],
    bounds: options.within ?? {},
    ...(options.holdOut && { holdOut: options.holdOut }),
    mostRuns: options.budgetRuns,
    onProgress: progressOn(terminal),
  });
  terminal.showProgress('');
  return await answer(tuning, options, wiring.configuration(), terminal);
}

type Configuration = ReturnType<ReturnType<typeof wire>['configuration']>;

async function answer(
  tuning: Tuning,
  { group, writeDiff, json }: TuneOptions,
  { source, loading }: Configuration,
  { print, tell, layout }: Terminal,
): Promise<ExitCode> {
  const isMet = unmetGoal(tuning) === undefined;
  const change = isMet ? changeOf(await loading.readText(source), source, group, tuning) : {};
  if (writeDiff !== undefined && change.diff !== undefined) await write(writeDiff, change.diff);
  const lines = json ? [JSON.stringify(tuningDocument(tuning, group, change.diff))] : renderTuning(tuning, layout);
  for (const line of lines) print(line);
  if (!isMet) return 1;
  if (change.problem !== undefined) tell(`${writeDiff === undefined ? 'warning' : 'error'}: ${change.problem}`);
  if (writeDiff === undefined) return 0;
  if (change.diff === undefined) return 1;
  tell(
    change.diff === ''
      ? `The recommended setting is the present one, so ${writeDiff} is empty.`
      : `The change is in ${writeDiff}; apply it with: patch ${shellWord(fileAt(source))} < ${shellWord(writeDiff)}`,
  );
  return 0;
}

/** What is recommended, as a change of the file; or why it cannot be one. */
function changeOf(
  text: string,
  source: string,
  group: string,
  { best }: Tuning,
): { readonly diff?: string; readonly problem?: string } {
  try {
    return { diff: unifiedDiff(pathInDiff(source), text, rewrite(text, source, group, best.setting)) };
  } catch (error) {
    if (error instanceof InputError) return { problem: error.message };
    throw error;
  }
}

/** As it is called from here; of what lies in AWS a copy, by its own name. */
function fileAt(source: string): string {
  if (/^[a-z0-9]+:/i.test(source)) return path.posix.basename(source);
  return (path.relative('', source) || source).split(path.sep).join('/');
}

/** For the headers of a diff, which `git apply` reads at the top of a repository; what lies elsewhere goes by its name alone. */
function pathInDiff(source: string): string {
  const file = fileAt(source);
  return file.startsWith('..') || path.isAbsolute(file) ? path.posix.basename(file) : file;
}

/** As a shell takes it for one word. */
function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

async function write(file: string, text: string): Promise<void> {
  await writePrivate(file, text).catch((error: unknown) => refusePlace(file, '--write-diff', error));
}

/** Once a second on a terminal, twice a minute in a log. */
function progressOn({ showProgress, io }: Terminal): (run: number, share: number) => void {
  const begun = io.clock.elapsed();
  const everyMs = io.stderr.isTTY ? 1_000 : 30_000;
  let shownAt = begun + 1_000;
  return (run, done) => {
    const now = io.clock.elapsed();
    if (now - shownAt < everyMs || done === 0) return;
    shownAt = now;
    const left = ((now - begun) * (1 - done)) / done;
    showProgress(`run ${run}, ${Math.floor(done * 100)} % done, at most ${duration(left)} left`);
  };
}

function strategies(text: string, before: readonly Kind[] = []): readonly Kind[] {
  const kind = STRATEGY_NAMES.find((strategy) => strategy === text);
  if (kind === undefined) throw new InvalidArgumentError(`Give one of ${STRATEGY_NAMES.join(', ')}.`);
  return [...before.filter((other) => other !== kind), kind];
}

/** `max=4..30`, `coolDown=2m..10m`, or one value for both. */
function bounds(text: string, before: SearchBounds = {}): SearchBounds {
  const [, name = '', from = '', to = from] = /^(\w+)=([\w.]+?)(?:\.\.([\w.]+))?$/.exec(text) ?? [];
  const parameter = PARAMETERS.find((known) => known === name);
  if (parameter === undefined)
    throw new InvalidArgumentError(`Give PARAMETER=FROM..TO with one of ${PARAMETERS.join(', ')}.`);
  const read = (value: string) => {
    if (!DURATIONS.has(parameter)) return /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
    return DURATION_PATTERN.test(value) ? parseDuration(value) : Number.NaN;
  };
  const range = { from: read(from), to: read(to) };
  if (range.from <= range.to) return { ...before, [parameter]: range };
  throw new InvalidArgumentError(
    `Give ${parameter}=FROM..TO, such as ${DURATIONS.has(parameter) ? 'coolDown=2m..10m' : 'max=4..30'}.`,
  );
}

function turns(text: string): TurnLength {
  if (text === 'days' || text === 'weeks') return text;
  throw new InvalidArgumentError('Give days or weeks.');
}

function measure(text: string): 'money' | 'hours' {
  if (text === 'money' || text === 'hours') return text;
  throw new InvalidArgumentError('Give money or hours.');
}

function runs(text: string): number {
  const count = wholeNumber(text);
  if (count >= 2 && count <= 10_000) return count;
  throw new InvalidArgumentError('Give a whole number between 2 and 10000.');
}
