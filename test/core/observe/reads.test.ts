import { describe, expect, it } from 'vitest';
import { budgetsOf } from '#core/budget/tick-budgets.ts';
import { observe } from '#core/observe/observe.ts';
import { scopeKey } from '#core/scope.ts';
import { fleet, group, NOON, runner } from '#kit/fleet.ts';
import { recordingPorts, type Script, settle } from '../reconcile/ports.ts';
import { builds, documents, fails, look, other, site, tests } from './look.ts';

describe('what is read', () => {
  it('one list per scope and namespace, whatever the number of groups, and memory in one call', async () => {
    const { trace } = await look(fleet([builds, tests, site]));
    expect(trace.sort()).toEqual([
      'identify acme',
      'identify acme/site',
      'list Jobs of main/runners',
      'list Jobs of main/web',
      'list acme',
      'list acme/site',
      'load group/builds scope/acme workspace/acme group/tests group/site scope/acme/site places/0 places/1 places/2 places/3 deployment',
    ]);
  });

  it('namespaces of one name in two clusters are two', async () => {
    const { trace } = await look(fleet([builds, group({ name: 'arm', cluster: 'arm' })]));
    expect(trace.filter((line) => line.startsWith('list Jobs'))).toEqual([
      'list Jobs of main/runners',
      'list Jobs of arm/runners',
    ]);
  });

  it('for some groups: every scope and namespace of their workspaces, which share a cap', async () => {
    const { seen, trace } = await look(fleet([builds, site, other]), {}, [builds]);
    expect(seen.groups.map((entry) => entry.group.name)).toEqual(['builds']);
    expect(trace.sort()).toEqual([
      'identify acme',
      'identify acme/site',
      'list Jobs of main/runners',
      'list Jobs of main/web',
      'list acme',
      'list acme/site',
      'load group/builds scope/acme workspace/acme group/site scope/acme/site places/0 places/1 places/2 places/3 deployment',
    ]);
  });

  it('a scope is identified only when it is not remembered', async () => {
    const identity = { workspaceUuid: '{w}', repositoryUuid: '{r}' };
    const { seen, trace } = await look(
      fleet([builds, site]),
      documents({ 'scope/acme/site': { version: 4, value: { stepSeen: false, identity } } }),
    );
    expect(trace.filter((line) => line.startsWith('identify'))).toEqual(['identify acme']);
    expect(seen.groups.map((entry) => entry.identity)).toEqual([{ workspaceUuid: '{acme}' }, identity]);
    expect(seen.scopeMemory).toEqual([
      {
        key: 'scope/acme',
        version: 0,
        memory: { stepSeen: false, identity: { workspaceUuid: '{acme}' }, registrations: 0 },
      },
      { key: 'scope/acme/site', version: 4, memory: { stepSeen: false, identity, registrations: 0 } },
    ]);
  });

  it('what it remembers of a scope needs no second look-up', async () => {
    const first = await look(fleet([builds]));
    const [entry] = first.seen.scopeMemory;
    const second = await look(fleet([builds]), documents({ 'scope/acme': { version: 1, value: entry?.memory } }));
    expect(second.trace).not.toContain('identify acme');
    expect(second.seen.scopeMemory).toEqual([]);
  });

  it('an empty selection reads nothing but what is remembered of places', async () => {
    const { seen, trace } = await look(fleet([builds]), {}, []);
    expect(trace).toEqual(['load places/0 places/1 places/2 places/3 deployment']);
    expect(seen).toEqual({ at: NOON, groups: [], workspaces: [], queues: [], scopeMemory: [], notes: [] });
  });
});

