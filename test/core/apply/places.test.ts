/** What a claim leaves behind besides the memory of groups: places, and the name of the deployment. */
import { describe, expect, it } from 'vitest';
import { apply } from '#core/apply.ts';
import type { Plan } from '#core/model/decision.ts';
import type { Places } from '#core/places.ts';
import { placeOf } from '#core/places.ts';
import type { Manifest, MemoryChange, StateStore } from '#core/ports.ts';
import { fleet, group, runner } from '#kit/fleet.ts';
import { recordingPorts, type Script } from '../reconcile/ports.ts';
import { ADD, disable, groupPlan, planOf } from './carry-out.ts';

const placesOf = (...names: readonly string[]): Places =>
  Object.fromEntries(
    names.map((name) => {
      const [key, place] = placeOf(group({ name }), fleet([group({ name })])) ?? ['', undefined];
      return [key, place as NonNullable<typeof place>];
    }),
  );
const keysOf = (value: unknown) => Object.values(value as Places).map((place) => place.group);

async function run(plan: Plan, script: Script = {}) {
  const { ports, trace } = recordingPorts(script);
  return { applied: await apply(plan, ports), trace };
}

describe('places', () => {
  /** A store in which somebody else writes places each time before we do, so many times. */
  function contended(times: number, failing?: 'load') {
    const saved: unknown[] = [];
    let version = 3;
    const state: Partial<StateStore> = {
      load: async () => {
        if (failing === 'load') throw new Error('503');
        return new Map([['places/1', { version, value: placesOf('theirs') }]]);
      },
      save: async (changes: readonly MemoryChange[]) => {
        if (version < 3 + times) {
          version += 1;
          return changes.filter(({ key }) => key === 'places/1').map(({ key }) => ({ key }));
        }
        saved.push(...changes.filter(({ key }) => key === 'places/1'));
        return [];
      },
    };
    return { saved, state };
  }
  const plan: Plan = { ...planOf(), places: [{ key: 'places/1', version: 2, memory: placesOf('ours') }] };

  it.each([0, 1, 5])('are added to those of other shards: after %d conflicts', async (times) => {
    const { saved, state } = contended(times);
    const { applied } = await run(plan, { state });
    expect(saved).toHaveLength(1);
    expect(saved).toMatchObject([{ expectedVersion: times === 0 ? 2 : 3 + times }]);
    const [entry] = saved as readonly MemoryChange[];
    expect(keysOf(entry?.value)).toEqual(times === 0 ? ['ours'] : ['theirs', 'ours']);
    expect(applied.problems).toEqual([]);
  });

  it('are read again where they are, and nothing else is', async () => {
    const { trace } = await run(plan, { state: contended(1).state });
    expect(trace).toEqual(['save places/1@2', 'load places/1', 'save places/1@4']);
  });

  it('are written down anew where their document is gone by then', async () => {
    const saved: MemoryChange[] = [];
    const save: StateStore['save'] = async (changes) => {
      saved.push(...changes);
      return saved.length === 1 ? [{ key: 'places/1' }] : [];
    };
    const { applied } = await run(plan, { state: { load: async () => new Map(), save } });
    expect(saved.map(({ expectedVersion, value }) => [expectedVersion, keysOf(value)])).toEqual([
      [2, ['ours']],
      [0, ['ours']],
    ]);
    expect(applied.problems).toEqual([]);
  });

  it('are left to the next look after more than that, or when they cannot be read', async () => {
    for (const world of [contended(6), contended(1, 'load')]) {
      expect((await run(plan, { state: world.state })).applied.problems).toEqual([]);
      expect(world.saved).toEqual([]);
    }
  });

  it('that cannot be saved are a problem, and are not tried again', async () => {
    const save = async (changes: readonly MemoryChange[]) => changes.map(({ key }) => ({ key, failure: 'Throttled.' }));
    const { applied, trace } = await run(plan, { state: { save } });
    expect(trace).toEqual(['save places/1@2']);
    expect(applied.problems).toEqual([
      'Memory of places/1 could not be saved, so nothing that needs it was done: Throttled.',
    ]);
  });
});

