import { describe, expect, it } from 'vitest';
import { classify } from '#core/decide/classify.ts';
import { cleanUp } from '#core/decide/clean-up.ts';
import { decide } from '#core/decide/decide.ts';
import type { Action, LogPlace } from '#core/model/decision.ts';
import type { Drain, Runner, RunnerJob, RunnerStatus, SeenGroup } from '#core/model/observation.ts';
import { makePlan } from '#core/plan.ts';
import { type Reason, reason } from '#core/reasons.ts';
import { groupObservation, jobOf, NOON, observation, runner } from '#kit/fleet.ts';

const MINUTE = 60_000;
const SECOND = 1000;
const A = '{a}';

type Row = {
  readonly name: string;
  /** The one runner of the group, an hour old. */
  readonly runner: Partial<Runner>;
  /** `none` when there never was one, `gone` when it is not listed any more. */
  readonly job?: Partial<RunnerJob> | 'none' | 'gone';
  /** Whether an earlier look saw the Job end while a step showed. */
  readonly jobSeenEnded?: true;
  /** For how long it is remembered as out of service and without a step; absent: not at all. Grace: 45 s. */
  readonly drainingForMs?: number;
  /** For how long it is remembered as out of service with a step; absent: not at all. */
  readonly finishingForMs?: number;
  readonly idleTrusted?: boolean;
  /** Why it is removed; absent: it is left alone. */
  readonly removed?: Reason;
  /** Why it is only taken out of service. */
  readonly disabled?: Reason;
  /** Why it was taken out of service. */
  readonly drained?:
    | 'never-online'
    | 'start-hopeless'
    | 'left-over'
    | 'pod-leaving'
    | 'lost-at-work'
    | 'job-unlisted'
    | 'surplus'
    | 'too-old'
    | 'outdated';
  /** Whether a place that the group has left cannot be seen. */
  readonly jobsUnsure?: true;
  /** Whether Jobs of some other namespace cannot be read. */
  readonly jobsHidden?: true;
  /** Whether its Job was in another namespace, and whether this look has read that. */
  readonly away?: 'read' | 'not read';
  /** Whether it is at a place that a group has left, where Jobs cannot be read. */
  readonly unreachable?: true;
};

/** A pod at work. */
const RUNNING = { name: 'pod-a', phase: 'Running', restarts: 0, isProtected: true } as const;

const EVICTED = { why: 'EvictionByEvictionAPI' } as const;

const UNLISTED = reason('job-unlisted', {});

const outFor = (drainedMs: number) => reason('drained', { drainedMs });

