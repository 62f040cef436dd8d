/**
 * Every member of the unions that decisions are made of, once. The tables are records by member: a member that is added
 * to a union does not compile until it is specified here.
 */
import { describe, expect, it } from 'vitest';
import { classify } from '#core/decide/classify.ts';
import { decide } from '#core/decide/decide.ts';
import type { Decision, RunnerClass } from '#core/model/decision.ts';
import type { Runner } from '#core/model/observation.ts';
import { group, groupObservation, NOON, observation, population, runner } from '#kit/fleet.ts';
import { STRATEGIES } from '#kit/strategies.ts';

const CLASSES: { readonly [Name in RunnerClass]: Partial<Runner> } = {
  busy: { hasStep: true },
  idle: {},
  starting: { status: 'UNREGISTERED', createdAt: NOON },
  draining: { status: 'DISABLED' },
  dead: { status: 'UNREGISTERED' },
};

describe('every class has its runner', () => {
  it.each(Object.entries(CLASSES))('%s', (name, over) => {
    const [entry] = classify(groupObservation({ runners: [runner(over)] }), NOON);
    expect(entry?.class).toBe(name);
  });

  it('counts list them all, in the order of a report', () => {
    const [decided] = decide(observation([groupObservation()]));
    expect(Object.keys(decided?.decision.counts ?? {})).toEqual(Object.keys(CLASSES));
  });
});

describe('every strategy answers to full load with more runners', () => {
  it.each(Object.values(STRATEGIES))('$strategy.kind', ({ strategy }) => {
    const look = groupObservation({ group: group({ strategy }), runners: population({ busy: 3 }) });
    expect(decide(observation([look]))[0]?.decision.action).toBe('scale-up');
  });
});

const ACTIONS: { readonly [Action in Decision['action']]: Parameters<typeof population>[0] } = {
  'scale-up': { busy: 3 },
  'scale-down': { idle: 4 },
  hold: { busy: 1, idle: 2 },
};

describe('every decision has its situation', () => {
  it.each(Object.entries(ACTIONS))('%s', (action, seen) => {
    const look = groupObservation({ group: group({ coolDownMs: 0 }), runners: population(seen) });
    expect(decide(observation([look]))[0]?.decision.action).toBe(action);
  });
});
