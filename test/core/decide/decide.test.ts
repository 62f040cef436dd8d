import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Runner } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { group, groupObservation, jobOf, NOON, observation, population, runner } from '#kit/fleet.ts';

const rested = (runners: readonly Runner[], since = NOON - 300_000) => ({
  idleSince: Object.fromEntries(runners.map(({ uuid }) => [uuid, since])),
  drainingSince: {},
});

type Seen = Parameters<typeof population>[0];

/** The one group's decision, in the words of its report. */
function decideOne(seen: Seen, over: Partial<RunnerGroup> = {}, idleForMs = 300_000, idleTrusted = true) {
  const runners = population(seen);
  const look = groupObservation({
    group: group(over),
    runners,
    memory: rested(runners, NOON - idleForMs),
    idleTrusted,
  });
  const [decided] = decide(observation([look]));
  return {
    action: decided?.decision.action,
    from: decided?.decision.from,
    to: decided?.decision.to,
    why: decided?.decision.reason.text,
    bounds: decided?.decision.bounds.map(({ text }) => text),
  };
}

describe('a decision says why, with its numbers', () => {
  it.each([
    {
      name: 'below min',
      seen: { idle: 1, starting: 2 },
      over: { min: 5 },
      is: { action: 'scale-up', from: 3, to: 5, why: '1 usable and 2 starting are fewer than min 5', bounds: [] },
    },
    {
      name: 'share high',
      seen: { busy: 3, idle: 1 },
      over: {},
      is: { action: 'scale-up', from: 4, to: 6, why: '3 of 4 busy (75 %) is above 50 %, so 6 are wanted', bounds: [] },
    },
    {
      name: 'share high, enough are starting',
      seen: { busy: 4, starting: 2 },
      over: {},
      is: {
        action: 'hold',
        from: 6,
        to: 6,
        why: '4 usable and 2 starting already cover the 6 wanted',
        bounds: [],
      },
    },
    {
      name: 'share low',
      seen: { busy: 1, idle: 7 },
      over: {},
      is: {
        action: 'scale-down',
        from: 8,
        to: 4,
        why: '1 of 8 busy (12.5 %) is below 20 %, so 3 of 7 idle runners stay',
        bounds: [],
      },
    },
    {
      name: 'between the thresholds',
      seen: { busy: 1, idle: 2 },
      over: {},
      is: { action: 'hold', from: 3, to: 3, why: '1 of 3 busy (33.3 %) lies between 20 % and 50 %', bounds: [] },
    },
    {
      name: 'nothing usable',
      seen: { starting: 2 },
      over: { min: 2 },
      is: { action: 'hold', from: 2, to: 2, why: 'no runner is online, 2 starting, min is 2', bounds: [] },
    },
    {
      name: 'idle at min',
      seen: { idle: 2 },
      over: { min: 2 },
      is: { action: 'hold', from: 2, to: 2, why: '2 idle, no more than min 2, so none goes', bounds: [] },
    },
    {
      name: 'no room',
      seen: { busy: 10 },
      over: {},
      is: {
        action: 'hold',
        from: 10,
        to: 10,
        why: '15 are wanted, but 10 is all that the limits allow',
        bounds: ['max 10 with 10 registered withholds 5'],
      },
    },
    {
      name: 'above max',
      seen: { busy: 2, idle: 2 },
      over: { max: 3 },
      is: { action: 'scale-down', from: 4, to: 3, why: '4 runners are more than max 3', bounds: [] },
    },
    {
      name: 'above max by starting ones, share low as well: both go',
      seen: { idle: 8, starting: 4 },
      over: {},
      is: {
        action: 'scale-down',
        from: 12,
        to: 8,
        why: '0 of 8 busy (0 %) is below 20 %, so 4 of 8 idle runners stay',
        bounds: [],
      },
    },
    {
      name: 'above max, all of it busy',
      seen: { busy: 3 },
      over: { max: 2, strategy: { ...group().strategy, scaleUpThreshold: 1 } },
      is: { action: 'hold', from: 3, to: 3, why: '3 of 3 busy (100 %) lies between 20 % and 100 %', bounds: [] },
    },
  ])('$name', ({ seen, over, is }) => {
    expect(decideOne(seen, over)).toEqual(is);
  });

  it('still cooling down: holds, and says for how long the longest has been idle', () => {
    expect(decideOne({ idle: 4 }, {}, 60_000)).toEqual({
      action: 'hold',
      from: 4,
      to: 4,
      why: '2 idle runners too many, the longest idle for 1m of the 5m cool-down',
      bounds: ['2 idle runners must be seen idle for 5m first (longest 1m)'],
    });
  });

  it('idle marks that prove nothing: holds, and says so', () => {
    const why = '2 runners too many, but this API has shown no busy runner lately, so none can be trusted to be idle';
    expect(decideOne({ idle: 4 }, {}, 300_000, false)).toEqual({ action: 'hold', from: 4, to: 4, why, bounds: [why] });
  });

  it('only part of the surplus is rested: goes down by that part, and says what kept the rest', () => {
    const runners = population({ idle: 8 });
    const memory = rested(runners.slice(0, 1));
    const [decided] = decide(observation([groupObservation({ runners, memory })]));
    expect(decided?.decision).toMatchObject({ action: 'scale-down', from: 8, to: 7 });
    expect(decided?.retire.map((entry) => entry.runner)).toEqual(runners.slice(0, 1));
    expect(decided?.decision.bounds.map(({ code }) => code)).toEqual(['cool-down']);
  });
});

