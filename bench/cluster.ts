/**
 * `npm run bench:cluster`: what a tick costs at a real API server, side by side with the same requests made one after
 * the other in the same run. Requests are those that the server's audit log counted. Absolute times are this machine's
 * of this minute, with the API server on the same cores; read the ratios and the counts.
 */
import '../scripts/help.ts';

import { setTimeout as pause } from 'node:timers/promises';
import type { JobApi, Manifest, Namespace } from '#core/ports.ts';
import { reconcile } from '#core/reconcile.ts';
import { Secret } from '#core/secret.ts';
import { fleet, group, runner } from '#kit/fleet.ts';
import { renderManifests } from '#manifests/render.ts';
import { World } from '#tools/simulator/world.ts';
import { openClusterStage } from './cluster-stage.ts';
import { median } from './median.ts';
import { printTable } from './table.ts';

const ROUNDS = 3;
const LISTED = 500;
/** None: everything shares the cores of this machine. The other: about the way from a function to a cluster's API. */
const LATENCIES_MS = [0, 20];

await using stage = await openClusterStage();
await measureTick({ runners: 1, latencyMs: 0 }); // Nothing is cached yet, here or there: not counted.
await compareTicks();
await measureList();

async function compareTicks(): Promise<void> {
  console.log(`A tick that adds runners, at a real API server: medians of ${ROUNDS} rounds\n`);
  const rows: string[][] = [];
  for (const latencyMs of LATENCIES_MS) {
    for (const runners of [1, 10, 100]) rows.push(await compare({ runners, latencyMs }));
  }
  printTable(['runners added', 'way', 'lists', 'creates per runner', 'time', 'one after the other', 'ratio'], rows);
}

type Setting = { readonly runners: number; readonly latencyMs: number };

async function compare(setting: Setting): Promise<string[]> {
  const ours: Measured[] = [];
  const serial: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await measureTick(setting));
    serial.push(await measureSerial(setting));
  }
  const { lists: listed = 0, creates: created = 0 } = ours[0]?.requests ?? {};
  const [oursMs, serialMs] = [median(ours.map(msOf)), median(serial.map(msOf))];
  return [
    `${setting.runners}`,
    milliseconds(setting.latencyMs),
    `${listed}`,
    (created / setting.runners).toFixed(1),
    milliseconds(oursMs),
    milliseconds(serialMs),
    `${(serialMs / oursMs).toFixed(1)} ×`,
  ];
}

async function measureList(): Promise<void> {
  const place = await stage.makeNamespace();
  const api = stage.coldJobApi();
  const numbers = Array.from({ length: LISTED }, (_, number) => number);
  for (let start = 0; start < LISTED; start += 50) {
    await Promise.all(numbers.slice(start, start + 50).map((number) => launch(api, place, number)));
  }
  await stage.untilQuiet(place, LISTED);
  const before = lists(stage.requests(place));
  const rounds: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push(await measured(place, () => stage.coldJobApi().list(place)));
  }
  const perLook = (lists(stage.requests(place)) - before) / ROUNDS;
  console.log(`\nA look at ${LISTED} Jobs with their pods\n`);
  printTable(['Jobs', 'requests', 'time'], [[`${LISTED}`, `${perLook}`, milliseconds(median(rounds.map(msOf)))]]);
}

type Measured = { readonly ms: number; readonly requests: { readonly lists: number; readonly creates: number } };

/** Does it in a namespace of its own, and waits until the controllers have caught up, so that they slow nothing else. */
async function measureIn(
  { runners, latencyMs }: Setting,
  act: (api: JobApi, place: Namespace) => Promise<void>,
): Promise<Measured> {
  const place = await stage.makeNamespace();
  const result = await measured(place, () => act(farAway(stage.coldJobApi(), latencyMs), place));
  await stage.untilQuiet(place, runners);
  await stage.clear(place);
  return result;
}

/** The shipped line, with Bitbucket and memory in this process: what is left is the cluster's share. */
function measureTick(setting: Setting): Promise<Measured> {
  return measureIn(setting, async (jobs, place) => {
    const { runners } = setting;
    const world = new World({ start: Date.now() });
    const builds = group({ ...place, min: runners, max: runners, maxCreatesPerTick: runners });
    const { groups } = await reconcile(
      { fleet: fleet([builds]), mode: 'apply', now: world.now, tickId: 'bench', elapsedMs: () => 0 },
      { ...world.ports(), jobs },
    );
    const failed = groups[0]?.outcomes.find(({ status }) => status !== 'done');
    if (failed !== undefined) throw new Error(`the measured tick failed: ${failed.error}`);
  });
}

/** The same requests with the same bodies, each after the answer to the one before. */
function measureSerial(setting: Setting): Promise<Measured> {
  return measureIn(setting, async (api, place) => {
    await api.list(place);
    for (let number = 0; number < setting.runners; number += 1) await launch(api, place, number);
  });
}

/** The same API with a way to it: every call arrives this much later. */
function farAway(api: JobApi, latencyMs: number): JobApi {
  if (latencyMs === 0) return api;
  const travel = () => pause(latencyMs);
  return {
    ...api,
    list: (place) => travel().then(() => api.list(place)),
    createJob: (place, manifest) => travel().then(() => api.createJob(place, manifest)),
    createSecret: (place, manifest, owner) => travel().then(() => api.createSecret(place, manifest, owner)),
  };
}

/** How long it takes, and what the API server counted meanwhile. */
async function measured(place: Namespace, act: () => Promise<unknown>): Promise<Measured> {
  const before = stage.requests(place);
  const start = performance.now();
  await act();
  const ms = performance.now() - start;
  const after = stage.requests(place);
  return { ms, requests: { lists: lists(after) - lists(before), creates: creates(after) - creates(before) } };
}

async function launch(api: JobApi, place: Namespace, number: number): Promise<void> {
  const { job, secret } = manifestsOf(place, number);
  await api.createSecret(place, secret, await api.createJob(place, job));
}

function manifestsOf(place: Namespace, number: number): { readonly job: Manifest; readonly secret: Manifest } {
  return renderManifests({
    group: group({ ...place }),
    runner: runner({ uuid: `{00000000-0000-4000-8000-${String(number).padStart(12, '0')}}` }),
    identity: { workspaceUuid: '{acme}' },
    credentials: { clientId: `client-${number}`, clientSecret: new Secret(`secret-${number}`) },
  });
}

type Tally = Readonly<Record<string, number>>;

function lists(tally: Tally): number {
  return (tally['list jobs'] ?? 0) + (tally['list pods'] ?? 0);
}

function creates(tally: Tally): number {
  return (tally['create jobs'] ?? 0) + (tally['create secrets'] ?? 0);
}

function msOf({ ms }: Measured): number {
  return ms;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(0)} ms`;
}
