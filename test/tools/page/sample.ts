/** Pages for tests: small, quick, and with names that would be markup if anything let them. */
import { loadFleet } from '#config/load.ts';
import type { Report } from '#core/model/report.ts';
import { atlassianPolicy } from '#tools/laboratory/atlassian.ts';
import { boundsOf } from '#tools/laboratory/bounds.ts';
import { arrivalsOf, ownersOf } from '#tools/laboratory/load.ts';
import { oraclePolicy } from '#tools/laboratory/oracle.ts';
import type { Policy } from '#tools/laboratory/policy.ts';
import { run } from '#tools/laboratory/run.ts';
import { parseScenario, type ScenarioInput } from '#tools/laboratory/scenario.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import type { PageData } from '#tools/page/data.ts';
import { DecisionLog } from '#tools/page/decision-log.ts';
import { bucketsFor, laboratoryPage, type Played } from '#tools/page/laboratory.ts';
import { ProductionRecords } from '#tools/page/production.ts';

/** Ends a script, and would load an image and run code. */
export const NASTY = '</script><img src=x onerror=alert(1)> & "é" \u2028';

const CONFIGURATION = `groups:
  - name: ${JSON.stringify('</script><img onerror>')}
    workspace: acme
    labels: [builds]
    namespace: runners
    strategy: idleBuffer
    parameters: { min: 1, max: 6, idleCount: 1, scaleFactor: 0.5, scaleFactorLimit: 4 }
  - name: deploys
    workspace: acme
    labels: [deploys]
    namespace: runners
    strategy: percentageRunnersIdle
    parameters: { min: 1, max: 4, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 }
`;

const LOAD = { workspace: 'acme', repository: 'shop' };

const SCENARIO: ScenarioInput = {
  name: NASTY,
  start: '2026-11-23T06:00:00Z',
  span: '6h',
  conditions: 'ideal' as const,
  seed: 7,
  loads: [
    {
      kind: 'burst',
      at: '40m7s',
      steps: 14,
      duration: '6m',
      every: '1h31m',
      labels: ['self.hosted', 'linux', 'builds'],
      ...LOAD,
    },
    { kind: 'trickle', every: '11m', duration: '3m', labels: ['self.hosted', 'linux', 'deploys'], ...LOAD },
  ],
  outages: [{ service: 'bitbucket', from: '4h', to: '4h50m' }],
};

const scenario = parseScenario(SCENARIO, 'test');

async function fleetOf() {
  return (await loadFleet('test', { readText: async () => CONFIGURATION })).fleet;
}

async function play(policy: Policy, onReport?: (report: Report) => void) {
  const { start, span, loads, seed } = scenario;
  const owners = ownersOf((await fleetOf()).groups);
  const arrivals = arrivalsOf(loads, owners, { start, end: start + span }, seed);
  return run({ scenario, policy, arrivals, buckets: bucketsFor(span), ...(onReport && { onReport }) });
}

/** A comparison of ours, the baseline and the oracle over six hours. */
export async function sampleLaboratory(): Promise<PageData> {
  const fleet = await fleetOf();
  const { start, span } = scenario;
  const decisions = new DecisionLog(start, start + span, bucketsFor(span));
  const ours = await play(shippedPolicy(NASTY, fleet), (report) => decisions.add(report));
  const policies: readonly Played[] = [
    { role: 'ours', result: ours, decisions },
    { role: 'baseline', result: await play(atlassianPolicy({ name: 'Atlassian’s rule', pollMs: 60_000 }, fleet)) },
    { role: 'oracle', result: await play(oraclePolicy(fleet)) },
  ];
  const { loads, seed } = scenario;
  const arrivals = arrivalsOf(loads, ownersOf(fleet.groups), { start, end: start + span }, seed);
  return laboratoryPage({ scenario, policies, bounds: await boundsOf(arrivals, scenario) });
}

/** The ticks of the same six hours, as production would have recorded them. */
export async function sampleProduction(): Promise<PageData> {
  const { start, span } = scenario;
  const records = new ProductionRecords({
    from: start,
    to: start + span,
    facts: [{ name: 'Records', text: 'file:ticks' }],
  });
  await play(shippedPolicy('shipped', await fleetOf()), (report) =>
    records.add({ at: Date.parse(report.tick.at), report }),
  );
  return records.close();
}