const ROWS: readonly Row[] = [
  { name: 'idle', runner: {}, drainingForMs: MINUTE },
  { name: 'busy', runner: { hasStep: true }, drainingForMs: MINUTE },
  {
    name: 'disabled, seen so by an earlier tick, a minute ago',
    runner: { status: 'DISABLED' },
    drainingForMs: MINUTE,
    removed: outFor(MINUTE),
  },
  { name: 'disabled, seen so for the first time', runner: { status: 'DISABLED' } },
  {
    name: 'disabled, exactly the drain grace ago',
    runner: { status: 'DISABLED' },
    drainingForMs: 45 * SECOND,
    removed: outFor(45 * SECOND),
  },
  { name: 'disabled, a moment less ago', runner: { status: 'DISABLED' }, drainingForMs: 45 * SECOND - 1 },
  { name: 'disabled, but this look sees a step', runner: { status: 'DISABLED', hasStep: true }, drainingForMs: MINUTE },
  {
    name: 'cordoned, seen so by an earlier tick',
    runner: { cordoned: true },
    drainingForMs: MINUTE,
    removed: outFor(MINUTE),
  },
  { name: 'cordoned with a step', runner: { cordoned: true, hasStep: true }, drainingForMs: MINUTE },
  {
    name: 'disabled, where "no step" proves nothing',
    runner: { status: 'DISABLED' },
    drainingForMs: MINUTE,
    idleTrusted: false,
  },
  {
    name: 'disabled, where "no step" proves nothing, but its log may',
    runner: { status: 'DISABLED' },
    job: { pod: RUNNING },
    drainingForMs: 45 * SECOND,
    idleTrusted: false,
    removed: outFor(45 * SECOND),
  },
  {
    name: 'disabled for as long as a step may take, where "no step" proves nothing',
    runner: { status: 'DISABLED' },
    drainingForMs: 721 * MINUTE,
    idleTrusted: false,
  },
  {
    name: 'disabled for longer than any step may take',
    runner: { status: 'DISABLED' },
    drainingForMs: 721 * MINUTE + 1,
    idleTrusted: false,
    removed: outFor(721 * MINUTE + 1),
  },
  {
    name: 'disabled, its Job gone already',
    runner: { status: 'DISABLED' },
    job: 'none',
    drainingForMs: MINUTE,
    removed: outFor(MINUTE),
  },
  { name: 'draining, but not out of service', runner: { status: 'UNKNOWN' }, drainingForMs: MINUTE },
  { name: 'starting', runner: { status: 'UNREGISTERED', createdAt: NOON }, drainingForMs: MINUTE },
  {
    name: 'never came online: its pod may connect in this very moment',
    runner: { status: 'UNREGISTERED' },
    disabled: reason('never-online', { ageMs: 59 * MINUTE, startTimeoutMs: 10 * MINUTE, pod: 'none' }),
  },
  {
    name: 'never came online, where "no step" proves nothing',
    runner: { status: 'UNREGISTERED' },
    idleTrusted: false,
    disabled: reason('never-online', { ageMs: 59 * MINUTE, startTimeoutMs: 10 * MINUTE, pod: 'none' }),
  },
  {
    name: 'never came online and is out of service, where "no step" proves nothing: no pod runs',
    runner: { status: 'DISABLED' },
    job: { pod: { ...RUNNING, phase: 'Pending' } },
    drainingForMs: 45 * SECOND,
    drained: 'never-online',
    idleTrusted: false,
    removed: outFor(45 * SECOND),
  },
  {
    name: 'could not start and is out of service, where "no step" proves nothing: no pod',
    runner: { status: 'DISABLED' },
    drainingForMs: 45 * SECOND,
    drained: 'start-hopeless',
    idleTrusted: false,
    removed: outFor(45 * SECOND),
  },
  ...(['surplus', 'too-old', 'outdated'] as const).map((drained) => ({
    name: `was idle while that was proven, and is out of service as ${drained}`,
    runner: { status: 'DISABLED' as const },
    drainingForMs: 45 * SECOND,
    drained,
    idleTrusted: false,
    removed: outFor(45 * SECOND),
  })),
  {
    name: 'worked and is out of service, where "no step" proves nothing: another pod may have run',
    runner: { status: 'DISABLED' },
    drainingForMs: 45 * SECOND,
    drained: 'left-over',
    idleTrusted: false,
  },
  {
    name: 'its pod was taken away, where "no step" proves nothing: the next one does not run yet',
    runner: { status: 'DISABLED' },
    job: { pod: { ...RUNNING, phase: 'Pending' } },
    drainingForMs: 45 * SECOND,
    drained: 'pod-leaving',
    idleTrusted: false,
    removed: outFor(45 * SECOND),
  },
  {
    name: 'its pod was taken away with its Job, where "no step" proves nothing',
    runner: { status: 'DISABLED' },
    job: 'none',
    drainingForMs: 45 * SECOND,
    drained: 'pod-leaving',
    idleTrusted: false,
    removed: outFor(45 * SECOND),
  },
  {
    name: 'its pod is being taken away, where "no step" proves nothing: it may run a step beside the next one',
    runner: { status: 'DISABLED' },
    job: { pod: { ...RUNNING, phase: 'Pending' }, takenAway: EVICTED },
    drainingForMs: 45 * SECOND,
    drained: 'pod-leaving',
    idleTrusted: false,
  },
  {
    name: 'registered, no Job here, but a place that was left cannot be seen',
    runner: { status: 'UNREGISTERED' },
    job: 'none',
    jobsUnsure: true,
    disabled: reason('job-missing', { ageMs: 59 * MINUTE }),
  },
  {
    name: 'its pod lacks the Secret: it can never connect',
    runner: { status: 'UNREGISTERED' },
    job: {
      createdAt: NOON - 3 * MINUTE,
      pod: {
        ...RUNNING,
        phase: 'Pending',
        trouble: { reason: 'CreateContainerConfigError', message: 'secret "runner-oauth-credentials-a" not found' },
      },
    },
    removed: reason('secret-missing', { ageMs: 2 * MINUTE }),
  },
  {
    name: 'registered, no Job came: needs no trust either',
    runner: { status: 'UNREGISTERED' },
    job: 'none',
    idleTrusted: false,
    removed: reason('job-missing', { ageMs: 59 * MINUTE }),
  },
  {
    name: 'its Job ended: needs no trust either',
    runner: { status: 'OFFLINE' },
    job: { status: 'complete' },
    idleTrusted: false,
    removed: reason('job-ended', { jobStatus: 'complete' }),
  },
  {
    name: 'its Job ended before it came online',
    runner: { status: 'UNREGISTERED' },
    job: { status: 'failed' },
    removed: reason('start-ended', { jobStatus: 'failed' }),
  },
  {
    name: 'heart-beat lost: its Job may bring it back in this very moment',
    runner: { status: 'OFFLINE' },
    disabled: reason('lost-heart-beat', { offlineMs: 59 * MINUTE }),
  },
  {
    name: 'heart-beat lost, no Job',
    runner: { status: 'OFFLINE' },
    job: 'none',
    removed: reason('lost-heart-beat', { offlineMs: 59 * MINUTE }),
  },
  {
    name: 'heart-beat lost, where "no step" proves nothing',
    runner: { status: 'OFFLINE' },
    idleTrusted: false,
    disabled: reason('lost-heart-beat', { offlineMs: 59 * MINUTE }),
  },
  {
    name: 'heart-beat lost, no Job, where "no step" proves nothing',
    runner: { status: 'OFFLINE' },
    job: 'none',
    idleTrusted: false,
  },
  {
    name: 'heart-beat lost with a step, while its pod runs',
    runner: { status: 'OFFLINE', hasStep: true },
    job: { pod: RUNNING },
  },
  {
    name: 'heart-beat lost with a step, and no pod: another one may start, so it is disabled first',
    runner: { status: 'OFFLINE', hasStep: true },
    idleTrusted: false,
    disabled: reason('lost-at-work', { offlineMs: 59 * MINUTE, pod: 'none' }),
  },
  {
    name: 'heart-beat lost with a step, and a pod that waits for a node',
    runner: { status: 'OFFLINE', hasStep: true },
    job: { pod: { ...RUNNING, phase: 'Pending' } },
    disabled: reason('lost-at-work', { offlineMs: 59 * MINUTE, pod: 'Pending' }),
  },
  {
    name: 'disabled since its step was lost, and no pod runs: needs no trust',
    runner: { status: 'DISABLED', hasStep: true },
    drainingForMs: 45 * SECOND,
    drained: 'lost-at-work',
    idleTrusted: false,
    removed: reason('lost-at-work', { offlineMs: 10 * MINUTE + 45 * SECOND, pod: 'none' }),
  },
  {
    name: 'disabled since its step was lost, and a pod runs again: it may have taken another step',
    runner: { status: 'DISABLED', hasStep: true },
    job: { pod: RUNNING },
    drainingForMs: 45 * SECOND,
    drained: 'lost-at-work',
  },
  {
    name: 'online, but its Job has ended: seen so for the grace',
    runner: {},
    job: { status: 'failed' },
    drainingForMs: 45 * SECOND,
    idleTrusted: false,
    removed: reason('job-ended', { jobStatus: 'failed' }),
  },
  { name: 'online, but its Job has just ended', runner: {}, job: { status: 'failed' }, drainingForMs: 45 * SECOND - 1 },
  { name: 'online, its Job has ended, at the first look', runner: {}, job: { status: 'failed' } },
  {
    name: 'a step shows whose Job has ended: a runner may come back for so long',
    runner: { status: 'DISABLED', hasStep: true },
    job: { status: 'failed' },
    drainingForMs: 10 * MINUTE - 1,
  },
  {
    name: 'a step shows whose Job has ended, for startTimeout',
    runner: { status: 'DISABLED', hasStep: true },
    job: { status: 'complete' },
    drainingForMs: 10 * MINUTE,
    removed: reason('job-ended', { jobStatus: 'complete' }),
  },
  {
    name: 'a status nobody knows, its Job has ended: left alone',
    runner: { status: 'UNKNOWN' },
    job: { status: 'complete' },
    drainingForMs: 60 * MINUTE,
  },
  ...['online', 'online with a step'].flatMap((name): readonly Row[] => {
    const unlisted = { runner: { hasStep: name !== 'online' }, job: 'gone' as const };
    return [
      { ...unlisted, name: `${name}, its Job is not listed: one look may be wrong` },
      { ...unlisted, name: `${name}, its Job is not listed, for less than the grace`, finishingForMs: 45 * SECOND - 1 },
      {
        ...unlisted,
        name: `${name}, its Job is not listed for the grace: it is at most taken out of service`,
        finishingForMs: 45 * SECOND,
        drainingForMs: 60 * MINUTE,
        disabled: UNLISTED,
      },
      {
        ...unlisted,
        name: `${name}, its Job is not listed for as long as a step may take`,
        finishingForMs: 721 * MINUTE,
        disabled: UNLISTED,
      },
      {
        ...unlisted,
        name: `${name} for ever, its Job is not listed for longer than any step may take`,
        finishingForMs: 721 * MINUTE + 1,
        removed: reason('job-ended', { jobStatus: 'gone' }),
      },
    ];
  }),
  {
    name: 'unhealthy with a step, its Job is not listed: taken out of service',
    runner: { status: 'UNHEALTHY', hasStep: true },
    job: 'gone',
    finishingForMs: 10 * MINUTE,
    disabled: UNLISTED,
  },
  {
    name: 'unhealthy for long without a step, its Job is not listed: gone with it',
    runner: { status: 'UNHEALTHY' },
    job: 'gone',
    removed: reason('unhealthy', { unhealthyMs: 59 * MINUTE }),
  },
  {
    name: 'a status nobody knows, its Job is not listed: left alone',
    runner: { status: 'UNKNOWN', hasStep: true },
    job: 'gone',
    finishingForMs: 300 * MINUTE,
  },
  {
    name: 'out of service with a step for want of a Job in the list: the step may run',
    runner: { status: 'DISABLED', hasStep: true },
    job: 'gone',
    finishingForMs: 721 * MINUTE,
    drainingForMs: 721 * MINUTE,
    drained: 'job-unlisted',
  },
  {
    name: 'out of service with a step, for want of a Job in the list, for longer than it can take',
    runner: { status: 'DISABLED', hasStep: true },
    job: 'gone',
    drained: 'job-unlisted',
    finishingForMs: 721 * MINUTE + 1,
    removed: reason('step-overdue', { outMs: 721 * MINUTE + 1 }),
  },
  {
    name: 'out of service with a step, its Job has ended before it was gone: a runner may come back for so long',
    runner: { status: 'DISABLED', hasStep: true },
    job: 'gone',
    jobSeenEnded: true,
    drainingForMs: 10 * MINUTE - 1,
  },
  {
    name: 'out of service with a step, its Job has ended before it was gone, for startTimeout',
    runner: { status: 'DISABLED', hasStep: true },
    job: 'gone',
    jobSeenEnded: true,
    drainingForMs: 10 * MINUTE,
    removed: reason('job-ended', { jobStatus: 'gone' }),
  },
  {
    name: 'out of service for want of a Job in the list, without a step: drains like any other',
    runner: { status: 'DISABLED' },
    job: 'gone',
    drained: 'job-unlisted',
    drainingForMs: 45 * SECOND,
    removed: outFor(45 * SECOND),
  },
  {
    name: 'out of service for want of a Job in the list, where "no step" proves nothing',
    runner: { status: 'DISABLED' },
    job: 'gone',
    drained: 'job-unlisted',
    drainingForMs: 60 * MINUTE,
    idleTrusted: false,
  },
  ...(['surplus', 'pod-leaving', 'never-online'] as const).flatMap((drained) =>
    [10, 721].map(
      (minutes): Row => ({
        name: `out of service (${drained}) for ${minutes} minutes where Jobs cannot be read: its log may know of a step`,
        ...{ runner: { status: 'DISABLED' }, job: 'none', drained, idleTrusted: false, unreachable: true },
        drainingForMs: minutes * MINUTE,
      }),
    ),
  ),
  {
    name: 'out of service as a surplus where Jobs cannot be read, for longer than any step may take',
    ...{ runner: { status: 'DISABLED' }, job: 'none', drained: 'surplus', idleTrusted: false, unreachable: true },
    drainingForMs: 721 * MINUTE + 1,
    removed: outFor(721 * MINUTE + 1),
  },
  { name: 'unhealthy', runner: { status: 'UNHEALTHY' }, disabled: reason('unhealthy', { unhealthyMs: 59 * MINUTE }) },
  {
    name: 'out of service for longer than the step that it shows can take, its node dead',
    runner: { status: 'DISABLED', hasStep: true },
    finishingForMs: 721 * MINUTE + 1,
    removed: reason('step-overdue', { outMs: 721 * MINUTE + 1 }),
  },
  {
    name: 'out of service for as long as the step that it shows can take',
    runner: { status: 'DISABLED', hasStep: true },
    finishingForMs: 721 * MINUTE,
  },
  {
    name: 'out of service for longer by Bitbucket’s clock alone, which may tell when it came online',
    runner: { status: 'DISABLED', hasStep: true, createdAt: NOON - 300 * MINUTE, stateChangedAt: NOON - 299 * MINUTE },
    job: { pod: RUNNING },
    finishingForMs: 50 * MINUTE,
  },
  {
    name: 'online, its pod is being taken away',
    runner: {},
    job: { pod: RUNNING, takenAway: EVICTED },
    drainingForMs: MINUTE,
    disabled: reason('pod-leaving', EVICTED),
  },
  {
    name: 'at work, its pod is being taken away',
    runner: { hasStep: true },
    job: { pod: RUNNING, takenAway: EVICTED },
    disabled: reason('pod-leaving', EVICTED),
  },
  {
    name: 'disabled, its pod is being taken away: drains like any other',
    runner: { status: 'DISABLED' },
    job: { pod: RUNNING, takenAway: EVICTED },
    drainingForMs: 45 * SECOND,
    removed: outFor(45 * SECOND),
  },
  { name: 'cordoned, its pod is being taken away', runner: { cordoned: true }, job: { takenAway: EVICTED } },
  {
    name: 'a status nobody knows, its pod is being taken away: left alone',
    runner: { status: 'UNKNOWN' },
    job: { takenAway: EVICTED },
  },
  {
    name: 'offline with a step, its pod is being taken away: it gets no other anyway',
    runner: { status: 'OFFLINE', hasStep: true, stateChangedAt: NOON },
    job: { pod: RUNNING, takenAway: EVICTED },
  },
  {
    name: 'never connected, its Job failed with the pod that was taken away',
    runner: { status: 'UNREGISTERED' },
    job: { status: 'failed', takenAway: EVICTED },
    removed: reason('start-interrupted', { jobStatus: 'failed' }),
  },
  {
    name: 'never connected, its Job failed, and its pod was taken away at an earlier look',
    runner: { status: 'UNREGISTERED' },
    job: { status: 'failed' },
    drained: 'pod-leaving',
    removed: reason('start-interrupted', { jobStatus: 'failed' }),
  },
  {
    name: 'unhealthy, where "no step" proves nothing',
    runner: { status: 'UNHEALTHY' },
    idleTrusted: false,
    disabled: reason('unhealthy', { unhealthyMs: 59 * MINUTE }),
  },
  ...(
    [
      ['no look has seen a Job behind it, and some cannot be read', { job: 'none', jobsHidden: true }],
      ['its Job was seen and may be at a place that cannot be', { job: 'gone', jobsUnsure: true }],
      ['its Job was in a namespace that is not read any more', { job: 'none', away: 'not read' }],
    ] as const
  ).flatMap(([why, known]) =>
    [10 * MINUTE, 10 * MINUTE + 1].map(
      (drainingForMs): Row => ({
        name: `disabled for ${drainingForMs} ms, ${why}: it stays for ten minutes, until its log could be asked`,
        ...{ runner: { status: 'DISABLED' }, ...known, drainingForMs },
        ...(drainingForMs > 10 * MINUTE && { removed: outFor(10 * MINUTE + 1) }),
      }),
    ),
  ),
  ...[false, true].map(
    (hasStep): Row => ({
      name: `… though one was seen here before; a step shows: ${hasStep}`,
      ...{ runner: { status: 'DISABLED', hasStep }, job: 'gone', away: 'not read', drainingForMs: 10 * MINUTE },
    }),
  ),
  {
    name: 'never connected, its Job is in a namespace that is not read any more: it may connect in this moment',
    ...{ runner: { status: 'UNREGISTERED' }, job: 'none', away: 'not read' },
    disabled: reason('job-missing', { ageMs: 59 * MINUTE }),
  },
  {
    name: 'offline, its Job is in a namespace that is not read any more: it may connect in this moment',
    ...{ runner: { status: 'OFFLINE' }, job: 'none', away: 'not read' },
    disabled: reason('lost-heart-beat', { offlineMs: 59 * MINUTE }),
  },
  {
    name: 'disabled, its Job was in another namespace, and is gone',
    ...{ runner: { status: 'DISABLED' }, job: 'none', away: 'read', jobsHidden: true, drainingForMs: MINUTE },
    removed: reason('job-ended', { jobStatus: 'gone' }),
  },
  {
    name: 'online, its Job was in another namespace, and is gone',
    ...{ runner: {}, job: 'none', away: 'read', finishingForMs: MINUTE },
    disabled: UNLISTED,
  },
  { name: '… in one that is not read any more', runner: {}, job: 'none', away: 'not read', finishingForMs: MINUTE },
  {
    name: '… but its Job was here, and is gone',
    runner: { status: 'DISABLED' },
    job: 'gone',
    drainingForMs: MINUTE,
    jobsHidden: true,
    removed: reason('job-ended', { jobStatus: 'gone' }),
  },
  {
    name: '… but its Job is known',
    runner: { status: 'DISABLED' },
    drainingForMs: MINUTE,
    jobsHidden: true,
    removed: outFor(MINUTE),
  },
  {
    name: 'never connected, no look has seen a Job behind it, and some cannot be read',
    runner: { status: 'UNREGISTERED' },
    job: 'none',
    jobsHidden: true,
    removed: reason('job-missing', { ageMs: 59 * MINUTE }),
  },
];

