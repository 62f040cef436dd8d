/** What a look finds at places that no group has any more. */
import { describe, expect, it } from 'vitest';
import { budgetsOf } from '#core/budget/tick-budgets.ts';
import { classify } from '#core/decide/classify.ts';
import { ServiceError } from '#core/errors.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import type { GroupMemory, GroupObservation, Observation, RunnerJob } from '#core/model/observation.ts';
import { withElsewhere } from '#core/observe/leftovers.ts';
import { observe } from '#core/observe/observe.ts';
import { PLACES_KEYS, placeMemoryKey, placeOf, placesKeyOf } from '#core/places.ts';
import type { RunnerApi } from '#core/ports.ts';
import { reason } from '#core/reasons.ts';
import { scopeKey } from '#core/scope.ts';
import { fleet, group, jobOf, NOON, runner } from '#kit/fleet.ts';
import { recordingPorts, type Script } from '../reconcile/ports.ts';
import { builds, documents, fails, look } from './look.ts';

const old = group({ name: 'old', scope: { workspace: 'acme', repository: 'shop' }, namespace: 'shops' });
const SHOP = { workspaceUuid: '{acme}', repositoryUuid: '{shop}' };
const NOTHING: GroupMemory = { idleSince: {}, drainingSince: {} };
const known = runner({ uuid: '{known}', labels: old.labels, name: 'old' });
const unknown = runner({ uuid: '{unknown}', labels: old.labels, name: 'old' });

/** Memory of a group that had a place with a runner, `{known}`, and other documents. */
function remembering(was: RunnerGroup, more: Readonly<Record<string, unknown>> = {}): Script {
  const [key, place] = placeOf(was, fleet([was])) ?? ['', undefined];
  const all: Record<string, unknown> = {
    [placesKeyOf(key)]: { [key]: place },
    deployment: { id: 'here' },
    [`group/${was.name}`]: { ...NOTHING, runners: { '{known}': NOON - 9 } },
    [`scope/${scopeKey(was.scope)}`]: { stepSeen: true, identity: SHOP },
    ...more,
  };
  const kept = Object.entries(all).filter(([, value]) => value !== undefined);
  return documents(Object.fromEntries(kept.map(([id, value]) => [id, { version: 4, value }])));
}

const keyOf = (was: RunnerGroup, config: Fleet = fleet([was])) => placeOf(was, config)?.[0] ?? '';
/** All places that the changed documents hold. */
const placesAfter = ({ places = [] }: Observation): object => Object.assign({}, ...places.map(({ memory }) => memory));
/** Whether the document of a place was written without it. */
const isForgotten = ({ places = [] }: Observation, was: RunnerGroup = old) =>
  places.some(({ key, memory }) => key === placesKeyOf(keyOf(was)) && memory[keyOf(was)] === undefined);
const uuidsOf = ({ leftovers = [] }: Observation) =>
  leftovers.map(({ runners, orphanJobs }) => [
    ...runners.map(({ uuid }) => uuid),
    ...orphanJobs.map(({ name }) => name),
  ]);

