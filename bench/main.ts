/**
 * `npm run bench`: what a tick costs, side by side with the calls of Atlassian's autoscaler against the same stand-in
 * Bitbucket in the same run. Absolute times are this machine's of this minute; read the ratios and the counts.
 */
import '../scripts/help.ts';

import { playBaseline } from './baseline.ts';
import type { PureMeasured } from './pure-process.ts';
import type { QueuesMeasured } from './queue-process.ts';
import { bundleBenchmarks, openStage, runProgram, type Setting } from './stage.ts';
import { printTable } from './table.ts';
import type { Measured } from './tick-process.ts';

const SECOND = 1000;

/** Its default pause after every create; it waits them one after the other. */
const BASELINE_PAUSE_MS = 5 * SECOND;

/** Counts and memory are the same on every machine and must be met; a time is only shown. */
type Goal = {
  readonly name: string;
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
  readonly binding: boolean;
};
const goals: Goal[] = [];

const steady = { min: 1, max: 30, busy: 5, runners: 10, latencyMs: 100 };

await bundleBenchmarks();
await compareWithBaseline();
await measurePurePart();
await measureQueues();
await showGrowth();

console.log('\nGoals\n');
printTable(
  ['goal', 'wanted', 'measured', ''],
  goals.map(({ name, goal, measured, met }) => [name, goal, measured, met ? 'met' : 'MISSED']),
);
process.exitCode = goals.every(({ met, binding }) => met || !binding) ? 0 : 1;

async function compareWithBaseline(): Promise<void> {
  console.log('A tick beside the baseline: 100 ms per call, to Bitbucket and to the cluster\n');
  const cases = [
    { name: '10 groups, nothing to do', groups: 10, creates: 0, over: {} },
    { name: '10 runners from zero', groups: 1, creates: 10, over: { min: 10, runners: 0, busy: 0 } },
    { name: '50 runners from zero', groups: 1, creates: 50, over: { min: 50, max: 60, runners: 0, busy: 0 } },
  ];
  const rows: string[][] = [];
  for (const { name, groups, creates, over } of cases) {
    const setting: Setting = { ...steady, workspaces: 1, groupsPerWorkspace: groups, ...over };
    const ours = await measureTick(setting);
    const theirs = await measureBaseline(setting, groups, creates);
    const paused = theirs.tickMs + creates * BASELINE_PAUSE_MS;
    rows.push([
      name,
      `${ours.calls.bitbucket}`,
      `${theirs.calls}`,
      seconds(ours.tickMs),
      seconds(theirs.tickMs),
      ratio(theirs.tickMs, ours.tickMs),
      creates === 0 ? '–' : `${seconds(paused)} (${ratio(paused, ours.tickMs)})`,
    ]);
    if (creates === 0) {
      const lists = Math.ceil((setting.groupsPerWorkspace * setting.runners) / 100);
      goal('10 groups of one workspace, nothing to do', `${lists} call to Bitbucket`, ours.calls.bitbucket, lists);
    }
    if (creates === 50) {
      goal('50 runners from zero', '51 calls to Bitbucket', ours.calls.bitbucket, 51);
      goal('50 runners from zero, ms', '1000 ms', Math.round(ours.tickMs), 1000);
    }
  }
  printTable(['', 'calls', 'theirs', 'time', 'theirs', 'ratio', 'theirs with their pauses of 5 s'], rows);
}

async function measureTick(setting: Setting): Promise<Measured> {
  await using stage = await openStage(setting);
  const measured = await stage.run<Measured>('tick', 'apply');
  const created = stage.kubernetes.names('runners', 'secrets').length;
  if (measured.failed) throw new Error('the measured tick failed');
  if (created !== measured.done)
    throw new Error(`${measured.done} actions were done, but ${created} Secrets are there`);
  return measured;
}

async function measureBaseline(setting: Setting, groups: number, creates: number) {
  await using stage = await openStage({ ...setting, groupsPerWorkspace: 0 });
  return await playBaseline(stage.bitbucket.url, { groups, creates });
}

async function measurePurePart(): Promise<void> {
  const measured = await runProgram<PureMeasured>('pure', [], { PATH: process.env.PATH });
  console.log(`\nThe pure part: ${measured.groups} groups, ${measured.runners} runners, one tick\n`);
  printTable(
    ['', 'decide + plan + report', 'memory of the process'],
    [
      ['first time', `${measured.firstMs.toFixed(0)} ms`, ''],
      ['warm (median of 9)', `${measured.warmMs.toFixed(0)} ms`, `${measured.maxRssMegabytes.toFixed(0)} MB`],
    ],
  );
  goal('pure part, 1,000 groups over 10,000 runners, ms', '250 ms', Math.round(measured.firstMs), 250);
}

/** A tenth of the processor time, for the same calls and the same answers. */
async function measureQueues(): Promise<void> {
  const { before, now } = await runProgram<QueuesMeasured>('queue', [], { PATH: process.env.PATH });
  console.log('\nA look at the queues of 60 saturated groups of 20 runners: 50 repositories of 4 pipelines each\n');
  const row = (name: string, { calls, known, cpuMs }: QueuesMeasured['now']) => [
    name,
    `${calls}`,
    `${known}`,
    ratio(cpuMs, now.cpuMs),
  ];
  printTable(
    ['', 'calls', 'groups known', 'processor time'],
    [row('shared out once for each pipeline', now), row('decided anew for each pipeline and group', before)],
  );
  if (`${now.waiting}` !== `${before.waiting}`) throw new Error('the two ways share the waiting steps out differently');
  goal('60 saturated groups, calls', `${before.calls} calls`, now.calls, before.calls);
  goal('60 saturated groups, whose queue is unknown', '0 groups', 60 - now.known, 0);
  const percent = Math.ceil((100 * now.cpuMs) / before.cpuMs);
  goal('60 saturated groups, % of the processor time of deciding anew', '10 %', percent, 10);
}

async function showGrowth(): Promise<void> {
  console.log('\nGrowth: 10 runners per group, 10 groups per workspace, nothing to do, 20 ms per call\n');
  const rows: string[][] = [];
  let first: Measured | undefined;
  for (const groups of [1, 10, 100, 1000]) {
    const workspaces = Math.ceil(groups / 10);
    await using stage = await openStage({
      ...steady,
      latencyMs: 20,
      workspaces,
      groupsPerWorkspace: Math.min(groups, 10),
    });
    const measured = await stage.run<Measured>('tick', 'plan');
    first ??= measured;
    rows.push([
      `${groups}`,
      `${groups * 10}`,
      `${measured.calls.bitbucket}`,
      `${measured.calls.kubernetes}`,
      seconds(measured.tickMs),
      ratio(measured.tickMs, first.tickMs),
      `${measured.maxRssMegabytes.toFixed(0)} MB`,
    ]);
    if (groups === 1000)
      // A function has 512 MB. Beside 10,000 runners stands what groups remember of them: who worked, what came, what waited.
      goal('memory, 1,000 groups over 10,000 runners, MB', '288 MB', Math.round(measured.maxRssMegabytes), 288);
  }
  printTable(['groups', 'runners', 'calls to Bitbucket', 'to the cluster', 'tick', 'to 1 group', 'memory'], rows);
}

function goal(name: string, wanted: string, measured: number, most: number): void {
  const binding = !wanted.endsWith(' ms');
  goals.push({ name, goal: `at most ${wanted}`, measured: `${measured}`, met: measured <= most, binding });
}

function seconds(ms: number): string {
  return `${(ms / SECOND).toFixed(2)} s`;
}

function ratio(a: number, b: number): string {
  return `${(a / b).toFixed(1)} ×`;
}
