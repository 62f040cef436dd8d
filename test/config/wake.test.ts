/** `wake`: what is read from it, what is refused, and what it makes of `min: 0`. */
import { describe, expect, it } from 'vitest';
import { loadFleet } from '#config/load.ts';
import { PARAMETERS, problemsOf, warningsOf, withGroup } from './samples.ts';

const WAKE = { from: ['acme/shop'], max: 5 };
const UUID = '{3bfa2d3e-6f4c-4b0e-9f0a-3f2f8f1f6c11}';
const ZERO = { ...PARAMETERS, min: 0 };

async function wakeOf(wake: object) {
  const { fleet } = await loadFleet('runners.yaml', { readText: async () => withGroup({ wake }) });
  return fleet.groups[0]?.wake;
}

it('is read with names in their canonical form, and lasts for ten minutes', async () => {
  expect(await wakeOf({ ...WAKE, from: ['Acme/Shop', `acme/${UUID.slice(1, -1)}`] })).toEqual({
    from: [
      { workspace: 'acme', repository: 'shop' },
      { workspace: 'acme', repository: UUID },
    ],
    max: 5,
    forMs: 600_000,
  });
});

it.each([
  ['2m', 120_000],
  ['2h', 7_200_000],
])('lasts for %s', async (text, ms) => {
  expect((await wakeOf({ ...WAKE, for: text }))?.forMs).toBe(ms);
});

describe('refused', () => {
  const rule = 'expected a duration from 2m to 2h, such as 10m: a runner has to start within it';
  it.each([
    ['less than two minutes', { for: '119s' }, [`for: ${rule}`]],
    ['more than two hours', { for: '7201s' }, [`for: ${rule}`]],
    [
      'a name alone',
      { from: ['shop'] },
      ['from[0]: "shop" is no repository; write it as workspace/repository, such as acme/shop'],
    ],
    [
      'three names',
      { from: ['acme/shop/x'] },
      ['from[0]: "acme/shop/x" is no repository; write it as workspace/repository, such as acme/shop'],
    ],
    [
      'a placeholder',
      { from: ['acme/<slug>'] },
      ['from[0]: "<slug>" is a placeholder, not a uuid; replace it with the slug or the {uuid}'],
    ],
    [
      'another workspace',
      { from: ['acme/shop', 'umbrella/shop'] },
      ['from[1]: is of workspace umbrella, whose steps never run in acme; name a repository of acme'],
    ],
    ['a workspace by its uuid, which may be the same', { from: [`${UUID}/shop`] }, []],
  ])('%s', async (_, changes, expected) => {
    const problems = problemsOf(withGroup({ wake: { ...WAKE, ...changes } }));
    expect(problems).toEqual(expected.map((text) => `groups[0].wake.${text}`));
  });

  it('a workspace that is nowhere named by its slug, which tokens have', () => {
    const named = (from: string) => problemsOf(withGroup({ workspace: UUID, wake: { ...WAKE, from: [from] } }));
    expect(named('acme/shop')).toEqual([]);
    expect(named(`${UUID}/shop`)).toEqual([
      'groups[0].wake.from[0]: names its workspace by the uuid, as the group does, and tokens of steps have its slug; write slug/repository',
    ]);
  });
});

describe('a group of a repository', () => {
  const found = (repository: string, from: string) =>
    warningsOf(withGroup({ repository, wake: { ...WAKE, from: [from] } }));

  it.each([
    ['its own', 'shop', 'acme/shop'],
    ['its own by the uuid', UUID, `acme/${UUID}`],
    ['one by its uuid, which may be the same', 'shop', `acme/${UUID}`],
  ])('may be woken by %s', (_, repository, from) => {
    expect(found(repository, from)).toEqual([]);
  });

  it('is woken in vain by another, whose steps never run there', () => {
    expect(found('shop', 'acme/api')).toEqual([
      'groups[0].wake.from[0]: is repository api, whose steps never run in a group of repository shop; name shop, or leave out "repository" of the group',
    ]);
  });
});

describe('warned of', () => {
  it('more than max', () => {
    expect(warningsOf(withGroup({ wake: { ...WAKE, max: 11 } }))).toEqual([
      'groups[0].wake.max: is 11, which is more than max (10), so pipelines never get as many; lower it, or raise max',
    ]);
    expect(warningsOf(withGroup({ wake: { ...WAKE, max: 10 } }))).toEqual([]);
  });

  it('nothing where no max is valid: that is the problem to tell', () => {
    expect(warningsOf(withGroup({ wake: WAKE, parameters: { ...PARAMETERS, max: 'many' } }))).toEqual([]);
  });

  const night = { name: 'night', from: '20:00', to: '06:00', timezone: 'UTC', min: 0, max: 5 };
  it.each([
    ['percentageRunnersIdle', { parameters: ZERO }],
    ['idleBuffer', { strategy: 'idleBuffer', parameters: { min: 0, max: 10, idleCount: 0, scaleFactor: 1 } }],
    ['a window', { schedules: [night] }],
  ])('min 0 of %s only where nobody can wake the group', (_, changes) => {
    expect(warningsOf(withGroup(changes))).toHaveLength(1);
    expect(warningsOf(withGroup({ ...changes, wake: WAKE }))).toEqual([]);
  });
});
