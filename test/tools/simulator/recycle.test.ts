/** Runners that are replaced while they work: one step each, after a time, and when what they are made from changes. */
import { describe, expect, it } from 'vitest';
import type { Recycle, RunnerGroup } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { tickIn } from '#kit/drive.ts';
import { fleet, group } from '#kit/fleet.ts';
import { STRATEGIES } from '#kit/strategies.ts';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { createRandom } from '#tools/simulator/random.ts';
import type { Registered } from '#tools/simulator/registrations.ts';
import { createRunStateStore } from '#tools/simulator/state.ts';
import { World } from '#tools/simulator/world.ts';
import { expectNobodyKilled, expectNothingLeftOver, expectWithinLimits } from './invariants.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STEP = { scope: { workspace: 'acme', repository: 'site' }, labels: ['self.hosted'] };
const BUFFER = { kind: 'idleBuffer', idleCount: 1, scaleFactor: 0, scaleFactorLimit: 1 } as const;

const online = (world: World) =>
  Array.from(world.bitbucket.registered).filter(({ connected, status }) => connected && status === 'ONLINE');
const out = (world: World) => Array.from(world.bitbucket.registered).filter(({ status }) => status === 'DISABLED');

/** Looks at a group for so long; `check` sees the world before and after each look. */
async function play(
  world: World,
  { config, forMs, everyMs = MINUTE }: { config: RunnerGroup; forMs: number; everyMs?: number },
  check: () => void = () => undefined,
): Promise<void> {
  const fleetNow = fleet([config]);
  for (const end = world.now + forMs; world.now < end; world.advance(everyMs)) {
    check();
    await tickIn(world, fleetNow);
    expectWithinLimits(world, fleetNow);
    check();
  }
}

describe.each(Object.entries(STRATEGIES))('one step per runner, %s', (_name, strategy) => {
  it.each([
    { everyMs: 10_000, lateMs: 0, startupMs: 45_000, hours: 1, seed: 2, longMs: 80_000 },
    { everyMs: MINUTE, lateMs: MINUTE, startupMs: 45_000, hours: 5, seed: 1, longMs: 3 * MINUTE },
    // Who is the last one online stays until another is, which takes its time from the late mark on, and a start-up.
    { everyMs: 10_000, lateMs: MINUTE, startupMs: 45_000, hours: 1, seed: 3, longMs: 80_000 + MINUTE },
    { everyMs: 10_000, lateMs: 0, startupMs: 75_000, hours: 1, seed: 2, longMs: 80_000 + 75_000 },
    { everyMs: 10_000, lateMs: 0, startupMs: 180_000, hours: 1, seed: 4, longMs: 80_000 + 180_000 },
    { everyMs: MINUTE, lateMs: MINUTE, startupMs: 180_000, hours: 3, seed: 5, longMs: 3 * MINUTE + 180_000 },
  ])(
    'with a look every $everyMs ms, marks $lateMs ms late, starts of $startupMs ms: none runs two long steps, and one is always online',
    async (row) => {
      const { everyMs, lateMs, startupMs, hours, seed, longMs } = row;
      const config = group({ ...strategy, min: 1, max: 20, coolDownMs: 2 * MINUTE, recycle: { afterSteps: 1 } });
      const world = new World({
        state: createRunStateStore(),
        startupMs: () => startupMs,
        faults: { stepHidden: () => [{ from: 0, to: lateMs }], settlesAfterMs: lateMs },
      });
      await play(world, { config, forMs: 3 * MINUTE, everyMs });
      const random = createRandom(seed);
      for (let at = world.now; at < world.now + hours * HOUR; at += random.exponential(6 * MINUTE)) {
        for (let steps = random.between(1, 4); steps > 0; steps -= 1) {
          world.submit({ ...STEP, durationMs: random.exponential(8 * MINUTE) }, at);
        }
      }
      await play(world, { config, forMs: hours * HOUR, everyMs }, () => {
        expect(online(world).length).toBeGreaterThan(0);
      });
      await play(world, { config, forMs: 2 * HOUR });
      expectNobodyKilled(world);
      expect(world.steps.filter(({ state }) => state !== 'finished')).toEqual([]);
      const long = world.steps.filter(({ durationMs }) => durationMs > longMs);
      expect(long.length).toBeGreaterThan(5);
      expect(new Set(long.map(({ runner }) => runner)).size).toBe(long.length);
      expectNothingLeftOver(world, fleet([config]));
      expect(out(world)).toEqual([]);
    },
  );
});

