/** Calls that the budget of the credential refuses in the middle of a tick: left to a later one, and no failure. */
import { describe, expect, it } from 'vitest';
import { BudgetError } from '#core/errors.ts';
import type { Action } from '#core/model/decision.ts';
import type { Runner } from '#core/model/observation.ts';
import { runner } from '#kit/fleet.ts';
import type { Script } from '../reconcile/ports.ts';
import { ADD, carryOut, carryOutOne, disable, groupPlan, planOf, remove, removeJob } from './carry-out.ts';

const held = async () => {
  const facts = { credential: 'ci', why: 'throttled', used: 9, limit: 1000, waitMs: 60_000 } as const;
  throw new BudgetError('Held back.', facts);
};
const IDLE: Runner = runner({ uuid: '{a}' });
const DRAINED: Runner = runner({ uuid: '{a}', status: 'DISABLED' });

describe('an action whose call is held back is skipped', () => {
  it.each<{ name: string; action: Action; script: Script['runners']; trace: readonly string[] }>([
    { name: 'a registration', action: ADD, script: { register: held }, trace: ['register builds in acme'] },
    { name: 'the look before deleting', action: remove(DRAINED), script: { get: held }, trace: ['get {a}'] },
    { name: 'disabling', action: disable(IDLE), script: { disable: held }, trace: ['disable {a}'] },
    {
      name: 'removing, and its Job stays',
      action: remove(DRAINED, 'runner-a'),
      script: { get: async () => DRAINED, remove: held },
      trace: ['get {a}', 'remove {a}'],
    },
    { name: 'the look before a Job goes', action: removeJob('a'), script: { get: held }, trace: ['get {a}'] },
  ])('$name', async ({ action, script, trace }) => {
    const done = await carryOutOne(action, { runners: script });
    expect(done.outcome).toMatchObject({ status: 'skipped', error: 'Held back.' });
    expect(done.trace).toEqual(trace);
  });

  it('and is no start that failed: nobody goes into quarantine', async () => {
    const saved: unknown[] = [];
    const state: Script['state'] = {
      save: async (changes) => {
        saved.push(...changes.map(({ value }) => value));
        return [];
      },
    };
    const { applied } = await carryOut(planOf(groupPlan([ADD])), { runners: { register: held }, state });
    expect(saved).toEqual([{ idleSince: {}, drainingSince: {} }]);
    expect(applied.problems).toEqual([]);
  });
});
