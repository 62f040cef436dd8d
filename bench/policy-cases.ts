/** What `npm run bench:policy` compares: the loads, and the policies as configurations that anybody could write. */
import { loadFleet } from '#config/load.ts';
import { atlassianPolicy } from '#tools/laboratory/atlassian.ts';
import { oraclePolicy } from '#tools/laboratory/oracle.ts';
import type { Policy } from '#tools/laboratory/policy.ts';
import { parseScenario, type Scenario, type ScenarioInput } from '#tools/laboratory/scenario.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';

const SECOND_MS = 1000;

/** The most runners that the group may have. */
export const MAX = 40;

const OWNER = { workspace: 'acme', repository: 'shop', labels: ['self.hosted', 'linux', 'builds'] };

/** `longSpan`: how long it is played where there is time. */
type Load = {
  readonly name: string;
  readonly span: string;
  readonly longSpan?: string;
  readonly loads: ScenarioInput['loads'];
};

/** What repeats does so at another second of the minute each time: nobody is judged by when it happened to look. */
const LOADS: readonly Load[] = [
  {
    name: 'burst of 30 five-minute steps',
    span: '2d',
    loads: [{ kind: 'burst', at: '10m7s', steps: 30, duration: '5m', every: '2h13m7s', ...OWNER }],
  },
  {
    name: 'working day',
    span: '2d',
    longSpan: '5d',
    loads: [{ kind: 'workingWeek', peakPerHour: 75, duration: { kind: 'exponential', mean: '5m' }, ...OWNER }],
  },
  {
    name: 'nightly batch',
    span: '3d',
    loads: [{ kind: 'nightly', at: '2h', steps: 60, over: '20m', duration: '10m', ...OWNER }],
  },
  { name: 'steady trickle', span: '1d', loads: [{ kind: 'trickle', every: '3m11s', duration: '5m', ...OWNER }] },
  {
    name: 'flapping',
    span: '1d',
    loads: [{ kind: 'flapping', on: '5m', off: '10m13s', steps: 10, duration: '4m', ...OWNER }],
  },
];

/** Every load with pods that start fast and with pods that start slowly. */
export function scenariosOf(isLong: boolean): readonly Scenario[] {
  return ['45s', '3m'].flatMap((startup) =>
    LOADS.map(({ name, span: short, longSpan = short, loads }) => {
      const title = `${name}, pods that take ${startup === '45s' ? 45 : 180} s`;
      const span = isLong ? longSpan : short;
      return parseScenario({ name: title, span, startup, loads, conditions: 'ideal' }, name);
    }),
  );
}

/** A policy and what it is in the comparison: the rule that is compared with, ours, or the bound. */
export type Entrant = { readonly policy: Policy; readonly role: 'baseline' | 'ours' | 'oracle' };

/** All of them, the baseline first; ours with a look every ten seconds only if `isLong`, for it takes as long as all others. */
export async function enterAll(isLong: boolean): Promise<readonly Entrant[]> {
  const guide = await fleetOf('percentageRunnersIdle', [
    'scaleUpThreshold: 0.5',
    'scaleDownThreshold: 0.2',
    'scaleUpMultiplier: 1.5',
    'scaleDownMultiplier: 0.5',
  ]);
  const buffered = await fleetOf('idleBuffer', ['idleCount: 1', 'scaleFactor: 0.5', 'scaleFactorLimit: 10']);
  const queued = await fleetOf('queueAware', [], '    repositories: [shop]\n');
  const baseline = (seconds: number): Entrant => ({
    role: 'baseline',
    policy: atlassianPolicy({ name: `Atlassian’s rule, polls every ${seconds} s`, pollMs: seconds * SECOND_MS }, guide),
  });
  const often: Entrant = {
    role: 'ours',
    policy: shippedPolicy('queueAware, every 10 s', queued, 10 * SECOND_MS),
  };
  return [
    baseline(60),
    baseline(600),
    { role: 'ours', policy: shippedPolicy('percentageRunnersIdle', guide) },
    { role: 'ours', policy: shippedPolicy('idleBuffer', buffered) },
    { role: 'ours', policy: shippedPolicy('queueAware', queued) },
    ...(isLong ? [often] : []),
    { role: 'oracle', policy: oraclePolicy(guide) },
  ];
}

/** One group with the defaults of the shipped configuration, through the shipped loader. */
async function fleetOf(strategy: string, parameters: readonly string[], settings = '') {
  const lines = [`min: 1`, `max: ${MAX}`, ...parameters].map((line) => `      ${line}\n`).join('');
  const text = `groups:
  - name: builds
    workspace: acme
    labels: [builds]
    namespace: runners
    strategy: ${strategy}
${settings}    parameters:
${lines}`;
  return (await loadFleet('bench', { readText: async () => text })).fleet;
}
