/** What field conditions do to a world, and that every policy sees the same of them. */
import { describe, expect, it } from 'vitest';
import type { Scope } from '#core/model/configuration.ts';
import { fleet, group } from '#kit/fleet.ts';
import {
  latenessOf,
  lifeOf,
  normalOutages,
  pickUpsOf,
  settleConditions,
  startUpsOf,
} from '#tools/laboratory/conditions.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import type { Step } from '#tools/simulator/step.ts';
import { World } from '#tools/simulator/world.ts';
import { play, scenarioOf } from './trial.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const FIELD = settleConditions('field', {});
const IDEAL = settleConditions('ideal', {});
const ACME: Scope = { workspace: 'acme' };
const LABELS = group().labels;

describe('a normal month', () => {
  it('has outages of both services, in order and of their usual lengths', () => {
    const months = Array.from({ length: 40 }, (_, seed) => normalOutages(FIELD, 30 * DAY_MS, seed));
    const bitbucket = months.flatMap((month) => month.filter(({ service }) => service === 'bitbucket'));
    const kubernetes = months.flatMap((month) => month.filter(({ service }) => service === 'kubernetes'));
    expect(Math.abs(bitbucket.length / 40 / 31 - 1)).toBeLessThan(0.1);
    expect(kubernetes.length / 40 / 4).toBeCloseTo(1, 0);
    expect(bitbucket.filter(({ from, to }) => Math.abs(to - from - 20 * MINUTE_MS) <= 1).length / 40).toBeCloseTo(1, 0);
    expect(bitbucket.every(({ from, to }) => 0 <= from && from <= to && from < 30 * DAY_MS)).toBe(true);
  });

  it('has a start in 200 that hangs', () => {
    const next = startUpsOf(FIELD, 1);
    const drawn = Array.from({ length: 20_000 }, next);
    expect((drawn.filter((ms) => ms === 20 * MINUTE_MS).length / drawn.length) * 200).toBeCloseTo(1, 0);
    expect(drawn.sort((a, b) => a - b)[10_000]).toBeGreaterThan(70_000);
  });

  it('has a runner in 30 die on its first day', () => {
    const lives = Array.from({ length: 20_000 }, (_, nth) => lifeOf(FIELD, nth, 1));
    const died = lives.filter((life) => life !== undefined);
    expect((died.length / lives.length) * 30).toBeCloseTo(1, 1);
    expect(Math.max(...died)).toBeLessThan(DAY_MS);
  });

  it('is none of an ideal world', () => {
    const starts = startUpsOf(IDEAL, 1);
    expect(normalOutages(IDEAL, 30 * DAY_MS, 1)).toEqual([]);
    expect(new Set(Array.from({ length: 1000 }, starts))).toEqual(new Set([45_000]));
    expect(lifeOf(IDEAL, 1, 1)).toBeUndefined();
  });
});

describe('how late Bitbucket is', () => {
  const step = (id: number) => ({ id }) as Step;

  it('depends on the step and the moment, and not on what was asked before', () => {
    const [one, other] = [1, 2].map(() => latenessOf(FIELD, 1, () => 1_000_000));
    const spans = [5, 6, 7].map((id) => one?.stepHidden?.(step(id)));
    expect(other?.stepHidden?.(step(7))).toEqual(spans[2]);
    expect(new Set(spans.map((span) => span?.[0]?.to)).size).toBe(3);
    expect(other?.listAgeMs?.(ACME)).toBe(one?.listAgeMs?.(ACME));
    expect(pickUpsOf(FIELD, 1)(step(4))).toBe(pickUpsOf(FIELD, 1)(step(4)));
    expect(pickUpsOf(FIELD, 1)(step(4))).not.toBe(pickUpsOf(FIELD, 2)(step(4)));
  });

  it('is at most a minute for marks, 15 s for lists, 30 s for runners', () => {
    const all = Array.from({ length: 5000 }, (_, id) => id);
    const marks = all.map((id) => latenessOf(FIELD, 1, () => 0).stepHidden?.(step(id))[0]?.to ?? 0);
    const lists = all.map((id) => latenessOf(FIELD, 1, () => id * 1000).listAgeMs?.(ACME) ?? 0);
    const pickUps = all.map((id) => pickUpsOf(FIELD, 1)(step(id)));
    const range = (times: readonly number[]) =>
      [Math.min(...times), Math.max(...times)].map((ms) => Math.round(ms / 1000));
    expect([marks, lists, pickUps].map(range)).toEqual([
      [0, 60],
      [0, 15],
      [0, 30],
    ]);
  });

  it('is over a minute after the last change', () => {
    expect(latenessOf(FIELD, 1, () => 0).settlesAfterMs).toBe(MINUTE_MS);
    const { stepHidden, listAgeMs, settlesAfterMs } = latenessOf(IDEAL, 1, () => 0);
    expect({ stepHidden, listAgeMs, settlesAfterMs }).toEqual({ settlesAfterMs: 0 });
  });
});

