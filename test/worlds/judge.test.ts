/** The judge and what is around it: kind worlds hold, each property can fail, and a world can be played again. */
import { describe, expect, it } from 'vitest';
import type { Fleet } from '#core/model/configuration.ts';
import { fleet, group } from '#kit/fleet.ts';
import { STRATEGIES } from '#kit/strategies.ts';
import { WORLD_START, World } from '#tools/simulator/world.ts';
import { KIND, PLAIN, settingOf, type WorldSetting } from './draw-world.ts';
import { FailedStarts } from './failed-starts.ts';
import { type Calm, Judge, type Property } from './judge.ts';
import { play } from './play.ts';
import { levelShares, sharesIn } from './shares.ts';
import { printTest } from './shrink.ts';
import { Strangers } from './strangers.ts';

const MINUTE = 60_000;
const SCOPE = { workspace: 'acme' };

describe('a kind world', () => {
  it.each([1, 2, 3, 4, 5, 6])('of seed %i keeps every property', async (seed) => {
    const setting: WorldSetting = { ...settingOf(seed, { minutes: 120, lookEverySeconds: 60 }), ...KIND };
    expect(await play(setting)).toEqual([]);
  });
});

describe('a world', () => {
  it('is the same for the same seed, and its settings are plain data', async () => {
    const setting = settingOf(4, { minutes: 90, lookEverySeconds: 60 });
    const copy = JSON.parse(JSON.stringify(setting));
    expect(copy).toEqual(setting);
    expect(await play(copy)).toEqual(await play(setting));
  });

  it('prints as a test of the property that does not hold in it', () => {
    const setting = settingOf(7, { minutes: 90, lookEverySeconds: 60 });
    const text = printTest(setting, 'max');
    expect(text).toContain("it('world 7, max: no registration is made above the max of its group'");
    const [, json = ''] = /WorldSetting = (\{.*?\n {2}\});/s.exec(text) ?? [];
    expect(JSON.parse(json)).toEqual(setting);
  });
});

describe('shares', () => {
  const weight = 1;
  const claims = [
    { min: 1, max: 5, weight },
    { min: 2, max: 7, weight },
    { min: 0, max: 3, weight },
  ];

  it.each([
    { places: 15, shares: [5, 7, 3] },
    { places: 14, shares: [5, 6, 3] },
    { places: 8, shares: [2, 2, 2] },
    { places: 3, shares: [1, 2, 0] },
    { places: 2, shares: [0, 0, 0] },
  ])('of $places places', ({ places, shares }) => {
    expect(levelShares(claims, places)).toEqual(shares);
  });

  it.each([
    { places: 10, weights: [3, 2], shares: [6, 4] },
    { places: 7, weights: [3, 1], shares: [5, 2] },
    { places: 3, weights: [3, 1], shares: [2, 1] },
  ])('of $places places by weights $weights', ({ places, weights, shares }) => {
    const weighted = weights.map((weight) => ({ min: 0, max: 9, weight }));
    expect(levelShares(weighted, places)).toEqual(shares);
  });

  it('under a limit on steps are one runner, or min', () => {
    const [one, two] = [group({ name: 'one', min: 0 }), group({ name: 'two', labels: ['two'], min: 4 })];
    const limited = {
      ...fleet([one, two], 20),
      workspaces: { acme: { maxRunners: 20, api: 'internal', concurrencyLimit: 3 } },
    } as const;
    const world = new World();
    world.bitbucket.register(SCOPE, { name: 'one', labels: one.labels });
    expect(sharesIn(limited, [...world.bitbucket.registered], () => true).map(({ share }) => share)).toEqual([1, 4]);
  });

  it('leave out what is not theirs, and groups that want none or cannot be reached', () => {
    const awake = { ...STRATEGIES.idleBuffer, min: 1, max: 9 };
    const [one, two] = [group({ name: 'one', ...awake }), group({ name: 'two', labels: ['two'], ...awake })];
    const asleep = group({ name: 'asleep', labels: ['asleep'], min: 0, max: 9, ...STRATEGIES.percentageRunnersIdle });
    const world = new World();
    for (const labels of [one.labels, ['another']]) world.bitbucket.register(SCOPE, { name: 'x', labels });
    const shares = sharesIn(fleet([one, two, asleep], 7), [...world.bitbucket.registered], () => true);
    expect(shares).toEqual([
      { name: 'one', share: 3, has: 1 },
      { name: 'two', share: 3, has: 0 },
      { name: 'asleep', share: 0, has: 0 },
    ]);
    const alone = sharesIn(fleet([one, two], 7), [...world.bitbucket.registered], ({ name }) => name === 'two');
    expect(alone).toEqual([{ name: 'two', share: 5, has: 0 }]);
    const left = [
      { scope: SCOPE, name: 'x' },
      { scope: { workspace: 'beta' }, name: 'x' },
    ];
    expect(sharesIn(fleet([two], 7), [], () => true, left)).toEqual([{ name: 'two', share: 6, has: 0 }]);
    const own = sharesIn(fleet([{ ...two, max: 3 }], 7), [], () => true, [
      { scope: { workspace: 'beta' }, name: 'two' },
    ]);
    expect(own).toEqual([{ name: 'two', share: 2, has: 0 }]);
  });

  it.each([
    { name: 'whose step shows no mark when the faults end', seed: 939, over: { marksOnce: true } },
    { name: 'beside the Job of a deleted repository', seed: 1461, over: { vanished: [{ from: 364 }] } },
  ])('are right in the world of a group $name', async ({ seed, over }) => {
    const setting = {
      ...settingOf(seed, { minutes: 480, lookEverySeconds: 60 }),
      ...PLAIN,
      ...{ reclaimedPodsPerHour: 0 },
    };
    expect(setting).toMatchObject({ contest: true, ...over });
    expect(await play(setting)).toEqual([]);
  });
});

