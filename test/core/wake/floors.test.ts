/** How long floors last: while the pipelines run that asked for them, and not after. */
import { describe, expect, it } from 'vitest';
import type { Ports } from '#core/ports.ts';
import { open, SHOP, sleeper, wake } from './sleeping.ts';

const MINUTE = 60_000;
/** What is left of a floor that is about to run out. */
const MS_LEFT = 300_000;

describe('a floor', () => {
  const running =
    (...uuids: readonly string[]) =>
    (ports: Ports) => ({
      pipelines: {
        ...ports.pipelines,
        openPipelines: async () => ({
          pipelines: uuids.map((uuid) => ({ uuid, section: 'default' as const })),
          isWhole: true,
        }),
      },
    });

  it.each([
    ['whose pipeline runs lasts for another while', MS_LEFT, running('{p1}'), 10 * MINUTE],
    ['that lasts for longer is left alone', MS_LEFT + 1, running('{p1}'), MS_LEFT + 1],
    ['whose pipeline has ended is over', MS_LEFT, running('{p2}'), 0],
    ['that has just run out stays so', 0, running('{p1}'), 0],
    ['runs out where pipelines cannot be read', MS_LEFT, undefined, MS_LEFT],
  ])('%s', async (_, leftMs, bend, expected) => {
    const at = open();
    const until = at.world.now + leftMs;
    await at.ask({ until, knownUntil: until });
    const refuse = (ports: Ports) => ({
      pipelines: { ...ports.pipelines, openPipelines: async () => Promise.reject(new Error('403')) },
    });
    expect((await at.tick(bend ?? refuse)).problems).toEqual([]);
    const knownUntil = Math.max(until, at.world.now + expected);
    expect(await at.asks()).toMatchObject([{ until: at.world.now + expected, knownUntil }]);
  });

  /** Twenty minutes with a tick each but in one, in which `instead` happens. */
  async function playWithout(bad: number, instead: (at: ReturnType<typeof open>) => Promise<unknown>) {
    const at = open();
    await at.ask();
    for (let minute = 0; minute < 20; minute += 1) {
      await (minute === bad ? instead(at) : at.tick(running('{p1}')));
      at.world.advance(MINUTE);
    }
    return at;
  }
  const refuse = (ports: Ports) => ({
    pipelines: { ...ports.pipelines, openPipelines: async () => Promise.reject(new Error('503')) },
  });

  it.each([
    ['one list of pipelines fails', (at: ReturnType<typeof open>) => at.tick(refuse)],
    ['one tick does not come', async () => undefined],
  ])('lasts for as long as its pipeline runs, although %s, whenever that is', async (_, instead) => {
    for (let bad = 0; bad < 20; bad += 1) {
      const at = await playWithout(bad, instead);
      expect((await at.asks())[0]?.until).toBeGreaterThan(at.world.now);
    }
  });

  /** A group with an idle runner, for which a pipeline has asked so long ago. */
  async function idleFor(askedMsAgo: number, over: object = {}) {
    const at = open({ min: 1 });
    await at.tick();
    at.world.advance(2 * MINUTE);
    const until = at.world.now + 10 * MINUTE - askedMsAgo;
    await at.ask({ until, knownUntil: until, ...over });
    return { ...at, until };
  }
  /** Of each repository so much is seen: all its pipelines, or some of them. */
  const seeing =
    (isWhole: (repository: string) => boolean, ...uuids: readonly string[]) =>
    (ports: Ports) => ({
      pipelines: {
        ...ports.pipelines,
        openPipelines: async ({ repository }: { readonly repository: string }) => ({
          pipelines: uuids.map((uuid) => ({ uuid, section: 'default' as const })),
          isWhole: isWhole(repository),
        }),
      },
    });
  const partlyWith = (...uuids: readonly string[]) => seeing(() => false, ...uuids);
  const partly = partlyWith();

  it.each([
    ['is over', 3 * MINUTE, running('{p2}'), 'now'],
    ['lasts where it has just begun', 3 * MINUTE - 1, running('{p2}'), 'later'],
    ['lasts where it still runs', 3 * MINUTE, running('{p1}'), 'later'],
    ['lasts where nobody can tell', 3 * MINUTE, partly, 'later'],
  ])('that keeps a runner idle after the end of its pipeline %s', async (_, agoMs, bend, ends) => {
    const at = await idleFor(agoMs);
    await at.tick(bend);
    const [ask] = await at.asks();
    expect(ask?.until).toBe(ends === 'now' ? at.world.now : at.until);
    expect(ask?.knownUntil).toBe(at.until);
    expect(await at.asksVersion()).toBe(ends === 'now' ? 2 : 1);
  });

  it('is settled beside one that stays as it is, each by its own repository', async () => {
    const at = open();
    const until = at.world.now + MS_LEFT;
    const read: unknown[] = [];
    await at.ask({ until, knownUntil: until }, { step: '{s2}', by: 'acme/api' });
    await at.tick((ports) => ({
      pipelines: {
        ...ports.pipelines,
        openPipelines: async (scope) => {
          read.push(scope);
          return running('{p1}')(ports).pipelines.openPipelines();
        },
      },
    }));
    expect(read).toEqual([SHOP]);
    const later = at.world.now + 10 * MINUTE;
    expect((await at.asks()).map((ask) => ask.until)).toEqual([later, later]);
    expect(await at.asksVersion()).toBe(2);
  });

  it('is asked for with the name that the group has for the workspace', async () => {
    const at = open({ scope: { workspace: '{acme-uuid}' } });
    const until = at.world.now + MS_LEFT;
    await at.ask({ until, knownUntil: until });
    const read: unknown[] = [];
    await at.tick((ports) => ({
      runners: {
        ...ports.runners,
        identify: async (scope) => {
          read.push(scope);
          return ports.runners.identify(scope);
        },
      },
      pipelines: {
        ...ports.pipelines,
        openPipelines: async (scope) => {
          read.push(scope);
          return running('{p1}')(ports).pipelines.openPipelines();
        },
      },
    }));
    const shop = { workspace: '{acme-uuid}', repository: 'shop' };
    expect(read.filter((scope) => (scope as typeof shop).repository === 'shop')).toEqual([shop, shop]);
    expect(Object.keys((await at.note()).repositories)).toEqual(['acme/shop']);
    expect((await at.asks()).map((ask) => ask.until)).toEqual([at.world.now + 10 * MINUTE]);
  });

  it('that is young is not over, however long `wake.for` has become since', async () => {
    const at = open({ min: 1, wake: { ...wake, forMs: 60 * MINUTE } });
    for (let tick = 0; tick < 2; tick += 1) {
      await at.tick();
      at.world.advance(2 * MINUTE);
    }
    await at.ask({ askedAt: at.world.now });
    at.world.advance(3 * MINUTE - 1);
    await at.tick(running('{p2}'));
    expect((await at.asks())[0]?.isOver).toBeUndefined();
    at.world.advance(1);
    await at.tick(running('{p2}'));
    expect((await at.asks())[0]?.isOver).toBe(true);
  });

  it('that keeps no runner idle costs no call', async () => {
    const at = open();
    const until = at.world.now + 7 * MINUTE;
    await at.ask({ until, knownUntil: until });
    await at.tick(running());
    expect((await at.asks())[0]?.until).toBe(until);
  });

  it('lasts while a runner is busy, where nobody can tell of pipelines', async () => {
    const { world, ...at } = await idleFor(0);
    world.submit({ scope: SHOP, labels: sleeper.labels, durationMs: 20 * MINUTE });
    world.advance(9 * MINUTE);
    await at.tick(partly);
    expect((await at.asks())[0]?.until).toBe(world.now + 10 * MINUTE);
  });

  it('lasts while a runner with a step is out of service, where nobody can tell of pipelines', async () => {
    const { world, ...at } = await idleFor(0);
    world.submit({ scope: SHOP, labels: sleeper.labels, durationMs: 20 * MINUTE });
    world.advance(9 * MINUTE);
    for (const { uuid } of world.bitbucket.registered) await world.ports().runners.disable(sleeper.scope, uuid);
    await at.tick(partly);
    expect((await at.asks())[0]?.until).toBe(world.now + 10 * MINUTE);
  });

  it.each([
    { name: 'the latest, for the one runner that works', steps: 1, runners: [1, 1, 1], lasting: ['{s3}'] },
    { name: 'as many as there are steps', steps: 2, runners: [1, 1, 1], lasting: ['{s2}', '{s3}'] },
    { name: 'one that asked for more than work', steps: 1, runners: [1, 1, 3], lasting: ['{s3}'] },
    { name: 'none beside one that lasts anyway', steps: 1, runners: [1, 1, 1], later: 1, lasting: [] },
    { name: 'another beside one that lasts anyway', steps: 2, runners: [1, 1, 1], later: 1, lasting: ['{s2}'] },
    {
      name: '… which counts once, idle runner or not',
      min: 3,
      steps: 2,
      runners: [1, 1, 1],
      later: 1,
      lasting: ['{s2}'],
    },
    {
      name: 'none beside one that is seen to run',
      steps: 1,
      runners: [1, 1, 1],
      pipelines: ['{p1}', '{p2}', '{p2}'],
      lasting: ['{s1}'],
    },
    {
      name: 'another beside one that is seen to run',
      steps: 2,
      runners: [1, 1, 1],
      pipelines: ['{p1}', '{p2}', '{p2}'],
      lasting: ['{s1}', '{s3}'],
    },
  ])('of many where nobody can tell of pipelines: $name', async (row) => {
    const { min = 2, steps, runners, later = 0, pipelines, lasting } = row;
    const at = open({ min });
    await at.tick();
    at.world.advance(2 * MINUTE);
    for (let step = 0; step < steps; step += 1) {
      at.world.submit({ scope: SHOP, labels: sleeper.labels, durationMs: 20 * MINUTE });
    }
    at.world.advance(MINUTE);
    const until = at.world.now + MS_LEFT;
    const asks = runners.map((count, index) => ({
      step: `{s${index + 1}}`,
      runners: count,
      until: until + (index === 2 ? later : 0),
      pipeline: pipelines?.[index] ?? '{p2}',
    }));
    await at.ask(...asks);
    await at.tick(partlyWith('{p1}'));
    const lasts = (await at.asks()).filter((ask) => ask.until === at.world.now + 10 * MINUTE);
    expect(lasts.map(({ step }) => step)).toEqual(lasting);
  });

  it('whose pipeline has ended is over, and makes room for one of which nobody can tell', async () => {
    const at = open({ min: 1 });
    await at.tick();
    at.world.advance(2 * MINUTE);
    at.world.submit({ scope: SHOP, labels: sleeper.labels, durationMs: 20 * MINUTE });
    at.world.advance(MINUTE);
    const until = at.world.now + MS_LEFT;
    await at.ask({ until, runners: 1 }, { until, runners: 1, step: '{s2}', by: 'acme/api' });
    await at.tick(seeing((repository) => repository === 'api'));
    expect((await at.asks()).map((ask) => ask.until - at.world.now)).toEqual([10 * MINUTE, 0]);
  });

  it('lasts while the group cannot be seen, without a call for its pipeline', async () => {
    const at = open();
    const until = at.world.now + MS_LEFT;
    await at.ask({ until, knownUntil: until });
    await at.tick((ports) => ({
      ...running('{p2}')(ports),
      runners: { ...ports.runners, list: async () => Promise.reject(new Error('503')) },
    }));
    expect((await at.asks())[0]?.until).toBe(at.world.now + 10 * MINUTE);
  });

  it('of a step whose token names no pipeline runs out, and no call is made', async () => {
    const at = open();
    const until = at.world.now + MS_LEFT;
    await at.ask({ until, pipeline: undefined });
    let calls = 0;
    await at.tick((ports) => ({
      pipelines: {
        ...ports.pipelines,
        openPipelines: async (scope) => {
          calls += 1;
          return ports.pipelines.openPipelines(scope);
        },
      },
    }));
    expect([calls, (await at.asks())[0]?.until]).toEqual([0, until]);
  });

  it('remembers a step for longer where its token lasts for longer', async () => {
    const at = open();
    await at.ask({ until: at.world.now + MS_LEFT, knownUntil: at.world.now + 60 * MINUTE });
    await at.tick(running('{p1}'));
    expect((await at.asks())[0]?.knownUntil).toBe(at.world.now + 60 * MINUTE);
  });
});
