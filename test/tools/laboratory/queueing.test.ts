/** The simulated queue against queueing theory, which nobody here has written. */
import { describe, expect, it } from 'vitest';
import { fleet, group } from '#kit/fleet.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import { play, scenarioOf } from './trial.ts';

/** The share of steps that have to wait in an M/M/c queue with this many servers and this load, in Erlangs. */
function erlangC(servers: number, load: number): number {
  let term = 1;
  let below = 0;
  for (let k = 0; k < servers; k += 1) {
    below += term;
    term = (term * load) / (k + 1);
  }
  const top = (term * servers) / (servers - load);
  return top / (below + top);
}

describe('runners that never come nor go, independent steps of exponential length', () => {
  it.each([
    { runners: 1, perHour: 30, seed: 4 },
    { runners: 4, perHour: 144, seed: 3 },
    { runners: 10, perHour: 480, seed: 3 },
  ])('$runners of them wait as long as Erlang C says', async ({ runners, perHour, seed }) => {
    const fixed = fleet([group({ min: runners, max: runners })]);
    const scenario = scenarioOf({
      span: `${Math.round(200_000 / perHour / 24)}d`,
      seed,
      loads: [{ kind: 'poisson', perHour, duration: { kind: 'exponential', mean: '1m' } }],
    });
    const { figures, books } = await play(scenario, fixed, shippedPolicy('fixed', fixed, 24 * 3_600_000));
    const load = perHour / 60;
    const waitMs = (erlangC(runners, load) * 60_000) / (runners - load);
    expect(Math.abs(figures.waiting.meanMs / waitMs - 1)).toBeLessThan(0.02);
    // Little's law, from three sides: the queue over time, the waits of the steps, and the rate they come at.
    expect(books.queueMs).toBe(books.waiting.sumMs);
    expect((books.runnerMs.busy / scenario.span / load - 1) ** 2).toBeLessThan(0.02 ** 2);
  });
});