describe('a place that no group has any more', () => {
  it('is not looked at where nobody asks for it', async () => {
    const reached: unknown[] = [];
    const { ports, trace } = recordingPorts({ ...remembering(old), reach: (former) => reached.push(former) });
    const groups = [group()];
    const budgets = budgetsOf(groups, ports);
    const seen = await observe({ fleet: fleet(groups), groups, at: NOON, budgets }, ports);
    expect(seen.leftovers).toBeUndefined();
    expect(trace).not.toContain('list acme/shop');
    expect(reached).toEqual([]);
  });

  it('whose own memory cannot be read is kept, and nothing is written', async () => {
    const whole = remembering(old).state;
    let loads = 0;
    const { seen } = await look(fleet([group()]), {
      state: {
        load: async (keys) => {
          loads += 1;
          return loads === 1 && whole?.load !== undefined ? whole.load(keys) : fails('503')();
        },
      },
    });
    expect(loads).toBe(2);
    expect(seen.groups[0]?.missing).toEqual(['memory: 503']);
    expect(seen.leftovers).toMatchObject([{ group: { name: 'old' }, missing: ['memory: 503'] }]);
    expect([seen.places, seen.scopeMemory]).toEqual([undefined, []]);
  });

  it('in the workspace of others is looked at for the group that has left it, and theirs stays theirs', async () => {
    const moved = { ...old, scope: { workspace: 'beta' } };
    const near = group({ name: 'near', scope: old.scope, labels: old.labels, namespace: 'near' });
    const theirs = runner({ uuid: '{theirs}', labels: old.labels });
    const script: Script = {
      runners: { list: async ({ repository }) => (repository === 'shop' ? [known, theirs] : []) },
      jobs: { list: async ({ namespace }) => (namespace === 'shops' ? [jobOf(known, { identity: SHOP })] : []) },
    };
    const { seen } = await look(fleet([moved, near]), { ...remembering(old), ...script }, [moved]);
    expect(seen.groups.map((entry) => entry.group.name)).toEqual(['old']);
    expect(uuidsOf(seen)).toEqual([['{known}']]);
    expect(seen.notes).toEqual([]);
  });

  it('tells the list who is known, and who drained, since a removal may have been sent', async () => {
    const memory = { ...NOTHING, runners: { '{known}': 1, '{gone}': 1, '{left}': 1 }, drainingSince: { '{gone}': 2 } };
    const asked: unknown[] = [];
    const list: RunnerApi['list'] = async (_scope, missing) => {
      asked.push(await missing?.());
      return [];
    };
    await look(fleet([old]), { ...remembering(old, { 'group/old': memory }), runners: { list } });
    expect(asked).toEqual([{ staying: ['{known}', '{left}'], leaving: ['{gone}'], isLastChance: false }]);
  });

  it.each([
    { name: 'there', at: NOON - 200_000, isLastChance: true },
    { name: 'there, not yet', at: NOON - 100_000, isLastChance: false },
  ])('tells the list that adds are given up that were begun $name', async ({ at, isLastChance }) => {
    const begun = { ...NOTHING, intended: [{ at, adds: 1 }] };
    const asked: unknown[] = [];
    const list: RunnerApi['list'] = async (scope, missing) => {
      if (scope.repository === 'shop') asked.push((await missing?.())?.isLastChance);
      return [];
    };
    const moved = { ...old, scope: { workspace: 'acme' } };
    const memories = { [placeMemoryKey(keyOf(old))]: begun, 'group/old': NOTHING };
    await look(fleet([moved]), { ...remembering(old, memories), runners: { list } });
    expect(asked).toEqual([isLastChance]);
  });

  it('is listed, with the runners that are recorded there or stamped by this deployment', async () => {
    const stamped = runner({ uuid: '{stamped}', labels: old.labels });
    const theirs = runner({ uuid: '{theirs}', labels: old.labels });
    const jobs = [
      jobOf(stamped, { group: 'old', identity: SHOP, deployment: 'here' }),
      jobOf(theirs, { group: 'old', identity: SHOP, deployment: 'elsewhere' }),
      jobOf(runner({ uuid: '{unlisted}' }), { group: 'old', identity: SHOP, deployment: 'here' }),
    ];
    const { seen, trace } = await look(fleet([group()]), {
      ...remembering(old),
      runners: { list: async (scope) => (scope.repository === 'shop' ? [known, unknown, stamped, theirs] : []) },
      jobs: { list: async ({ namespace }) => (namespace === 'shops' ? jobs : []) },
    });
    expect(trace).toContain('list acme/shop');
    expect(trace).toContain('list Jobs of main/shops');
    expect(uuidsOf(seen)).toEqual([['{known}', '{stamped}', 'runner-unlisted']]);
    expect(seen.notes).toEqual([
      expect.stringMatching(/^2 runners of acme\/shop carry autoscaler.created but are of no/),
    ]);
  });

  it('has nothing by a stamp while the deployment has no name', async () => {
    const unstamped = runner({ uuid: '{unstamped}', labels: old.labels });
    const { seen } = await look(fleet([group()]), {
      ...remembering(old, { deployment: undefined }),
      runners: { list: async (scope) => (scope.repository === 'shop' ? [known, unstamped] : []) },
      jobs: {
        list: async ({ namespace }) =>
          namespace === 'shops' ? [jobOf(unstamped, { group: 'old', identity: SHOP })] : [],
      },
    });
    expect(uuidsOf(seen)).toEqual([['{known}']]);
  });

  it('has a memory of its own, which begins with what the group was known to have', async () => {
    const script = { runners: { list: async () => [known] } };
    const memoryKey = `place/${keyOf(old)}`;
    const runners = { '{known}': NOON - 9 };
    const first = await look(fleet([group()]), { ...remembering(old), ...script });
    expect(first.seen.leftovers).toMatchObject([{ memoryKey, memoryVersion: 0, memory: { runners } }]);
    const had = { ...NOTHING, runners, jobless: ['{known}'] };
    const withoutJob = await look(fleet([group()]), { ...remembering(old, { 'group/old': had }), ...script });
    expect(withoutJob.seen.leftovers).toMatchObject([{ memory: { runners, jobless: had.jobless } }]);
    const own = { ...NOTHING, drainingSince: { '{known}': 7 }, runners: { '{known}': 5 } };
    const later = await look(fleet([group()]), {
      ...remembering(old, { [`place/${keyOf(old)}`]: own, 'group/old': undefined }),
      ...script,
    });
    expect(later.seen.leftovers).toMatchObject([{ memoryVersion: 4, memory: own }]);
  });

  it.each<{ readonly name: string; readonly now: RunnerGroup }>([
    { name: 'another repository', now: { ...old, scope: { workspace: 'acme', repository: 'site' } } },
    { name: 'another workspace', now: { ...old, scope: { workspace: 'other' } } },
    { name: 'another namespace', now: { ...old, namespace: 'else' } },
    { name: 'other labels', now: { ...old, labels: ['autoscaler.created', 'new'] } },
  ])('$name: what it had counts towards its max, and is left over', async ({ now }) => {
    const job = jobOf(known, { group: 'old', identity: SHOP, labels: old.labels });
    const { seen } = await look(fleet([now]), {
      ...remembering(old),
      runners: { list: async (scope) => (scopeKey(scope) === 'acme/shop' ? [known] : []) },
      jobs: { list: async ({ namespace }) => (namespace === 'shops' ? [job] : []) },
    });
    expect(uuidsOf(seen)).toEqual([['{known}']]);
    expect(seen.groups).toMatchObject([{ runners: [], elsewhere: 1 }]);
    expect(Object.keys(placesAfter(seen))).toContain(keyOf(now));
    expect(isForgotten(seen)).toBe(false);
  });

  it('another cluster: the old one is reached as it was', async () => {
    const clusters = { main: { kind: 'eks', name: 'new' } } as const;
    const reached: unknown[] = [];
    const job = jobOf(known, { group: 'old', identity: SHOP });
    const jobs = { list: async (at: { cluster: string }) => (at.cluster === 'main' ? [] : [job]) };
    const { seen, trace } = await look(
      { ...fleet([old]), clusters },
      {
        ...remembering(old),
        runners: { list: async () => [known] },
        jobs,
        reach: (former) => reached.push(former),
      },
    );
    expect(trace).toContain('list Jobs of main as it was (kubeconfig)/shops');
    expect(reached).toMatchObject([
      { clusters: { 'main as it was (kubeconfig)': { kind: 'kubeconfig' }, ...clusters } },
    ]);
    expect(seen.leftovers).toHaveLength(1);
  });

  it.each<{ readonly name: string; readonly now: RunnerGroup }>([
    { name: 'another name', now: { ...old, name: 'new' } },
    { name: 'another max', now: { ...old, max: 3 } },
    { name: 'another strategy and pod', now: { ...old, min: 4, pod: { ...old.pod, size: '8x' } } },
  ])('is not what is left by $name: the group keeps its runners', async ({ now }) => {
    const { seen } = await look(fleet([now]), { ...remembering(old), runners: { list: async () => [known] } });
    expect(seen.leftovers).toBeUndefined();
    expect(seen.groups).toMatchObject([{ runners: [known] }]);
  });

  it.each([
    { name: 'its Jobs cannot be listed: nobody knows whether a Job is gone', jobs: fails('503'), is: 'idle' },
    { name: 'its Jobs are listed', jobs: async () => [], is: 'draining' },
  ])('another cluster, and at the old one $name', async ({ jobs, is }) => {
    const memory = { ...NOTHING, runners: { '{known}': 5 } };
    const { seen } = await look(
      { ...fleet([old]), clusters: { main: { kind: 'eks', name: 'new' } } },
      {
        ...remembering(old, { 'group/old': memory }),
        runners: { list: async () => [known] },
        jobs: { list: async (at) => (at.cluster === 'main' ? [] : jobs()) },
      },
    );
    expect(seen.groups).toMatchObject([{ runners: [known] }]);
    const [classified] = seen.groups.flatMap((entry) => classify(entry, NOON));
    expect(classified?.class).toBe(is);
  });

  it('another cluster: a runner whose Job at the old one is gone stays there, where it is known that it had one', async () => {
    const moved = { ...fleet([old]), clusters: { main: { kind: 'eks', name: 'new' } } } as const;
    const memory = { ...NOTHING, runners: { '{known}': 5 } };
    const { seen } = await look(moved, {
      ...remembering(old, { 'group/old': NOTHING, [`place/${keyOf(old)}`]: memory }),
      runners: { list: async () => [{ ...known, status: 'DISABLED', hasStep: true }] },
      jobs: { list: async () => [] },
    });
    expect(seen.groups).toMatchObject([{ runners: [], elsewhere: 1 }]);
    const [classified] = (seen.leftovers ?? []).flatMap((entry) => classify(entry, NOON));
    expect(classified).toMatchObject({ runner: { uuid: '{known}' }, ended: true });
  });

  it('a renamed group goes on with what was remembered of it, until it has a memory of its own', async () => {
    const now = { ...old, name: 'new' };
    const before = { ...NOTHING, idleSince: { '{known}': 7 }, runners: { '{known}': 5 } };
    const odd = { ...known, labels: ['other'] };
    const script = { runners: { list: async () => [odd] } };
    const first = await look(fleet([now]), { ...remembering(old, { 'group/old': before }), ...script });
    expect(first.seen.groups).toMatchObject([{ runners: [odd], memory: before, memoryVersion: 0 }]);
    // The place bears the old name as long as the memory does, so that a look that holds loses nothing.
    expect(first.seen.places).toBeUndefined();
    const own = { ...NOTHING, idleSince: { '{known}': 9 } };
    const later = await look(fleet([now]), {
      ...remembering(old, { 'group/old': before, 'group/new': own }),
      ...script,
    });
    expect(later.seen.groups).toMatchObject([{ memory: own, memoryVersion: 4 }]);
    expect(placesAfter(later.seen)).toMatchObject({ [keyOf(old)]: { group: 'new' } });
    const none = await look(fleet([now]), { ...remembering(old, { 'group/old': undefined }), ...script });
    expect(none.seen.groups).toMatchObject([{ memory: NOTHING, memoryVersion: 0 }]);
  });

  it('a renamed group says that it goes on with them', async () => {
    const { seen } = await look(fleet([{ ...old, name: 'new' }]), {
      ...remembering(old),
      runners: { list: async () => [known] },
      jobs: { list: async () => [jobOf(known, { group: 'old', identity: SHOP, labels: old.labels })] },
    });
    expect(seen.notes).toEqual([
      'Group "new" goes on with 1 runner that was made for "old": its scope and labels are the same, so nothing has to be done.',
    ]);
  });
});

