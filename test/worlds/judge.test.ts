/** The judge and what is around it: kind worlds hold, each property can fail, and a world can be played again. */
import { describe, expect, it } from 'vitest';
import type { Fleet } from '#core/model/configuration.ts';
import { fleet, group } from '#kit/fleet.ts';
import { WORLD_START, World } from '#tools/simulator/world.ts';
import { FailedStarts } from './failed-starts.ts';
import { type Calm, Judge, type Property } from './judge.ts';
import { play } from './play.ts';
import { KIND, settingOf, type WorldSetting } from './setting.ts';
import { printTest } from './shrink.ts';

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
    ['two minutes', 119_999, 1],
    ['a little more', 120_000, 0],
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
