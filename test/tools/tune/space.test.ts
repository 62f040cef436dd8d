import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '#tools/simulator/random.ts';
import {
  changesBetween,
  keyOf,
  parametersOf,
  type Setting,
  sensible,
  settingOf,
  withSetting,
} from '#tools/tune/setting.ts';
import {
  allOf,
  isIn,
  neighboursOf,
  refuseForeignBounds,
  renderSpace,
  type SearchBounds,
  sampleOf,
  spaceAround,
  spacesAround,
} from '#tools/tune/space.ts';
import { groupOf } from './groups.ts';

const MINUTE_MS = 60_000;

const buffer = await groupOf('idleBuffer', [
  'min: 2',
  'max: 12',
  'idleCount: 2',
  'scaleFactor: 0.3',
  'scaleFactorLimit: 7',
]);
const plain = await groupOf('idleBuffer', ['min: 1', 'max: 12'], ['coolDown: 3m']);
const limited = await groupOf('idleBuffer', ['min: 1', 'max: 12', 'scaleFactorLimit: 4']);
const fixed = await groupOf('idleBuffer', ['min: 1', 'max: 12', 'scaleFactor: 0']);
const rule = await groupOf('percentageRunnersIdle', [
  ...['min: 2', 'max: 12', 'scaleUpThreshold: 0.8', 'scaleDownThreshold: 0.2'],
  ...['scaleUpMultiplier: 1.5', 'scaleDownMultiplier: 0.5'],
]);

describe('settingOf', () => {
  it.each([
    [
      'idleBuffer',
      buffer,
      {
        min: 2,
        max: 12,
        coolDown: 5 * MINUTE_MS,
        idleCount: 2,
        scaleFactor: 0.3,
        scaleFactorLimit: 7,
        stabilisationWindow: 5 * MINUTE_MS,
      },
    ],
    [
      'a learned buffer',
      plain,
      { min: 1, max: 12, coolDown: 3 * MINUTE_MS, idleCount: 1, stabilisationWindow: 2 * MINUTE_MS },
    ],
    [
      'a learned buffer with a limit',
      limited,
      {
        ...{ min: 1, max: 12, coolDown: 2 * MINUTE_MS, idleCount: 1 },
        ...{ scaleFactorLimit: 4, stabilisationWindow: 2 * MINUTE_MS },
      },
    ],
    [
      'a factor of 0, with which a limit has no effect',
      fixed,
      {
        ...{ min: 1, max: 12, coolDown: 5 * MINUTE_MS, idleCount: 1 },
        ...{ scaleFactor: 0, stabilisationWindow: 5 * MINUTE_MS },
      },
    ],
    [
      'percentageRunnersIdle',
      rule,
      {
        ...{ min: 2, max: 12, coolDown: 5 * MINUTE_MS },
        ...{ scaleUpThreshold: 0.8, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 },
      },
    ],
  ])('reads %s', (_, group, values) => {
    expect(settingOf(group)).toEqual({ strategy: group.strategy.kind, values });
  });

  it.each([
    ['idleBuffer', buffer],
    ['a learned buffer', plain],
    ['a learned buffer with a limit', limited],
    ['a fixed buffer', fixed],
    ['percentageRunnersIdle', rule],
  ])('%s is the same group again', (_, group) => {
    expect(withSetting(group, settingOf(group))).toEqual(group);
  });

  it('begins another strategy with its defaults, bounds and cool-down kept', () => {
    expect(settingOf(rule, 'queueAware')).toEqual({
      strategy: 'queueAware',
      values: {
        min: 2,
        max: 12,
        coolDown: 5 * MINUTE_MS,
        idleCount: 1,
        stabilisationWindow: 2 * MINUTE_MS,
      },
    });
    expect(settingOf(buffer, 'percentageRunnersIdle').values).toMatchObject({ min: 2, max: 12, scaleUpThreshold: 0.5 });
    expect(withSetting(rule, settingOf(rule, 'queueAware')).strategy).toMatchObject({
      repositories: { kind: 'query' },
    });
    expect(withSetting(buffer, settingOf(buffer, 'percentageRunnersIdle')).stabilisationWindowMs).toBe(0);
  });
});