function look(row: Row): SeenGroup {
  const {
    runner: over,
    job,
    jobSeenEnded,
    drainingForMs,
    finishingForMs,
    drained,
    jobsUnsure,
    jobsHidden,
    away,
    unreachable,
    idleTrusted = true,
  } = row;
  const seen = runner({ uuid: A, ...over });
  const drainingSince: Record<string, number> = drainingForMs === undefined ? {} : { [A]: NOON - drainingForMs };
  return groupObservation({
    runners: [seen],
    jobs: typeof job === 'string' ? [] : [jobOf(seen, job)],
    memory: {
      idleSince: {},
      drainingSince,
      ...(job === 'gone' && { runners: { [A]: 0 } }),
      ...(jobSeenEnded && { endedJobs: [A] }),
      ...(away && { awayJobs: { [A]: 'main/web' } }),
      ...(finishingForMs !== undefined && { finishing: { [A]: NOON - finishingForMs } }),
      ...(drained && { drains: { [A]: { cause: drained, at: NOON - (drainingForMs ?? 0) } } }),
    },
    idleTrusted,
    ...(jobsUnsure && { jobsUnsure }),
    ...(jobsHidden && { jobsHidden }),
    ...(away === 'read' && { awayRead: [A] }),
    ...(unreachable && { unreachable: '503', jobsUnsure: unreachable }),
  });
}

