/** The options that say what is played in the laboratory: a history, a scenario of one's own, or a load by its name. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { InputError, sentenceOf } from '#core/errors.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Arrival, Arrivals } from '#tools/arrival.ts';
import { openHistory } from '#tools/history/read.ts';
import { describeSummary } from '#tools/history/summary.ts';
import { arrivalsOf, ownersOf } from '#tools/laboratory/load.ts';
import { houseSteps, watchUnowned } from '#tools/laboratory/ownership.ts';
import { NAMED_SCENARIOS, parseScenario, readScenario, type Scenario } from '#tools/laboratory/scenario.ts';

const LOADS = Object.keys(NAMED_SCENARIOS);

export type ScenarioOptions = {
  readonly history?: string;
  readonly scenario?: string;
  readonly load?: string;
  readonly seed?: number;
};

/** Adds the options to a command. */
export function withScenarioOptions(command: Command): Command {
  return command
    .option('--history <file>', 'play these steps: JSON Lines or CSV')
    .option('--scenario <file>', 'loads, start-up times, outages and prices: YAML or JSON')
    .option('--load <name>', `a load for each group: ${LOADS.join(', ')} (default: working-week)`, loadName)
    .option('--seed <number>', 'of everything that is drawn; default: that of the scenario, or 1', wholeNumber);
}

/** A scenario that is ready to be played. */
export type PreparedScenario = {
  readonly scenario: Scenario;
  /** What is odd about the history, in sentences. */
  readonly notes: readonly string[];
  /** The same stream of steps from its beginning, each time. */
  readonly openArrivals: () => Arrivals;
};

/**
 * The scenario that the options name, for the groups of a fleet; without any, a working week. Throws `InputError` for
 * options that exclude each other, and for files that cannot be read, make no sense or hold no step.
 */
export async function prepareScenario(
  { history, scenario: file, load, seed }: ScenarioOptions,
  fleet: Fleet,
): Promise<PreparedScenario> {
  if (load !== undefined && (file !== undefined || history !== undefined)) {
    throw new InputError('--load is a scenario of its own; leave out --scenario and --history, or --load.');
  }
  const given = await givenScenario(file, load);
  const scenario = {
    ...given,
    ...(seed !== undefined && { seed }),
    concurrencyLimits: { ...limitsIn(fleet), ...given.concurrencyLimits },
  };
  const steps = history ?? (file !== undefined ? historyOf(file, scenario) : undefined);
  if (steps !== undefined) return prepareHistory(steps, scenario, fleet);
  const { start, span, loads } = scenario;
  const open = () => arrivalsOf(loads, ownersOf(fleet.groups), { start, end: start + span }, scenario.seed);
  const notes = loads.length === 0 ? [`${scenario.name}: no loads and no history, so no step comes.`] : [];
  return { scenario, notes, openArrivals: open };
}

/** Bitbucket's limits on running steps, as the configuration repeats them. */
function limitsIn({ workspaces }: Fleet): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(workspaces).flatMap(([name, { concurrencyLimit: limit }]) =>
      limit === undefined ? [] : [[name, limit]],
    ),
  );
}

async function givenScenario(file: string | undefined, load = 'working-week'): Promise<Scenario> {
  if (file === undefined) return parseScenario({ name: load, ...NAMED_SCENARIOS[load] }, load);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new InputError(`The scenario ${file} cannot be read: ${sentenceOf(error)}.`);
  });
  return readScenario(text, file);
}

/** A scenario names its history as seen from its own place. Throws `InputError` where it has loads as well. */
function historyOf(file: string, { history, loads }: Scenario): string | undefined {
  if (history === undefined) return undefined;
  if (loads.length > 0) throw new InputError(`The scenario ${file} has loads and a history; leave out one of them.`);
  return path.resolve(path.dirname(file), history);
}

/** Reads the history once to know how long it is and what is wrong with it; every policy reads it again. */
async function prepareHistory(file: string, given: Scenario, fleet: Fleet): Promise<PreparedScenario> {
  const survey = await openHistory(file);
  const unowned = watchUnowned(fleet.groups);
  const housed = houseSteps(fleet.groups);
  for await (const step of survey.arrivals) unowned.look(housed.house(step));
  const summary = survey.summary();
  const notes = describeSummary(summary);
  const { span, header } = summary;
  if (span === undefined) throw new InputError([`History ${file} has no step to play.`, ...notes].join('\n'));
  const start = header?.from ?? span.from;
  // All that the file covers, and so much more that nobody's waiting is cut short.
  const end = Math.max(header?.to ?? start, span.to + given.queueLimit);
  const told = [unowned.told(), housed.told()].flatMap((sentence) => (sentence ? [`${file}: ${sentence}`] : []));
  return {
    scenario: { ...given, name: path.basename(file), start, span: end - start, loads: [] },
    notes: [...notes, ...told],
    openArrivals: () => replay(file, fleet),
  };
}

async function* replay(file: string, { groups }: Fleet): AsyncGenerator<Arrival> {
  const { house } = houseSteps(groups);
  for await (const step of (await openHistory(file)).arrivals) yield house(step);
}

function loadName(text: string): string {
  if (LOADS.includes(text)) return text;
  throw new InvalidArgumentError(`Give one of ${LOADS.join(', ')}.`);
}

/** A whole number that fits on a command line. */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number, such as 7.');
}