describe('a step that is picked up late', () => {
  const worldOf = () => {
    const world = new World({ pickUpMs: () => 20_000 });
    const start = () => {
      const { uuid } = world.bitbucket.register(ACME, { name: 'r', labels: LABELS }).runner;
      world.bitbucket.connect(uuid);
      return uuid;
    };
    const submit = () => {
      world.submit({ scope: { ...ACME, repository: 'shop' }, labels: LABELS, durationMs: MINUTE_MS });
      return world.steps.at(-1) as Step;
    };
    return { world, start, submit };
  };

  it('waits on the queue until then, and its runner looks free', () => {
    const { world, start, submit } = worldOf();
    const runner = start();
    const step = submit();
    expect(step).toMatchObject({ state: 'waiting', runner, runnerAt: world.now });
    expect(world.bitbucket.totals).toMatchObject({ busy: 0, idle: 1 });
    expect(world.bitbucket.openSteps({ ...ACME, repository: 'shop' })).toEqual([step]);
    world.advance(19_999);
    expect(step.state).toBe('waiting');
    world.advance(1);
    expect(step).toMatchObject({ state: 'running', startedAt: (step.runnerAt ?? 0) + 20_000 });
  });

  it('goes to nobody else meanwhile, and its runner takes no other', () => {
    const { world, start, submit } = worldOf();
    const first = start();
    const [one, two] = [submit(), submit()];
    const second = start();
    world.advance(20_000);
    expect([one.runner, two.runner]).toEqual([first, second]);
  });

  it.each([
    ['disabled', (world: World, uuid: string) => world.bitbucket.disable(ACME, uuid)],
    ['removed', (world: World, uuid: string) => world.bitbucket.remove(ACME, uuid)],
    ['lost', (world: World, uuid: string) => world.bitbucket.disconnect(uuid, 'crashed')],
  ])('goes to the next free runner when its own is %s', (_name, takeAway) => {
    const { world, start, submit } = worldOf();
    const first = start();
    const step = submit();
    takeAway(world, first);
    expect(step.runner).toBeUndefined();
    expect(step.runnerAt).toBeUndefined();
    world.advance(25_000);
    expect(step.state).toBe('waiting');
    const second = start();
    world.advance(20_000);
    expect(step).toMatchObject({ state: 'running', runner: second });
  });

  it('may expire, and its runner is free again', () => {
    const world = new World({ pickUpMs: ({ id }) => (id === 1 ? 20_000 : 0), queueLimitMs: 10_000 });
    const { uuid } = world.bitbucket.register(ACME, { name: 'r', labels: LABELS }).runner;
    world.bitbucket.connect(uuid);
    const request = { scope: ACME, labels: LABELS, durationMs: MINUTE_MS };
    world.submit(request);
    world.advance(10_000);
    world.submit(request);
    expect(world.steps.map(({ state, failure }) => failure ?? state)).toEqual(['expired', 'running']);
  });
});

describe('a run under field conditions', () => {
  const builds = fleet([group({ min: 2 })]);
  const scenario = scenarioOf({
    conditions: 'field',
    span: '1d',
    loads: [{ kind: 'poisson', perHour: 30, duration: '2m' }],
  });

  it('is the same each time, and shows pick-up beside waiting', async () => {
    const [one, other] = [
      await play(scenario, builds, shippedPolicy('a', builds)),
      await play(scenario, builds, shippedPolicy('a', builds)),
    ];
    expect(other.figures).toEqual(one.figures);
    expect(one.figures.pickUp.meanMs / 15_000).toBeCloseTo(1, 0);
    expect(one.figures.callsInAnHour).toBeGreaterThan(60);
    expect(one.figures.steps.failed.killed).toBe(0);
  });

  it('comes to the same where ticks that repeat the one before them are played', async () => {
    const quiet = { ...scenario, loads: [], span: DAY_MS };
    const [all, few] = [
      await play(quiet, builds, shippedPolicy('a', builds, MINUTE_MS, { everyTick: true })),
      await play(quiet, builds, shippedPolicy('a', builds)),
    ];
    expect(few.figures).toEqual(all.figures);
  });

  it('counts no step that came before the beginning', async () => {
    const { start, warmUp } = scenario;
    const early = { at: start - warmUp + 20 * MINUTE_MS, scope: ACME, labels: LABELS, durationMs: 15 * MINUTE_MS };
    const { figures } = await play(scenario, builds, shippedPolicy('a', builds), { arrivals: [early] });
    expect(figures.steps).toMatchObject({ arrived: 0, finished: 0, running: 0 });
    expect(figures.runnerHours.busy).toBeGreaterThan(0);
  });
});