const cleaned = (seen: SeenGroup) => cleanUp(seen, classify(seen, NOON), NOON);

describe('registrations whose work is over', () => {
  it.each(ROWS)('$name', (row) => {
    const { removed, disabled } = row;
    expect(cleaned(look(row)).map(({ action, reason }) => [action, reason])).toEqual([
      ...(removed === undefined ? [] : [['remove', removed]]),
      ...(disabled === undefined ? [] : [['disable', disabled]]),
    ]);
  });

  it('go with their Job', () => {
    const seen = look({ name: '', runner: { status: 'UNREGISTERED' }, job: { status: 'failed' } });
    expect(cleaned(seen)).toEqual([
      {
        action: 'remove',
        runner: seen.runners[0],
        job: 'runner-a',
        reason: expect.objectContaining({ code: 'start-ended' }),
      },
    ]);
  });

  it('go with a Job that is elsewhere', () => {
    const away = { cluster: 'main', namespace: 'web' };
    const seen = look({ name: '', runner: { status: 'UNREGISTERED' }, job: { status: 'failed', away } });
    expect(cleaned(seen)).toMatchObject([{ action: 'remove', job: 'runner-a', away }]);
  });

  it('Jobs go that are elsewhere and without a registration', () => {
    const away = { cluster: 'main', namespace: 'web' };
    const orphan = { ...jobOf(runner({ uuid: A }), { away }), createdAt: NOON - 10 * MINUTE };
    expect(cleaned(groupObservation({ runners: [], orphanJobs: [orphan] }))).toMatchObject([
      { action: 'remove-job', job: 'runner-a', away },
    ]);
  });

  it('go alone where there is no Job', () => {
    const seen = look({ name: '', runner: { status: 'UNREGISTERED' }, job: 'none' });
    expect(Object.keys(cleaned(seen)[0] ?? {})).toEqual(['action', 'runner', 'reason']);
  });
});