describe('a place that is taken up more than once', () => {
  const [key, bare] = placeOf(old, fleet([old])) ?? ['', undefined];
  const [other, elsewhere] = placeOf(group(), fleet([group()])) ?? ['', undefined];
  const remembered = (...entries: readonly (readonly [string, unknown])[]) =>
    Object.fromEntries(
      Map.groupBy(entries, ([of]) => placesKeyOf(of))
        .entries()
        .map(([document, of]) => [document, Object.fromEntries(of)]),
    );

  it.each<{ readonly name: string; readonly before: readonly (readonly [string, unknown])[]; readonly after: unknown }>(
    [
      { name: 'in the first look of all', before: [], after: bare },
      { name: 'later', before: [[other, elsewhere]], after: { ...bare, since: NOON } },
      { name: 'for long', before: [[key, { ...bare, since: 7 }]], after: undefined },
      { name: 'since before that was written down', before: [[key, bare]], after: undefined },
      { name: 'again', before: [[key, { ...bare, since: 7, left: true }]], after: { ...bare, since: NOON } },
    ],
  )('says since when a group has it: $name', async ({ before, after }) => {
    const places = { [placesKeyOf(key)]: undefined, ...remembered(...before) };
    const { seen } = await look(fleet([old, group()]), remembering(old, places));
    expect(Reflect.get(placesAfter(seen), key)).toEqual(after);
  });

  it.each<{ readonly name: string; readonly before: object; readonly after: unknown }>([
    { name: 'at the first look', before: { since: 7 }, after: { ...bare, since: 7, left: true } },
    { name: 'once', before: { since: 7, left: true }, after: undefined },
  ])('is marked when it is left, $name', async ({ before, after }) => {
    const { seen } = await look(fleet([group()]), {
      ...remembering(old, remembered([key, { ...bare, ...before }])),
      runners: { list: async () => [known] },
    });
    expect(Reflect.get(placesAfter(seen), key)).toEqual(after);
  });

  it('has another memory each time: it begins with what the group was known to have', async () => {
    const stale = { ...NOTHING, runners: { '{gone}': 1 } };
    const present = { ...NOTHING, runners: { '{known}': 9 } };
    const own = { ...NOTHING, runners: { '{known}': 9, '{second}': 9 } };
    const places = remembered([key, { ...bare, since: 7 }]);
    const lookWith = (more: object) =>
      look(fleet([group()]), {
        ...remembering(old, { ...places, [`place/${key}`]: stale, 'group/old': present, ...more }),
        runners: { list: fails('503') },
      });
    const memoryKey = `place/${key} 7`;
    const first = await lookWith({});
    expect(first.seen.leftovers).toMatchObject([{ memoryKey, memoryVersion: 0, memory: present }]);
    const later = await lookWith({ [memoryKey]: own });
    expect(later.seen.leftovers).toMatchObject([{ memoryKey, memoryVersion: 4, memory: own }]);
  });
});

