/** The costs in docs/deploy.md and README.md: computed from bench/measured.json, the prices and the stack itself. */
import { readFile } from 'node:fs/promises';
import { TICKS_KEPT_MS } from '#adapters/state/retention.ts';
import { metricsOf, metricsOfInvocation } from '#adapters/telemetry/metrics.ts';
import { wrap } from '#text/layout.ts';
import {
  type CostLine,
  type CostSettings,
  durationMs,
  HOURS_PER_MONTH,
  listPrice,
  monthlyCost,
  priceAfterFree,
  type TickProfile,
  total,
} from '../infra/cost.ts';
import { readParameters } from '../infra/parameters.ts';
import { MEGABYTES_PER_PROCESSOR, PRICES } from '../infra/prices.ts';
import { serviceOf } from '../infra/service.ts';
import { group, report } from '../test/doors/reports.ts';
import { fill, markdown } from './documentation-tables.ts';

/** Characters of a line of text in the documents. */
const LINE = 128;

const DAY_MS = 24 * 60 * 60 * 1000;

/** What was measured, for the documents. */
type Measurements = { readonly on: string; readonly latencyMs: number; readonly fleets: readonly TickProfile[] };

/** A deployment with nothing but its clusters given. What it makes is counted, not remembered. */
export function defaultCostSettings(): CostSettings {
  const parameters = readParameters({ stage: 'prod', values: { clusters: 'ci' } }, true);
  const resources = Object.values((serviceOf(parameters, 'us-east-1').resources?.Resources ?? {}) as object);
  const countOf = (type: string) => resources.filter(({ Type }) => Type === type).length;
  return {
    memory: parameters.memory,
    ticksPerMonth: (HOURS_PER_MONTH * 60) / parameters.everyMinutes,
    alarms: countOf('AWS::CloudWatch::Alarm'),
    dashboards: countOf('AWS::CloudWatch::Dashboard'),
    secrets: parameters.secrets.length,
    logRetentionDays: parameters.logRetention,
    recordsKeptDays: TICKS_KEPT_MS / DAY_MS,
  };
}

/** docs/deploy.md with its table of costs made anew. */
export async function fillCosts(text: string): Promise<string> {
  return fill(text, 'costs', costTable(await readMeasurements(), defaultCostSettings()));
}

/** README.md with its sentence of costs made anew. */
export async function fillCostSentence(text: string): Promise<string> {
  const { fleets } = await readMeasurements();
  const profile = fleets.find(({ groups }) => groups === 10);
  if (profile === undefined) throw new Error('bench/measured.json has no fleet of ten groups');
  return fill(text, 'cost', wrap(costSentence(profile, defaultCostSettings()), LINE).join('\n'));
}

async function readMeasurements(): Promise<Measurements> {
  const measured: Measurements = JSON.parse(await readFile(new URL('../bench/measured.json', import.meta.url), 'utf8'));
  // What has been added since the measurement counts at once.
  const active = report({ groups: [group()] });
  const sets = [...metricsOf(active, { perGroup: false }), ...metricsOfInvocation([active])];
  const names = sets.flatMap(({ metrics }) => metrics).map(({ name }) => name);
  const fleets = measured.fleets.map((fleet) => ({ ...fleet, metrics: [...new Set([...fleet.metrics, ...names])] }));
  return { ...measured, fleets };
}

function costSentence(profile: TickProfile, settings: CostSettings): string {
  const lines = monthlyCost(profile, settings);
  const watching = total(lines.filter(({ item }) => /^CloudWatch, /.test(item)));
  const all = total(lines);
  return (
    `One workspace with ten groups and ${profile.runners} runners costs **${dollars(all)} a month** with a tick every minute: ` +
    `${dollars(all - watching)} for running and ${dollars(watching)} for monitoring. ` +
    `If nothing else in the account uses AWS's monthly free allowances, it is ${dollars(total(lines, priceAfterFree))}. ` +
    '[Deploying](docs/deploy.md#what-it-costs) has the arithmetic, also for larger fleets.'
  );
}

function costTable({ fleets, latencyMs, on }: Measurements, settings: CostSettings): string {
  const bills = fleets.map((profile) => monthlyCost(profile, settings));
  const [first = []] = bills;
  const sizes = fleets.map(
    ({ workspaces, groups, runners }) =>
      `${groups} groups (${workspaces} ${workspaces === 1 ? 'workspace' : 'workspaces'}, ${runners} runners)`,
  );
  const sums = (priceOf: (line: CostLine) => number) => bills.map((lines) => `**${dollars(total(lines, priceOf))}**`);
  const rows = first.map((line, index) => [
    line.item,
    `${amount(line)} × ${unitPrice(line)}`,
    ...bills.map((lines) => dollars(listPrice(lines[index] ?? line))),
  ]);
  const table = markdown(
    ['a month', `arithmetic for ${fleets[0]?.groups} groups`, ...sizes],
    [
      ...rows,
      ['**in all**', '', ...sums(listPrice)],
      ['**in all, with AWS’s monthly free allowances**', '', ...sums(priceAfterFree)],
    ],
  );
  const durations = fleets.map(
    ({ groups, tick, peakMegabytes }) =>
      `${(durationMs(tick, settings.memory) / 1000).toFixed(2)} s and at most ${peakMegabytes} MB for ${groups} groups`,
  );
  const measured =
    `Measured (${on}): the packaged function, ${latencyMs} ms for every call to anybody, builds beginning and ending in every ` +
    `group between ticks. With ${settings.memory} MB, which bring ${share(settings.memory)} of a processor, a tick then takes ` +
    `${durations.join(', ')}; most of the time is waiting.`;
  return [table, wrap(measured, LINE).join('\n'), wrap(groupMetrics(), LINE).join('\n')].join('\n\n');
}

function groupMetrics(): string {
  const sets = metricsOf(report({ groups: [group()] }), { perGroup: true }).filter(
    ({ group: name }) => name !== undefined,
  );
  const metrics = sets.flatMap((set) => set.metrics).length;
  return (
    `With \`group-metrics=true\` each group adds ${metrics} metrics, ${dollars(metrics * PRICES.metricMonth)} a month, and one more where its queue is counted; the log ` +
    'holds the same numbers for every group, and the dashboard shows them from there.'
  );
}

function amount({ amount: value, unit }: CostLine): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : 3;
  return `${value.toLocaleString('en', { maximumFractionDigits: digits })} ${value === 1 ? unit.replace(/s$/, '') : unit}`;
}

/** Prices below a cent read better by the million. */
function unitPrice({ price }: CostLine): string {
  if (price >= 0.01) return `$${price.toFixed(2)}`;
  return `$${(price * 1_000_000).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 3 })} / million`;
}

function dollars(value: number): string {
  return value > 0 && value < 0.005 ? '< $0.01' : `$${value.toFixed(2)}`;
}

function share(memory: number): string {
  return `${Math.round((memory / MEGABYTES_PER_PROCESSOR) * 100)} %`;
}