describe('never anything with a step that may run', () => {
  const statuses: Record<RunnerStatus, true> = {
    UNREGISTERED: true,
    ONLINE: true,
    OFFLINE: true,
    DISABLED: true,
    ENABLED: true,
    UNHEALTHY: true,
    UNKNOWN: true,
  };
  const situations = Object.keys(statuses).flatMap((status) =>
    [false, true].map((cordoned) => ({ status: status as RunnerStatus, cordoned })),
  );

  it.each(situations)('$status, cordoned: $cordoned, its pod at work', ({ status, cordoned }) => {
    const runs = { runner: { status, cordoned, hasStep: true }, job: { pod: RUNNING }, drainingForMs: 60 * MINUTE };
    expect(cleaned(look({ name: '', ...runs }))).toEqual([]);
  });

  it.each(situations)('$status, cordoned: $cordoned, its pod nowhere that we know', ({ status, cordoned }) => {
    const row: Row = { name: '', runner: { status, cordoned, hasStep: true }, job: 'none', drainingForMs: 60 * MINUTE };
    const isLost = status === 'OFFLINE' && !cordoned;
    expect(cleaned(look(row)).map(({ reason }) => reason.code)).toEqual(isLost ? ['lost-at-work'] : []);
  });

  it('not even if it were classified as dead', () => {
    const seen = look({ name: '', runner: { status: 'UNREGISTERED' } });
    const busy = classify(seen, NOON).map((entry) => ({ ...entry, runner: { ...entry.runner, hasStep: true } }));
    expect(cleanUp(seen, busy, NOON)).toEqual([]);
  });
});