describe('a change reaches runners that are there', () => {
  const config = group({ strategy: BUFFER, min: 8, max: 12, recycle: { onChange: true } });
  const { pod } = config;
  const image = BUILT_IN_TEMPLATE.text.replace('docker:dind', 'docker:29-dind');
  const CHANGES: readonly (readonly [string, Partial<RunnerGroup>, boolean])[] = [
    ['a template', { pod: { ...pod, template: { name: 'own', origin: 'own.yaml', text: image } } }, true],
    ['an image', { pod: { ...pod, images: { docker: 'docker:29-dind' } } }, true],
    ['a size', { pod: { ...pod, size: '2x' } }, true],
    ['where the template is', { pod: { ...pod, template: { ...BUILT_IN_TEMPLATE, origin: 'other.yaml' } } }, false],
    ['the order of settings', { pod: Object.fromEntries(Object.entries(pod).reverse()) as RunnerGroup['pod'] }, false],
    ['the bounds', { max: 11 }, false],
  ];

  it.each(CHANGES)('%s', async (_name, over, isReplaced) => {
    const world = new World({ state: createRunStateStore() });
    await play(world, { config, forMs: 5 * MINUTE });
    const before = new Set(Array.from(world.bitbucket.registered, ({ uuid }) => uuid));
    const ages: Instant[] = [];
    const checked = () => {
      expect(online(world).length).toBeGreaterThanOrEqual(8);
      const going = out(world);
      expect(going.length).toBeLessThanOrEqual(2);
      ages.push(...going.filter(isNews(ages)).map(({ createdAt }) => createdAt));
    };
    await play(world, { config: { ...config, ...over }, forMs: 90 * MINUTE }, checked);
    const left = online(world).filter(({ uuid }) => before.has(uuid));
    expect(left).toHaveLength(isReplaced ? 0 : 8);
    expect(world.bitbucket.everRegistered).toBe(isReplaced ? 16 : 8);
    expect(ages).toEqual(ages.toSorted((a, b) => a - b));
  });

  const isNews =
    (seen: readonly Instant[]) =>
    ({ createdAt }: Registered | Readonly<Registered>) =>
      !seen.includes(createdAt);

  it('and none that runs a step, before it ends', async () => {
    const world = new World({ state: createRunStateStore() });
    await play(world, { config, forMs: 5 * MINUTE });
    for (let step = 0; step < 8; step += 1) world.submit({ ...STEP, durationMs: 20 * MINUTE });
    const changed = { ...config, pod: { ...pod, size: '2x' as const } };
    await play(world, { config: changed, forMs: 15 * MINUTE }, () => {
      expect(out(world).filter(({ step }) => step !== undefined)).toEqual([]);
    });
    await play(world, { config: changed, forMs: 2 * HOUR });
    expectNobodyKilled(world);
    expect(world.bitbucket.everRegistered).toBeGreaterThanOrEqual(16);
  });

  it('a change that cannot start ends with the old ones at work', async () => {
    let isBroken = false;
    const world = new World({ startupMs: () => (isBroken ? 1000 * HOUR : 45_000) });
    await play(world, { config, forMs: 5 * MINUTE });
    isBroken = true;
    const changed = { ...config, pod: { ...pod, size: '2x' as const } };
    await play(world, { config: changed, forMs: 3 * HOUR }, () => expect(online(world)).toHaveLength(8));
  });
});

it('after a time: no idle runner gets much older, and one is always online', async () => {
  const recycle: Recycle = { afterMs: 2 * HOUR };
  const config = group({ strategy: BUFFER, min: 4, max: 6, recycle });
  const world = new World({ state: createRunStateStore() });
  await play(world, { config, forMs: 5 * MINUTE });
  await play(world, { config, forMs: 8 * HOUR }, () => {
    expect(online(world).length).toBeGreaterThanOrEqual(4);
    const oldest = Math.min(...online(world).map(({ createdAt }) => createdAt));
    expect(world.now - oldest).toBeLessThan(2 * HOUR + 30 * MINUTE);
  });
  expect(world.bitbucket.everRegistered).toBeLessThanOrEqual(4 * 5);
});