describe('sensible', () => {
  const values = {
    min: 1,
    max: 8,
    idleCount: 2,
    scaleFactor: 0.5,
    scaleFactorLimit: 4,
    coolDown: 0,
    stabilisationWindow: 0,
  };
  it.each([
    ['as it is', {}, {}],
    ['min above max', { min: 9 }, undefined],
    ['min at max', { min: 8 }, {}],
    ['nobody to begin with', { min: 0, idleCount: 0 }, undefined],
    ['an idle runner although min is 0', { min: 0 }, {}],
    ['more idle than the limit', { idleCount: 5 }, undefined],
    ['as many idle as the limit', { idleCount: 4 }, {}],
    ['a limit above max', { scaleFactorLimit: 9 }, { scaleFactorLimit: 8 }],
    ['a limit without a factor', { scaleFactor: 0 }, { scaleFactorLimit: undefined }],
    ['a learned buffer with a limit', { scaleFactor: undefined }, {}],
    ['more idle than a learned buffer may be', { scaleFactor: undefined, idleCount: 5 }, undefined],
    ['more idle than max, without a factor', { scaleFactor: 0, idleCount: 9 }, undefined],
  ])('%s', (_, change, expected) => {
    const setting: Setting = { strategy: 'idleBuffer', values: { ...values, ...change } };
    const wanted = expected && { ...setting, values: { ...setting.values, ...expected } };
    expect(sensible(setting)).toEqual(wanted);
  });

  it.each([
    ['thresholds apart', { min: 1, scaleUpThreshold: 0.5, scaleDownThreshold: 0.4 }, true],
    ['thresholds that meet', { min: 1, scaleUpThreshold: 0.5, scaleDownThreshold: 0.5 }, false],
    ['nobody to begin with', { min: 0, scaleUpThreshold: 0.5, scaleDownThreshold: 0.4 }, false],
  ])('%s', (_, change, isSensible) => {
    const setting: Setting = { strategy: 'percentageRunnersIdle', values: { max: 8, ...change } };
    expect(sensible(setting)).toEqual(isSensible ? setting : undefined);
  });
});

describe('changesBetween', () => {
  it('lists what differs', () => {
    const before = settingOf(plain);
    const after = { ...before, values: { ...before.values, min: 2, scaleFactor: 0.5, scaleFactorLimit: 3 } };
    expect(changesBetween(before, after)).toEqual([
      { parameter: 'min', from: 1, to: 2 },
      { parameter: 'scaleFactor', to: 0.5 },
      { parameter: 'scaleFactorLimit', to: 3 },
    ]);
    expect(changesBetween(before, before)).toEqual([]);
    // A factor that goes is a change; its limit goes with it.
    expect(changesBetween(after, before)).toEqual([
      { parameter: 'min', from: 2, to: 1 },
      { parameter: 'scaleFactor', from: 0.5 },
    ]);
  });

  it('lists all of another strategy', () => {
    const changes = changesBetween(settingOf(rule), settingOf(plain));
    expect(changes.map(({ parameter }) => parameter)).toEqual([
      'min',
      'max',
      'coolDown',
      'idleCount',
      'stabilisationWindow',
    ]);
    expect(changes.every((change) => !('from' in change))).toBe(true);
  });
});

describe('spaceAround', () => {
  it('has the present values on its ladders, and leaves max alone', () => {
    const { ladders } = spaceAround(settingOf(buffer), {});
    expect(ladders.min).toEqual([1, 2, 3, 4, 5, 6]);
    expect(ladders.max).toEqual([12]);
    expect(ladders.idleCount).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 10]);
    expect(ladders.scaleFactor).toContain(0.3);
    expect(ladders.scaleFactorLimit).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10, 12]);
    expect(ladders.coolDown).toEqual([1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS));
  });

  it('keeps within bounds, ends included', () => {
    const { ladders } = spaceAround(settingOf(buffer), {
      max: { from: 7, to: 21 },
      coolDown: { from: 4 * MINUTE_MS, to: 4 * MINUTE_MS },
    });
    expect(ladders.max).toEqual([7, 8, 10, 12, 13, 16, 20, 21]);
    expect(ladders.scaleFactorLimit?.at(-1)).toBe(21);
    expect(ladders.coolDown).toEqual([4 * MINUTE_MS]);
  });

  it('gives a factor that had no limit the highest there may be', () => {
    const spaces = spacesAround(settingOf(plain), { scaleFactorLimit: { from: 2, to: 5 } });
    const limits = spaces.map((space) =>
      neighboursOf(space, settingOf(plain)).flatMap(({ values }) => values.scaleFactorLimit ?? []),
    );
    // First those of a learned buffer.
    expect(limits).toEqual([[2], [5]]);
  });

  it('has a space of its own for a learned buffer, unless bounds say how far the factor may go', () => {
    const [learned, fixed] = spacesAround(settingOf(plain), {});
    if (learned === undefined || fixed === undefined) throw new Error('there are two');
    expect([isIn(learned, settingOf(plain)), isIn(fixed, settingOf(plain))]).toEqual([true, false]);
    expect([isIn(learned, settingOf(buffer)), isIn(fixed, settingOf(buffer))]).toEqual([false, true]);
    expect(renderSpace(learned)).toMatch(/^idleBuffer with a learned buffer: min 1–6, .*idleCount 0–10, /);
    expect(spacesAround(settingOf(plain), { scaleFactor: { from: 0, to: 1 } })).toHaveLength(1);
    expect(spacesAround(settingOf(rule), {})).toHaveLength(1);
  });

  it('says what may change', () => {
    const bounds = Object.fromEntries(
      parametersOf('idleBuffer').map((name) => [
        name,
        { from: settingOf(buffer).values[name] ?? 0, to: settingOf(buffer).values[name] ?? 0 },
      ]),
    );
    const space = spaceAround(settingOf(buffer), {
      ...bounds,
      min: { from: 1, to: 3 },
      coolDown: { from: MINUTE_MS, to: 120_000 },
    });
    expect(renderSpace(space)).toBe('idleBuffer: min 1–3, coolDown 1m–2m');
  });

  it('refuses bounds that no strategy has', () => {
    const spaces = [spaceAround(settingOf(buffer), {})];
    expect(() => refuseForeignBounds({ min: { from: 1, to: 2 } }, spaces)).not.toThrow();
    expect(() => refuseForeignBounds({ scaleUpThreshold: { from: 0.1, to: 0.2 } }, spaces)).toThrow(
      '--within scaleUpThreshold: idleBuffer does not have that parameter; remove it, or give --strategy',
    );
  });
});

