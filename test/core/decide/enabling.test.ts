/** Runners that were taken out of service and are wanted again: which of them are put back, instead of how many new ones. */
import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import type { Drain, Runner, RunnerJob, RunnerPod, WorkspaceObservation } from '#core/model/observation.ts';
import { group, groupObservation, jobOf, NOON, observation, population, runner } from '#kit/fleet.ts';

const A = '{a}';
const SURPLUS: Drain = { cause: 'surplus', at: NOON - 60_000 };

const pod = (phase: RunnerPod['phase']): RunnerPod => ({ name: 'pod-1', phase, restarts: 0, isProtected: true });

type Row = {
  readonly name: string;
  readonly runner?: Partial<Runner>;
  readonly job?: Partial<RunnerJob> | 'none';
  readonly drain?: Drain | 'none';
  readonly enabled: boolean;
};

/** A group with min 1 and one runner, disabled unless said otherwise, so that one is wanted. */
const ROWS: readonly Row[] = [
  { name: 'out of service as a surplus', enabled: true },
  { name: 'cordoned as a surplus', runner: { status: 'ONLINE', cordoned: true }, enabled: true },
  { name: 'out of service because max was lowered', drain: { ...SURPLUS, cause: 'excess' }, enabled: false },
  { name: 'out of service for a cause of a later version', drain: { ...SURPLUS, cause: 'shared' }, enabled: false },
  { name: 'taken out of service by somebody else', drain: 'none', enabled: false },
  { name: 'enabled before, to no effect', drain: { ...SURPLUS, enabledAt: NOON - 60_000 }, enabled: false },
  { name: 'still at a step', runner: { hasStep: true }, enabled: false },
  { name: 'its pod is being taken away', job: { takenAway: { why: 'Deleted' } }, enabled: false },
  { name: 'its pod runs', job: { pod: pod('Running') }, enabled: true },
  { name: 'its pod may run: its node says nothing', job: { pod: pod('Unknown') }, enabled: true },
  { name: 'its pod waits for a node, as after an eviction', job: { pod: pod('Pending') }, enabled: false },
  { name: 'its Job has ended', job: { status: 'complete' }, enabled: false },
  { name: 'without a Job', job: 'none', enabled: false },
  { name: 'offline by now', runner: { status: 'OFFLINE' }, enabled: false },
];

describe('instead of a new runner one is put back that is', () => {
  it.each(ROWS)('$name: $enabled', ({ runner: over, job, drain = SURPLUS, enabled }) => {
    const seen = runner({ uuid: A, status: 'DISABLED', ...over });
    const look = groupObservation({
      runners: [seen],
      jobs: job === 'none' ? [] : [jobOf(seen, job)],
      memory: { idleSince: {}, drainingSince: {}, ...(drain !== 'none' && { drains: { [A]: drain } }) },
    });
    const [decided] = decide(observation([look]));
    expect(decided?.enable).toEqual(enabled ? [seen] : []);
    expect(decided?.creates).toBe(enabled ? 0 : 1);
    expect(decided?.decision).toMatchObject({ action: 'scale-up', from: 0, to: 1 });
  });
});

/** So many runners that were taken out of service as a surplus, each a second after the one before. */
function drained(count: number, over: Partial<Runner> = {}) {
  const runners = Array.from({ length: count }, () => runner({ status: 'DISABLED', ...over }));
  const drains = Object.fromEntries(
    runners.map(({ uuid }, index) => [uuid, { cause: 'surplus', at: NOON - 60_000 + index * 1000 }]),
  );
  return { runners, memory: { idleSince: {}, drainingSince: {}, drains } };
}

const wants = (min: number, max = 10) => group({ min, max });