describe('statuses that nobody knows', () => {
  const unknown = (statusText: string) => runner({ status: 'UNKNOWN', statusText });

  it('are a bound, each once and in order, and stop nothing', () => {
    const runners = [...population({ busy: 2 }), unknown('SLEEPING'), unknown('HIBERNATING'), unknown('SLEEPING')];
    const [decided] = decide(observation([groupObservation({ runners })]));
    expect(decided?.decision).toMatchObject({ action: 'scale-up', from: 2, to: 3 });
    expect(decided?.decision.bounds).toEqual([
      expect.objectContaining({
        text: '3 runners with a status unknown here (HIBERNATING, SLEEPING) left alone',
        values: { runners: 3, statuses: 'HIBERNATING, SLEEPING' },
      }),
    ]);
  });
});

describe('pods that are being taken away', () => {
  const taken = (why: string) => ({ takenAway: { why } });

  it('are no supply: others take their place, and the report says so', () => {
    const runners = [...population({ busy: 2, idle: 1 }), runner({ status: 'DISABLED' })];
    const jobs = runners.map((each, index) => jobOf(each, [taken('B'), {}, taken('A'), taken('B')][index]));
    const [decided] = decide(observation([groupObservation({ group: group({ min: 2 }), runners, jobs })]));
    expect(decided?.decision).toMatchObject({ action: 'scale-up', from: 1, to: 2, counts: { busy: 1, draining: 3 } });
    expect(decided?.retire).toEqual([]);
    const [bound] = decided?.decision.bounds ?? [];
    expect(bound).toMatchObject({ code: 'pods-leaving', values: { runners: 3, atWork: 1, why: 'A, B' } });
  });

  it('count towards max until they are gone', () => {
    const runners = population({ idle: 2 });
    const jobs = runners.map((each) => jobOf(each, taken('A')));
    const [decided] = decide(observation([groupObservation({ group: group({ min: 2, max: 3 }), runners, jobs })]));
    expect(decided?.creates).toBe(1);
    expect(decided?.decision.bounds.map(({ code }) => code)).toEqual(['pods-leaving', 'max']);
  });

  it('are nothing to tell of once the Job has ended', () => {
    const runners = population({ draining: 1 });
    const jobs = runners.map((each) => jobOf(each, { status: 'failed', ...taken('A') }));
    const [decided] = decide(observation([groupObservation({ group: group({ min: 0 }), runners, jobs })]));
    expect(decided?.decision.bounds).toEqual([]);
  });

  it('do not start, where no list shows the registration yet', () => {
    const orphanJobs = [jobOf(runner()), jobOf(runner(), taken('A'))];
    const [decided] = decide(observation([groupObservation({ orphanJobs })]));
    expect(decided?.decision.counts.starting).toBe(1);
  });

  it('of a start are no failure: no quarantine, and the runner is out of service from now on', () => {
    const [starting] = population({ dead: 1 });
    if (starting === undefined) throw new Error('one is needed');
    const look = groupObservation({ runners: [starting], jobs: [jobOf(starting, taken('A'))] });
    const [plan] = makePlan(observation([look]), decide(observation([look]))).groups;
    expect(plan?.actions.map(({ action }) => action)).toEqual(['add', 'disable']);
    expect(plan?.memory).not.toHaveProperty('quarantine');
    expect(plan?.memory.interruptions).toEqual({ looks: 1, registered: starting.createdAt });
    expect(plan?.memory.drains?.[starting.uuid]).toMatchObject({ cause: 'pod-leaving' });
  });
});

