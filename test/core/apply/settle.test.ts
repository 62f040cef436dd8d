/** What a tick writes down about its adds when they are done. */
import { describe, expect, it } from 'vitest';
import { apply } from '#core/apply.ts';
import { BudgetError, ServiceError } from '#core/errors.ts';
import type { GroupMemory } from '#core/model/observation.ts';
import type { MemoryChange } from '#core/ports.ts';
import { group, NOON } from '#kit/fleet.ts';
import { recordingPorts, type Script } from '../reconcile/ports.ts';
import { ADD, groupPlan, planOf } from './carry-out.ts';

const EARLIER = NOON - 60_000;
const throwing = (outcome: 'refused' | 'unknown') => async () => {
  throw new ServiceError('no', { service: 'kubernetes', outcome });
};
const heldBack = async () => {
  throw new BudgetError('spared', { credential: 'c', why: 'short', used: 1, limit: 1, waitMs: 1 });
};

type Row = {
  readonly name: string;
  readonly script?: Script;
  readonly hasTime?: false;
  readonly group?: ReturnType<typeof group>;
  /** What is left of two adds that the claim has written down. */
  readonly left: number;
  readonly made?: readonly string[];
};

const template = { name: 'broken', origin: 'broken.yaml', text: 'kind: Pod' };

describe('of two adds that were begun', () => {
  it.each<Row>([
    { name: 'both are made: the runners are known from now on', left: 0, made: ['{new-1}', '{new-2}'] },
    {
      name: 'both registrations are refused: nothing is there',
      script: { runners: { register: throwing('refused') } },
      left: 0,
    },
    {
      name: 'both registrations end without an answer: they may be there',
      script: { runners: { register: throwing('unknown') } },
      left: 2,
    },
    {
      name: 'the Jobs are refused, the registrations taken back, which may take effect late: they are asked for by name',
      script: { jobs: { createJob: throwing('refused') } },
      left: 0,
      made: ['{new-1}', '{new-2}'],
    },
    {
      name: 'the Jobs are refused, and the registrations cannot be taken back: they are there',
      script: { jobs: { createJob: throwing('refused') }, runners: { remove: throwing('unknown') } },
      left: 0,
      made: ['{new-1}', '{new-2}'],
    },
    {
      name: 'the Secrets end without an answer: the runners are there',
      script: { jobs: { createSecret: throwing('unknown') } },
      left: 0,
      made: ['{new-1}', '{new-2}'],
    },
    { name: 'no time was left', hasTime: false, left: 0 },
    { name: 'the calls were held back', script: { runners: { register: heldBack } }, left: 0 },
    { name: 'the template is broken', group: group({ pod: { ...group().pod, template } }), left: 0 },
  ])('$name', async ({ script, hasTime, group: configured = group(), left, made = [] }) => {
    const saved: MemoryChange[][] = [];
    const save = async (changes: readonly MemoryChange[]) => {
      saved.push([...changes]);
      return [];
    };
    const { ports } = recordingPorts({ ...script, state: { save } });
    const intended = [
      { at: EARLIER, adds: 1 },
      { at: NOON, adds: 2 },
    ];
    const memory: GroupMemory = { idleSince: {}, drainingSince: {}, runners: { '{old}': EARLIER }, intended };
    const plan = planOf(groupPlan([ADD, ADD], { group: configured, memory, memoryVersion: 4 }));
    await apply(plan, ports, { hasTime: () => hasTime === undefined });
    const [, settled] = saved;
    const after = (settled?.[0]?.value ?? memory) as GroupMemory;
    expect(after.intended).toEqual([intended[0], ...(left > 0 ? [{ at: NOON, adds: left }] : [])]);
    expect(after.runners).toEqual({ '{old}': EARLIER, ...Object.fromEntries(made.map((uuid) => [uuid, NOON])) });
    // Each has a Job from the first.
    expect(after.jobless).toBeUndefined();
    expect(settled?.map(({ expectedVersion }) => expectedVersion)).toEqual(left === 2 ? undefined : [5]);
  });

  it('nothing is written where nothing was begun', async () => {
    const { ports, trace } = recordingPorts({ runners: { register: throwing('unknown') } });
    await apply(planOf(groupPlan([ADD])), ports);
    expect(trace.filter((line) => line.startsWith('save'))).toEqual(['save group/builds@0']);
  });

  it('nothing is written where no add was written down before and none was begun', async () => {
    const { ports, trace } = recordingPorts();
    await apply(planOf(groupPlan([ADD])), ports, { hasTime: () => false });
    expect(trace.filter((line) => line.startsWith('save'))).toEqual(['save group/builds@0']);
  });
});