describe('as many as are wanted are put back', () => {
  it.each([
    { name: 'fewer than there are: the last to go are the first to come back', min: 2, enabled: [2, 1], creates: 0 },
    { name: 'more than there are: the rest is new', min: 5, enabled: [2, 1, 0], creates: 2 },
    { name: 'at max: their places are theirs already', min: 3, max: 3, enabled: [2, 1, 0], creates: 0 },
    { name: 'above max: no more than that', min: 2, max: 2, enabled: [2, 1], creates: 0 },
  ])('$name', ({ min, max, enabled, creates }) => {
    const world = drained(3);
    const [decided] = decide(observation([groupObservation({ group: wants(min, max), ...world })]));
    expect(decided?.enable).toEqual(enabled.map((index) => world.runners[index]));
    expect(decided?.creates).toBe(creates);
    expect(decided?.decision.to).toBe(enabled.length + creates);
  });

  it('none where none is wanted', () => {
    const world = drained(3);
    const runners = [...world.runners, ...population({ idle: 1 })];
    const [decided] = decide(observation([groupObservation({ ...world, runners, group: wants(1) })]));
    expect(decided?.enable).toEqual([]);
    expect(decided?.decision.action).toBe('hold');
  });

  it('none where max is below what works: a strategy that wants more gets none', () => {
    const world = drained(2);
    const runners = [...world.runners, ...population({ busy: 3 })];
    const [decided] = decide(observation([groupObservation({ ...world, runners, group: wants(1, 2) })]));
    expect(decided?.enable).toEqual([]);
  });

  it('in quarantine too: nothing has to start', () => {
    const world = drained(2);
    const memory = { ...world.memory, quarantine: { failures: 3, since: NOON } };
    const [decided] = decide(observation([groupObservation({ ...world, memory, group: wants(4) })]));
    expect(decided?.enable).toHaveLength(2);
    expect(decided?.creates).toBe(0);
  });
});

describe('a limit on build slots', () => {
  const peak = { month: '2026-11', runners: 0 };
  const slots = (max: number | undefined, committed: number): WorkspaceObservation => ({
    workspace: 'acme',
    registrations: 6,
    maxRunners: 100,
    slots: { inUse: committed, committed, peak, price: 15, ...(max !== undefined && { max }) },
  });

  it.each([
    { name: 'with room for all', max: 20, enabled: [3, 3], creates: [1, 1] },
    { name: 'with room for some: the first group has them', max: 6, enabled: [3, 1], creates: [0, 0] },
    { name: 'with room for the enabled and one more', max: 9, enabled: [3, 3], creates: [1, 0] },
    { name: 'without room', max: 2, enabled: [0, 0], creates: [0, 0] },
    { name: 'passed already', max: 1, enabled: [0, 0], creates: [0, 0] },
    { name: 'that there is not', max: undefined, enabled: [3, 3], creates: [1, 1] },
  ])('$name', ({ max, enabled, creates }) => {
    const other = group({ name: 'other', min: 4 });
    const decided = decide(
      observation(
        [
          groupObservation({ group: wants(4), ...drained(3) }),
          groupObservation({ group: other, ...drained(3, { labels: other.labels }) }),
        ],
        [slots(max, 2)],
      ),
    );
    expect(decided.map(({ enable }) => enable.length)).toEqual(enabled);
    expect(decided.map((entry) => entry.creates)).toEqual(creates);
  });
});

describe('a group that knows its queue', () => {
  const queueAware = group({
    min: 0,
    max: 3,
    strategy: {
      kind: 'queueAware',
      idleCount: 0,
      scaleFactor: 0,
      scaleFactorLimit: 0,
      repositories: { kind: 'query' },
    },
  });

  it('has it counted although max leaves no room, where runners can be put back', () => {
    const world = drained(2);
    const runners = [...world.runners, ...population({ busy: 1 })];
    const [decided] = decide(observation([groupObservation({ ...world, runners, group: queueAware })]));
    expect(decided?.question?.enough).toBe(2);
  });

  it('and takes as many waiting steps as it can put runners back for', () => {
    const world = drained(2);
    const runners = [...world.runners, ...population({ busy: 1 })];
    const repository = 'site';
    const queue = { kind: 'counted', repositories: [repository] } as const;
    const other = group({ ...queueAware, name: 'other', labels: [...queueAware.labels, 'z'], max: 10 });
    const waiting = [{ labels: queueAware.labels, steps: 5 }];
    const looks = [
      groupObservation({ ...world, runners, group: queueAware, queue }),
      groupObservation({ runners: population({ busy: 1 }), group: other, queue }),
    ];
    const seen = { ...observation(looks), queues: [{ scope: { workspace: 'acme', repository }, waiting }] };
    const [first, second] = decide(seen);
    expect(first?.enable).toHaveLength(2);
    expect([first?.creates, second?.creates]).toEqual([0, 3]);
  });
});

