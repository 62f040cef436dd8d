import { describe, expect, it } from 'vitest';
import { apply } from '#core/apply.ts';
import type { Plan } from '#core/model/decision.ts';
import type { MemoryChange } from '#core/ports.ts';
import { group, NOON, runner } from '#kit/fleet.ts';
import { recordingPorts, type Script, settle } from '../reconcile/ports.ts';
import { ADD, disable, groupPlan, planOf, remove, removeJob } from './carry-out.ts';

const IDLE = runner({ uuid: '{a}' });
const tests = group({ name: 'tests' });

async function run(plan: Plan, script: Script = {}) {
  const { ports, trace } = recordingPorts(script);
  const applied = await apply(plan, ports);
  return { ...applied, outcomes: Object.fromEntries(applied.outcomes), trace };
}

describe('every group that changes is claimed first, in one call', () => {
  it('against the version that was read, with the memory to leave behind', async () => {
    const saved: MemoryChange[] = [];
    const memory = { idleSince: { '{a}': NOON }, drainingSince: {} };
    const plan: Plan = {
      at: NOON,
      groups: [
        groupPlan([], { memory, memoryVersion: 4, memoryChanged: true }),
        groupPlan([ADD], { group: tests, memoryVersion: 2 }),
        groupPlan([], { group: group({ name: 'quiet' }) }),
      ],
      scopeMemory: [{ key: 'scope/acme', version: 7, memory: { stepSeen: true } }],
      workspaceMemory: [{ key: 'workspace/acme', version: 1, memory: { month: '2026-11', runners: 9 } }],
    };
    const { trace } = await run(plan, {
      state: {
        save: async (changes, now) => {
          saved.push(...changes);
          expect(now).toBe(NOON);
          return [];
        },
      },
    });
    expect(trace[0]).toBe('save group/builds@4 group/tests@2 scope/acme@7 workspace/acme@1');
    expect(trace.filter((line) => line.startsWith('save'))).toEqual([trace[0], 'save group/tests@3']);
    expect(saved.slice(0, 4)).toEqual([
      { key: 'group/builds', expectedVersion: 4, value: memory },
      { key: 'group/tests', expectedVersion: 2, value: { idleSince: {}, drainingSince: {} } },
      { key: 'scope/acme', expectedVersion: 7, value: { stepSeen: true } },
      { key: 'workspace/acme', expectedVersion: 1, value: { month: '2026-11', runners: 9 } },
    ]);
  });

  it('and nothing is called where nothing changes', async () => {
    const { outcomes, problems, notes, trace } = await run(planOf(groupPlan([]), groupPlan([], { group: tests })));
    expect(trace).toEqual([]);
    expect({ outcomes, problems, notes }).toEqual({ outcomes: { builds: [], tests: [] }, problems: [], notes: [] });
  });

  it('no action begins before the claim is answered', async () => {
    const { ports, trace } = recordingPorts({ state: { save: () => new Promise(() => undefined) } });
    void apply(planOf(groupPlan([ADD])), ports);
    await settle();
    expect(trace).toEqual(['save group/builds@0']);
  });
});

describe('a group that another tick has claimed', () => {
  const error = 'another tick is changing this group; the next one looks again';

  it('has all its actions skipped, while the others go on', async () => {
    const actions = [ADD, disable(IDLE), remove(IDLE, 'runner-a'), removeJob('b')];
    const plan = planOf(groupPlan(actions), groupPlan([disable(IDLE)], { group: tests }));
    const { outcomes, problems, trace } = await run(plan, { state: { save: async () => [{ key: 'group/builds' }] } });
    expect(trace).toEqual(['save group/builds@0 group/tests@0', 'disable {a}']);
    expect(problems).toEqual([]);
    expect(outcomes).toEqual({
      builds: [
        { action: 'add', status: 'skipped', error },
        { action: 'disable', runner: '{a}', status: 'skipped', error },
        { action: 'remove', runner: '{a}', status: 'skipped', error },
        { action: 'remove-job', runner: '{b}', status: 'skipped', error },
      ],
      tests: [{ action: 'disable', runner: '{a}', status: 'done' }],
    });
  });

  it("is not lost by a conflict over its scope's memory", async () => {
    const { outcomes } = await run(
      { ...planOf(groupPlan([ADD])), scopeMemory: [{ key: 'scope/acme', version: 0, memory: { stepSeen: false } }] },
      { state: { save: async () => [{ key: 'scope/acme' }] } },
    );
    expect(outcomes).toEqual({ builds: [{ action: 'add', runner: '{new-1}', status: 'done' }] });
  });
});