describe('what is left counts towards the max of its group', () => {
  const now = { ...old, scope: { workspace: 'other' } };
  const two = { ...NOTHING, runners: { '{known}': 1, '{second}': 2 }, intended: [{ at: NOON, adds: 3 }] };

  it.each<{ readonly name: string; readonly script: Script; readonly elsewhere: number }>([
    { name: 'those that are seen', script: { runners: { list: async () => [known] } }, elsewhere: 1 + 3 },
    {
      name: 'those that are known, while they cannot be listed',
      script: { runners: { list: fails('503') } },
      elsewhere: 2 + 3,
    },
  ])('$name, and adds that were begun', async ({ script, elsewhere }) => {
    const place = { [`place/${keyOf(old)}`]: two };
    const { seen } = await look(fleet([now]), { ...remembering(old, place), ...script });
    expect(seen.groups[0]?.elsewhere).toBe(elsewhere);
  });
});

describe('a scope that is named in another way', () => {
  const slug = group({ scope: { workspace: 'acme' } });
  const uuid = group({ scope: { workspace: '{acme}' } });
  const identity = { workspaceUuid: '{acme}' };
  const job = jobOf(known, { labels: slug.labels, identity });
  const unlisted = jobOf(runner({ uuid: '{unlisted}' }), { labels: slug.labels, identity });
  const lookUnder = (script: Script, memory: Readonly<Record<string, unknown>>) =>
    look(fleet([uuid]), {
      ...remembering(slug, memory),
      runners: { list: async () => [{ ...known, labels: slug.labels }], ...script.runners },
      jobs: { list: async () => [job, unlisted] },
    });

  it('is the same place: the group goes on with its runners, and the old name is forgotten', async () => {
    const script = { runners: { identify: async () => identity } };
    const { seen } = await lookUnder(script, { 'scope/acme': { stepSeen: true, identity } });
    expect(seen.leftovers).toBeUndefined();
    expect(seen.groups).toMatchObject([
      { runners: [{ uuid: '{known}' }], jobs: [job], orphanJobs: [unlisted], missing: [] },
    ]);
    expect(seen.groups[0]).not.toHaveProperty('elsewhere');
    expect(seen.notes).toEqual([]);
    expect(Object.keys(placesAfter(seen))).toEqual([keyOf(uuid)]);
    expect(isForgotten(seen, slug)).toBe(true);
  });

  it.each<{ readonly name: string; readonly script: Script; readonly memory: object }>([
    { name: 'the old one', script: { runners: { identify: fails('503') } }, memory: { '{acme}': identity } },
    { name: 'the new one', script: { runners: { identify: fails('503') } }, memory: { acme: identity } },
  ])(
    'may be the same while the uuid of $name is not known: nothing is touched or forgotten',
    async ({ script, memory }) => {
      const scopes = ['acme', '{acme}'].map((name) => [
        `scope/${name}`,
        { stepSeen: true, ...(name in memory && { identity }) },
      ]);
      const { seen } = await lookUnder(script, Object.fromEntries(scopes));
      expect(seen.leftovers).toMatchObject([
        {
          runners: [],
          missing: [
            'acme: nobody can tell yet whether it is another name of the scope of a group with the same labels',
          ],
          memory: { runners: { '{known}': NOON - 9 } },
          memoryVersion: 0,
        },
      ]);
      expect(seen.groups[0]?.elsewhere).toBe(1);
      expect(Object.keys(placesAfter(seen))).toContain(keyOf(uuid));
      expect(isForgotten(seen, slug)).toBe(false);
    },
  );

  it('may be the same while nothing is remembered of it', async () => {
    const { seen } = await look(fleet([uuid]), {
      ...remembering(slug, { [`group/${slug.name}`]: undefined, 'scope/acme': { stepSeen: true, identity } }),
      runners: { identify: fails('503') },
    });
    expect(seen.leftovers).toMatchObject([
      { jobs: [], idleTrusted: false, memory: { idleSince: {}, drainingSince: {} }, memoryVersion: 0 },
    ]);
    expect(seen.groups[0]?.elsewhere).toBeUndefined();
  });

  it.each([
    { name: 'may be the same while the new one was not found just now', since: NOON - 599_999, isSure: false },
    { name: 'is another place where the new one is gone for good', since: NOON - 600_000, isSure: true },
  ])('$name', async ({ since, isSure }) => {
    const { seen } = await look(fleet([uuid]), {
      ...remembering(slug, {
        'scope/acme': { stepSeen: true, identity },
        'scope/{acme}': { stepSeen: true, unlistedSince: since },
      }),
      runners: {
        list: async ({ workspace }) => {
          if (workspace === 'acme') return [{ ...known, labels: slug.labels }];
          throw new ServiceError('404', { service: 'bitbucket', outcome: 'refused', status: 404 });
        },
      },
    });
    expect(seen.leftovers).toMatchObject([isSure ? { runners: [{ uuid: '{known}' }], missing: [] } : { runners: [] }]);
  });

  it('is the same place where the old one is gone for good and its uuid is known: its Jobs count once', async () => {
    const now = { ...old, scope: { workspace: 'acme', repository: '{shop}' } };
    const { seen } = await look(fleet([now]), {
      ...remembering(old, { 'scope/acme/shop': { stepSeen: true, identity: SHOP, unlistedSince: NOON - 600_000 } }),
      runners: {
        list: async ({ repository }) => {
          if (repository === '{shop}') return [known];
          throw new ServiceError('404', { service: 'bitbucket', outcome: 'refused', status: 404 });
        },
        identify: async () => SHOP,
      },
      jobs: { list: async () => [jobOf(known, { labels: old.labels, identity: SHOP })] },
    });
    expect(seen.leftovers).toBeUndefined();
    expect(seen.workspaces).toMatchObject([{ workspace: 'acme', registrations: 1 }]);
    expect(seen.workspaces[0]).not.toHaveProperty('assumed');
  });

  it('is another place where its labels or its namespace are others as well', async () => {
    for (const was of [
      { ...slug, labels: ['autoscaler.created', 'old'] },
      { ...slug, namespace: 'else' },
    ]) {
      const { seen } = await look(fleet([uuid]), {
        ...remembering(was, { 'scope/acme': { stepSeen: true, identity } }),
        jobs: { list: async () => [jobOf(known, { labels: was.labels, identity, deployment: 'here' })] },
      });
      expect(seen.leftovers).toHaveLength(1);
    }
  });
});

