/** docs/report.svg: the report of one tick, as a terminal shows it. */
import { loadFleet } from '#config/load.ts';
import type { Report } from '#core/model/report.ts';
import type { Tone } from '#text/layout.ts';
import { renderReport } from '#text/report.ts';
import { arrivalsOf } from '#tools/laboratory/load.ts';
import { run } from '#tools/laboratory/run.ts';
import { parseScenario } from '#tools/laboratory/scenario.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import { drawTerminal, painted } from './terminal-drawing.ts';

const COLUMNS = 120;
const TITLE = 'The report of a tick: what each group has, what it gets, and why';

const COLOURS: Readonly<Record<Tone, string>> = {
  heading: '#f0f6fc',
  quiet: '#8b949e',
  up: '#3fb950',
  down: '#39c5cf',
  warning: '#d29922',
  failure: '#ff7b72',
};

const FLEET = `groups:
  - { name: builds, workspace: acme, labels: [builds], namespace: runners, strategy: queueAware, repositories: [shop], parameters: { min: 1, max: 10 } }
  - { name: deploys, workspace: acme, labels: [deploys], namespace: runners, strategy: idleBuffer, parameters: { min: 1, max: 4 } }
  - { name: nightly, workspace: acme, labels: [nightly], namespace: runners, strategy: queueAware, repositories: [shop], parameters: { min: 1, max: 20 } }
`;

const LOAD = { workspace: 'acme', repository: 'shop', duration: '6m' } as const;
const MORNING = {
  name: 'a morning',
  start: '2026-11-09T06:00:00Z',
  span: '2h',
  conditions: 'ideal' as const,
  loads: [
    { ...LOAD, kind: 'burst' as const, at: '18m7s', steps: 5, labels: ['self.hosted', 'linux', 'builds'] },
    { ...LOAD, kind: 'trickle' as const, every: '7m', labels: ['self.hosted', 'linux', 'deploys'] },
    { ...LOAD, kind: 'burst' as const, at: '10m7s', steps: 2, labels: ['self.hosted', 'linux', 'nightly'] },
  ],
};

/** The drawing; the same bytes for the same code. */
export async function drawReport(): Promise<string> {
  const scenario = parseScenario(MORNING, 'drawing');
  const { fleet } = await loadFleet('drawing', { readText: async () => FLEET });
  const { loads, start, span, seed } = scenario;
  let shown: Report | undefined;
  await run({
    scenario,
    policy: shippedPolicy('queueAware', fleet),
    arrivals: arrivalsOf(loads, [], { start, end: start + span }, seed),
    onReport: (report) => {
      if (doesAll(report)) shown ??= report;
    },
  });
  if (shown === undefined) throw new Error('No tick of that morning adds, removes and holds; choose another one.');
  const options = { width: COLUMNS, paint: (tone: Tone, text: string) => painted(COLOURS[tone], text) };
  return drawTerminal(TITLE, COLUMNS, renderReport(shown, options));
}

/** Whether the first group grows, another one shrinks and one stays. */
function doesAll({ groups }: Report): boolean {
  const [first, ...others] = groups.map(({ decision }) => decision.action);
  return first === 'scale-up' && others.includes('scale-down') && others.includes('hold');
}
