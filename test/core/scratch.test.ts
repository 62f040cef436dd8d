/** What a probe leaves behind when it is stopped half-way: a tick removes it, by its name and by nothing else. */
import { describe, expect, it } from 'vitest';
import { isScratch, leftScratch, removeScratch, scratchName } from '#core/scratch.ts';
import { tickIn } from '#kit/drive.ts';
import { failWhere } from '#kit/failing-calls.ts';
import { fleet, group, NOON, runner } from '#kit/fleet.ts';
import { planIn } from '#kit/ticks.ts';
import { World } from '#tools/simulator/world.ts';

const MINUTE = 60_000;
const scope = { workspace: 'acme' };
const builds = fleet([group({ min: 0 })]);

/** A world with a registration of a probe that is eleven minutes old. */
function worldWithScratch() {
  const world = new World();
  const { uuid } = world.bitbucket.register(scope, { name: scratchName('1'), labels: ['linux', 'self.hosted'] }).runner;
  world.advance(11 * MINUTE);
  return { world, uuid, left: () => world.bitbucket.list(scope).map((one) => one.uuid) };
}

describe('a tick', () => {
  it('removes it, and says so', async () => {
    const { world, uuid, left } = worldWithScratch();
    const { notes, problems } = await tickIn(world, builds);
    expect(left()).toEqual([]);
    expect(notes).toEqual([`Runner ${uuid} of acme, which a probe of "doctor" had left behind, was removed.`]);
    expect(problems).toEqual([]);
    expect((await tickIn(world, builds)).notes).toEqual([]);
  });

  it('that is a dry run leaves it', async () => {
    const { world, uuid, left } = worldWithScratch();
    expect((await planIn(world, builds)).notes).toEqual([]);
    expect(left()).toEqual([uuid]);
  });

  it('that has no time leaves it to the next one', async () => {
    const { world, uuid, left } = worldWithScratch();
    const { reconcile } = await import('#core/reconcile.ts');
    const request = { fleet: builds, mode: 'apply', now: world.now, tickId: 'late', elapsedMs: () => 0 } as const;
    await reconcile({ ...request, hasTime: () => false }, world.ports());
    expect(left()).toEqual([uuid]);
  });

  it('that fails to remove it says why, and the next one tries again', async () => {
    const { world, left } = worldWithScratch();
    const { problems } = await tickIn(
      world,
      builds,
      world.ports(failWhere(({ method }) => method === 'remove', 'refused')),
    );
    expect(problems).toHaveLength(1);
    await tickIn(world, builds);
    expect(left()).toEqual([]);
  });

  it('knows the scope that it is in', async () => {
    const world = new World();
    const repository = { workspace: 'acme', repository: 'app' };
    world.bitbucket.register(repository, { name: scratchName('1'), labels: [] });
    world.advance(11 * MINUTE);
    await tickIn(world, fleet([group({ min: 0 }), group({ name: 'app', min: 0, scope: repository })]));
    expect(world.bitbucket.list(repository)).toEqual([]);
  });
});

describe('what is left behind', () => {
  const left = runner({ name: scratchName('1'), status: 'DISABLED', createdAt: NOON - 10 * MINUTE - 1 });
  const found = (over: Partial<typeof left>) =>
    leftScratch([{ scope: 'acme', runner: { ...left, ...over } }], [{ scope }, { scope: { workspace: 'beta' } }], NOON);

  it.each(['UNREGISTERED', 'DISABLED', 'ENABLED'] as const)('is a registration of that name that is %s', (status) => {
    expect(found({ status })).toEqual([{ scope, uuid: left.uuid }]);
  });

  it.each<[string, Partial<typeof left>]>([
    ['of another name', { name: 'builds' }],
    ['whose name only has it inside', { name: `my-${scratchName('1')}` }],
    ['that a probe may still be at', { createdAt: NOON - 10 * MINUTE }],
    ['that is online', { status: 'ONLINE' }],
    ['that was online', { status: 'OFFLINE' }],
    ['that is unhealthy', { status: 'UNHEALTHY' }],
    ['of a status that nobody knows', { status: 'UNKNOWN' }],
    ['with a step', { hasStep: true }],
  ])('is none %s', (_name, over) => {
    expect(found(over)).toEqual([]);
  });

  it('is told by its name', () => {
    expect([isScratch('autoscaler-probe-1'), isScratch('autoscaler-prob')]).toEqual([true, false]);
  });

  it('is removed one by one, whatever fails', async () => {
    const { world, uuid } = worldWithScratch();
    let removals = 0;
    const fails = failWhere(({ method }) => method === 'remove' && removals++ === 0, 'refused');
    const { runners } = world.ports(fails);
    const { notes, problems } = await removeScratch(
      [
        { scope, uuid },
        { scope, uuid },
      ],
      { runners },
    );
    expect([notes.length, problems.length]).toEqual([1, 1]);
  });
});
