/**
 * `npm run test:worlds`: properties over thousands of random worlds of eight hours, part of a release. It takes about half
 * an hour. `-- --from SEED` goes on where an earlier run has stopped, `--worlds N` and `--minutes N` play fewer or
 * shorter ones. Looks come every minute, in every twentieth world every ten seconds; `--every SECONDS` says it for all of
 * them. After all worlds come 500 nights in which pipelines wake a group, each once quiet and once troubled: 1,000 nights.
 * `-- --nights N` plays N of them and no world. Exits with 1 if a property fails.
 */
import './help.ts';

import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { settingOf, type WorldSetting } from '../test/worlds/draw-world.ts';
import { PROPERTIES, type Property, type Violation } from '../test/worlds/judge.ts';
import { playNight } from '../test/worlds/nights.ts';
import { printTest, shrink } from '../test/worlds/shrink.ts';

const PROGRESS_MS = 10_000;
const FAST_EVERY = 20;
/** Each is played twice. */
const NIGHTS = 500;

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    worlds: { type: 'string', default: '2000' },
    minutes: { type: 'string', default: '480' },
    every: { type: 'string' },
    nights: { type: 'string' },
  },
});
const from = Number(values.from);
const worlds = Number(values.worlds);
const minutes = Number(values.minutes);

const settingAt = (seed: number): WorldSetting =>
  settingOf(seed, { minutes, lookEverySeconds: Number(values.every ?? (seed % FAST_EVERY === 0 ? 10 : 60)) });

const startedAt = Date.now();
const found = new Map<Property, number[]>();
const open = new Set<number>();
let next = from;
let done = 0;

function note(seed: number, violations: readonly Violation[]): void {
  for (const { property, minute, what } of violations) {
    found.set(property, [...(found.get(property) ?? []), seed]);
    console.log(`world ${seed}, minute ${minute}, ${property}: ${what}`);
  }
}

async function work(): Promise<void> {
  const worker = new Worker(new URL('../test/worlds/worker.ts', import.meta.url));
  while (next < from + worlds) {
    const seed = next;
    next += 1;
    open.add(seed);
    worker.postMessage(settingAt(seed));
    const [violations] = await once(worker, 'message');
    note(seed, violations);
    open.delete(seed);
    done += 1;
  }
  await worker.terminate();
}

function tellProgress(): void {
  const resumeFrom = Math.min(next, ...open);
  const left = Math.round(((worlds - done) * (Date.now() - startedAt)) / Math.max(1, done) / 60_000);
  const failing = [...found].map(([property, seeds]) => `${property} ${seeds.length}`).join(', ') || 'none';
  console.error(`${done} of ${worlds} worlds, ${left} min left; failing: ${failing}; resume with --from ${resumeFrom}`);
}

/** Gives whether all went well. */
async function playNights(first: number, count: number): Promise<boolean> {
  const sums = { nights: 0, pipelines: 0, steps: 0, gaveUp: 0, violations: 0 };
  for (let seed = first; seed < first + count; seed += 1) {
    for (const troubled of [false, true]) {
      const { violations, pipelines, steps, gaveUp } = await playNight({ seed, troubled });
      for (const what of violations) console.log(`night ${seed}${troubled ? ', troubled' : ''}: ${what}`);
      sums.nights += 1;
      sums.pipelines += pipelines;
      sums.steps += steps;
      sums.gaveUp += gaveUp;
      sums.violations += violations.length;
    }
  }
  console.log(
    `${sums.nights} nights, ${sums.pipelines} pipelines, ${sums.steps} steps: ${sums.gaveUp} pipelines gave up, ${sums.violations} violations`,
  );
  return sums.violations === 0;
}

if (values.nights !== undefined) process.exit((await playNights(from, Number(values.nights))) ? 0 : 1);

const progress = setInterval(tellProgress, PROGRESS_MS);
await Promise.all(Array.from({ length: availableParallelism() }, work));
clearInterval(progress);
tellProgress();

for (const [property, seeds] of found) {
  const [first] = seeds.toSorted((a, b) => a - b);
  if (first === undefined) continue;
  console.log(`\n${property} (${PROPERTIES[property]}) fails in ${seeds.length} worlds. As a test:\n`);
  console.log(printTest(await shrink(settingAt(first), property), property));
}
// A part of the worlds is for a question of one's own.
const isWhole = process.argv.length === 2;
const areNightsKept = !isWhole || (await playNights(1, NIGHTS));
process.exitCode = found.size === 0 && areNightsKept ? 0 : 1;
