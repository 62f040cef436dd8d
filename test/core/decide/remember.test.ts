import { describe, expect, it } from 'vitest';
import { classify } from '#core/decide/classify.ts';
import { decide } from '#core/decide/decide.ts';
import { isSameMemory, remember } from '#core/decide/remember.ts';
import type { GroupMemory, Runner } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { groupObservation, NOON, observation, runner } from '#kit/fleet.ts';

const EARLIER = NOON - 60_000;
const A = '{a}';
const NOTHING: GroupMemory = { idleSince: {}, drainingSince: {} };

type Row = {
  readonly name: string;
  /** The one runner that is seen, uuid `{a}`; none: it is gone. */
  readonly seen?: Partial<Runner>;
  readonly before?: Partial<GroupMemory>;
  readonly retired?: true;
  readonly after: Partial<GroupMemory>;
};

const ROWS: readonly Row[] = [
  { name: 'idle for the first time', seen: {}, after: { idleSince: { [A]: NOON } } },
  {
    name: 'idle again: the first time counts',
    seen: {},
    before: { idleSince: { [A]: EARLIER } },
    after: { idleSince: { [A]: EARLIER } },
  },
  {
    name: 'a step: its idle time is forgotten',
    seen: { hasStep: true },
    before: { idleSince: { [A]: EARLIER } },
    after: {},
  },
  { name: 'gone: forgotten', before: { idleSince: { [A]: EARLIER }, drainingSince: { [A]: EARLIER } }, after: {} },
  { name: 'starting: nothing to remember', seen: { status: 'UNREGISTERED', createdAt: NOON }, after: {} },
  {
    name: 'offline: its idle time is forgotten',
    seen: { status: 'OFFLINE' },
    before: { idleSince: { [A]: EARLIER } },
    after: {},
  },
  { name: 'out of service for the first time', seen: { status: 'DISABLED' }, after: { drainingSince: { [A]: NOON } } },
  {
    name: 'out of service again: the first time counts',
    seen: { status: 'DISABLED' },
    before: { drainingSince: { [A]: EARLIER } },
    after: { drainingSince: { [A]: EARLIER } },
  },
  {
    name: 'cordoned is out of service too',
    seen: { cordoned: true },
    before: { idleSince: { [A]: EARLIER } },
    after: { drainingSince: { [A]: NOON } },
  },
  {
    name: 'out of service with a step: starts from nothing',
    seen: { status: 'DISABLED', hasStep: true },
    before: { drainingSince: { [A]: EARLIER } },
    after: {},
  },
  {
    name: 'draining for another cause is not out of service',
    seen: { status: 'UNKNOWN' },
    before: { drainingSince: { [A]: EARLIER } },
    after: {},
  },
  {
    name: 'put back into service by somebody: forgotten',
    seen: {},
    before: { drainingSince: { [A]: EARLIER } },
    after: { idleSince: { [A]: NOON } },
  },
  {
    name: 'retired by this tick: out of service from now on',
    seen: {},
    before: { idleSince: { [A]: EARLIER } },
    retired: true,
    after: { idleSince: { [A]: EARLIER }, drainingSince: { [A]: NOON } },
  },
  {
    name: 'retired once more because disabling failed: out of service from now on, not from the failed try',
    seen: {},
    before: { idleSince: { [A]: EARLIER }, drainingSince: { [A]: EARLIER } },
    retired: true,
    after: { idleSince: { [A]: EARLIER }, drainingSince: { [A]: NOON } },
  },
];

describe('remember', () => {
  it.each(ROWS)('$name', ({ seen, before, retired, after }) => {
    const runners = seen === undefined ? [] : [runner({ uuid: A, ...seen })];
    const look = groupObservation({ runners, memory: { ...NOTHING, ...before } });
    const memory = remember(
      look,
      classify(look, NOON),
      { retired: retired === undefined ? [] : runners, recentTargets: [], creates: 0 },
      NOON,
    );
    expect(memory).toEqual({ ...NOTHING, ...(seen && { runners: { [A]: NOON } }), ...after });
  });

  it('a look that failed says nothing about anybody', () => {
    const memory = { idleSince: { [A]: EARLIER }, drainingSince: { '{b}': EARLIER } };
    const look = groupObservation({ runners: [], memory, missing: ['runners of acme: 503'] });
    const seen = observation([look]);
    expect(makePlan(seen, decide(seen)).groups[0]).toMatchObject({ memory, memoryChanged: false });
  });
});

const targets = (...steps: readonly (readonly [target: number, since: number])[]): GroupMemory => ({
  ...NOTHING,
  recentTargets: steps.map(([target, since]) => ({ target, since })),
});

const SAME_ROWS: readonly (readonly [string, GroupMemory, GroupMemory, boolean])[] = [
  ['both empty', NOTHING, NOTHING, true],
  ['equal', { ...NOTHING, idleSince: { [A]: 1 } }, { ...NOTHING, idleSince: { [A]: 1 } }, true],
  ['another idle time', { ...NOTHING, idleSince: { [A]: 1 } }, { ...NOTHING, idleSince: { [A]: 2 } }, false],
  [
    'another draining time',
    { ...NOTHING, drainingSince: { [A]: 1 } },
    { ...NOTHING, drainingSince: { [A]: 2 } },
    false,
  ],
  ['one more', { ...NOTHING, idleSince: { [A]: 1 } }, { ...NOTHING, idleSince: { [A]: 1, '{b}': 1 } }, false],
  ['one less', { ...NOTHING, idleSince: { [A]: 1, '{b}': 1 } }, { ...NOTHING, idleSince: { [A]: 1 } }, false],
  ['another runner', { ...NOTHING, idleSince: { [A]: 1 } }, { ...NOTHING, idleSince: { '{b}': 1 } }, false],
  ['no target remembered, and none', NOTHING, { ...NOTHING, recentTargets: [] }, true],
  ['the same targets', targets([9, 1], [4, 2]), targets([9, 1], [4, 2]), true],
  ['the first target', NOTHING, targets([4, 1]), false],
  ['one target more', targets([9, 1]), targets([9, 1], [4, 2]), false],
  ['one target less', targets([9, 1], [4, 2]), targets([9, 1]), false],
  ['another target', targets([9, 1], [4, 2]), targets([9, 1], [5, 2]), false],
  ['another time of a target', targets([9, 1], [4, 2]), targets([9, 1], [4, 3]), false],
  ['idle became draining', { ...NOTHING, idleSince: { [A]: 1 } }, { ...NOTHING, drainingSince: { [A]: 1 } }, false],
];

it.each(SAME_ROWS)('memory is the same: %s', (_name, before, after, same) => {
  expect(isSameMemory(before, after)).toBe(same);
});