it.each([
  { name: 'drained', since: 10 * MINUTE - 1, mustBeAnswered: true, mustBeRead: true },
  { name: 'drained for ten minutes', since: 10 * MINUTE, mustBeAnswered: true, mustBeRead: false },
  { name: 'drained for as long as a step may take', since: 721 * MINUTE, mustBeAnswered: true, mustBeRead: false },
  { name: 'drained for longer', since: 721 * MINUTE + 1, mustBeAnswered: false, mustBeRead: false },
  { name: 'overdue', since: undefined, mustBeAnswered: false, mustBeRead: false },
])('the log of a runner whose pod runs is asked, and keeps it unread while a step can run: $name', (row) => {
  const { since, mustBeAnswered, mustBeRead } = row;
  const out = { status: 'DISABLED' as const, hasStep: since === undefined };
  const draining = since === undefined ? { finishingForMs: 722 * MINUTE } : { drainingForMs: since };
  const pod = { ...RUNNING, container: 'runner' };
  expect(cleaned(look({ name: '', runner: out, job: { pod }, ...draining }))).toMatchObject([
    { action: 'remove', log: { pod: 'pod-a', container: 'runner', mustBeAnswered, mustBeRead } },
  ]);
});

describe('before a runner is removed', () => {
  const out = { status: 'DISABLED' } as const;
  const container = { ...RUNNING, container: 'runner' };
  const asks = (action: Action | undefined) =>
    action?.action === 'remove' ? { lookSuffices: action.lookSuffices, log: action.log } : undefined;

  it.each<{
    name: string;
    row: Partial<Row>;
    drain?: Partial<Drain>;
    others?: Partial<Drain>;
    lookSuffices: boolean;
  }>([
    { name: 'this look is enough', row: {}, lookSuffices: true },
    { name: 'this look is enough for one that was taken out here', row: {}, drain: {}, lookSuffices: true },
    {
      name: 'this look is enough where only others were taken out here',
      row: {},
      others: { confirm: true },
      lookSuffices: true,
    },
    { name: 'it is looked at again where lists lagged', row: {}, drain: { confirm: true }, lookSuffices: false },
    {
      name: 'it is looked at again where only its Job says that it is over',
      row: { runner: {}, job: { status: 'failed' } },
      lookSuffices: false,
    },
  ])('$name', ({ row, drain, others, lookSuffices }) => {
    const seen = look({ name: '', runner: out, drainingForMs: MINUTE, ...row });
    const known = { cause: 'surplus', at: NOON - MINUTE };
    const drains = {
      ...(drain && { [A]: { ...known, ...drain } }),
      ...(others && { '{other}': { ...known, ...others } }),
    };
    const [action] = cleaned({ ...seen, memory: { ...seen.memory, ...(drain || others ? { drains } : {}) } });
    expect(asks(action)?.lookSuffices).toBe(lookSuffices || undefined);
  });

  const known = { pod: 'pod-a', mustBeAnswered: true, mustBeRead: true };
  it.each<{ name: string; row: Partial<Row>; log: LogPlace | undefined }>([
    { name: 'its log, while its pod runs', row: { job: { pod: container } }, log: { ...known, container: 'runner' } },
    { name: 'its log, whose container is not known', row: { job: { pod: RUNNING } }, log: known },
    {
      name: 'its log as the only proof, where marks are not trusted',
      row: { job: { pod: container }, idleTrusted: false },
      log: { ...known, container: 'runner', onlyProof: true },
    },
    {
      name: 'its log as one proof of two, where it was taken out while they were',
      row: { job: { pod: container }, idleTrusted: false, drained: 'surplus' },
      log: { ...known, container: 'runner' },
    },
    { name: 'no log, where its pod waits', row: { job: { pod: { ...RUNNING, phase: 'Pending' } } }, log: undefined },
    { name: 'no log, where there is no pod', row: { job: {} }, log: undefined },
  ])('is asked: $name', ({ row, log }) => {
    const [action] = cleaned(look({ name: '', runner: out, drainingForMs: MINUTE, ...row }));
    expect(asks(action)?.log).toStrictEqual(log);
  });
});