describe('strangers', () => {
  const builds = group();
  const moved = group({ labels: ['autoscaler.created', 'moved'] });
  const fleets = [
    { from: WORLD_START, fleet: fleet([builds]) },
    { from: WORLD_START + 10 * MINUTE, fleet: fleet([moved]) },
  ] as const;

  it('come to a place that a group has left, and are told when they are taken away or not named', () => {
    const world = new World();
    const strangers = new Strangers(world, fleets, 1);
    world.advance(12 * MINUTE);
    const there = [...world.bitbucket.registered];
    expect(there.map(({ asked }) => asked.join())).toEqual([
      'autoscaler.created,linux,self.hosted,stage-b',
      builds.labels.join(),
    ]);
    expect(there.every((entry) => strangers.has(entry))).toBe(true);
    expect(strangers.touched()).toBeUndefined();
    world.advance(5 * MINUTE);
    expect(strangers.unnamed([])).toContain('does not name 2 of acme');
    expect(strangers.unnamed(['2 runners of acme carry autoscaler.created …: counted and left alone'])).toBeUndefined();
    world.bitbucket.disable(SCOPE, there[0]?.uuid ?? '');
    expect(strangers.touched()).toContain('was disabled');
    world.bitbucket.remove(SCOPE, there[0]?.uuid ?? '');
    expect(strangers.touched()).toContain('was removed');
  });
});

