import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atlassianDecides } from '#kit/atlassian.ts';
import { fleet, GUIDE, group } from '#kit/fleet.ts';
import { atlassianPolicy, decideAsAtlassian } from '#tools/laboratory/atlassian.ts';
import { play, scenarioOf } from './trial.ts';

const BOUNDS = { min: 2, max: 10 };

describe('the baseline’s rule, thresholds 0.5 and 0.2, multipliers 1.5 and 0.5, min 2, max 10', () => {
  it.each([
    ['nobody online: min', 0, 0, { create: 2, remove: 0 }],
    ['exactly at the upper threshold: nothing', 2, 2, { create: 0, remove: 0 }],
    ['above it: half as many again', 3, 1, { create: 2, remove: 0 }],
    ['no more than max', 9, 0, { create: 1, remove: 0 }],
    ['at max', 10, 0, { create: 0, remove: 0 }],
    ['above max: it neither adds nor removes', 12, 0, { create: 0, remove: 0 }],
    ['below min: it multiplies what is there', 0, 1, { create: 1, remove: 0 }],
    ['exactly at the lower threshold: nothing', 1, 4, { create: 0, remove: 0 }],
    ['below it: half of the idle go', 1, 9, { create: 0, remove: 5 }],
    ['below it, but min idle stay', 0, 3, { create: 0, remove: 1 }],
    ['no more idle than min: nothing', 0, 2, { create: 0, remove: 0 }],
  ])('%s', (_name, busy, idle, expected) => {
    expect(decideAsAtlassian(GUIDE, BOUNDS, { busy, idle })).toEqual(expected);
  });

  it('is the one that the strategy’s own tests are compared with', () => {
    const counts = fc.record({ busy: fc.nat(30), idle: fc.nat(30) });
    fc.assert(
      fc.property(counts, fc.nat(8), fc.nat(20), (online, min, spread) => {
        const bounds = { min, max: min + spread };
        const { create, remove } = decideAsAtlassian(GUIDE, bounds, online);
        const theirs = atlassianDecides(GUIDE, bounds, online);
        expect(create - remove).toBe(
          theirs.action === 'nothing' ? 0 : theirs.action === 'remove' ? -theirs.count : theirs.count,
        );
      }),
    );
  });
});

describe('the baseline in a world', () => {
  const busy = scenarioOf({
    span: '2h',
    startup: '4m',
    loads: [{ kind: 'burst', at: '1m', steps: 40, duration: '10m' }],
  });
  const ten = fleet([group({ max: 10 })]);
  const baseline = atlassianPolicy({ name: 'baseline', pollMs: 60_000 }, ten);

  it('orders again on every poll what has not come online yet, and so goes beyond max', async () => {
    const { figures } = await play(busy, ten, baseline);
    expect(figures.peak).toBeGreaterThan(10);
    expect(figures.steps).toMatchObject({ arrived: 40, finished: 40 });
  });

  it('is refused by Bitbucket what goes beyond the runners that the workspace may have', async () => {
    const limited = { ...ten, workspaces: { acme: { maxRunners: 12, api: 'internal' as const } } };
    const { figures } = await play(busy, limited, atlassianPolicy({ name: 'baseline', pollMs: 60_000 }, limited));
    expect(figures.peak).toBe(12);
    expect(figures.steps).toMatchObject({ arrived: 40, finished: 40 });
  });

  it('orders min again on every poll until the first is online', async () => {
    const five = fleet([group({ min: 5 })]);
    const cold = scenarioOf({ span: '3m', warmUp: '0s', startup: '4m' });
    const { figures } = await play(cold, five, atlassianPolicy({ name: 'baseline', pollMs: 60_000 }, five));
    expect(figures.runners.created).toBe(15);
  });

  it('takes a runner out of service first, and deletes it when it has been so for the cool-down', async () => {
    const { figures } = await play(busy, ten, baseline);
    expect(figures.runnerHours.unavailable * 3600).toBeCloseTo(figures.runners.removed * 300, 0);
    expect(figures.steps.failed.killed).toBe(0);
  });

  it('gives up a poll when a call fails, and tries at the next', async () => {
    const outage = { ...busy, outages: [{ service: 'bitbucket' as const, from: 60_000, to: 360_000 }] };
    const { figures } = await play(outage, ten, baseline);
    expect(figures.steps).toMatchObject({ arrived: 40, finished: 40 });
    expect(figures.waiting.meanMs).toBeGreaterThan((await play(busy, ten, baseline)).figures.waiting.meanMs);
  });
});