describe('of what is left at places a group has', () => {
  it.each([
    { name: 'what bears its name', left: { name: 'builds', labels: ['other'] }, elsewhere: 3 },
    { name: 'what has its labels in its scope', left: { name: 'before', labels: group().labels }, elsewhere: 3 },
    { name: 'nothing of other labels', left: { name: 'before', labels: ['other'] }, elsewhere: undefined },
    {
      name: 'nothing of its labels in another scope',
      left: { name: 'before', labels: group().labels, scope: { workspace: 'beta' } },
      elsewhere: undefined,
    },
  ])('$name', async ({ left, elsewhere }) => {
    const { seen } = await look(fleet([group()]));
    const [entry] = seen.groups;
    if (entry === undefined) throw new Error('the group was not seen');
    const out = { ...entry, group: group(left), unreachable: 'Forbidden' };
    const told = withElsewhere(entry, [{ entry: out, seats: 3 }]);
    expect([told.elsewhere, told.jobsUnsure]).toEqual([elsewhere, elsewhere && true]);
  });
});

describe('a runner without a Job here', () => {
  it.each<{ readonly name: string; readonly left: Partial<GroupObservation>; readonly unsure: boolean }>([
    { name: 'has none where all was read', left: {}, unsure: false },
    { name: 'has none at a place whose scope is gone for good', left: { missing: ['404'] }, unsure: false },
    { name: 'may have one at a place whose Jobs cannot be read', left: { unreachable: 'Forbidden' }, unsure: true },
    {
      name: 'may have one at a place that was not looked at',
      left: { heldBack: reason('api-budget', { credential: 'ci', limit: 9, left: 0, withheld: 1, moreInMs: 1 }) },
      unsure: true,
    },
  ])('$name', async ({ left, unsure }) => {
    const { seen } = await look(fleet([group()]));
    const [entry] = seen.groups;
    if (entry === undefined) throw new Error('the group was not seen');
    expect(
      'jobsUnsure' in
        withElsewhere(
          entry,
          [entry, { ...entry, ...left }].map((one) => ({ entry: one, seats: 0 })),
        ),
    ).toBe(unsure);
  });
});