it("one group's claim that fails leaves that group alone, and no other", async () => {
  const plan = planOf(groupPlan([disable(IDLE)]), groupPlan([disable(IDLE)], { group: tests }));
  const { outcomes, problems, trace } = await run(plan, {
    state: { save: async () => [{ key: 'group/builds', failure: 'Memory "group/builds" is too large.' }] },
  });
  expect(trace).toEqual(['save group/builds@0 group/tests@0', 'disable {a}']);
  expect(outcomes).toEqual({
    builds: [{ action: 'disable', runner: '{a}', status: 'skipped', error: 'Memory "group/builds" is too large.' }],
    tests: [{ action: 'disable', runner: '{a}', status: 'done' }],
  });
  expect(problems).toEqual([
    'Memory of group/builds could not be saved, so nothing that needs it was done: Memory "group/builds" is too large.',
  ]);
});

it('a claim that fails: nothing is done, and the tick has a problem', async () => {
  const { outcomes, problems, trace } = await run(planOf(groupPlan([ADD, disable(IDLE)])), {
    state: { save: () => Promise.reject(new Error('DynamoDB throttles.')) },
  });
  expect(trace).toEqual(['save group/builds@0']);
  expect(
    Object.values(outcomes)
      .flat()
      .map(({ status, error }) => `${status}: ${error}`),
  ).toEqual(['skipped: DynamoDB throttles.', 'skipped: DynamoDB throttles.']);
  expect(problems).toEqual([
    'Memory of group/builds could not be saved, so nothing that needs it was done: DynamoDB throttles.',
  ]);
});

describe('actions side by side', () => {
  it('are 50 at most, whatever group they belong to, and all get their turn', async () => {
    const waiting: (() => void)[] = [];
    const { ports, trace } = recordingPorts({
      runners: { disable: () => new Promise((resolve) => waiting.push(resolve)) },
    });
    const many = Array.from({ length: 40 }, (_, index) => disable(runner({ uuid: `{${index}}` })));
    const begun = () => trace.filter((line) => line.startsWith('disable')).length;
    const done = apply(planOf(groupPlan(many), groupPlan(many, { group: tests })), ports);
    await settle();
    expect(begun()).toBe(50);
    waiting[0]?.();
    await settle();
    expect(begun()).toBe(51);
    for (let index = 1; index < 80; index += 1) {
      waiting[index]?.();
      await settle();
    }
    const { outcomes } = await done;
    expect([...outcomes.values()].map((list) => list.length)).toEqual([40, 40]);
    expect(begun()).toBe(80);
  });

  it('are left to the next tick once there is no time to begin them', async () => {
    let begun = 0;
    const { ports, trace } = recordingPorts({
      runners: {
        disable: async () => {
          begun += 1;
        },
      },
    });
    const many = Array.from({ length: 80 }, (_, index) => disable(runner({ uuid: `{${index}}` })));
    const { outcomes } = await apply(planOf(groupPlan(many)), ports, { hasTime: () => begun < 10 });
    const skipped = outcomes.get('builds')?.filter(({ error }) => error === 'no time was left; the next tick goes on');
    expect(trace.filter((line) => line.startsWith('disable'))).toHaveLength(10);
    expect(skipped).toHaveLength(70);
  });

  it('leave what a probe has left behind to the next tick as well, once there is no time', async () => {
    const plan: Plan = { ...planOf(), scratch: [{ scope: { workspace: 'acme' }, uuid: '{probe}' }] };
    const late = recordingPorts();
    const { notes, problems } = await apply(plan, late.ports, { hasTime: () => false });
    expect([late.trace, notes, problems]).toEqual([[], [], []]);
    const early = recordingPorts();
    await apply(plan, early.ports);
    expect(early.trace).toEqual(['remove {probe}']);
  });

  it('of a failing group do not stop another, and outcomes are in the order of the actions', async () => {
    const slow = runner({ uuid: '{slow}' });
    const plan = planOf(groupPlan([disable(slow), ADD]), groupPlan([disable(IDLE)], { group: tests }));
    const { outcomes } = await run(plan, {
      runners: {
        register: () => Promise.reject(new Error('The limit of runners is reached.')),
        disable: async (_scope, uuid) => {
          if (uuid === '{slow}') await settle();
        },
      },
    });
    expect(outcomes).toEqual({
      builds: [
        { action: 'disable', runner: '{slow}', status: 'done' },
        { action: 'add', status: 'failed', error: 'The limit of runners is reached.' },
      ],
      tests: [{ action: 'disable', runner: '{a}', status: 'done' }],
    });
  });
});