describe('the judge objects', () => {
  const builds = group({ min: 1, max: 2 });

  function stage(config: Fleet) {
    const judge: Judge = new Judge(WORLD_START, () => world.now);
    const world: World = new World({
      listeners: {
        registered: (entry) => judge.judgeRegistration(entry, world, [config]),
        stepChanged: (step) => judge.judgeStep(step),
      },
    });
    const register = (labels = builds.labels) => {
      const { uuid } = world.bitbucket.register(SCOPE, { name: 'builds', labels }).runner;
      world.bitbucket.connect(uuid);
      return uuid;
    };
    const calm: Calm = {
      world,
      fleet: config,
      calmSince: WORLD_START,
      coolDownMs: 0,
      isIdleTrusted: true,
      isOurs: () => true,
      isOursByUuid: () => true,
      isReachable: () => true,
    };
    const found = (): readonly Property[] => judge.violations.map(({ property }) => property);
    return { judge, world, register, calm, found };
  }

  it('to one registration more than max', () => {
    const { register, found } = stage(fleet([builds]));
    register();
    register();
    expect(found()).toEqual([]);
    register();
    expect(found()).toEqual(['max']);
  });

  it('to one registration more than the cap, whoever made it', () => {
    const { register, found } = stage(fleet([builds], 2));
    register(['linux']);
    register(['big']);
    register();
    expect(found()).toEqual(['cap']);
  });

  it('to a build that is killed, and not to one that crashes', () => {
    const { world, register, found } = stage(fleet([builds]));
    for (const end of ['crashed', 'killed'] as const) {
      const uuid = register();
      world.submit({ scope: SCOPE, labels: ['builds'], durationMs: 10 * MINUTE });
      world.bitbucket.disconnect(uuid, end);
    }
    expect(found()).toEqual(['builds']);
  });

  it('to what no group wants, when it may take steps in the third minute and when it is there after ten', () => {
    const { judge, world, register, calm, found } = stage(fleet([builds]));
    register();
    register(['old']);
    for (const [minutes, expected] of [
      [2.9, []],
      [3, ['out-of-service']],
      [10, ['out-of-service']],
      [10.1, ['out-of-service', 'gone']],
    ] as const) {
      world.clock.advanceTo(WORLD_START + minutes * MINUTE);
      judge.judgeCalm(calm);
      expect(found()).toEqual(expected);
    }
  });

  it('to a group below its min when its time is over', () => {
    const { judge, world, calm, found } = stage(fleet([builds]));
    world.advance(39 * MINUTE);
    judge.judgeCalm(calm);
    expect(found()).toEqual([]);
    world.advance(MINUTE);
    judge.judgeCalm(calm);
    expect(found()).toEqual(['min']);
  });

  it('to a group that was below its share for more than 40 minutes on end', () => {
    const { judge, world, found } = stage(fleet([builds]));
    const look = (has: number) => judge.judgeShares([{ name: 'builds', share: 2, has }]);
    for (const [minutes, has, expected] of [
      [0, 1, []],
      [40, 1, []],
      [1, 2, []],
      [1, 1, []],
      [40, 1, []],
      [1, 1, ['share']],
    ] as const) {
      world.advance(minutes * MINUTE);
      look(has);
      expect(found()).toEqual(expected);
    }
  });

  it('to a registration without a Job at the end', () => {
    const { judge, register, calm, found } = stage(fleet([builds]));
    register();
    judge.judgeEnd(calm);
    expect(found()).toEqual(['gone']);
  });

  it('to more failed starts than there have been', async () => {
    const world = new World();
    const starts = new FailedStarts(world);
    const config = fleet([builds]);
    const remember = (failures: number, expectedVersion: number) => {
      const value = { idleSince: {}, drainingSince: {}, quarantine: { failures, since: world.now } };
      return world.state.save([{ key: 'group/builds', expectedVersion, value }], world.now);
    };
    await starts.compare(config);
    world.bitbucket.register(SCOPE, { name: 'builds', labels: builds.labels });
    for (const entry of world.bitbucket.registered) starts.registered(entry);
    await remember(1, 0);
    expect(await starts.compare(config)).toEqual([{ name: 'builds', counted: 1, there: 1 }]);
    await remember(2, 1);
    expect(await starts.compare(config)).toEqual([{ name: 'builds', counted: 2, there: 1 }]);
  });

  it.each([
    ['three minutes', 179_999, 1],
    ['a little more', 180_000, 0],
  ])(
    'to a failed start of one that connected and ended within %s of its registration: %i',
    async (_name, ms, there) => {
      const world = new World();
      const starts = new FailedStarts(world);
      const config = fleet([builds]);
      await starts.compare(config);
      const { uuid } = world.bitbucket.register(SCOPE, { name: 'builds', labels: builds.labels }).runner;
      for (const entry of world.bitbucket.registered) starts.registered(entry);
      world.bitbucket.connect(uuid);
      world.bitbucket.disconnect(uuid, 'unnoticed');
      world.clock.advanceTo(WORLD_START + ms);
      await starts.compare(config);
      const value = { idleSince: {}, drainingSince: {}, quarantine: { failures: 1, since: world.now } };
      await world.state.save([{ key: 'group/builds', expectedVersion: 0, value }], world.now);
      expect(await starts.compare(config)).toEqual([{ name: 'builds', counted: 1, there }]);
    },
  );
});
