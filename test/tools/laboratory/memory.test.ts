/** A history of any length is played in a memory that depends on the fleet. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { fleet, group } from '#kit/fleet.ts';
import { readHistory } from '#tools/history/read.ts';
import { run } from '#tools/laboratory/run.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import { scenarioOf } from './trial.ts';

const START = Date.UTC(2026, 10, 9);
const GAP_MS = 10_000;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** A step each 10 s, as lines of a file. */
async function* lines(steps: number): AsyncGenerator<string> {
  for (let step = 0; step < steps; step += 1) {
    const ready = new Date(START + step * GAP_MS).toISOString();
    const durationMs = 30_000 + (step % 7) * 10_000;
    yield `${JSON.stringify({ ready, durationMs, workspace: 'acme', repository: 'shop', labels: ['linux'], id: `${step}` })}\n`;
  }
}

/** How much larger the heap is when so many steps have been played, with what came of it still at hand. */
async function grownBy(steps: number): Promise<number> {
  const builds = fleet([group({ min: 2, max: 8 })]);
  const scenario = scenarioOf({ start: new Date(START).toISOString(), span: (steps * GAP_MS) / 1000 });
  const before = heapBytes();
  const history = readHistory(lines(steps), { name: 'steps' });
  const result = await run({ scenario, policy: shippedPolicy('shipped', builds), arrivals: history.arrivals });
  const after = heapBytes();
  expect(result.figures.steps.arrived).toBe(steps);
  expect(history.summary().steps).toBe(steps);
  return after - before;
}

it('ten times as many steps take no more memory', async () => {
  await grownBy(2_000);
  const few = await grownBy(4_000);
  const many = await grownBy(40_000);
  // A kept step would be at least a hundred bytes, so that 36,000 of them would be seen.
  expect(many - few).toBeLessThan(1_500_000);
});
