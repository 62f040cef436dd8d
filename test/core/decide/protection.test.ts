import { describe, expect, it } from 'vitest';
import { classify } from '#core/decide/classify.ts';
import { decide } from '#core/decide/decide.ts';
import { changeProtection } from '#core/decide/protection.ts';
import type { Runner, RunnerPod, SeenGroup } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { groupObservation, jobOf, NOON, observation, runner } from '#kit/fleet.ts';

const MINUTE = 60_000;

type Row = {
  readonly name: string;
  readonly runner?: Partial<Runner>;
  readonly pod?: Partial<RunnerPod> | 'none';
  readonly idleMinutes?: number;
  readonly over?: Partial<SeenGroup>;
  readonly change: 'protect' | 'unprotect' | 'none';
};

const bare = { isProtected: false } as const;

/** The cool-down is five minutes; pods run and are protected unless said otherwise. */
const ROWS: readonly Row[] = [
  { name: 'busy and protected', runner: { hasStep: true }, change: 'none' },
  { name: 'busy and not protected', runner: { hasStep: true }, pod: bare, change: 'protect' },
  { name: 'draining with a step', runner: { status: 'DISABLED', hasStep: true }, pod: bare, change: 'protect' },
  { name: 'idle, seen for the first time', change: 'none' },
  { name: 'idle, not yet rested', idleMinutes: 4.9, change: 'none' },
  { name: 'idle and rested', idleMinutes: 5, change: 'unprotect' },
  { name: 'idle, rested, already let go', idleMinutes: 9, pod: bare, change: 'none' },
  { name: 'idle, but nobody knows', idleMinutes: 9, over: { idleTrusted: false }, change: 'none' },
  { name: 'starting', runner: { status: 'UNREGISTERED', createdAt: NOON }, change: 'none' },
  { name: 'starting, not protected', runner: { status: 'UNREGISTERED', createdAt: NOON }, pod: bare, change: 'none' },
  { name: 'draining without a step', runner: { status: 'DISABLED' }, idleMinutes: 9, change: 'none' },
  {
    name: 'busy, its pod is on its way',
    runner: { hasStep: true },
    pod: { phase: 'Pending', ...bare },
    change: 'none',
  },
  { name: 'busy, no pod to be seen', runner: { hasStep: true }, pod: 'none', change: 'none' },
];

describe('keeping pods on their nodes', () => {
  it.each(ROWS)('$name', ({ runner: over = {}, pod = {}, idleMinutes, over: look = {}, change }) => {
    const seen = runner(over);
    const base = { name: 'pod-1', phase: 'Running', restarts: 0, isProtected: true } as const;
    const idleSince = idleMinutes === undefined ? {} : { [seen.uuid]: NOON - idleMinutes * MINUTE };
    const observation = groupObservation({
      runners: [seen],
      jobs: [jobOf(seen, pod === 'none' ? {} : { pod: { ...base, ...pod } })],
      memory: { idleSince, drainingSince: {} },
      ...look,
    });
    const actions = changeProtection(observation, classify(observation, NOON), NOON);
    expect(actions.map(({ action }) => action)).toEqual(change === 'none' ? [] : [change]);
    if (change !== 'none') expect(actions).toMatchObject([{ pod: 'pod-1', runner: { uuid: seen.uuid } }]);
  });

  it.each([true, false])('says where a pod is that is not in the group’s namespace; busy: %s', (hasStep) => {
    const seen = runner({ uuid: '{a}', hasStep });
    const pod = { name: 'pod-1', phase: 'Running', restarts: 0, isProtected: !hasStep } as const;
    const away = { cluster: 'main', namespace: 'web' };
    const memory = { idleSince: { '{a}': NOON - 9 * MINUTE }, drainingSince: {} };
    const look = groupObservation({ runners: [seen], jobs: [jobOf(seen, { pod, away })], memory });
    expect(changeProtection(look, classify(look, NOON), NOON)).toMatchObject([{ pod: 'pod-1', away }]);
  });

  it('a partial observation changes nothing', () => {
    const seen = runner({ hasStep: true });
    const pod = { name: 'pod-1', phase: 'Running', restarts: 0, isProtected: false } as const;
    const look = observation([groupObservation({ runners: [seen], jobs: [jobOf(seen, { pod })], missing: ['x'] })]);
    expect(makePlan(look, decide(look)).groups[0]?.actions).toEqual([]);
  });

  it('a runner without a Job has no pod to keep', () => {
    const observation = groupObservation({ runners: [runner({ hasStep: true })], jobs: [] });
    expect(changeProtection(observation, classify(observation, NOON), NOON)).toEqual([]);
  });
});