describe('the name of the deployment', () => {
  const named = (isNew: boolean, ...groups: Plan['groups']): Plan => ({
    ...planOf(...groups),
    deployment: { id: 'tick-1', isNew },
  });

  async function stampedBy(plan: Plan, state: Partial<StateStore> = {}) {
    const made: Manifest[] = [];
    const createJob = async (_: unknown, manifest: Manifest) => {
      made.push(manifest);
      return { name: manifest.metadata.name, uid: 'u' };
    };
    const saved: MemoryChange[] = [];
    const save: StateStore['save'] = async (changes) => {
      saved.push(...changes.filter(({ key }) => key === 'deployment'));
      return [];
    };
    const { trace } = await run(plan, { jobs: { createJob }, state: { save, ...state } });
    const labels = made.map(
      ({ metadata }) => (metadata.labels as Record<string, string>)['bitbucket-runner-autoscaler/deployment'],
    );
    return { trace, labels, saved };
  }

  it('is saved before the first runner, and stamped on its Job', async () => {
    const { trace, labels, saved } = await stampedBy(named(true, groupPlan([ADD])));
    expect([trace[0], labels]).toEqual(['save group/builds@0 deployment@0', ['tick-1']]);
    expect(saved).toEqual([{ key: 'deployment', expectedVersion: 0, value: { id: 'tick-1' } }]);
  });

  it('is saved with one add among other actions, and among other groups', async () => {
    const away = disable(runner({ uuid: '{a}' }));
    const { trace } = await stampedBy(named(true, groupPlan([away, ADD])));
    expect(trace[0]).toBe('save group/builds@0 deployment@0');
    const others = groupPlan([away], { group: group({ name: 'tests' }) });
    const many = await stampedBy(named(true, others, groupPlan([ADD])));
    expect(many.trace[0]).toBe('save group/tests@0 group/builds@0 deployment@0');
  });

  it('is not saved while no runner is made', async () => {
    const { trace } = await stampedBy(named(true, groupPlan([disable(runner({ uuid: '{a}' }))])));
    expect(trace[0]).toBe('save group/builds@0');
  });

  it('is not saved again', async () => {
    const { trace, labels } = await stampedBy(named(false, groupPlan([ADD])));
    expect([trace[0], labels]).toEqual(['save group/builds@0', ['tick-1']]);
  });

  it('that another tick gave at the same moment holds: this one stamps nothing', async () => {
    const save = async () => [{ key: 'deployment' }];
    expect((await stampedBy(named(true, groupPlan([ADD])), { save })).labels).toEqual([undefined]);
  });

  it('is stamped although something else could not be saved', async () => {
    const scopeMemory = [{ key: 'scope/acme', version: 0, memory: { stepSeen: true } }];
    const save = async () => [{ key: 'scope/acme' }];
    const plan = { ...named(true, groupPlan([ADD])), scopeMemory };
    expect((await stampedBy(plan, { save })).labels).toEqual(['tick-1']);
  });

  it('that nobody gave is not stamped', async () => {
    expect((await stampedBy(planOf(groupPlan([ADD])))).labels).toEqual([undefined]);
  });
});

it('what groups have left behind is claimed and carried out with the rest', async () => {
  const left = groupPlan([disable(runner({ uuid: '{left}' }))], { memoryKey: 'place/x', memoryVersion: 3 });
  const get = async () => runner({ uuid: '{left}' });
  const { applied, trace } = await run({ ...planOf(groupPlan([])), leftovers: [left] }, { runners: { get } });
  expect(trace[0]).toBe('save place/x@3');
  expect(trace).toContain('disable {left}');
  expect(applied.leftovers).toEqual([[{ action: 'disable', runner: '{left}', status: 'done' }]]);
  const save = async () => [{ key: 'place/x' }];
  const lost = await run({ ...planOf(groupPlan([])), leftovers: [left] }, { state: { save } });
  expect(lost.applied.leftovers).toMatchObject([[{ status: 'skipped' }]]);
});
