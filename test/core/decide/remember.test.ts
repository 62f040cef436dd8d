import { describe, expect, it } from 'vitest';
import { classify } from '#core/decide/classify.ts';
import { decide } from '#core/decide/decide.ts';
import { remember } from '#core/decide/remember.ts';
import { LISTING_LAG_MS } from '#core/inventory.ts';
import { isSame } from '#core/memory.ts';
import type { Drain, GroupMemory, Runner, RunnerJob } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { reason } from '#core/reasons.ts';
import { groupObservation, jobOf, NOON, observation, runner } from '#kit/fleet.ts';

const EARLIER = NOON - 60_000;
const A = '{a}';
const AWAY = { cluster: 'main', namespace: 'web' };
const NOTHING: GroupMemory = { idleSince: {}, drainingSince: {} };

type Row = {
  readonly name: string;
  /** The one runner that is seen, uuid `{a}`; none: it is gone. */
  readonly seen?: Partial<Runner>;
  readonly before?: Partial<GroupMemory>;
  /** Its Job has ended, or is not listed any more. */
  readonly ended?: true | 'gone';
  /** What this tick decided about it. */
  readonly decided?: 'retire' | 'enable';
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
    name: 'out of service with a step: its grace starts from nothing, and the time that a step may take begins',
    seen: { status: 'DISABLED', hasStep: true },
    before: { drainingSince: { [A]: EARLIER } },
    after: { finishing: { [A]: NOON } },
  },
  {
    name: 'out of service with a step again: the first time counts',
    seen: { cordoned: true, hasStep: true },
    before: { finishing: { [A]: EARLIER } },
    after: { finishing: { [A]: EARLIER } },
  },
  {
    name: 'out of service, and its step has ended: only the grace counts',
    seen: { status: 'DISABLED' },
    before: { finishing: { [A]: EARLIER } },
    after: { drainingSince: { [A]: NOON } },
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
    name: 'its Job has ended: no process is left, whatever shows',
    seen: { hasStep: true },
    ended: true,
    after: { drainingSince: { [A]: NOON }, endedJobs: [A] },
  },
  {
    name: 'its Job has ended, and no step shows: that needs no remembering',
    seen: {},
    ended: true,
    after: { drainingSince: { [A]: NOON } },
  },
  ...[{}, { hasStep: true }, { status: 'UNHEALTHY', hasStep: true } as const].map((seen) => ({
    name: `its Job is not listed any more, and Bitbucket hears from it: ${JSON.stringify(seen)}`,
    seen,
    before: { runners: { [A]: EARLIER }, drainingSince: { [A]: EARLIER } },
    ended: 'gone' as const,
    after: { runners: { [A]: EARLIER }, finishing: { [A]: NOON } },
  })),
  {
    name: 'its Job is not listed any more, and it was out of service before: nothing runs',
    seen: { status: 'DISABLED', hasStep: true },
    before: { runners: { [A]: EARLIER } },
    ended: 'gone',
    after: { runners: { [A]: EARLIER }, drainingSince: { [A]: NOON } },
  },
  {
    name: 'its Job is not listed any more and had ended with a step: nothing runs, and that stays known',
    seen: { status: 'DISABLED', hasStep: true },
    before: { runners: { [A]: EARLIER }, drainingSince: { [A]: EARLIER }, endedJobs: [A] },
    ended: 'gone',
    after: { runners: { [A]: EARLIER }, drainingSince: { [A]: EARLIER }, endedJobs: [A] },
  },
  {
    name: 'retired by this tick: not out of service before a look sees it so',
    seen: {},
    before: { idleSince: { [A]: EARLIER } },
    decided: 'retire',
    after: { idleSince: { [A]: EARLIER }, drains: { [A]: { cause: 'surplus', at: NOON } } },
  },
  {
    name: 'seen out of service after it was retired: the grace begins, the cause stays',
    seen: { status: 'DISABLED' },
    before: { drains: { [A]: { cause: 'surplus', at: EARLIER } } },
    after: { drainingSince: { [A]: NOON }, drains: { [A]: { cause: 'surplus', at: EARLIER } } },
  },
  {
    name: 'out of service with a step: the cause stays',
    seen: { status: 'DISABLED', hasStep: true },
    before: { drains: { [A]: { cause: 'surplus', at: EARLIER } } },
    after: { finishing: { [A]: NOON }, drains: { [A]: { cause: 'surplus', at: EARLIER } } },
  },
  {
    name: 'retired two minutes ago and shown in service: the list lags, so it is to be confirmed',
    seen: {},
    before: { drains: { [A]: { cause: 'surplus', at: NOON - 120_000 } } },
    after: { idleSince: { [A]: NOON }, drains: { [A]: { cause: 'surplus', at: NOON - 120_000, confirm: true } } },
  },
  {
    name: 'retired longer ago and shown in service: that came to nothing',
    seen: {},
    before: { drains: { [A]: { cause: 'surplus', at: NOON - 120_001 } } },
    after: { idleSince: { [A]: NOON } },
  },
  {
    name: 'retired once more: what is known of it is to be confirmed',
    seen: {},
    before: { idleSince: { [A]: EARLIER }, drains: { [A]: { cause: 'excess', at: EARLIER } } },
    decided: 'retire',
    after: { idleSince: { [A]: EARLIER }, drains: { [A]: { cause: 'surplus', at: NOON, confirm: true } } },
  },
  {
    name: 'to be put back into service: its grace is over, and whatever follows is to be confirmed',
    seen: { status: 'DISABLED' },
    before: { drainingSince: { [A]: EARLIER }, drains: { [A]: { cause: 'surplus', at: EARLIER } } },
    decided: 'enable',
    after: { drains: { [A]: { cause: 'surplus', at: EARLIER, enabledAt: NOON, confirm: true } } },
  },
  {
    name: 'put back into service long ago: not forgotten while it is registered',
    seen: {},
    before: { drains: { [A]: { cause: 'surplus', at: 0, enabledAt: 1, confirm: true } } },
    after: { idleSince: { [A]: NOON }, drains: { [A]: { cause: 'surplus', at: 0, enabledAt: 1, confirm: true } } },
  },
  {
    name: 'was to be put back and is still out of service: its grace begins anew',
    seen: { status: 'DISABLED' },
    before: { drains: { [A]: { cause: 'surplus', at: EARLIER, enabledAt: EARLIER, confirm: true } } },
    after: {
      drainingSince: { [A]: NOON },
      drains: { [A]: { cause: 'surplus', at: EARLIER, enabledAt: EARLIER, confirm: true } },
    },
  },
  { name: 'gone: its cause is forgotten', before: { drains: { [A]: { cause: 'surplus', at: EARLIER } } }, after: {} },
];