describe('a partial observation', () => {
  const partial = (seen: Seen, over: Partial<RunnerGroup> = {}) => {
    const runners = population(seen);
    const missing = ['runners of acme: 503', 'memory: time-out'];
    return decide(observation([groupObservation({ group: group(over), runners, memory: rested(runners), missing })]));
  };

  it.each([
    { name: 'nothing was seen, which is not "zero"', seen: {}, over: { min: 5 } },
    { name: 'all busy', seen: { busy: 4 }, over: {} },
    { name: 'all idle and rested', seen: { idle: 8 }, over: {} },
    { name: 'above max', seen: { idle: 4, starting: 2 }, over: { max: 2 } },
  ])('holds and names what is missing: $name', ({ seen, over }) => {
    const [decided] = partial(seen, over);
    const working = decided?.classified.length;
    expect(decided?.decision).toMatchObject({ action: 'hold', from: working, to: working, bounds: [] });
    expect(decided?.decision.reason).toEqual({
      code: 'partial-observation',
      text: 'holding because not everything could be read: runners of acme: 503; memory: time-out',
      values: { missing: 'runners of acme: 503; memory: time-out' },
    });
    expect([decided?.creates, decided?.retire]).toEqual([0, []]);
  });

  it('keeps its counts, and takes no room from its workspace', () => {
    const whole = groupObservation({ group: group({ name: 'whole', min: 4 }) });
    const torn = groupObservation({
      group: group({ name: 'torn', min: 4 }),
      runners: population({ busy: 1 }),
      missing: ['x'],
    });
    const workspaces = [{ workspace: 'acme', registrations: 96, maxRunners: 100 }];
    const [first, second] = decide(observation([torn, whole], workspaces));
    expect(first?.decision.counts).toEqual({ busy: 1, idle: 0, starting: 0, draining: 0, dead: 0 });
    expect(second?.creates).toBe(4);
  });
});

it('every decision carries what the plan needs: its observation, classes and counts, in the order of the groups', () => {
  const looks = ['b', 'a'].map((name) =>
    groupObservation({ group: group({ name }), runners: population({ dead: 1 }) }),
  );
  const decided = decide(observation(looks));
  expect(decided.map((entry) => entry.observation)).toEqual(looks);
  expect(decided.map(({ decision }) => decision.group)).toEqual(['b', 'a']);
  expect(decided.map(({ classified }) => classified.map((entry) => entry.class))).toEqual([['dead'], ['dead']]);
  expect(decided[0]?.decision.counts).toEqual({ busy: 0, idle: 0, starting: 0, draining: 0, dead: 1 });
});

it('a decision says whether everything was read of its group', () => {
  const decided = decide(observation([groupObservation(), groupObservation({ missing: ['Jobs: 503'] })]));
  expect(decided.map(({ kind }) => kind)).toEqual(['seen', 'unseen']);
});

it('a look that counted no queue decides as one that found none', () => {
  const { queues: _, ...uncounted } = observation([groupObservation({ runners: population({ busy: 3 }) })]);
  expect(decide(uncounted)).toEqual(decide({ ...uncounted, queues: [] }));
});