describe('places are remembered', () => {
  const gone = () =>
    Promise.reject(new ServiceError('no such repository', { service: 'bitbucket', outcome: 'refused', status: 404 }));
  const job = jobOf(known, { group: 'old', identity: SHOP });
  type Row = {
    readonly name: string;
    readonly script: Script;
    readonly unlistedFor?: number;
    readonly memory?: Readonly<Record<string, unknown>>;
    readonly kept: boolean;
  };
  const goneWith = (other: RunnerJob): Pick<Row, 'script' | 'unlistedFor'> => ({
    script: { runners: { list: gone }, jobs: { list: async () => [other] } },
    unlistedFor: 600_000,
  });

  it('its Jobs cannot be read: what Bitbucket lists there is seen all the same, and no Job there counts as gone', async () => {
    const { seen } = await look(fleet([group()]), {
      ...remembering(old),
      runners: { list: async ({ repository }) => (repository === 'shop' ? [known] : []) },
      jobs: { list: async ({ namespace }) => (namespace === 'shops' ? fails('Forbidden.')() : []) },
    });
    const unreachable = 'Jobs in namespace shops of cluster main: Forbidden';
    expect(seen.leftovers).toMatchObject([
      { runners: [known], missing: [], unreachable, jobsUnsure: true, idleTrusted: false },
    ]);
    expect(isForgotten(seen)).toBe(false);
  });

  it.each<Row>([
    { name: 'nothing is there: forgotten', script: {}, kept: false },
    { name: 'a runner is there', script: { runners: { list: async () => [known] } }, kept: true },
    { name: 'a Job is there', script: { jobs: { list: async () => [job] } }, kept: true },
    {
      name: 'an add was begun a moment ago, whose runner nothing shows yet',
      script: {},
      memory: { 'group/old': { ...NOTHING, intended: [{ at: NOON - 119_999, adds: 1 }] } },
      kept: true,
    },
    { name: 'its list cannot be read', script: { runners: { list: fails('503') } }, kept: true },
    { name: 'its Jobs cannot be read', script: { jobs: { list: fails('503') } }, kept: true },
    { name: 'there is no such scope', script: { runners: { list: gone } }, kept: true },
    {
      name: '… for a moment less than ten minutes',
      script: { runners: { list: gone } },
      unlistedFor: 599_999,
      kept: true,
    },
    {
      name: '… for ten minutes, and no Job of it',
      script: { runners: { list: gone } },
      unlistedFor: 600_000,
      kept: false,
    },
    {
      name: '… for ten minutes, and a Job that was made for it is there',
      ...goneWith(jobOf(unknown, { group: 'old', identity: SHOP })),
      kept: true,
    },
    {
      name: '… for ten minutes, and a Job of its runner is there, from before the group was renamed',
      ...goneWith(jobOf(known, { group: 'before', identity: SHOP })),
      kept: true,
    },
    {
      name: '… for ten minutes, and a Job of another is there',
      ...goneWith(jobOf(unknown, { group: 'before', identity: SHOP })),
      kept: false,
    },
    {
      name: '… for ten minutes, and nothing is known of it',
      ...goneWith(jobOf(known, { group: 'before', identity: SHOP })),
      memory: { 'group/old': undefined },
      kept: false,
    },
    {
      name: '… for ten minutes, and its Jobs cannot be read',
      script: { runners: { list: gone }, jobs: { list: fails('503') } },
      unlistedFor: 600_000,
      kept: true,
    },
    {
      name: 'it could not be listed for long, but is not gone',
      script: { runners: { list: fails('401') } },
      unlistedFor: 600_000,
      kept: true,
    },
  ])('$name', async ({ script, unlistedFor, memory, kept }) => {
    const scope = {
      'scope/acme/shop': {
        stepSeen: true,
        identity: SHOP,
        ...(unlistedFor !== undefined && { unlistedSince: NOON - unlistedFor }),
      },
    };
    const { seen } = await look(fleet([group({ scope: { workspace: 'other' } })]), {
      ...remembering(old, { ...scope, ...memory }),
      ...script,
    });
    expect(isForgotten(seen)).toBe(!kept);
    expect(seen.leftovers ?? []).toHaveLength(kept ? 1 : 0);
  });

  describe('a group has moved on from a scope that is gone for good', () => {
    const moved = { ...old, scope: { workspace: 'acme', repository: 'web' } };
    const memory = { ...NOTHING, runners: { '{known}': 1, '{two}': 1, '{three}': 1 } };
    const its = jobOf(known, { group: 'old', identity: SHOP });
    const at = (unlistedFor: number) => ({ stepSeen: true, identity: SHOP, unlistedSince: NOON - unlistedFor });
    const { identity: _, ...nameless } = at(600_000);
    it.each([
      { name: 'a moment before, its last three count', scope: at(599_999), jobs: [its], elsewhere: 3 },
      { name: 'its one Job counts', scope: at(600_000), jobs: [its], elsewhere: 1 },
      { name: '… whose uuids nobody ever knew', scope: nameless, jobs: [its], elsewhere: 1 },
      { name: 'nothing counts without a Job', scope: at(600_000), jobs: [], elsewhere: undefined },
      { name: '… whose uuids nobody ever knew', scope: nameless, jobs: [], elsewhere: undefined },
      {
        name: 'a Job of the same name in another namespace is another’s',
        scope: at(600_000),
        jobs: [],
        jobsElsewhere: [its],
        elsewhere: undefined,
      },
      {
        name: 'a Job where it is now is its own',
        scope: at(600_000),
        jobs: [jobOf(unknown, { group: 'old', identity: { workspaceUuid: '{acme}', repositoryUuid: '{web}' } })],
        elsewhere: undefined,
      },
    ])('$name', async ({ scope, jobs, jobsElsewhere = [], elsewhere }) => {
      const { seen } = await look(fleet([moved, group({ name: 'near', namespace: 'near' })]), {
        ...remembering(old, { 'group/old': memory, 'scope/acme/shop': scope }),
        runners: {
          list: ({ repository }) => (repository === 'shop' ? gone() : Promise.resolve([])),
          identify: async ({ repository }) => ({
            workspaceUuid: '{acme}',
            ...(repository && { repositoryUuid: '{web}' }),
          }),
        },
        jobs: { list: async ({ namespace }) => (namespace === 'near' ? jobsElsewhere : jobs) },
      });
      expect(seen.groups[0]?.elsewhere).toBe(elsewhere);
      expect(isForgotten(seen)).toBe(elsewhere === undefined);
    });
  });

  it('from the first look at a group on, and are not written again', async () => {
    const first = await look(fleet([old]));
    expect(first.seen.places).toMatchObject([
      { key: placesKeyOf(keyOf(old)), version: 0, memory: { [keyOf(old)]: { group: 'old' } } },
    ]);
    const second = await look(fleet([old]), remembering(old));
    expect(second.seen.places).toBeUndefined();
    // Nor is there anything more to read, also where the group has no memory yet.
    const third = await look(fleet([old]), remembering(old, { 'group/old': undefined }));
    expect(third.trace.filter((line) => line.startsWith('load'))).toHaveLength(1);
  });

  describe('in several documents', () => {
    const many = Array.from({ length: 12 }, (_, index) => group({ name: `g${index}`, namespace: `n${index}` }));
    const config = fleet(many);
    const placed = (was: RunnerGroup) => placeOf(was, fleet([...many, was]))?.[1];
    /** The documents that hold the places of these groups, each with a version of its own. */
    const holding = (groups: readonly RunnerGroup[], more: Readonly<Record<string, unknown>> = {}): Script => {
      const inDocuments = Map.groupBy(groups, (was) => placesKeyOf(keyOf(was)));
      const places = [...inDocuments].map(([document, members]) => [
        document,
        { version: 5 + PLACES_KEYS.indexOf(document as never), value: placedOf(members) },
      ]);
      const others = Object.entries(more).map(([key, value]) => [key, { version: 1, value }]);
      return documents(Object.fromEntries([...places, ...others]));
    };
    const placedOf = (groups: readonly RunnerGroup[]) =>
      Object.fromEntries(groups.map((was) => [keyOf(was), placed(was)]));
    const versionOf = (document: string) => 5 + PLACES_KEYS.indexOf(document as never);

    it('new ones are written beside those that are known, each into its own', async () => {
      const [first, ...others] = many;
      const second = others.find((one) => first && placesKeyOf(keyOf(one)) !== placesKeyOf(keyOf(first)));
      const news = many.filter((one) => one === first || one === second);
      const known = many.filter((one) => !news.includes(one));
      const { seen } = await look(config, holding(known));
      const expected = news.map((one) => {
        const document = placesKeyOf(keyOf(one));
        const beside = known.filter((each) => placesKeyOf(keyOf(each)) === document);
        const memory = { ...placedOf(beside), [keyOf(one)]: { ...placed(one), since: NOON } };
        return { key: document, version: beside.length > 0 ? versionOf(document) : 0, memory };
      });
      expect(seen.places?.toSorted((a, b) => a.key.localeCompare(b.key))).toStrictEqual(
        expected.toSorted((a, b) => a.key.localeCompare(b.key)),
      );
    });

    it('those of the first look of all say nothing of a time', async () => {
      const { seen } = await look(config);
      expect(placesAfter(seen)).toStrictEqual(placedOf(many));
      expect(new Set(seen.places?.map(({ version }) => version))).toEqual(new Set([0]));
    });

    it('one that is empty goes, and one beside it in which something is left stays', async () => {
      const [gone] = many;
      if (gone === undefined) throw new Error('there is one');
      const stays = many.find((one) => one !== gone && placesKeyOf(keyOf(one)) === placesKeyOf(keyOf(gone)));
      if (stays === undefined) throw new Error('two are in one document');
      const left = runner({ uuid: '{left}', labels: stays.labels, name: stays.name });
      const script = holding([gone, stays], {
        deployment: { id: 'here' },
        [`group/${stays.name}`]: { ...NOTHING, runners: { '{left}': 1 } },
      });
      const { seen } = await look(fleet([builds]), {
        ...script,
        runners: { list: async () => [left] },
        jobs: { list: async ({ namespace }) => (namespace === stays.namespace ? [jobOf(left)] : []) },
      });
      const written = seen.places?.find(({ key }) => key === placesKeyOf(keyOf(gone)));
      expect(written?.memory[keyOf(stays)]).toMatchObject({ group: stays.name, left: true });
      expect(written?.memory[keyOf(gone)]).toBeUndefined();
    });

    it('one in which something is left, as it was before, stays beside one that is empty', async () => {
      const [gone] = many;
      const stays = many.find((one) => one !== gone && gone && placesKeyOf(keyOf(one)) === placesKeyOf(keyOf(gone)));
      if (gone === undefined || stays === undefined) throw new Error('two are in one document');
      const document = placesKeyOf(keyOf(gone));
      const was = { ...placedOf([gone, stays]), [keyOf(stays)]: { ...placed(stays), left: true } };
      const left = runner({ uuid: '{left}', labels: stays.labels, name: stays.name });
      const { seen } = await look(fleet([builds]), {
        ...documents({
          [document]: { version: 2, value: was },
          [`group/${stays.name}`]: { version: 1, value: { ...NOTHING, runners: { '{left}': 1 } } },
        }),
        runners: { list: async () => [left] },
        jobs: { list: async ({ namespace }) => (namespace === stays.namespace ? [jobOf(left)] : []) },
      });
      const written = seen.places?.find(({ key }) => key === document);
      expect(written?.memory[keyOf(stays)]).toMatchObject({ group: stays.name, left: true });
    });

    it('a group whose cluster is not in the configuration has none', async () => {
      const [one] = many;
      if (one === undefined) throw new Error('there is one');
      const nowhere = { ...one, cluster: 'nowhere' };
      const { seen } = await look(fleet([builds, nowhere]));
      expect(Object.keys(placesAfter(seen))).toEqual([keyOf(builds)]);
    });
  });

  it('not while memory cannot be read, so that nothing is overwritten', async () => {
    const { seen } = await look(fleet([old]), { state: { load: fails('the table is gone') } });
    expect([seen.places, seen.scopeMemory]).toEqual([undefined, []]);
  });

  it('one that cannot be read is forgotten, and the others are not', async () => {
    const [key, place] = placeOf(old, fleet([old])) ?? ['', undefined];
    const script = documents({ [placesKeyOf(key)]: { version: 2, value: { [key]: place, broken: { group: 7 } } } });
    const { seen } = await look(fleet([group()]), script);
    expect(seen.leftovers ?? []).toEqual([]);
    expect(isForgotten(seen)).toBe(true);
    expect(Object.keys(placesAfter(seen))).toContain(keyOf(group()));
  });
});
