/**
 * `npm run bench:sim`: how fast the laboratory is, and how that grows with the fleet. Working weeks: days on which there is
 * always something to do, nights and weekends; the shipped line beside the two policies that it is compared with. Times are
 * processor time, which other work on the machine changes little; compare how they grow.
 */
import '../scripts/help.ts';

import { loadFleet } from '#config/load.ts';
import type { Fleet } from '#core/model/configuration.ts';
import { atlassianPolicy } from '#tools/laboratory/atlassian.ts';
import { arrivalsOf, ownersOf } from '#tools/laboratory/load.ts';
import { oraclePolicy } from '#tools/laboratory/oracle.ts';
import type { Policy } from '#tools/laboratory/policy.ts';
import { run } from '#tools/laboratory/run.ts';
import { parseScenario } from '#tools/laboratory/scenario.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import { createProgress } from './progress.ts';
import { printTable } from './table.ts';

const GROUPS_PER_WORKSPACE = 5;
const TICKS_PER_DAY = 1440;

/** Whole weeks, as a month is made of them; more of the small fleet, whose week is over before the program is warm. */
const SIZES = [
  { groups: 1, days: 28 },
  { groups: 20, days: 7 },
  { groups: 200, days: 7 },
];

const progress = createProgress();
const rows: string[][] = [];
for (const { groups, days } of SIZES) {
  const fleet = await fleetOf(groups);
  const policies = [
    shippedPolicy('ours', fleet),
    atlassianPolicy({ name: 'baseline', pollMs: 60_000 }, fleet),
    oraclePolicy(fleet),
  ];
  const seconds: number[] = [];
  let steps = 0;
  for (const policy of policies) {
    progress.show(`${groups} groups, ${policy.name}`);
    const measured = await measure(policy, fleet, days, 'field');
    seconds.push(measured.seconds);
    steps = measured.steps;
  }
  progress.show(`${groups} groups, ideal`);
  const ideal = await measure(shippedPolicy('ours', fleet), fleet, days, 'ideal');
  const [ours = Number.NaN] = seconds;
  rows.push([
    `${groups}`,
    `${days}`,
    `${steps}`,
    ...seconds.map((taken) => rounded(days / taken)),
    `${rounded((ours / days) * 30)} s`,
    `${Math.round((ours * 1e6) / (days * TICKS_PER_DAY * groups))} µs`,
    `× ${rounded(ours / ideal.seconds)}`,
    `${Math.round(process.memoryUsage().heapUsed / 1e6)} MB`,
  ]);
}
progress.clear();
console.log(
  'Simulated days per second, of working weeks: queueAware, a tick a minute, about 240 steps a working day and group. Field\nconditions; of ideal: the processor time of ours beside that of ideal conditions, which is to be at most × 3 with 20 groups.\n',
);
const titles = [
  'groups',
  'days',
  'steps',
  'ours',
  'baseline',
  'oracle',
  'a month takes',
  'tick per group',
  'of ideal',
  'heap',
];
printTable(titles, rows);

async function measure(policy: Policy, fleet: Fleet, days: number, conditions: 'field' | 'ideal') {
  const scenario = parseScenario(
    {
      conditions,
      span: `${days}d`,
      loads: [{ kind: 'workingWeek', peakPerHour: 30, duration: { kind: 'exponential', mean: '5m' } }],
    },
    'bench',
  );
  const { loads, start, span, seed } = scenario;
  const arrivals = arrivalsOf(loads, ownersOf(fleet.groups), { start, end: start + span }, seed);
  const before = process.cpuUsage();
  const { figures } = await run({ scenario, policy, arrivals });
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, steps: figures.steps.arrived };
}

async function fleetOf(count: number): Promise<Fleet> {
  const workspaceOf = (index: number) => `w${Math.floor(index / GROUPS_PER_WORKSPACE)}`;
  const groups = Array.from(
    { length: count },
    (_, index) => `
  - name: g${index}
    workspace: ${workspaceOf(index)}
    labels: [g${index}]
    namespace: runners
    strategy: queueAware
    repositories: [app-${index}]
    parameters: { min: 1, max: 20 }`,
  );
  const text = `groups:${groups.join('')}\n`;
  return (await loadFleet('bench', { readText: async () => text })).fleet;
}

function rounded(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}
