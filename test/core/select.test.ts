import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '#core/errors.ts';
import { hashOf, leaseName, looksAfter, type Selection, selectGroups } from '#core/select.ts';
import { fleet, group } from '#kit/fleet.ts';

const inWorkspaces = (...workspaces: readonly string[]) =>
  fleet(workspaces.map((workspace, index) => group({ name: `g${index}`, scope: { workspace } })));

const names = (config: ReturnType<typeof fleet>, selection: Selection) =>
  selectGroups(config, selection).map(({ name }) => name);

describe('by name', () => {
  const config = inWorkspaces('acme', 'acme', 'other');

  it.each<{ readonly name: string; readonly selection: Selection; readonly selected: readonly string[] }>([
    { name: 'nothing asked for: all', selection: {}, selected: ['g0', 'g1', 'g2'] },
    { name: 'one', selection: { groups: ['g1'] }, selected: ['g1'] },
    {
      name: "several: the fleet's order, each once",
      selection: { groups: ['g2', 'g0', 'g2'] },
      selected: ['g0', 'g2'],
    },
    { name: 'an empty list: none', selection: { groups: [] }, selected: [] },
    { name: 'one shard of one is all', selection: { shard: { index: 0, of: 1 } }, selected: ['g0', 'g1', 'g2'] },
  ])('$name', ({ selection, selected }) => {
    expect(names(config, selection)).toEqual(selected);
  });

  it.each([
    { asked: ['g9'], says: 'No group is called "g9"; the configuration has "g0", "g1", "g2".' },
    { asked: ['g0', 'x', 'y'], says: 'No group is called "x", "y"; the configuration has "g0", "g1", "g2".' },
  ])('an unknown name is a mistake in the input: $asked', ({ asked, says }) => {
    expect(() => selectGroups(config, { groups: asked })).toThrow(new InputError(says));
  });
});

describe('by shard', () => {
  const workspaces = fc.array(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 20 });
  const counts = fc.integer({ min: 1, max: 8 });

  it('the shards are a partition of the groups', () => {
    fc.assert(
      fc.property(workspaces, counts, (slugs, of) => {
        const config = inWorkspaces(...slugs);
        const parts = Array.from({ length: of }, (_, index) => names(config, { shard: { index, of } }));
        expect(parts.flat().sort()).toEqual(names(config, {}).toSorted());
      }),
    );
  });

  it('every workspace is in one shard, whole', () => {
    fc.assert(
      fc.property(workspaces, counts, (slugs, of) => {
        const config = inWorkspaces(...slugs, ...slugs.toReversed());
        const shards = Array.from({ length: of }, (_, index) => selectGroups(config, { shard: { index, of } }));
        const seen = shards.flatMap((shard) => [...new Set(shard.map(({ scope }) => scope.workspace))]);
        expect(seen.length).toBe(new Set(slugs).size);
      }),
    );
  });

  it('similar names spread: of 400 workspaces no shard of four has much more than its quarter', () => {
    const config = inWorkspaces(...Array.from({ length: 400 }, (_, index) => `team-${index}`));
    const sizes = [0, 1, 2, 3].map((index) => selectGroups(config, { shard: { index, of: 4 } }).length);
    expect(Math.max(...sizes)).toBeLessThan(130);
  });

  it.each([
    ['acme', 615],
    ['other', 541],
    ['{0b1c2d3e-0000-4000-8000-000000000001}', 824],
    ['équipe', 998],
    ['🚀', 23],
  ])('a workspace never changes its shard: %s', (workspace, index) => {
    expect(names(inWorkspaces(workspace), { shard: { index, of: 1000 } })).toEqual(['g0']);
  });

  it('goes together with names', () => {
    const config = inWorkspaces('acme', 'acme');
    expect(names(config, { groups: ['g1'], shard: { index: 0, of: 5 } })).toEqual(['g1']);
    expect(names(config, { groups: ['g1'], shard: { index: 1, of: 5 } })).toEqual([]);
  });
});

describe('the lease', () => {
  it.each<readonly [Selection, string]>([
    [{}, 'tick'],
    [{ groups: ['g0'] }, 'tick'],
    [{ shard: { index: 0, of: 1 } }, 'tick-0-of-1'],
    [{ shard: { index: 2, of: 5 } }, 'tick-2-of-5'],
  ])('%o has %s', (selection, name) => {
    expect(leaseName(selection)).toBe(name);
  });
});

/* FNV-1a, by its published test vectors; over code points where a text is not ASCII. */
describe('the hash', () => {
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['foobar', 0xbf9cf968],
  ])('of "%s"', (text, hash) => {
    expect(hashOf(text)).toBe(hash);
  });

  it('takes a character for one, however it is encoded', () => {
    expect(hashOf('😀')).not.toBe(hashOf('\u{d83d}'));
    expect(hashOf('😀')).toBeGreaterThanOrEqual(0);
  });
});

describe('places that groups have left', () => {
  const config = fleet([
    group({ name: 'here', scope: { workspace: 'a' } }),
    group({ name: 'there', scope: { workspace: 'b' } }),
  ]);
  const shardOf = (workspace: string) => [0, 1].find((index) => isIn(workspace, { shard: { index, of: 2 } })) ?? 0;
  const isIn = (workspace: string, selection: Selection) => looksAfter(config, selection)({ group: 'gone', workspace });

  it('are looked after by whoever looks after their workspace', () => {
    expect(isIn('a', {})).toBe(true);
    for (const workspace of ['a', 'b', 'c']) {
      const [one, other] = [shardOf(workspace), 1 - shardOf(workspace)];
      expect(isIn(workspace, { shard: { index: one, of: 2 } })).toBe(true);
      expect(isIn(workspace, { shard: { index: other, of: 2 } })).toBe(false);
    }
  });

  it('are looked after by whoever selects the groups of their workspace', () => {
    for (const index of [0, 1, 2, 3, 4]) {
      const shard = { index, of: 5 };
      const selected = selectGroups(config, { shard }).map(({ scope }) => scope.workspace);
      expect(['a', 'b'].filter((workspace) => isIn(workspace, { shard }))).toEqual(selected);
    }
  });

  it('are looked after by whoever writes the memory of the group that has left them', () => {
    const index = shardOf('a');
    expect(looksAfter(config, { shard: { index, of: 2 } })({ group: 'here', workspace: 'c' })).toBe(true);
    expect(looksAfter(config, { groups: ['here'] })({ group: 'here', workspace: 'c' })).toBe(true);
    expect(looksAfter(config, { groups: ['here'] })({ group: 'there', workspace: 'a' })).toBe(false);
  });
});
