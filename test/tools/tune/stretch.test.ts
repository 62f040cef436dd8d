import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arrival } from '#tools/arrival.ts';
import { parseScenario, type ScenarioInput } from '#tools/laboratory/scenario.ts';
import { arrivalsWithin, beginningOf, splitScenario } from '#tools/tune/stretch.ts';

const HOUR_MS = 3_600_000;

function scenarioOf(input: Partial<ScenarioInput> = {}) {
  return parseScenario({ span: '10h', warmUp: '30m', ...input }, 'test');
}

function arrivalAt(at: number): Arrival {
  return { at, scope: { workspace: 'acme', repository: 'shop' }, labels: [], durationMs: 2 * HOUR_MS };
}

describe('splitScenario', () => {
  it('cuts by time', () => {
    const scenario = scenarioOf();
    const { training, holdOut } = splitScenario(scenario, 0.25);
    expect([training.start - scenario.start, training.span]).toEqual([0, 7.5 * HOUR_MS]);
    expect([holdOut.start - scenario.start, holdOut.span]).toEqual([7.5 * HOUR_MS, 2.5 * HOUR_MS]);
  });

  it.each([
    ['before the cut', '1h', '2h', [[1, 2]], []],
    ['up to the cut', '1h', '5h', [[1, 5]], []],
    ['across the cut', '4h', '7h', [[4, 5]], [[0, 2]]],
    ['from the cut on', '5h', '6h', [], [[0, 1]]],
    ['after the cut', '8h', '9h', [], [[3, 4]]],
  ])('gives each part its share of an outage %s', (_, from, to, training, holdOut) => {
    const scenario = scenarioOf({ outages: [{ service: 'bitbucket', from, to }] });
    const split = splitScenario(scenario, 0.5);
    const hours = ({ outages }: typeof scenario) =>
      outages.map((outage) => [outage.from / HOUR_MS, outage.to / HOUR_MS]);
    expect([hours(split.training), hours(split.holdOut)]).toEqual([training, holdOut]);
  });

  it('begins with the nodes that there were, also in the warm-up', () => {
    const nodes = [
      { from: '1h', capacity: 4 },
      { from: '3h', capacity: 5 },
      { from: '5h', capacity: 6 },
      { from: '8h', capacity: 7 },
    ];
    const { training, holdOut } = splitScenario(scenarioOf({ nodes }), 0.5);
    expect(training.nodes).toEqual([
      { from: HOUR_MS, capacity: 4 },
      { from: 3 * HOUR_MS, capacity: 5 },
    ]);
    expect(holdOut.nodes).toEqual([
      { from: -HOUR_MS / 2, capacity: 6 },
      { from: 3 * HOUR_MS, capacity: 7 },
    ]);
  });

  it('takes the beginning of a scenario, or all of it', () => {
    const scenario = scenarioOf();
    expect(beginningOf(scenario, 1)).toBe(scenario);
    expect(beginningOf(scenario, 0.25)).toMatchObject({ start: scenario.start, span: 2.5 * HOUR_MS });
  });
});

describe('arrivalsWithin', () => {
  const scenario = scenarioOf();
  const all = () => true;

  it('puts every step into exactly one part, in order, whenever it ends', async () => {
    const times = fc.array(fc.integer({ min: 0, max: scenario.span - 1 }), { maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 90 }), async (offsets, percent) => {
        const steps = [...offsets].sort((a, b) => a - b).map((offset) => arrivalAt(scenario.start + offset));
        const { training, holdOut } = splitScenario(scenario, percent / 100);
        const parts: Arrival[] = [];
        for (const part of [training, holdOut])
          for await (const step of arrivalsWithin(steps, part, all)) parts.push(step);
        expect(parts).toEqual(steps);
      }),
    );
  });

  it.each([
    ['a moment before it', -1, false],
    ['at its beginning', 0, true],
    ['a moment before its end', scenario.span - 1, true],
    ['at its end', scenario.span, false],
  ])('a step %s', async (_, offset, isIn) => {
    const found: Arrival[] = [];
    for await (const step of arrivalsWithin([arrivalAt(scenario.start + offset)], scenario, all)) found.push(step);
    expect(found).toHaveLength(isIn ? 1 : 0);
  });

  it('leaves out what is not wanted', () => {
    const steps = [1, 2, 3].map((hour) => arrivalAt(scenario.start + hour * HOUR_MS));
    const wanted = arrivalsWithin(steps, scenario, ({ at }) => at !== scenario.start + 2 * HOUR_MS);
    expect([...(wanted as Iterable<Arrival>)]).toEqual([steps[0], steps[2]]);
  });

  it('reads no further than to the end, and closes the stream', async () => {
    const log: string[] = [];
    async function* endless() {
      try {
        for (let hour = 8; ; hour += 1) {
          log.push(`${hour}`);
          yield arrivalAt(scenario.start + hour * HOUR_MS);
        }
      } finally {
        log.push('closed');
      }
    }
    for await (const _ of arrivalsWithin(endless(), scenario, all));
    expect(log).toEqual(['8', '9', '10', 'closed']);
  });
});