it('the log of a runner whose pod runs is not asked where it goes for another cause than a step that may run', () => {
  const seen = look({ name: '', runner: { status: 'DISABLED' }, job: { pod: RUNNING } });
  const dead = classify(seen, NOON).map((entry) => {
    const cause = reason('unhealthy', { unhealthyMs: MINUTE });
    return { ...entry, class: 'dead', cause } as const;
  });
  expect(cleanUp(seen, dead, NOON)).toEqual([
    { action: 'remove', runner: seen.runners[0], job: 'runner-a', reason: dead[0]?.cause },
  ]);
});

describe('a start that has failed', () => {
  it('is taken out of service once, remembered with its cause, and counted as failed once', () => {
    const seen = look({ name: '', runner: { status: 'UNREGISTERED' } });
    const first = makePlan(observation([seen]), decide(observation([seen]))).groups[0];
    expect(first?.memory.drains).toEqual({ [A]: { cause: 'never-online', at: NOON } });
    expect(first?.memory.quarantine?.failures).toBe(1);
    const memory = first?.memory ?? seen.memory;
    const [one] = seen.runners;
    const out = { ...seen, memory, runners: one === undefined ? [] : [{ ...one, status: 'DISABLED' as const }] };
    const second = makePlan(observation([out]), decide(observation([out]))).groups[0];
    expect(second?.actions.filter(({ action }) => action !== 'add')).toEqual([]);
    expect(second?.memory.quarantine?.failures).toBe(1);
    expect(second?.memory.drainingSince).toEqual({ [A]: NOON });
  });
});

