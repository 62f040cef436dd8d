import { describe, expect, it } from 'vitest';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Runner } from '#core/model/observation.ts';
import { fleet, group, runner } from '#kit/fleet.ts';
import type { Script } from '../reconcile/ports.ts';
import { builds, documents, fails, listing, look, other, SITE, site, tests } from './look.ts';

describe("a workspace's registrations", () => {
  const strangers = Array.from({ length: 7 }, () => runner({ labels: ['somebody', 'else'] }));
  const three = group({ name: 'three', scope: SITE, max: 3 });
  const four = group({ name: 'four', scope: SITE, max: 4 });

  it('count whoever made them, over every scope that any group uses', async () => {
    const { seen } = await look(fleet([builds, tests, site, other], 80), {
      runners: listing({ acme: strangers, 'acme/site': strangers.slice(0, 2), other: strangers.slice(0, 1) }),
    });
    expect(seen.workspaces).toMatchObject([
      { workspace: 'acme', registrations: 9, maxRunners: 80 },
      { workspace: 'other', registrations: 1, maxRunners: 80 },
    ]);
    expect(seen.workspaces.some((workspace) => 'assumed' in workspace)).toBe(false);
  });

  it('of a scope that could not be listed are taken at their worst, the max of all its groups', async () => {
    const { seen } = await look(fleet([builds, three, four]), {
      runners: { list: async (scope) => (scope.repository === undefined ? strangers : fails('503')()) },
    });
    expect(seen.workspaces).toMatchObject([
      { workspace: 'acme', registrations: 7 + 3 + 4, assumed: 3 + 4, maxRunners: 100 },
    ]);
  });

  it('of groups that were not asked for count too', async () => {
    const { seen } = await look(fleet([builds, three]), { runners: listing({ 'acme/site': strangers }) }, [builds]);
    expect(seen.workspaces).toMatchObject([{ workspace: 'acme', registrations: 7, maxRunners: 100 }]);
  });

  it('have the cap of the free tier where the configuration says nothing of the workspace', async () => {
    const { seen } = await look({ ...fleet([builds]), workspaces: {} });
    expect(seen.workspaces[0]?.maxRunners).toBe(100);
    expect(seen.groups[0]?.idleTrusted).toBe(true);
  });
});

describe('whether "shows no step" may be read as "is idle"', () => {
  const busy = runner({ hasStep: true, labels: ['somebody', 'else'] });
  const remembered = (stepSeen: boolean, registrations = 0) =>
    documents({
      'scope/acme': { version: 1, value: { stepSeen, registrations, identity: { workspaceUuid: '{acme}' } } },
    });

  it.each<{
    readonly name: string;
    readonly api: 'internal' | 'public';
    readonly script: Script;
    readonly trusted: boolean;
    readonly remembers: readonly boolean[];
  }>([
    { name: 'internal API', api: 'internal', script: remembered(false), trusted: true, remembers: [] },
    { name: 'public API, no step ever seen', api: 'public', script: remembered(false), trusted: false, remembers: [] },
    {
      name: 'public API, a step is seen now: remembered from now on',
      api: 'public',
      script: { ...remembered(false), runners: listing({ acme: [busy] }) },
      trusted: true,
      remembers: [true],
    },
    {
      name: 'internal API, a step is seen: remembered for the day that the workspace changes its API',
      api: 'internal',
      script: { ...remembered(false), runners: listing({ acme: [busy] }) },
      trusted: true,
      remembers: [true],
    },
    {
      name: 'public API, a step was seen before',
      api: 'public',
      script: remembered(true),
      trusted: true,
      remembers: [],
    },
    {
      name: 'public API, a step was seen before, the list fails: still remembered',
      api: 'public',
      script: { ...remembered(true), runners: { list: fails('503') } },
      trusted: true,
      remembers: [true],
    },
  ])('$name: $trusted', async ({ api, script, trusted, remembers }) => {
    const { seen } = await look(fleet([builds], 100, api), script);
    expect(seen.groups[0]?.idleTrusted).toBe(trusted);
    expect(seen.scopeMemory.map(({ memory }) => memory.stepSeen)).toEqual(remembers);
  });
});

describe('strangers', () => {
  const ours = (...labels: readonly string[]) => runner({ labels: ['autoscaler.created', ...labels] });

  it('with our mark that fit no group are noted, with their label sets, and left alone', async () => {
    const { seen } = await look(fleet([builds, site]), {
      runners: listing({ acme: [ours('old'), ours('older'), ours('old')], 'acme/site': [ours('older')] }),
    });
    expect(seen.notes).toEqual([
      '3 runners of acme carry autoscaler.created but are of no group and not made by this deployment (labels ' +
        'autoscaler.created, old | autoscaler.created, older): counted and left alone; retire them with what made them.',
      '1 runner of acme/site carries autoscaler.created but is of no group and not made by this deployment (labels ' +
        'autoscaler.created, older): counted and left alone; retire them with what made them.',
    ]);
  });

  it.each<{ readonly name: string; readonly runners: readonly Runner[]; readonly selected: readonly RunnerGroup[] }>([
    { name: "somebody else's runners", runners: [runner({ labels: ['linux'] })], selected: [builds, tests] },
    { name: "a group's own", runners: [runner({ labels: builds.labels })], selected: [builds, tests] },
    {
      name: 'those of a group that was not asked for',
      runners: [runner({ labels: tests.labels })],
      selected: [builds],
    },
  ])('are not: $name', async ({ runners, selected }) => {
    const { seen } = await look(fleet([builds, tests]), { runners: listing({ acme: runners }) }, selected);
    expect(seen.notes).toEqual([]);
  });

  it('are runners with the labels of a group of another scope', async () => {
    const { seen } = await look(fleet([builds, site]), {
      runners: listing({ 'acme/site': [runner({ labels: builds.labels })] }),
    });
    expect(seen.notes).toHaveLength(1);
  });
});
