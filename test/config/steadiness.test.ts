/** Settings that never grow, or that swing at constant load: what the rule says is what the strategy does. */
import { describe, expect, it } from 'vitest';
import { wishOf } from '#core/decide/strategies/index.ts';
import type { Strategy } from '#core/model/configuration.ts';
import { PARAMETERS, problemsOf, warningsOf, withGroup, withParameters } from './samples.ts';

const SWINGS = {
  scale_up_threshold: 0.8,
  scale_down_threshold: 0.6,
  scale_up_multiplier: 2,
  scale_down_multiplier: 0.1,
};

describe('percentageRunnersIdle', () => {
  it.each([
    ["the guide's settings", {}, []],
    [
      'a threshold that no share is above',
      { scale_up_threshold: 1 },
      ['scale_up_threshold: is 1, which no busy share is above, so the group never grows beyond min; use 0.8'],
    ],
    ['a threshold just below', { scale_up_threshold: 0.99 }, []],
    [
      'a step up that passes the lower threshold, and a step down that passes the upper one',
      SWINGS,
      [
        'scale_up_multiplier: is 2, so that the group swings while the load stays the same: with 5 steps at all times the group goes from 6 to 10 runners and back; use at most 1.33, or a scale-down threshold of at most 0.4',
      ],
    ],
    ['a step up that does not', { ...SWINGS, scale_up_multiplier: 1.33 }, []],
    ['a lower threshold that it does not pass', { ...SWINGS, scale_down_threshold: 0.4 }, []],
    ['a step down that does not', { ...SWINGS, scale_down_multiplier: 0.4 }, []],
    ['no room to swing', { ...SWINGS, min: 1, max: 2 }, []],
    ['so many at least that nothing swings', { ...SWINGS, min: 10 }, []],
  ])('%s', (_, changes, expected) => {
    const text = withParameters(changes);
    expect(problemsOf(text)).toEqual([]);
    expect(warningsOf(text)).toEqual(expected.map((entry) => `groups[0].parameters.${entry}`));
  });

  it('names the keys as they are written', () => {
    const rule = { scaleDownThreshold: 0.6, scaleUpMultiplier: 2, scaleDownMultiplier: 0.1 };
    const keys = (scaleUpThreshold: number) =>
      warningsOf(withGroup({ parameters: { min: 1, max: 10, scaleUpThreshold, ...rule } })).map(
        (text) => text.split(':')[0],
      );
    expect(keys(0.8)).toEqual(['groups[0].parameters.scaleUpMultiplier']);
    expect(keys(1)).toContain('groups[0].parameters.scaleUpThreshold');
  });

  it('says nothing of settings that are wrong anyway', () => {
    expect(warningsOf(withParameters({ ...SWINGS, scale_down_threshold: 0.8 }))).toEqual([]);
    expect(warningsOf(withParameters({ ...SWINGS, scale_down_multiplier: undefined }))).toEqual([]);
    expect(warningsOf(withGroup({ strategy: 'other', parameters: { ...PARAMETERS, ...SWINGS } }))).toEqual([]);
  });

  it('counts the highest max of the week', () => {
    const window = { name: 'day', days: ['mon'], from: '07:00', to: '19:00', timezone: 'UTC', min: 1, max: 10 };
    const changes = { parameters: { ...PARAMETERS, ...SWINGS, max: 2 }, schedules: [window] };
    expect(warningsOf(withGroup(changes))).toHaveLength(1);
  });
});

describe('idleBuffer', () => {
  it.each([
    [
      'without a buffer the group doubles, and gives back what it does not need',
      { idleCount: 0 },
      [
        'groups[0].parameters.idleCount: is 0, so that the group swings while the load stays the same: with 1 steps at all times the group goes from 1 to 2 runners and back; use at least 1',
      ],
    ],
    ['a buffer by the load', { idleCount: 0, scaleFactor: 0.5 }, []],
    ['a buffer of one', { idleCount: 1 }, []],
    ['no room to double', { idleCount: 0, min: 10 }, []],
  ])('%s', (_, changes, expected) => {
    const parameters = { min: 1, max: 10, ...changes };
    expect(warningsOf(withGroup({ strategy: 'idleBuffer', parameters }))).toEqual(expected);
    expect(warningsOf(withGroup({ strategy: 'queueAware', parameters }))).toEqual([]);
  });
});

describe('played at every constant load', () => {
  const SETTINGS = [0.3, 0.5, 0.7, 0.9].flatMap((up) =>
    [0.1, 0.2, 0.4, 0.6, 0.8]
      .filter((down) => down < up)
      .flatMap((down) =>
        [1.1, 1.5, 2, 4].flatMap((growth) => [0.1, 0.5, 0.9].map((rest) => ({ up, down, growth, rest }))),
      ),
  );
  const MAX = 60;

  it.each([1, 3])('who is warned swings, and who is not rests, but for a runner of rounding: min %i', (min) => {
    const warned = SETTINGS.filter(({ up, down, growth, rest }) => {
      const rule = { scale_up_threshold: up, scale_down_threshold: down, scale_up_multiplier: growth };
      return warningsOf(withParameters({ ...rule, scale_down_multiplier: rest, min, max: MAX })).length > 0;
    });
    // Both kinds are there.
    expect(warned.length).toBeGreaterThan(10);
    expect(warned.length).toBeLessThan(SETTINGS.length - 10);
    for (const setting of SETTINGS) {
      const swings = swingsOf(setting, min);
      if (warned.includes(setting)) expect(swings, JSON.stringify(setting)).not.toEqual([]);
      else
        expect(
          swings.filter((load) => !swingsByRounding(setting, load)),
          JSON.stringify(setting),
        ).toEqual([]);
    }
  });

  /** The loads at which the group does not come to rest, from its min or from its max. */
  function swingsOf(setting: (typeof SETTINGS)[number], min: number): readonly number[] {
    const settings: Strategy = {
      kind: 'percentageRunnersIdle',
      scaleUpThreshold: setting.up,
      scaleDownThreshold: setting.down,
      scaleUpMultiplier: setting.growth,
      scaleDownMultiplier: setting.rest,
    };
    const loads = Array.from({ length: MAX }, (_, index) => index + 1);
    return loads.filter((load) => [min, MAX].some((from) => !comesToRest(settings, load, from, min)));
  }

  /** Whether a step passes a threshold by less than one runner. */
  function swingsByRounding({ up, down, growth, rest }: (typeof SETTINGS)[number], load: number): boolean {
    const tops = (growth * load) / up - load / down;
    const bottoms = load / up - load * (1 + rest * (1 / down - 1));
    return Math.min(tops, bottoms) <= 0 && Math.min(tops, bottoms) > -1;
  }

  function comesToRest(settings: Strategy, load: number, from: number, min: number): boolean {
    let runners = from;
    for (let look = 0; look < 100; look += 1) {
      const busy = Math.min(load, runners);
      const counts = { busy, idle: runners - busy, starting: 0, draining: 0, dead: 0 };
      const next = Math.min(MAX, wishOf(settings, counts, min).working);
      if (next === runners) return true;
      runners = next;
    }
    return false;
  }
});
