import { describe, expect, it } from 'vitest';
import type { Arrival } from '#tools/arrival.ts';
import { parseScenario, type ScenarioInput } from '#tools/laboratory/scenario.ts';
import { turnAt } from '#tools/laboratory/turns.ts';
import { arrivalsWithin, beginningOf, turnsOf } from '#tools/tune/stretch.ts';

const HOUR_MS = 3_600_000;

function scenarioOf(input: Partial<ScenarioInput> = {}) {
  return parseScenario({ span: '10h', warmUp: '30m', ...input }, 'test');
}

function arrivalAt(at: number): Arrival {
  return { at, scope: { workspace: 'acme', repository: 'shop' }, labels: [], durationMs: 2 * HOUR_MS };
}

describe('turnsOf', () => {
  const DAY_MS = 24 * HOUR_MS;
  /** A Wednesday, at noon. */
  const start = Date.UTC(2026, 10, 11, 12);

  it.each([
    ['ten hours: eight pieces', 10 * HOUR_MS, undefined, 0, 75 * 60_000],
    ['a little less than four days: eight pieces', 4 * DAY_MS - 8, undefined, 0, DAY_MS / 2 - 1],
    ['four days: days, from midnight', 4 * DAY_MS, undefined, -DAY_MS / 2, DAY_MS],
    ['a little less than eight weeks: days', 56 * DAY_MS - 1, undefined, -DAY_MS / 2, DAY_MS],
    ['eight weeks: weeks, from Monday', 56 * DAY_MS, undefined, -2.5 * DAY_MS, 7 * DAY_MS],
    ['days where they are asked for', 56 * DAY_MS, 'days', -DAY_MS / 2, DAY_MS],
    ['four weeks of weeks', 28 * DAY_MS, 'weeks', -2.5 * DAY_MS, 7 * DAY_MS],
  ] as const)('%s', (_, span, length, from, everyMs) => {
    expect(turnsOf({ start, span }, length)).toEqual({ from: start + from, everyMs });
  });

  it('has every weekday in both parts of two weeks', () => {
    const days = Array.from({ length: 14 }, (_, day) => start + day * DAY_MS);
    const turns = turnsOf({ start, span: 14 * DAY_MS });
    for (const turn of [0, 1]) {
      const own = days.filter((day) => turnAt(turns, day) === turn);
      expect(new Set(own.map((day) => new Date(day).getUTCDay())).size).toBe(7);
    }
  });

  it('takes the beginning of a scenario', () => {
    const scenario = scenarioOf();
    expect(beginningOf(scenario, 1)).toEqual(scenario);
    expect(beginningOf(scenario, 0.25)).toMatchObject({ start: scenario.start, span: 2.5 * HOUR_MS });
  });
});

describe('arrivalsWithin', () => {
  const scenario = scenarioOf();
  const all = () => true;

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
