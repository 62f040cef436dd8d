/** The pure part over 1,000 groups and 10,000 runners, in a process of its own. Prints one JSON line. */
import { decide } from '#core/decide/decide.ts';
import type { GroupObservation, Observation } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { makeReport } from '#core/report.ts';
import { group, groupObservation, NOON, population } from '#kit/fleet.ts';

/** Times of the pure part: the first time, as a fresh function sees it, and warm. */
export type PureMeasured = {
  readonly groups: number;
  readonly runners: number;
  readonly firstMs: number;
  readonly warmMs: number;
  readonly maxRssMegabytes: number;
};

/** Every kind of group: growing, steady, shrinking, starting, draining. */
const KINDS = [
  { busy: 10 },
  { busy: 4, idle: 6 },
  { busy: 1, idle: 9 },
  { busy: 5, idle: 2, starting: 3 },
  { busy: 3, idle: 3, starting: 1, draining: 2, dead: 1 },
];

const groups = Array.from({ length: 1000 }, (_, index): GroupObservation => {
  const runners = population(KINDS[index % KINDS.length] ?? {});
  const idleSince = Object.fromEntries(runners.map(({ uuid }) => [uuid, NOON - 600_000]));
  return groupObservation({
    group: group({ name: `group-${index}`, scope: { workspace: `workspace-${Math.floor(index / 10)}` }, max: 20 }),
    runners,
    memory: { idleSince, drainingSince: {} },
  });
});
const workspaces = Array.from({ length: 100 }, (_, index) => ({
  workspace: `workspace-${index}`,
  registrations: 100,
  maxRunners: 200,
}));
const observation: Observation = { at: NOON, groups, workspaces, queues: [], scopeMemory: [], notes: [] };
const calls = { bitbucket: 0, kubernetes: 0, aws: 0 };

function runPurePart(): number {
  const start = performance.now();
  const decisions = decide(observation);
  const plan = makePlan(observation, decisions);
  const tick = { id: 'bench', at: 'noon', mode: 'plan', durationMs: 0, calls } as const;
  const report = makeReport(tick, observation, decisions, plan, { outcomes: new Map(), problems: [] });
  if (report.groups.length !== groups.length) throw new Error('the report has lost a group');
  return performance.now() - start;
}

const firstMs = runPurePart();
const warm = Array.from({ length: 9 }, runPurePart).sort((a, b) => a - b);
const measured: PureMeasured = {
  groups: groups.length,
  runners: groups.reduce((sum, entry) => sum + entry.runners.length, 0),
  firstMs,
  warmMs: warm[4] ?? Number.NaN,
  maxRssMegabytes: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(measured));
