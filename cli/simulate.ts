/** `simulate`: configurations tried in virtual time, beside Atlassian's rule and an oracle, before anybody pays for them. */

import path from 'node:path';
import type { Command } from 'commander';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import { InputError } from '#core/errors.ts';
import type { Fleet } from '#core/model/configuration.ts';
import { duration } from '#core/quantities.ts';
import { MINUTE_MS } from '#core/time.ts';
import { atlassianPolicy } from '#tools/laboratory/atlassian.ts';
import { type Bound, boundsOf } from '#tools/laboratory/bounds.ts';
import { oraclePolicy } from '#tools/laboratory/oracle.ts';
import { renderBounds, renderResults } from '#tools/laboratory/results-text.ts';
import type { Result } from '#tools/laboratory/run.ts';
import { compare } from '#tools/laboratory/run.ts';
import type { Scenario } from '#tools/laboratory/scenario.ts';
import { notPlayed, shippedPolicy } from '#tools/laboratory/shipped.ts';
import { type Entrant, openComparisonPage } from './comparison-page.ts';
import type { ExitCode } from './failure.ts';
import { collect } from './option-values.ts';
import { environmentFor } from './options.ts';
import { writePage } from './page-file.ts';
import { checkPlace } from './place.ts';
import { prepareScenario, type ScenarioOptions, withScenarioOptions } from './scenario-options.ts';
import type { Terminal } from './terminal.ts';
import { tellWarnings } from './tick.ts';
import { parseStretch } from './time.ts';

const HELP = `
Runs the real autoscaler in a simulated world, once for each configuration and with the same steps, beside Atlassian's rule
(polling every minute) and an oracle that sees the queue at once and pays only for start-ups. Calls nobody but the place where
a configuration lies. The same input and seed give the same answer.

Examples:
  $ runner-autoscaler simulate --config runners_config.yaml --load working-week
  $ runner-autoscaler simulate --config now.yaml --config buffered.yaml --history steps.jsonl
  $ runner-autoscaler simulate --config runners_config.yaml --load working-week --html week.html
  $ runner-autoscaler simulate --config runners_config.yaml --scenario month.json --json | jq '.policies[].waiting'

A history is JSON Lines or CSV, as docs/laboratory.md describes it. With --scenario it is played under that scenario's
conditions: its start-up times, shortages, outages and prices.

Exit code: 0 simulated, 1 a file or configuration could not be read, 2 wrong use or invalid input.`;

type SimulateOptions = ScenarioOptions & {
  readonly config?: readonly string[];
  readonly goal?: number;
  readonly html?: string;
  readonly json?: true;
};

/** Adds the command to the program. */
export function addSimulate(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program
    .command('simulate')
    .description('try configurations in a simulated world, and see waiting and cost')
    .option('-c, --config <source>', 'a configuration to try; repeat it to compare (default: $CONFIG_SOURCE)', collect);
  withScenarioOptions(command)
    .option('--goal <time>', 'show the share of steps that wait no longer, such as 2m (default: 1m)', parseStretch)
    .option('--html <file>', 'write a page with charts, decisions and every figure, which opens without a server')
    .option('--json', 'print one JSON document on stdout; everything else goes to stderr')
    .addHelpText('after', HELP)
    .action(async (options: SimulateOptions) => finish(await simulate(options, terminal)));
}

async function simulate(options: SimulateOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.html !== undefined) await checkPlace(options.html, '--html');
  const entries = await loadConfigurations(options.config ?? [undefined], terminal);
  const [first] = entries;
  if (first === undefined) throw new InputError('Give a configuration to try with --config.');
  const { scenario: given, notes: odd, openArrivals } = await prepareScenario(options, first.fleet);
  const notes = [...odd, ...notPlayed(entries.flatMap(({ fleet }) => fleet.groups))];
  const scenario = options.goal === undefined ? given : { ...given, goal: options.goal };
  const entrants = entrantsOf(entries, first.fleet);
  const page = options.html === undefined ? undefined : openComparisonPage(scenario, entrants);
  const results = await compare({
    scenario,
    policies: entrants.map(({ policy }) => policy),
    openArrivals,
    onProgress: progressOn(terminal),
    ...page?.listening,
  });
  terminal.showProgress('');
  for (const note of notes) terminal.tell(note);
  const bounds = await boundsOf(openArrivals(), scenario);
  const lines = options.json
    ? [JSON.stringify(documentOf(scenario, notes, results, bounds))]
    : linesOf(scenario, results, bounds, terminal.layout.width);
  for (const line of lines) terminal.print(line);
  if (page !== undefined && options.html !== undefined) {
    await writePage(options.html, page.close(results, notes, bounds));
    terminal.tell(`${options.html}: ${results.length} policies`);
  }
  return 0;
}

/** Ours, in the order in which they were named, then the rule and the bound that they are measured by. */
function entrantsOf(
  entries: readonly { readonly name: string; readonly fleet: Fleet }[],
  fleet: Fleet,
): readonly Entrant[] {
  return [
    ...entries.map(
      (entry): Entrant => ({ role: 'ours', policy: shippedPolicy(entry.name, entry.fleet, entry.fleet.pollEveryMs) }),
    ),
    { role: 'baseline', policy: atlassianPolicy({ name: 'Atlassian’s rule', pollMs: MINUTE_MS }, fleet) },
    { role: 'oracle', policy: oraclePolicy(fleet) },
  ];
}

async function loadConfigurations(sources: readonly (string | undefined)[], { tell, io }: Terminal) {
  const entries: { readonly name: string; readonly fleet: Fleet }[] = [];
  for (const config of sources) {
    const environment = environmentFor(config === undefined ? {} : { config }, io.env);
    const { fleet, warnings } = await wire(environment, localConnectors(tell)).loadFleet();
    tellWarnings(warnings, tell);
    const name = path.basename(environment.configSource ?? 'configuration');
    const twins = entries.filter((entry) => entry.name === name || entry.name.startsWith(`${name} (`)).length;
    entries.push({ name: twins === 0 ? name : `${name} (${twins + 1})`, fleet });
  }
  return entries;
}

function documentOf(
  scenario: Scenario,
  notes: readonly string[],
  results: readonly Result[],
  bounds: readonly Bound[],
): object {
  const { name, start, span, seed, goal } = scenario;
  return {
    version: 1,
    scenario: { name, start: new Date(start).toISOString(), spanMs: span, seed, goalMs: goal },
    notes,
    currency: scenario.prices.currency,
    policies: results.map(({ policy, figures }) => ({ name: policy, ...figures })),
    bounds,
  };
}

function linesOf(
  { name, span, seed, goal, prices }: Scenario,
  results: readonly Result[],
  bounds: readonly Bound[],
  width: number,
): readonly string[] {
  const steps = results[0]?.figures.steps.arrived ?? 0;
  const layout = { width, goalMs: goal, currency: prices.currency };
  return [
    `${name}: ${steps} steps in ${duration(span)}, seed ${seed}`,
    '',
    ...renderResults(results, layout),
    ...renderBounds(bounds, layout),
  ];
}

/** Once a second, and only for work that takes longer than two. */
function progressOn({ showProgress, io }: Terminal): (policy: string, share: number) => void {
  const begun = io.clock.elapsed();
  let shownAt = begun + 1_000;
  return (policy, share) => {
    const now = io.clock.elapsed();
    if (now - shownAt < 1_000 || share === 0) return;
    shownAt = now;
    const left = ((now - begun) * (1 - share)) / share;
    showProgress(`${Math.floor(share * 100)} % simulated, ${duration(left)} left: ${policy}`);
  };
}
