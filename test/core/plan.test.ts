import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import { decideLeftovers } from '#core/decide/leftovers.ts';
import type { Action, GroupPlan } from '#core/model/decision.ts';
import type { GroupMemory, GroupObservation, Observation } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { group, groupObservation, jobOf, NOON, observation, population, runner } from '#kit/fleet.ts';

const EARLIER = NOON - 600_000;

function planOf(look: GroupObservation): GroupPlan {
  const seen = observation([look]);
  const [plan] = makePlan(seen, decide(seen)).groups;
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

/** Four runners that are idle for long, of which the guide's parameters want two. */
function tooMany(over: Partial<GroupObservation> = {}): GroupObservation {
  const runners = population({ idle: 4 });
  const idleSince = Object.fromEntries(runners.map(({ uuid }) => [uuid, EARLIER]));
  return groupObservation({ runners, memory: { idleSince, drainingSince: {} }, ...over });
}

/** A pod that runs, as it was made. */
const POD = { name: 'pod-1', phase: 'Running', restarts: 0, isProtected: true } as const;

/** Every kind of action, and how it comes about. A kind that is missing here does not compile. */
const ACTIONS: {
  readonly [Name in Action['action']]: () => readonly [GroupObservation, Extract<Action, { action: Name }>];
} = {
  add: () => [
    groupObservation(),
    {
      action: 'add',
      identity: { workspaceUuid: '{acme}' },
      reason: {
        code: 'below-min',
        text: '0 usable and 0 starting are fewer than min 1',
        values: { min: 1, usable: 0, starting: 0 },
      },
    },
  ],
  enable: () => {
    const seen = runner({ status: 'DISABLED' });
    const memory = { idleSince: {}, drainingSince: {}, drains: { [seen.uuid]: { cause: 'surplus', at: EARLIER } } };
    return [
      groupObservation({ runners: [seen], memory }),
      {
        action: 'enable',
        runner: seen,
        reason: {
          code: 'below-min',
          text: '0 usable and 0 starting are fewer than min 1',
          values: { min: 1, usable: 0, starting: 0 },
        },
      },
    ];
  },
  disable: () => {
    const seen = runner();
    const memory = { idleSince: { [seen.uuid]: EARLIER }, drainingSince: {} };
    return [
      groupObservation({ group: group({ min: 0 }), runners: [seen], memory }),
      {
        action: 'disable',
        runner: seen,
        reason: { code: 'surplus', text: 'idle for 10m and not needed', values: { idleMs: 600_000 } },
      },
    ];
  },
  remove: () => {
    const seen = runner({ status: 'DISABLED' });
    const memory = { idleSince: {}, drainingSince: { [seen.uuid]: EARLIER } };
    return [
      groupObservation({ group: group({ min: 0 }), runners: [seen], memory }),
      {
        action: 'remove',
        runner: seen,
        job: jobOf(seen).name,
        lookSuffices: true,
        reason: {
          code: 'drained',
          text: 'out of service and without a step for 10m',
          values: { drainedMs: 600_000 },
        },
      },
    ];
  },
  protect: () => {
    const seen = runner({ hasStep: true });
    return [
      groupObservation({
        group: group({ max: 1 }),
        runners: [seen],
        jobs: [jobOf(seen, { pod: { ...POD, isProtected: false } })],
      }),
      {
        action: 'protect',
        runner: seen,
        pod: 'pod-1',
        reason: { code: 'at-work', text: 'its runner is busy, so its node must stay', values: {} },
      },
    ];
  },
  unprotect: () => {
    const seen = runner();
    const memory = { idleSince: { [seen.uuid]: EARLIER }, drainingSince: {} };
    return [
      groupObservation({ runners: [seen], memory, jobs: [jobOf(seen, { pod: POD })] }),
      {
        action: 'unprotect',
        runner: seen,
        pod: 'pod-1',
        reason: {
          code: 'rested',
          text: 'its runner has been idle for 10m, so its node may go',
          values: { idleMs: 600_000 },
        },
      },
    ];
  },
  resize: () => {
    const seen = runner({ hasStep: true });
    const resize = {
      container: 'docker',
      isInit: true,
      idle: { cpu: '50m' },
      full: { cpu: '1' },
      asks: 'idle',
    } as const;
    return [
      groupObservation({ group: group({ max: 1 }), runners: [seen], jobs: [jobOf(seen, { pod: { ...POD, resize } })] }),
      {
        action: 'resize',
        runner: seen,
        pod: 'pod-1',
        container: 'docker',
        isInit: true,
        requests: { cpu: '1' },
        reason: { code: 'needs-all', text: 'its runner is busy, so it asks for what its size says', values: {} },
      },
    ];
  },
  'remove-job': () => {
    const orphan = jobOf(runner(), { createdAt: EARLIER });
    return [
      groupObservation({ group: group({ min: 0 }), orphanJobs: [orphan] }),
      {
        action: 'remove-job',
        runnerUuid: orphan.runnerUuid,
        job: orphan.name,
        reason: {
          code: 'registration-gone',
          text: 'its registration is gone, the Job is 9m old',
          values: { ageMs: 540_000 },
        },
      },
    ];
  },
};

describe('every kind of action has its situation', () => {
  it.each(Object.entries(ACTIONS))('%s', (_name, situation) => {
    const [look, action] = situation();
    expect(planOf(look).actions).toEqual([action]);
  });
});

describe('a plan', () => {
  it('adds as many as decided, before anything else, each with the reason of the decision', () => {
    const dead = runner({ status: 'OFFLINE' });
    const { actions } = planOf(groupObservation({ group: group({ min: 3 }), runners: [dead] }));
    expect(actions.map(({ action, reason }) => [action, reason.code])).toEqual([
      ['add', 'below-min'],
      ['add', 'below-min'],
      ['add', 'below-min'],
      ['disable', 'lost-heart-beat'],
    ]);
  });

  it('says of a start that its node may be full only where a runner was stuck on one', () => {
    const added = (status: 'OFFLINE' | 'DISABLED', drains: GroupMemory['drains'] = {}) => {
      const gone = runner({ uuid: '{a}', status });
      const memory = { idleSince: {}, drainingSince: {}, drains };
      const { actions } = planOf(groupObservation({ group: group({ min: 1 }), runners: [gone], memory }));
      return actions.find(({ action }) => action === 'add');
    };
    const add = { action: 'add', identity: { workspaceUuid: '{acme}' }, reason: expect.anything() };
    expect(added('OFFLINE')).toStrictEqual(add);
    expect(added('DISABLED', { '{a}': { cause: 'recycled', at: EARLIER } })).toStrictEqual(add);
    const stuck = added('DISABLED', { '{a}': { cause: 'resize-stuck', at: EARLIER } });
    expect(stuck).toStrictEqual({ ...add, isFull: true });
  });

  it('disables before it cleans up', () => {
    const look = tooMany();
    const dead = runner({ status: 'UNREGISTERED' });
    const { actions } = planOf({ ...look, runners: [dead, ...look.runners] });
    expect(actions.map(({ action }) => action)).toEqual(['disable', 'disable', 'remove']);
  });

  it('never removes what it has only just disabled', () => {
    const { actions, memory } = planOf(tooMany({ group: group({ drainGraceMs: 0 }) }));
    expect(actions.map(({ action }) => action)).toEqual(['disable', 'disable']);
    expect(memory.drainingSince).toEqual({});
  });

  it('of a hold adds nothing and disables nothing that works, but tidies up', () => {
    const runners = [...population({ busy: 1, idle: 2 }), runner({ status: 'UNREGISTERED' })];
    const { actions } = planOf(groupObservation({ runners }));
    expect(actions.map(({ action, reason }) => [action, reason.code])).toEqual([['disable', 'never-online']]);
  });

  it('under a partial observation is empty and leaves the memory untouched', () => {
    const look = tooMany({
      orphanJobs: [jobOf(runner(), { createdAt: 0 })],
      memoryVersion: 7,
      missing: ['Jobs in namespace runners of cluster main: 403'],
    });
    const torn = { ...look, runners: [...look.runners, runner({ status: 'UNREGISTERED' })] };
    expect(planOf(torn)).toEqual({
      group: look.group,
      actions: [],
      memory: look.memory,
      memoryKey: 'group/builds',
      memoryVersion: 7,
      memoryChanged: false,
    });
  });

  it('puts a runner back in the very look in which it could have been removed, and does not remove it', () => {
    const drained = runner({ uuid: '{a}', status: 'DISABLED' });
    const memory = {
      idleSince: {},
      drainingSince: { '{a}': EARLIER - 600_000 },
      drains: { '{a}': { cause: 'surplus', at: EARLIER - 600_000 } },
    };
    const wanted = groupObservation({ group: group({ min: 1 }), runners: [drained], memory });
    expect(planOf(wanted).actions.map(({ action }) => action)).toEqual(['enable']);
    const unwanted = groupObservation({ group: group({ min: 0 }), runners: [drained], memory });
    expect(planOf(unwanted).actions.map(({ action }) => action)).toEqual(['remove']);
  });

  it('adds nothing where the identity is unknown', () => {
    const { identity: _, ...unknown } = groupObservation();
    expect(planOf(unknown).actions).toEqual([]);
  });

  it.each<{ readonly name: string; readonly remembered: Readonly<Record<string, number>>; readonly changed: boolean }>([
    { name: 'a runner is seen idle for the first time', remembered: {}, changed: true },
    { name: 'nothing new', remembered: { '{a}': EARLIER }, changed: false },
    { name: 'another one is gone', remembered: { '{a}': EARLIER, '{b}': EARLIER }, changed: true },
  ])('says whether the memory changed, and against which version: $name', ({ remembered, changed }) => {
    const startUps = { tookMs: [], awaited: [], newest: NOON };
    const memory = {
      idleSince: remembered,
      drainingSince: {},
      startUps,
      runners: { '{a}': EARLIER },
    };
    const plan = planOf(groupObservation({ runners: [runner({ uuid: '{a}' })], memory, memoryVersion: 3 }));
    expect(plan).toMatchObject({ memoryVersion: 3, memoryChanged: changed });
    expect(Object.keys(plan.memory.idleSince)).toEqual(['{a}']);
  });
});

describe('the plan of a fleet', () => {
  const seen = observation([groupObservation()]);
  const named: Observation = { ...seen, deployment: 'first' };

  it.each([
    { name: 'the one that it has', of: named, expected: { id: 'first', isNew: false } },
    {
      name: 'the one that it has, whatever this tick offers',
      of: named,
      offered: 'tick-2',
      expected: { id: 'first', isNew: false },
    },
    {
      name: 'the one that this tick offers, while it has none',
      of: seen,
      offered: 'tick-2',
      expected: { id: 'tick-2', isNew: true },
    },
  ])('has the name of the deployment: $name', ({ of, offered, expected }) => {
    expect(makePlan(of, [], [], offered).deployment).toEqual(expected);
  });

  it('has nothing of what there is nothing of', () => {
    expect(Object.keys(makePlan(seen, decide(seen))).sort()).toEqual(['at', 'groups', 'scopeMemory']);
  });

  it('has what becomes of what groups have left behind', () => {
    const left = groupObservation({
      group: group({ name: 'old', min: 0, max: 0 }),
      runners: [runner({ uuid: '{left}' })],
    });
    const plan = makePlan(seen, [], decideLeftovers([left], [], NOON));
    expect(plan.leftovers?.map(({ actions }) => actions.map(({ action }) => action))).toEqual([['disable']]);
  });
});

it('the plan of a fleet keeps the order of the groups, the time of the look and the memory of scopes and workspaces', () => {
  const looks = ['b', 'a'].map((name) => groupObservation({ group: group({ name }) }));
  const scopeMemory = [{ key: 'scope/acme', version: 2, memory: { stepSeen: true } }];
  const workspaceMemory = [{ key: 'workspace/acme', version: 5, memory: { month: '2026-11', runners: 9 } }];
  const seen: Observation = { ...observation(looks), scopeMemory, workspaceMemory };
  const plan = makePlan(seen, decide(seen));
  expect(plan.groups.map((entry) => entry.group.name)).toEqual(['b', 'a']);
  expect([plan.at, plan.scopeMemory, plan.workspaceMemory]).toEqual([NOON, scopeMemory, workspaceMemory]);
  expect(Object.keys(makePlan(observation(looks), []))).not.toContain('workspaceMemory');
});
