/** Bitbucket lets so many steps of a workspace run at once, whatever runners are free. */
import { describe, expect, it } from 'vitest';
import { World } from '#tools/simulator/world.ts';

const MINUTE = 60_000;
const ACME = { workspace: 'acme' };
const LABELS = ['builds'];

/** So many runners online in each of two workspaces, of which one runs two steps at once. */
function open(runners: number, pickUpMs = 0) {
  const world = new World({
    stepLimit: (workspace) => (workspace === 'acme' ? 2 : Infinity),
    pickUpMs: () => pickUpMs,
    queueLimitMs: 60 * MINUTE,
  });
  const online = ['acme', 'other'].flatMap((workspace) =>
    Array.from({ length: runners }, () => {
      const { uuid } = world.bitbucket.register({ workspace }, { name: 'builds', labels: LABELS }).runner;
      world.bitbucket.connect(uuid);
      return uuid;
    }),
  );
  const submit = (count: number, workspace = 'acme') => {
    for (let step = 0; step < count; step += 1) {
      world.submit({ scope: { workspace }, labels: LABELS, durationMs: 5 * MINUTE });
    }
    world.advance(0);
  };
  const states = () =>
    Object.fromEntries(
      Map.groupBy(world.steps, ({ state }) => state)
        .entries()
        .map(([state, all]) => [state, all.length]),
    );
  return { world, online, submit, states };
}

describe('a limit of two steps', () => {
  it('lets the third wait beside free runners, and run when one has ended', () => {
    const { world, submit, states } = open(4);
    submit(3);
    expect(states()).toEqual({ running: 2, waiting: 1 });
    world.advance(5 * MINUTE);
    expect(states()).toEqual({ finished: 2, running: 1 });
    world.advance(5 * MINUTE);
    expect(states()).toEqual({ finished: 3 });
  });

  it('is one of a workspace', () => {
    const { submit, states } = open(4);
    submit(4, 'other');
    expect(states()).toEqual({ running: 4 });
  });

  it('counts a step that is about to be picked up', () => {
    const { world, submit, states } = open(4, 30_000);
    submit(3);
    world.advance(30_000);
    expect(states()).toEqual({ running: 2, waiting: 1 });
  });

  it.each([
    ['its registration is removed', (world: World, uuid: string) => world.bitbucket.remove(ACME, uuid)],
    ['its process is gone', (world: World, uuid: string) => world.bitbucket.disconnect(uuid, 'crashed')],
  ])('gives the place of a lost step to the next one: %s', (_, lose) => {
    const { world, submit, states } = open(4);
    submit(3);
    lose(world, world.steps[0]?.runner ?? '');
    world.advance(0);
    expect(states()).toEqual({ failed: 1, running: 2 });
  });

  it('gives the place of a step that its runner did not pick up in time to the next one', () => {
    const { world, submit, states } = open(4, 61 * MINUTE);
    submit(2);
    world.advance(59 * MINUTE);
    submit(1);
    expect(world.steps.map(({ runner }) => runner !== undefined)).toEqual([true, true, false]);
    world.advance(MINUTE);
    expect(states()).toEqual({ failed: 2, waiting: 1 });
    expect(world.steps[2]?.runner).toBeDefined();
  });
});
