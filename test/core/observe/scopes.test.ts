import { describe, expect, it } from 'vitest';
import { CredentialError, ServiceError } from '#core/errors.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Runner, RunnerJob } from '#core/model/observation.ts';
import { fleet, group, jobOf, NOON, runner } from '#kit/fleet.ts';
import type { Script } from '../reconcile/ports.ts';
import { builds, documents, fails, listing, look, other, SITE, site, tests } from './look.ts';

describe("a workspace's registrations", () => {
  const gone = () => Promise.reject(new ServiceError('404', { service: 'bitbucket', outcome: 'refused', status: 404 }));
  const strangers = Array.from({ length: 7 }, () => runner({ labels: ['somebody', 'else'] }));
  const three = group({ name: 'three', scope: SITE, max: 3 });
  const ELSEWHERE = { workspaceUuid: '{acme}', repositoryUuid: '{elsewhere}' };
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

  it('count a Job without a registration in its own workspace, and in no other', async () => {
    const job = jobOf(runner(), { labels: builds.labels });
    const { seen } = await look(fleet([builds, other]), { jobs: { list: async () => [job] } });
    expect(seen.groups.map(({ orphanJobs }) => orphanJobs.length)).toEqual([1, 0]);
    expect(seen.workspaces.map(({ registrations }) => registrations)).toEqual([1, 0]);
  });

  it('of a scope that could not be listed are taken at their worst, the max of all its groups', async () => {
    const { seen } = await look(fleet([builds, three, four]), {
      runners: { list: async (scope) => (scope.repository === undefined ? strangers : fails('503')()) },
    });
    expect(seen.workspaces).toMatchObject([
      { workspace: 'acme', registrations: 7 + 3 + 4, assumed: 3 + 4, maxRunners: 100 },
    ]);
  });

  it.each<{
    readonly name: string;
    readonly memory?: object;
    readonly error?: () => Promise<never>;
    readonly jobs?: number;
    readonly known?: number;
    /** The namespace whose Jobs cannot be read. */
    readonly unread?: string;
    readonly assumed: number;
  }>([
    { name: 'as many as at the last list', memory: { registrations: 5 }, assumed: 5 },
    { name: 'none, as at the last list', memory: { registrations: 0 }, assumed: 0 },
    { name: 'what its Jobs show, if that is more', memory: { registrations: 2 }, jobs: 3, assumed: 3 },
    { name: 'no fewer than at the last list', memory: { registrations: 5 }, jobs: 3, assumed: 5 },
    {
      name: 'those that are known, if some were made since, beside those of no group',
      memory: { registrations: 2, foreign: 1 },
      known: 2,
      assumed: 3,
    },
    { name: 'never listed: its worst, whatever its Jobs show', jobs: 3, assumed: 7 },
    {
      name: 'gone (404) for less than ten minutes',
      memory: { registrations: 5, unlistedSince: NOON - 599_999 },
      error: gone,
      assumed: 5,
    },
    {
      name: 'gone for ten minutes: nothing',
      memory: { registrations: 5, unlistedSince: NOON - 600_000 },
      error: gone,
      assumed: 0,
    },
    {
      name: 'gone for ten minutes: what its Jobs show',
      memory: { unlistedSince: NOON - 600_000 },
      error: gone,
      jobs: 2,
      assumed: 2,
    },
    {
      name: 'gone for ten minutes: as at the last list while its Jobs cannot be read',
      memory: { registrations: 5, unlistedSince: NOON - 600_000 },
      error: gone,
      unread: three.namespace,
      assumed: 5,
    },
    {
      name: 'gone for ten minutes: nothing while Jobs of others cannot be read',
      memory: { registrations: 5, unlistedSince: NOON - 600_000 },
      error: gone,
      unread: 'elsewhere',
      assumed: 0,
    },
    {
      name: 'refused (403) for ten minutes, but not gone',
      memory: { registrations: 5, unlistedSince: NOON - 600_000 },
      error: () => Promise.reject(new ServiceError('403', { service: 'bitbucket', outcome: 'refused', status: 403 })),
      assumed: 5,
    },
    {
      name: 'its credential refused (401) for ten minutes, but not gone',
      memory: { registrations: 5, unlistedSince: NOON - 600_000 },
      error: () => Promise.reject(new CredentialError('401')),
      assumed: 5,
    },
    {
      name: 'unreadable for ten minutes, but not gone',
      memory: { registrations: 5, unlistedSince: NOON - 600_000 },
      assumed: 5,
    },
  ])(
    'of a scope that could not be listed: $name',
    async ({ memory, error = fails('503'), jobs = 0, known: made = 0, unread, assumed }) => {
      const runners = Object.fromEntries(Array.from({ length: made }, (_, index) => [`{made-${index}}`, NOON]));
      const group = { idleSince: {}, drainingSince: {}, runners };
      const identity = { workspaceUuid: '{acme}', repositoryUuid: '{site}' };
      const ofSite = Array.from({ length: jobs }, () => jobOf(runner(), { identity, group: 'three' }));
      const others = [
        jobOf(runner()),
        jobOf(runner(), { identity: { workspaceUuid: '{w}', repositoryUuid: '{site}' } }),
      ];
      for (const known of [{ identity }, {}]) {
        const { seen } = await look(fleet([three, four, { ...other, namespace: 'elsewhere' }]), {
          ...documents({
            'scope/acme/site': { version: 1, value: { stepSeen: false, ...known, ...memory } },
            'group/three': { version: 1, value: group },
          }),
          runners: { list: error },
          jobs: {
            list: async ({ namespace }) => {
              if (namespace === unread) return fails('503')();
              return namespace === three.namespace ? [...ofSite, ...others] : [];
            },
          },
        });
        expect(seen.workspaces[0]?.assumed ?? 0).toBe(assumed);
        // The Job in a scope of the workspace that is not listed counts besides, once it can be told from the others.
        expect(seen.workspaces[0]?.registrations).toBe(
          assumed + ('identity' in known && unread !== three.namespace ? 1 : 0),
        );
      }
    },
  );

  it.each<{
    readonly name: string;
    readonly job: Partial<RunnerJob>;
    readonly known: boolean;
    readonly assumed: number;
  }>([
    { name: 'its uuids are known: a Job with them', job: { group: 'before' }, known: true, assumed: 1 },
    { name: '… no Job with others', job: { group: 'three', identity: ELSEWHERE }, known: true, assumed: 0 },
    { name: 'its uuids are unknown: a Job of its group', job: { group: 'three' }, known: false, assumed: 1 },
    { name: '… no Job of another', job: { group: 'before' }, known: false, assumed: 0 },
  ])('of a scope that is gone are those of its Jobs: $name', async ({ job, known, assumed }) => {
    const identity = { workspaceUuid: '{acme}', repositoryUuid: '{site}' };
    const value = { stepSeen: false, unlistedSince: NOON - 600_000, ...(known && { identity }) };
    const { identity: _, ...bare } = jobOf(runner(), { group: 'before' });
    const { seen } = await look(fleet([three]), {
      ...documents({ 'scope/acme/site': { version: 1, value } }),
      runners: { list: gone },
      jobs: { list: async () => [jobOf(runner(), { identity, ...job }), bare] },
    });
    expect(seen.workspaces[0]?.assumed ?? 0).toBe(assumed);
  });

  it.each([
    { name: 'a list: how many it had', runners: [runner(), runner()], before: {}, after: { registrations: 2 } },
    {
      name: 'a list: how many of them are of no group',
      runners: [runner(), runner({ labels: ['x'], name: 'x' })],
      before: { registrations: 2 },
      after: { registrations: 2, foreign: 1 },
    },
    {
      name: 'one that fails: those of no group',
      before: { registrations: 2, foreign: 1 },
      after: { registrations: 2, foreign: 1, unlistedSince: NOON },
    },
    {
      name: 'a list after failing ones',
      runners: [runner()],
      before: { unlistedSince: 5 },
      after: { registrations: 1 },
    },
    { name: 'the first that fails', before: { registrations: 3 }, after: { registrations: 3, unlistedSince: NOON } },
    { name: 'one that fails before any has come', before: {}, after: { unlistedSince: NOON } },
    { name: 'another that fails', before: { registrations: 3, unlistedSince: 5 }, after: undefined },
  ])('is remembered of $name', async ({ runners, before, after }) => {
    const identity = { workspaceUuid: '{acme}' };
    const { seen } = await look(fleet([builds]), {
      ...documents({ 'scope/acme': { version: 1, value: { stepSeen: false, identity, ...before } } }),
      runners: { list: runners === undefined ? fails('503') : async () => runners },
    });
    const memory = seen.scopeMemory.map((entry) => entry.memory);
    expect(memory).toStrictEqual(after === undefined ? [] : [{ stepSeen: false, identity, ...after }]);
  });

  it('count Jobs whose registration is not listed, and adds that were begun', async () => {
    const { seen } = await look(
      fleet([builds, three]),
      {
        ...documents({
          'group/three': {
            version: 1,
            value: { idleSince: {}, drainingSince: {}, intended: [{ at: NOON - 5, adds: 2 }] },
          },
        }),
        jobs: { list: async () => [jobOf(runner())] },
      },
      [builds],
    );
    expect(seen.workspaces).toMatchObject([{ registrations: 3, slots: { committed: 3, inUse: 0 } }]);
  });

  it.each<[string, RunnerJob['identity'], number]>([
    ['a repository that no group has', { workspaceUuid: '{acme}', repositoryUuid: '{else}' }, 1],
    ['another workspace', { workspaceUuid: '{other}' }, 0],
    ['nobody knows where', undefined, 0],
  ])('count Jobs of another deployment, of %s', async (_, identity, registrations) => {
    const { identity: __, ...job } = jobOf(runner(), { group: 'theirs', labels: ['theirs'], deployment: 'theirs' });
    const { seen } = await look(fleet([builds]), {
      jobs: { list: async () => [{ ...job, ...(identity && { identity }) }] },
    });
    expect(seen.workspaces).toMatchObject([{ registrations, slots: { committed: registrations } }]);
  });

  it('do not count Jobs of elsewhere while the uuids of a scope are unknown', async () => {
    const identity = { workspaceUuid: '{acme}', repositoryUuid: '{else}' };
    const { seen } = await look(fleet([builds, three]), {
      runners: {
        identify: async (scope) => (scope.repository === undefined ? { workspaceUuid: '{acme}' } : fails('503')()),
      },
      jobs: { list: async () => [jobOf(runner(), { identity, deployment: 'theirs', group: 'theirs' })] },
    });
    expect(seen.workspaces).toMatchObject([{ registrations: 0 }]);
  });

  describe('of Jobs of elsewhere', () => {
    const theirs = { deployment: 'theirs', group: 'theirs', labels: ['theirs'] };
    const identity = { workspaceUuid: '{acme}', repositoryUuid: '{else}' };
    const jobsOf = (count: number) => Array.from({ length: count }, () => jobOf(runner(), { ...theirs, identity }));
    const remembering = (elsewhere: number) =>
      documents({ 'workspace/acme': { version: 4, value: { month: '2026-11', runners: 0, elsewhere } } });
    const web = group({ name: 'web', namespace: 'web' });
    const unread = (count: number): Script['jobs'] => ({
      list: async ({ namespace }) => (namespace === 'web' ? fails('503')() : jobsOf(count)),
    });
    const unknown: Script['runners'] = { identify: fails('503') };
    const memory = (elsewhere?: number) => ({
      month: '2026-11',
      runners: 0,
      steps: 0,
      ...(elsewhere && { elsewhere }),
    });

    it.each<{
      readonly name: string;
      readonly script: Script;
      readonly counted: number;
      readonly saved: readonly object[];
    }>([
      {
        name: 'new ones are counted and remembered',
        script: { jobs: { list: async () => jobsOf(2) } },
        counted: 4,
        saved: [memory(4)],
      },
      {
        name: 'as many as before are no news',
        script: { ...remembering(4), jobs: { list: async () => jobsOf(2) } },
        counted: 4,
        saved: [],
      },
      {
        name: 'those that are gone are forgotten',
        script: { ...remembering(4), jobs: { list: async () => [] } },
        counted: 0,
        saved: [memory()],
      },
      {
        name: 'those of a namespace that cannot be read count as before',
        script: { ...remembering(3), jobs: unread(0) },
        counted: 3,
        saved: [],
      },
      {
        name: 'more than before are counted where not all can be read',
        script: { ...remembering(3), jobs: unread(5) },
        counted: 5,
        saved: [memory(5)],
      },
      {
        name: 'they count as before while the uuid of a scope is unknown',
        script: { ...remembering(3), runners: unknown, jobs: { list: async () => jobsOf(1) } },
        counted: 3,
        saved: [],
      },
    ])('$name', async ({ script, counted, saved }) => {
      const { seen } = await look(fleet([builds, web]), script);
      expect(seen.workspaces).toMatchObject([{ registrations: counted }]);
      expect((seen.workspaceMemory ?? []).map((entry) => entry.memory)).toEqual(saved);
    });
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
      name: 'public API, a step was seen before, and nobody knows when',
      api: 'public',
      script: remembered(true),
      trusted: false,
      remembers: [],
    },
    {
      name: 'public API, a step was seen before, the list fails: still remembered',
      api: 'public',
      script: { ...remembered(true), runners: { list: fails('503') } },
      trusted: false,
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