it.each([
  { name: 'its pod is replaced', status: 'DISABLED', pod: 'Pending', told: 1 },
  { name: 'its pod is not seen', status: 'DISABLED', pod: undefined, told: 0 },
  { name: 'its pod runs', status: 'DISABLED', pod: 'Running', told: 0 },
  { name: 'its node says nothing', status: 'DISABLED', pod: 'Unknown', told: 0 },
  { name: 'it is in service', status: 'UNHEALTHY', pod: 'Pending', told: 0 },
  { name: 'its Job has ended', status: 'DISABLED', pod: 'Pending', ended: true, told: 0 },
] as const)('a runner out of service with a step is named where no pod can run it: $name', (row) => {
  const { status, pod: phase, told } = row;
  const out = runner({ status, hasStep: true, stateChangedAt: NOON - 11 * 60_000 });
  const pod = phase && { name: 'pod', phase, restarts: 0, isProtected: true };
  const job = jobOf(out, { status: 'ended' in row ? 'failed' : 'active', ...(pod && { pod }) });
  const [decided] = decide(observation([groupObservation({ runners: [out], jobs: [job] })]));
  expect(decided?.decision.bounds.filter(({ code }) => code === 'drained-at-work')).toEqual(
    told === 0 ? [] : [expect.objectContaining({ values: { runners: 1, longestMs: 600_000, limitMs: 43_260_000 } })],
  );
});

it('a runner out of service with a step and without a Job is not named', () => {
  const out = runner({ status: 'DISABLED', hasStep: true });
  const [decided] = decide(observation([groupObservation({ runners: [out], jobs: [] })]));
  expect(decided?.decision.bounds).toEqual([]);
});

it.each<{ readonly name: string; readonly seen: Partial<Runner>; readonly hasJob: boolean; readonly is: string }>([
  { name: 'it shows no step, and its Job goes on', seen: {}, hasJob: true, is: 'starting' },
  { name: 'it shows no step, and drains', seen: {}, hasJob: false, is: 'draining' },
  {
    name: 'it is known to be lost',
    seen: { hasStep: true, stateChangedAt: NOON - 60 * 60_000 },
    hasJob: false,
    is: 'dead',
  },
])('a runner that is offline is not named as at work where $name', ({ seen, hasJob, is }) => {
  const offline = runner({ status: 'OFFLINE', stateChangedAt: NOON - 60_000, ...seen });
  const jobs = hasJob ? [jobOf(offline)] : [];
  const [decided] = decide(observation([groupObservation({ runners: [offline], jobs })]));
  expect(decided?.classified.map((entry) => entry.class)).toEqual([is]);
  expect(decided?.decision.bounds.map(({ code }) => code)).not.toContain('offline-at-work');
});

it('runners offline in the middle of a step are named, with how long', () => {
  const lost = [11, 30].map((minutes) =>
    runner({ status: 'OFFLINE', hasStep: true, stateChangedAt: NOON - minutes * 60_000 }),
  );
  const running = { name: 'pod', phase: 'Running', restarts: 0, isProtected: true } as const;
  const runners = [...lost, ...population({ busy: 1, idle: 1, draining: 1 })];
  const jobs = runners.map((entry) => jobOf(entry, { pod: running }));
  const [decided] = decide(observation([groupObservation({ runners, jobs })]));
  expect(decided?.decision.bounds.filter(({ code }) => code === 'offline-at-work')).toEqual([
    expect.objectContaining({ values: { runners: 2, longestMs: 29 * 60_000 } }),
  ]);
});
