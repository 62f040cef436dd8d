/**
 * That one runner stays online while any is wanted, also where the list is older than the look before it: a runner that
 * was taken out of service since still shows in it, and is not the one that stays.
 */
import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Drain, GroupMemory, Runner } from '#core/model/observation.ts';
import { group, groupObservation, NOON, observation, runner } from '#kit/fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Wants so many idle runners, whatever is busy. */
const buffer = (idleCount: number) => ({ kind: 'idleBuffer', idleCount, scaleFactor: 0, scaleFactorLimit: 9 }) as const;

const older = (uuid: string, over: Partial<Runner> = {}) => runner({ uuid, createdAt: NOON - 2 * HOUR, ...over });
const younger = (uuid: string, over: Partial<Runner> = {}) => runner({ uuid, createdAt: NOON - HOUR, ...over });
const busy = { hasStep: true } as const;
const out = (cause = 'surplus', over: Partial<Drain> = {}): Drain => ({ cause, at: NOON - 10_000, ...over });

type Look = {
  readonly runners: readonly Runner[];
  readonly drains: Readonly<Record<string, Drain>>;
  /** Those that have had their cool-down; default: all. */
  readonly rested?: readonly string[];
  readonly memory?: Partial<GroupMemory>;
  readonly over?: Partial<RunnerGroup>;
};

function decided({ runners, drains, rested = runners.map(({ uuid }) => uuid), memory = {}, over = {} }: Look) {
  const idleSince = Object.fromEntries(rested.map((uuid) => [uuid, NOON - HOUR]));
  const seen = groupObservation({
    group: group({ min: 0, strategy: buffer(1), ...over }),
    runners,
    memory: { idleSince, drainingSince: {}, drains, ...memory },
  });
  const [decision] = decide(observation([seen]));
  return {
    retired: decision?.retire.map(({ runner: { uuid } }) => uuid),
    isLastKept: decision?.decision.bounds.some(({ code }) => code === 'last-usable'),
  };
}

describe('of idle runners too many', () => {
  it.each<Look & { name: string; retired: readonly string[]; isLastKept?: boolean }>([
    {
      name: 'the one that was taken out goes again, not the other',
      runners: [older('{a}'), younger('{b}')],
      drains: { '{b}': out() },
      retired: ['{b}'],
    },
    {
      name: '… also where an older list shows that it worked in between',
      runners: [older('{a}'), younger('{b}')],
      drains: { '{b}': out() },
      rested: ['{a}'],
      retired: ['{b}'],
    },
    {
      name: 'one that was put back is as good as another',
      runners: [older('{a}'), younger('{b}')],
      drains: { '{b}': out('surplus', { enabledAt: NOON - 5_000, confirm: true }) },
      retired: ['{a}'],
    },
    {
      name: 'one that somebody has put back by hand is as good as another',
      runners: [older('{a}'), younger('{b}')],
      drains: { '{b}': out('surplus', { at: NOON - 120_001 }) },
      retired: ['{a}'],
    },
    {
      name: 'one that was taken out two minutes ago may still be shown by an old list',
      runners: [older('{a}'), younger('{b}')],
      drains: { '{b}': out('surplus', { at: NOON - 120_000 }) },
      retired: ['{b}'],
    },
    {
      name: 'the only one in service for sure stays beside one that shows a step in an older list',
      runners: [older('{a}'), younger('{b}', busy)],
      drains: { '{b}': out('first-step') },
      over: { strategy: { ...buffer(0), scaleFactorLimit: 0 }, min: 1 },
      retired: [],
      isLastKept: true,
    },
    {
      name: '… and goes beside one at work that nobody took out',
      runners: [older('{a}'), younger('{b}', busy)],
      drains: {},
      over: { strategy: { ...buffer(0), scaleFactorLimit: 0 }, min: 1 },
      retired: ['{a}'],
    },
    {
      name: '… and beside one at work that was taken out, where none is in service for sure',
      runners: [older('{a}'), younger('{b}', busy)],
      drains: { '{a}': out(), '{b}': out('first-step') },
      over: { strategy: { ...buffer(0), scaleFactorLimit: 0 }, min: 1 },
      retired: ['{a}'],
    },
    {
      name: 'all go where none is wanted',
      runners: [older('{a}'), younger('{b}')],
      drains: { '{b}': out() },
      over: { strategy: buffer(0) },
      retired: ['{b}', '{a}'],
    },
  ])('$name', ({ retired, isLastKept = false, ...look }) => {
    expect(decided(look)).toEqual({ retired, isLastKept });
  });
});

