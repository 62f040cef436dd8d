/** The demo's day once more, under Atlassian's rule and under `queueAware`: what a change of the rule is worth. */
import { loadFleet } from '#config/load.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { MINUTE_MS } from '#core/time.ts';
import { duration, percent } from '#core/words.ts';
import { layColumns, type TableColumn } from '#text/table.ts';
import { isoText } from '#text/time.ts';
import type { Arrival } from '#tools/arrival.ts';
import { atlassianPolicy } from '#tools/laboratory/atlassian.ts';
import type { Figures } from '#tools/laboratory/figures.ts';
import { compare } from '#tools/laboratory/run.ts';
import { parseScenario, type Scenario } from '#tools/laboratory/scenario.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';

/** The day under both rules, with the same steps. Money is in the currency of the scenario's prices, US dollars. */
export type DemoComparison = {
  readonly atlassian: Figures;
  readonly queueAware: Figures;
  readonly scenario: Scenario;
  /** The most runners that are allowed. */
  readonly max: number;
};

/** The repository whose steps they are: `queueAware` asks repositories what waits. */
const REPOSITORY = 'shop';
const WARM_UP_MS = 30 * MINUTE_MS;

/** The group that the demo shows, under the rule that counts the queue. */
const QUEUE_AWARE = `
groups:
  - name: "Runner group 1"
    workspace: "acme"
    labels: ["grp1"]
    namespace: "runners"
    strategy: queueAware
    repositories: [${REPOSITORY}]
    parameters: { min: 1, max: 10 }
`;

/** Plays the steps of a day between two moments under both rules, in the laboratory's field conditions. */
export async function compareRules(
  guide: Fleet,
  arrivals: readonly Arrival[],
  { from, to, seed }: { readonly from: Instant; readonly to: Instant; readonly seed: number },
): Promise<DemoComparison> {
  const { fleet } = await loadFleet('demo', { readText: async () => QUEUE_AWARE });
  const [start, span] = [isoText(from), `${(to - from) / MINUTE_MS}m`];
  const scenario = parseScenario({ start, span, seed, warmUp: `${WARM_UP_MS / MINUTE_MS}m`, faults: 'none' }, 'demo');
  const steps = arrivals
    .filter(({ at }) => at >= from - WARM_UP_MS)
    .map((arrival) => ({ ...arrival, scope: { ...arrival.scope, repository: REPOSITORY } }));
  const policies = [
    atlassianPolicy({ name: 'Atlassian’s rule', pollMs: MINUTE_MS }, guide),
    shippedPolicy('queueAware', fleet),
  ];
  const [atlassian, queueAware] = await compare({ scenario, policies, openArrivals: () => steps });
  if (atlassian === undefined || queueAware === undefined) throw new Error('a comparison has two results');
  const max = Math.max(...guide.groups.map((group) => group.max));
  return { atlassian: atlassian.figures, queueAware: queueAware.figures, scenario, max };
}

const COLUMNS: readonly TableColumn[] = [
  { title: '', align: 'left' },
  ...['steps wait', '95 % under', 'in a minute', 'runner-hours', 'peak', 'started', 'cost'].map(
    (title): TableColumn => ({ title, align: 'right' }),
  ),
];

/** Both as a table, and the difference in a sentence. */
export function comparisonLines({ atlassian, queueAware, scenario, max }: DemoComparison): readonly string[] {
  const row = (name: string, { waiting, runnerHours, peak, runners, money }: Figures) => [
    name,
    duration(waiting.meanMs),
    duration(waiting.p95Ms),
    percent(waiting.withinMinute),
    runnerHours.registered.toFixed(1),
    `${peak}`,
    `${runners.created}`,
    `$${money.runners.toFixed(2)}`,
  ];
  const rows = [row('Atlassian’s rule', atlassian), row('queueAware', queueAware)];
  const price = `a runner-hour at $${scenario.prices.runnerHour.toFixed(2)}`;
  const over =
    atlassian.peak > max ? [`  Atlassian’s rule had ${atlassian.peak} runners where ${max} are allowed.`] : [];
  return [
    'The same day under both rules, in field conditions (marks and lists are late, runners take time to start)',
    ...layColumns(COLUMNS, rows).map((line) => `  ${line}`),
    `  ${difference(atlassian, queueAware)}; ${price}, at most ${max} runners.`,
    ...over,
  ];
}

function difference(before: Figures, after: Figures): string {
  const waitedMs = before.waiting.meanMs - after.waiting.meanMs;
  const hours = before.runnerHours.registered - after.runnerHours.registered;
  const waiting = `Each step waits ${duration(Math.abs(waitedMs))} ${waitedMs < 0 ? 'longer' : 'less'}`;
  const money = Math.abs(before.money.runners - after.money.runners).toFixed(2);
  return `${waiting}, for ${Math.abs(hours).toFixed(1)} runner-hours ${hours < 0 ? 'more' : 'less'} ($${money})`;
}