const SMALL: SearchBounds = {
  min: { from: 1, to: 2 },
  idleCount: { from: 0, to: 2 },
  scaleFactor: { from: 0, to: 0 },
  stabilisationWindow: { from: 0, to: 0 },
  coolDown: { from: MINUTE_MS, to: MINUTE_MS },
};

describe('allOf', () => {
  it('has every setting once', () => {
    const all = allOf(spaceAround(settingOf(plain), SMALL), 6) ?? [];
    expect(all.map(({ values }) => [values.min, values.idleCount])).toEqual([
      ...[
        [1, 0],
        [1, 1],
        [1, 2],
      ],
      ...[
        [2, 0],
        [2, 1],
        [2, 2],
      ],
    ]);
  });

  it('is not for spaces that are too large', () => {
    expect(allOf(spaceAround(settingOf(plain), SMALL), 5)).toBeUndefined();
    expect(allOf(spaceAround(settingOf(plain), {}), 1000)).toBeUndefined();
  });
});

describe.each([
  ['idleBuffer', spaceAround(settingOf(buffer), {})],
  ['percentageRunnersIdle', spaceAround(settingOf(rule), {})],
  ['wide bounds', spaceAround(settingOf(buffer), { max: { from: 3, to: 50 }, min: { from: 0, to: 9 } })],
])('a space of %s', (_, space) => {
  const settings = fc.integer({ min: 0, max: 1000 }).map((seed) => sampleOf(space, 12, createRandom(seed)));

  it('is sampled within itself, each once, and equally for a seed', () => {
    fc.assert(
      fc.property(settings, (sample) => {
        expect(sample.length).toBeGreaterThan(0);
        expect(new Set(sample.map(keyOf)).size).toBe(sample.length);
        expect(sample.filter((one) => !isIn(space, one))).toEqual([]);
        expect(sample.map(sensible)).toEqual(sample);
      }),
    );
    expect(sampleOf(space, 12, createRandom(7))).toEqual(sampleOf(space, 12, createRandom(7)));
  });

  it('has neighbours within itself that differ in one parameter, and max in what follows from it', () => {
    fc.assert(
      fc.property(settings, ([setting]) => {
        if (setting === undefined) return;
        for (const neighbour of neighboursOf(space, setting)) {
          const changed = changesBetween(setting, neighbour).map(({ parameter }) => parameter);
          const others = changed.filter((name) => name !== 'scaleFactorLimit');
          expect(isIn(space, neighbour)).toBe(true);
          expect(others.length).toBeLessThanOrEqual(1);
          expect(keyOf(neighbour)).not.toBe(keyOf(setting));
        }
      }),
    );
  });
});

it('spreads a sample over the whole of every ladder', () => {
  const space = spaceAround(settingOf(rule), {});
  const sample = sampleOf(space, 8, createRandom(3));
  const heights = new Set(sample.map(({ values }) => values.scaleUpMultiplier));
  expect(heights.size).toBeGreaterThanOrEqual(4);
});

it('draws the parameters of a sample independently of each other', () => {
  const space = spaceAround(settingOf(rule), {});
  const sample = sampleOf(space, 30, createRandom(3));
  const byMin = [...sample].sort((a, b) => (a.values.min ?? 0) - (b.values.min ?? 0));
  const coolDowns = byMin.map(({ values }) => values.coolDown ?? 0);
  expect(coolDowns).not.toEqual([...coolDowns].sort((a, b) => a - b));
});

it('leaves a queue where it is counted', async () => {
  const parameters = ['min: 1', 'max: 9'];
  const named = await groupOf('queueAware', parameters, ['repositories: [shop]']);
  expect(withSetting(named, settingOf(named))).toEqual(named);
});