describe('of runners that take one step each', () => {
  const over = { recycle: { afterSteps: 1 }, strategy: buffer(0), min: 1 } as const;
  it.each<Look & { name: string; retired: readonly string[] }>([
    {
      name: 'one at work stays while the only other was taken out at the look before',
      runners: [older('{a}', busy), younger('{b}', busy)],
      drains: { '{b}': out('first-step') },
      retired: ['{b}'],
    },
    {
      name: 'one of those at work stays, and what was taken out does not count among them',
      runners: [older('{a}', busy), younger('{b}', busy), younger('{c}', busy)],
      drains: { '{c}': out('first-step') },
      retired: ['{a}', '{c}'],
    },
    {
      name: 'where all were taken out, one is left in service that may not have been',
      runners: [older('{a}', busy), younger('{b}', busy)],
      drains: { '{a}': out('first-step'), '{b}': out('first-step') },
      retired: ['{a}'],
    },
  ])('$name', ({ retired, ...look }) => {
    expect(decided({ ...look, over }).retired).toEqual(retired);
  });

  it('one that was taken out is no fresh one: another is made', () => {
    const seen = groupObservation({
      group: group(over),
      runners: [older('{a}', busy), younger('{b}')],
      memory: { idleSince: {}, drainingSince: {}, drains: { '{b}': out() } },
    });
    expect(decide(observation([seen]))[0]?.creates).toBe(1);
  });
});

describe('of runners that are too old', () => {
  const over = { recycle: { afterMs: 90 * MINUTE }, strategy: buffer(1) } as const;
  it.each<Look & { name: string; retired: readonly string[] }>([
    {
      name: 'one stays while the only other was taken out at the look before',
      runners: [older('{a}'), younger('{b}')],
      drains: { '{b}': out() },
      rested: [],
      retired: [],
    },
    {
      name: '… and goes where the other is in service',
      runners: [older('{a}'), younger('{b}')],
      drains: {},
      rested: [],
      retired: ['{a}'],
    },
  ])('$name', ({ retired, ...look }) => {
    expect(decided({ ...look, over }).retired).toEqual(retired);
  });
});

it('of those that could be given to another group, one that was taken out is not the one that stays', () => {
  const giver = groupObservation({
    group: group({ name: 'giver', min: 0, strategy: buffer(2) }),
    runners: [older('{a}', busy), younger('{b}', busy)],
    memory: { idleSince: {}, drainingSince: {}, drains: { '{b}': out('first-step') } },
  });
  const taker = groupObservation({
    group: group({ name: 'taker', min: 4, max: 9, strategy: buffer(4) }),
    runners: [],
  });
  const cap = { workspace: 'acme', registrations: 2, maxRunners: 2 };
  const [decision] = decide(observation([giver, taker], [cap]));
  expect(decision?.retire.map(({ runner: { uuid }, reason }) => [uuid, reason.code])).toEqual([['{b}', 'shared']]);
});

it('of those that could be given to another group, one that was taken out is given before others', () => {
  const runners = [older('{a}'), younger('{b}', busy), younger('{c}')];
  const idleSince = { '{a}': NOON - HOUR, '{c}': NOON - MINUTE };
  const giver = groupObservation({
    group: group({ name: 'giver', min: 0, strategy: buffer(3) }),
    runners,
    memory: { idleSince, drainingSince: {}, drains: { '{c}': out() } },
  });
  const taker = groupObservation({ group: group({ name: 'taker', min: 2, max: 2, strategy: buffer(2) }), runners: [] });
  const cap = { workspace: 'acme', registrations: 3, maxRunners: 4 };
  const [decision] = decide(observation([giver, taker], [cap]));
  expect(decision?.retire.map(({ runner: { uuid } }) => uuid)).toEqual(['{c}']);
});
