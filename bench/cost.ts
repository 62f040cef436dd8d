/**
 * `npm run bench:cost`: what a tick of the packaged `scale` takes, warm and cold, over fleets of several sizes, every
 * call 100 ms away; what that comes to in functions of different memory; and what it costs in a month. With `-- --write`
 * the measurements become bench/measured.json, from which `npm run generate` computes the costs in the documents.
 */
import '../scripts/help.ts';

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../esbuild.config.mjs';
import { durationMs, monthlyCost, type TickProfile, total } from '../infra/cost.ts';
import { defaultCostSettings } from '../scripts/cost-document.ts';
import { type InvocationMeasured, startInvocations } from './invocations.ts';
import { type LambdaStage, openLambdaStage, type Usage } from './lambda-stage.ts';
import { median } from './median.ts';
import type { Setting } from './stage.ts';
import { printTable } from './table.ts';

/** Much for the services of one region, about right for Bitbucket from far away: on the safe side. */
const LATENCY_MS = 100;
/** The code is compiled better with every tick at first; a function that is invoked every minute is past that. */
const WARM_UP_TICKS = 5;
const TICKS = 9;
/** Without latency, since only memory is looked at: a heap grows until its garbage is worth collecting. */
const TICKS_FOR_MEMORY = 60;
const COLD_STARTS = 5;

const FLEETS = [
  { workspaces: 1, groupsPerWorkspace: 10 },
  { workspaces: 5, groupsPerWorkspace: 10 },
  { workspaces: 20, groupsPerWorkspace: 10 },
];
const MEMORIES = [128, 256, 512, 1024, 1769];

const folder = await mkdtemp(join(tmpdir(), 'autoscaler-cost-'));
try {
  await bundle(folder);
  const fleets: TickProfile[] = [];
  for (const fleet of FLEETS) fleets.push(await profileOf(fleet));
  const growth = await measureGrowth();
  printMemories(fleets, growth);
  if (process.argv.includes('--write')) await write(fleets, growth);
} finally {
  await rm(folder, { recursive: true, force: true });
}

type FleetSize = Pick<Setting, 'workspaces' | 'groupsPerWorkspace'>;

function settingOf(size: FleetSize, over: Partial<Setting> = {}): Setting {
  return { ...size, min: 1, max: 30, busy: 5, runners: 10, latencyMs: LATENCY_MS, ...over };
}

/** An active fleet: between any two ticks builds begin and end in every group. */
async function profileOf(size: FleetSize): Promise<TickProfile> {
  await using stage = await openLambdaStage(settingOf(size));
  const colds = await coldTicks(stage);
  await using scale = await startInvocations(join(folder, 'scale.js'), stage.environment);
  for (let tick = 0; tick < WARM_UP_TICKS; tick += 1) {
    await scale.invoke();
    stage.letBuildsChange();
  }
  const before = stage.usage();
  const ticks: InvocationMeasured[] = [];
  for (let tick = 0; tick < TICKS; tick += 1) {
    ticks.push(await scale.invoke());
    stage.letBuildsChange();
  }
  const after = stage.usage();
  const perTick = (name: keyof Usage) => Math.round((after[name] - before[name]) / TICKS);
  if (perTick('bitbucketCalls') < size.workspaces) throw new Error('a measured tick did not look at every workspace');
  const groups = size.workspaces * size.groupsPerWorkspace;
  return {
    workspaces: size.workspaces,
    groups,
    runners: groups * 10,
    tick: spent(ticks),
    coldTick: spent(colds),
    peakMegabytes: Math.round(await peakMegabytes(size)),
    writeUnits: perTick('writeUnits'),
    recordUnits: perTick('recordUnits'),
    readUnits: perTick('readUnits'),
    objectReads: perTick('s3Reads'),
    logBytes: median(ticks.map(({ loggedBytes }) => loggedBytes)),
    metrics: ticks.at(-1)?.metrics ?? [],
  };
}

type TimeSpent = TickProfile['tick'];

function spent(times: readonly TimeSpent[]): TimeSpent {
  return {
    wallMs: Math.round(median(times.map(({ wallMs }) => wallMs))),
    cpuMs: Math.round(median(times.map(({ cpuMs }) => cpuMs))),
  };
}

async function coldTicks({ environment, letBuildsChange }: LambdaStage): Promise<readonly TimeSpent[]> {
  const colds: TimeSpent[] = [];
  for (let start = 0; start < COLD_STARTS; start += 1) {
    await using scale = await startInvocations(join(folder, 'scale.js'), environment);
    const tick = await scale.invoke();
    colds.push({ wallMs: scale.init.wallMs + tick.wallMs, cpuMs: scale.init.cpuMs + tick.cpuMs });
    letBuildsChange();
  }
  return colds;
}

async function peakMegabytes(size: FleetSize): Promise<number> {
  await using stage = await openLambdaStage(settingOf(size, { latencyMs: 0 }));
  await using scale = await startInvocations(join(folder, 'scale.js'), stage.environment);
  let peak = 0;
  for (let tick = 0; tick < TICKS_FOR_MEMORY; tick += 1) {
    ({ maxRssMegabytes: peak } = await scale.invoke());
    stage.letBuildsChange();
  }
  return peak;
}

/** The most that one tick can be asked to do in the largest fleet: every group adds as many as it may, from cold. */
async function measureGrowth(): Promise<TimeSpent> {
  const size = FLEETS.at(-1) ?? { workspaces: 1, groupsPerWorkspace: 1 };
  await using stage = await openLambdaStage(settingOf(size, { min: 5, busy: 0, runners: 0 }));
  await using scale = await startInvocations(join(folder, 'scale.js'), stage.environment);
  const { wallMs, cpuMs } = await scale.invoke();
  return { wallMs: Math.round(wallMs), cpuMs: Math.round(cpuMs) };
}

function printMemories(fleets: readonly TickProfile[], growth: TimeSpent): void {
  const rows = fleets.flatMap((profile) =>
    MEMORIES.map((memory) => [
      `${profile.groups} groups, ${memory} MB`,
      seconds(durationMs(profile.tick, memory)),
      seconds(durationMs(profile.coldTick, memory)),
      profile.peakMegabytes < memory ? `${profile.peakMegabytes} MB` : `${profile.peakMegabytes} MB, too much`,
      seconds(durationMs(growth, memory)),
      `$${total(monthlyCost(profile, { ...defaultCostSettings(), memory })).toFixed(2)}`,
    ]),
  );
  const [{ groups = 0 } = {}] = fleets.slice(-1);
  printTable(['', 'tick', 'cold start and tick', 'peak memory', `${groups} groups grow by 5 each`, 'a month'], rows);
}

async function write(fleets: readonly TickProfile[], growth: TimeSpent): Promise<void> {
  const measured = {
    how: `npm run bench:cost -- --write: medians of ${TICKS} ticks and ${COLD_STARTS} cold starts of the packaged scale, each call ${LATENCY_MS} ms away, builds changing in every group between ticks; memory after ${TICKS_FOR_MEMORY} ticks`,
    on: `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${process.arch}`,
    latencyMs: LATENCY_MS,
    growth,
    fleets,
  };
  await writeFile(new URL('measured.json', import.meta.url), `${JSON.stringify(measured, null, 2)}\n`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