const MADE = NOON - 3_600_000;

describe('remember', () => {
  it.each(ROWS)('$name', ({ seen, before, ended, decided, after }) => {
    const runners = seen === undefined ? [] : [runner({ uuid: A, ...seen })];
    const jobs = ended === 'gone' ? [] : runners.map((entry) => jobOf(entry, ended ? { status: 'failed' } : {}));
    const look = groupObservation({ runners, jobs, memory: { ...NOTHING, ...before } });
    const surplus = reason('surplus', { idleMs: 0 });
    const retire = decided === 'retire' ? runners.map((entry) => ({ runner: entry, reason: surplus })) : [];
    const enable = decided === 'enable' ? runners : [];
    const known = { enable, retire, recentTargets: [], creates: 0 };
    // Start-ups and steps are learned from everybody: see start-up.test.ts and experience.test.ts.
    const { startUps, working, ...memory } = remember(look, classify(look, NOON), known, NOON);
    expect(memory).toEqual({ ...NOTHING, ...(seen && { runners: { [A]: NOON } }), ...after });
    expect(startUps === undefined).toBe(seen === undefined);
  });

  type JobRow = {
    readonly name: string;
    readonly before: Partial<GroupMemory>;
    readonly seen?: Partial<Runner>;
    readonly isThere: boolean;
    readonly away?: NonNullable<RunnerJob['away']>;
    readonly jobless: readonly string[] | undefined;
    /** The other namespace that is remembered. */
    readonly in?: string;
  };

  it.each<JobRow>([
    { name: 'has a Job', before: { runners: { [A]: EARLIER } }, isThere: true, jobless: undefined },
    {
      name: 'has a Job by now',
      before: { runners: { [A]: EARLIER }, jobless: [A] },
      isThere: true,
      jobless: undefined,
    },
    { name: 'had a Job, which is gone', before: { runners: { [A]: EARLIER } }, isThere: false, jobless: undefined },
    { name: 'never had one', before: { runners: { [A]: EARLIER }, jobless: [A] }, isThere: false, jobless: [A] },
    { name: 'is new and has none', before: {}, isThere: false, jobless: [A] },
    { name: 'has one in another namespace', before: {}, isThere: true, away: AWAY, jobless: [A], in: 'main/web' },
    {
      name: 'had one in another namespace, which is gone',
      before: { runners: { [A]: EARLIER }, jobless: [A], awayJobs: { [A]: 'main/old', '{gone}': 'main/old' } },
      isThere: false,
      jobless: [A],
      in: 'main/old',
    },
    {
      name: 'had one in another namespace, and has it in its group’s own by now',
      before: { runners: { [A]: EARLIER }, jobless: [A], awayJobs: { [A]: 'main/old' } },
      isThere: true,
      jobless: undefined,
    },
    {
      name: 'had a Job here, and has one elsewhere',
      before: { runners: { [A]: EARLIER } },
      isThere: true,
      away: AWAY,
      jobless: undefined,
      in: 'main/web',
    },
    {
      name: 'is an add that was begun with its registration, and ran: it had one',
      before: { intended: [{ at: MADE - LISTING_LAG_MS, adds: 1 }] },
      isThere: false,
      jobless: undefined,
    },
    {
      name: 'is an add by a clock that is behind: it had one',
      before: { intended: [{ at: MADE + LISTING_LAG_MS, adds: 1 }] },
      isThere: false,
      jobless: undefined,
    },
    {
      name: 'was made longer after an add than any list is late',
      before: { intended: [{ at: MADE - LISTING_LAG_MS - 1, adds: 1 }] },
      isThere: false,
      jobless: [A],
    },
    {
      name: 'is an add and never ran',
      seen: { status: 'UNREGISTERED' },
      before: { intended: [{ at: MADE, adds: 1 }] },
      isThere: false,
      jobless: [A],
    },
    {
      name: 'was seen without one before an add was begun',
      before: { runners: { [A]: EARLIER }, jobless: [A], intended: [{ at: MADE, adds: 1 }] },
      isThere: false,
      jobless: [A],
    },
  ])('a runner that $name', ({ before, seen = {}, isThere, away, jobless, in: where }) => {
    const one = runner({ uuid: A, createdAt: MADE, ...seen });
    const memory = { ...NOTHING, ...before };
    const look = groupObservation({
      runners: [one],
      jobs: isThere ? [jobOf(one, away && { away })] : [],
      memory,
    });
    const known = { enable: [], retire: [], recentTargets: [], creates: 0 };
    const next = remember(look, classify(look, NOON), known, NOON);
    expect(next.jobless).toEqual(jobless);
    expect(next.awayJobs).toEqual(where && { [A]: where });
    const { jobless: _, ...without } = next;
    expect(isSame(next, without)).toBe(jobless === undefined);
  });

  it('a Job elsewhere whose runner is not listed yet is known to be there', () => {
    const orphans = [jobOf(runner({ uuid: A }), { away: AWAY }), jobOf(runner({ uuid: '{here}' }))];
    const look = groupObservation({ runners: [], orphanJobs: orphans });
    const known = { enable: [], retire: [], recentTargets: [], creates: 0 };
    expect(remember(look, [], known, NOON).awayJobs).toEqual({ [A]: 'main/web' });
  });

  it.each(['idle', 'busy', 'starting', 'draining'] as const)(
    '2,000 runners that are %s fit into one document',
    (name) => {
      const uuids = Array.from(
        { length: 2000 },
        (_, index) => `{00000000-0000-4000-8000-${String(index).padStart(12, '0')}}`,
      );
      const seen = {
        idle: {},
        busy: { hasStep: true },
        starting: { status: 'UNREGISTERED' },
        draining: { status: 'DISABLED' },
      };
      const runners = uuids.map((uuid) => runner({ uuid, createdAt: NOON, ...seen[name] } as Partial<Runner>));
      const drains = Object.fromEntries(uuids.map((uuid) => [uuid, { cause: 'left-over', at: NOON }]));
      const memory = { ...NOTHING, ...(name === 'draining' && { drains }) };
      const look = groupObservation({ runners, jobs: runners.map((entry) => jobOf(entry)), memory });
      const known = { enable: [], retire: [], recentTargets: [], creates: 0 };
      const text = JSON.stringify(remember(look, classify(look, NOON), known, NOON));
      expect(text.length).toBeLessThan(390 * 1024);
    },
  );

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

const drained = (over: Partial<Drain>): GroupMemory => ({
  ...NOTHING,
  drains: { [A]: { cause: 'surplus', at: 1, ...over } },
});

const inOrder = (...uuids: readonly string[]): GroupMemory => ({
  ...NOTHING,
  drains: Object.fromEntries(uuids.map((uuid) => [uuid, { cause: 'surplus', at: 1 }])),
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
  ['the same drain', drained({}), drained({}), true],
  ['the first drain', NOTHING, drained({}), false],
  ['another cause', drained({}), drained({ cause: 'excess' }), false],
  ['another time of a drain', drained({}), drained({ at: 2 }), false],
  ['put back', drained({}), drained({ enabledAt: 2 }), false],
  ['to be confirmed', drained({}), drained({ confirm: true }), false],
  ['another drained runner', drained({}), { ...NOTHING, drains: { '{b}': { cause: 'surplus', at: 1 } } }, false],
  ['drains in another order', inOrder(A, '{b}'), inOrder('{b}', A), true],
  ['idle became draining', { ...NOTHING, idleSince: { [A]: 1 } }, { ...NOTHING, drainingSince: { [A]: 1 } }, false],
];

it.each(SAME_ROWS)('memory is the same: %s', (_name, before, after, same) => {
  expect(isSame(before, after)).toBe(same);
});