describe('Jobs whose registration is gone', () => {
  const orphan = (createdAt: number) => jobOf(runner({ uuid: A }), { createdAt });

  it.each([
    { name: 'young: its tick may still be at it', ageMs: 0, reasons: [] },
    { name: 'two minutes old, clocks a minute apart', ageMs: 3 * MINUTE, reasons: [] },
    {
      name: 'older',
      ageMs: 3 * MINUTE + SECOND,
      reasons: [reason('registration-gone', { ageMs: 2 * MINUTE + SECOND })],
    },
  ])('$name', ({ ageMs, reasons }) => {
    const seen = groupObservation({ orphanJobs: [orphan(NOON - ageMs)] });
    expect(cleaned(seen).map(({ reason }) => reason)).toEqual(reasons);
  });

  it('go by their name, after the registrations', () => {
    const dead = look({ name: '', runner: { uuid: '{dead}', status: 'UNREGISTERED' }, job: { status: 'failed' } });
    const seen = { ...dead, orphanJobs: [orphan(0)] };
    expect(cleaned(seen)).toEqual([
      expect.objectContaining({ action: 'remove' }),
      {
        action: 'remove-job',
        runnerUuid: 'a',
        job: 'runner-a',
        reason: expect.objectContaining({ code: 'registration-gone' }),
      },
    ]);
  });
});

it('a partial observation cleans nothing up, in neither direction', () => {
  const dead = look({ name: '', runner: { status: 'UNREGISTERED' } });
  const seen = { ...dead, orphanJobs: [jobOf(runner(), { createdAt: 0 })], missing: ['Jobs: 403'] };
  const whole = observation([seen]);
  expect(makePlan(whole, decide(whole)).groups[0]?.actions).toEqual([]);
});