describe('all reads are under way before any is answered', () => {
  it('lists of runners and Jobs, and memory', async () => {
    const never = () => new Promise<never>(() => undefined);
    const { ports, trace } = recordingPorts({
      runners: { list: never },
      jobs: { list: never },
      state: { load: never },
    });
    const groups = [builds, tests, site, other];
    void observe({ fleet: fleet(groups), groups, at: NOON, budgets: budgetsOf(groups, ports) }, ports);
    await settle();
    expect(trace.sort()).toEqual([
      'list Jobs of main/runners',
      'list Jobs of main/web',
      'list acme',
      'list acme/site',
      'list other',
      expect.stringContaining('load '),
    ]);
  });

  it('with a bound of 25, so that a thousand scopes do not open a thousand connections', async () => {
    const groups = Array.from({ length: 40 }, (_, index) =>
      group({ name: `g${index}`, scope: { workspace: 'acme', repository: `r${index}` } }),
    );
    const waiting: (() => void)[] = [];
    const { ports, trace } = recordingPorts({
      runners: { list: () => new Promise((resolve) => waiting.push(() => resolve([]))) },
    });
    const lists = () => trace.filter((line) => line.startsWith('list acme')).length;
    const done = observe({ fleet: fleet(groups), groups, at: NOON, budgets: budgetsOf(groups, ports) }, ports);
    await settle();
    expect(lists()).toBe(25);
    for (let index = 0; index < 40; index += 1) {
      waiting[index]?.();
      await settle();
    }
    expect(lists()).toBe(40);
    expect((await done).groups).toHaveLength(40);
  });
});

describe('a read that fails is missing for exactly the groups that need it', () => {
  const config = fleet([builds, tests, site, other]);

  it.each<{ readonly name: string; readonly script: Script; readonly missing: Readonly<Record<string, string[]>> }>([
    { name: 'nothing failed', script: {}, missing: {} },
    {
      name: "a scope's runners",
      script: {
        runners: {
          list: async (scope) => (scopeKey(scope) === 'acme/site' ? fails('api.bitbucket.org answered 503.')() : []),
        },
      },
      missing: { site: ['runners of acme/site: api.bitbucket.org answered 503'] },
    },
    {
      name: "a scope's uuid",
      script: {
        runners: {
          identify: async (scope) =>
            scopeKey(scope) === 'acme' ? fails('There is no such workspace.')() : { workspaceUuid: '{w}' },
        },
      },
      missing: {
        builds: ['uuid of acme: There is no such workspace'],
        tests: ['uuid of acme: There is no such workspace'],
      },
    },
    {
      name: "a namespace's Jobs",
      script: {
        jobs: { list: async ({ namespace }) => (namespace === 'web' ? fails('Forbidden.')() : []) },
      },
      missing: { site: ['Jobs in namespace web of cluster main: Forbidden'] },
    },
    {
      name: 'memory, which all need',
      script: { state: { load: fails('Throttled.') } },
      missing: {
        builds: ['memory: Throttled'],
        tests: ['memory: Throttled'],
        site: ['memory: Throttled'],
        other: ['memory: Throttled'],
      },
    },
    {
      name: 'two of them: both are named',
      script: {
        runners: { list: async (scope) => (scope.workspace === 'other' ? fails('Time-out.')() : []) },
        jobs: { list: async ({ namespace }) => (namespace === 'runners' ? fails('Forbidden.')() : []) },
      },
      missing: {
        builds: ['Jobs in namespace runners of cluster main: Forbidden'],
        tests: ['Jobs in namespace runners of cluster main: Forbidden'],
        other: ['runners of other: Time-out', 'Jobs in namespace runners of cluster main: Forbidden'],
      },
    },
    {
      name: 'an error that is none',
      script: { state: { load: () => Promise.reject('gone') } },
      missing: {
        builds: ['memory: gone'],
        tests: ['memory: gone'],
        site: ['memory: gone'],
        other: ['memory: gone'],
      },
    },
  ])('$name', async ({ script, missing }) => {
    const { seen } = await look(config, script);
    const found = seen.groups.map((entry) => [entry.group.name, entry.missing] as const);
    expect(Object.fromEntries(found.filter(([, sentences]) => sentences.length > 0))).toEqual(missing);
    expect(seen.notes).toEqual([]);
  });

  it('an identity that could not be looked up is absent, and not remembered', async () => {
    const { seen } = await look(fleet([builds]), { runners: { identify: fails('503') } });
    expect(seen.groups[0]).not.toHaveProperty('identity');
    expect(seen.scopeMemory.map(({ memory }) => memory)).toStrictEqual([{ stepSeen: false, registrations: 0 }]);
  });

  it('nor is it when a step that was seen for the first time is remembered', async () => {
    const list = async () => [runner({ hasStep: true })];
    const { seen } = await look(fleet([builds]), { runners: { list, identify: fails('503') } });
    expect(seen.scopeMemory.map(({ memory }) => memory)).toStrictEqual([{ stepSeen: true, registrations: 1 }]);
  });
});
