import { describe, expect, it } from 'vitest';
import { classify, countClasses } from '../../lib/decide/classify.ts';
import type { Runner, RunnerClass, RunnerJob } from '../../lib/model.ts';
import type { ReasonCode } from '../../lib/reasons.ts';
import { groupObservation, jobOf, NOON, runner } from '../fixtures/fleet.ts';

const MINUTE = 60_000;

/** Seen at noon; start time-out 10 minutes; ages are by Bitbucket's clock. */
type Row = {
  readonly name: string;
  readonly runner: Partial<Runner>;
  /** Its Job; `none` when there is none. Default: active. */
  readonly job?: Partial<RunnerJob> | 'none';
  readonly class: RunnerClass;
  readonly cause?: ReasonCode;
};

const aged = (minutes: number): Partial<Runner> => ({
  createdAt: NOON - minutes * MINUTE,
  stateChangedAt: NOON - minutes * MINUTE,
});

const ROWS: readonly Row[] = [
  { name: 'online with a step', runner: { hasStep: true }, class: 'busy' },
  { name: 'online with a step, without a Job of ours', runner: { hasStep: true }, job: 'none', class: 'busy' },
  { name: 'online without a step', runner: {}, class: 'idle' },
  { name: 'online, its Job ended a moment ago', runner: {}, job: { status: 'complete' }, class: 'idle' },
  { name: 'disabled', runner: { status: 'DISABLED' }, class: 'draining' },
  { name: 'disabled with a step', runner: { status: 'DISABLED', hasStep: true }, class: 'draining' },
  { name: 'online but cordoned', runner: { cordoned: true }, class: 'draining' },
  { name: 'offline with a step: nobody knows', runner: { status: 'OFFLINE', hasStep: true }, class: 'draining' },
  {
    name: 'offline with a step for hours',
    runner: { status: 'OFFLINE', hasStep: true, ...aged(500) },
    job: 'none',
    class: 'draining',
  },
  { name: 'unhealthy with a step', runner: { status: 'UNHEALTHY', hasStep: true }, class: 'draining' },
  { name: 'just registered, Job there', runner: { status: 'UNREGISTERED', ...aged(0) }, class: 'starting' },
  { name: 'slow starter before startTimeout', runner: { status: 'UNREGISTERED', ...aged(10) }, class: 'starting' },
  { name: 'slow starter, clocks a minute apart', runner: { status: 'UNREGISTERED', ...aged(11) }, class: 'starting' },
  {
    name: 'past startTimeout',
    runner: { status: 'UNREGISTERED', ...aged(11.1) },
    class: 'dead',
    cause: 'never-online',
  },
  {
    name: 'registered by a clock ahead of ours',
    runner: { status: 'UNREGISTERED', ...aged(-1) },
    job: 'none',
    class: 'starting',
  },
  {
    name: 'registered, Job on its way',
    runner: { status: 'UNREGISTERED', ...aged(3) },
    job: 'none',
    class: 'starting',
  },
  {
    name: 'registered, Job never came',
    runner: { status: 'UNREGISTERED', ...aged(3.1) },
    job: 'none',
    class: 'dead',
    cause: 'job-missing',
  },
  {
    name: 'registered, Job failed',
    runner: { status: 'UNREGISTERED', ...aged(1) },
    job: { status: 'failed' },
    class: 'dead',
    cause: 'job-ended',
  },
  { name: 'enabled again: starts anew', runner: { status: 'ENABLED', stateChangedAt: NOON }, class: 'starting' },
  { name: 'enabled again, never came', runner: { status: 'ENABLED' }, class: 'dead', cause: 'never-online' },
  {
    name: 'heart-beat lost a moment ago, Job alive',
    runner: { status: 'OFFLINE', stateChangedAt: NOON },
    class: 'starting',
  },
  {
    name: 'heart-beat lost for startTimeout, clocks a minute apart, Job alive',
    runner: { status: 'OFFLINE', stateChangedAt: NOON - 11 * MINUTE },
    class: 'starting',
  },
  {
    name: 'heart-beat lost for long, Job alive',
    runner: { status: 'OFFLINE' },
    class: 'dead',
    cause: 'lost-heart-beat',
  },
  {
    name: 'heart-beat lost, Job complete',
    runner: { status: 'OFFLINE', stateChangedAt: NOON },
    job: { status: 'complete' },
    class: 'dead',
    cause: 'job-ended',
  },
  {
    name: 'heart-beat lost a moment ago, no Job',
    runner: { status: 'OFFLINE', stateChangedAt: NOON - 3 * MINUTE },
    job: 'none',
    class: 'draining',
  },
  {
    name: 'heart-beat lost for minutes, no Job',
    runner: { status: 'OFFLINE', stateChangedAt: NOON - 3.1 * MINUTE },
    job: 'none',
    class: 'dead',
    cause: 'lost-heart-beat',
  },
  {
    name: 'unhealthy a moment ago: may recover',
    runner: { status: 'UNHEALTHY', stateChangedAt: NOON },
    class: 'draining',
  },
  {
    name: 'unhealthy for two minutes, clocks a minute apart: may recover',
    runner: { status: 'UNHEALTHY', stateChangedAt: NOON - 3 * MINUTE },
    class: 'draining',
  },
  { name: 'unhealthy for minutes', runner: { status: 'UNHEALTHY' }, class: 'dead', cause: 'unhealthy' },
  {
    name: 'a status nobody knows: left alone',
    runner: { status: 'UNKNOWN', statusText: 'HIBERNATING' },
    class: 'draining',
  },
  { name: 'a status nobody knows, with a step', runner: { status: 'UNKNOWN', hasStep: true }, class: 'draining' },
];

describe('classify', () => {
  it.each(ROWS)('$name → $class', (row) => {
    const seen = runner(row.runner);
    const jobs = row.job === 'none' ? [] : [jobOf(seen, row.job)];
    const [entry] = classify(groupObservation({ runners: [seen], jobs }), NOON);
    expect(entry?.class).toBe(row.class);
    expect(entry?.class === 'dead' ? entry.cause.code : undefined).toBe(row.cause);
  });

  it('counts every class, also the empty ones', () => {
    const runners = [runner(), runner({ hasStep: true }), runner({ hasStep: true })];
    expect(countClasses(classify(groupObservation({ runners }), NOON))).toEqual({
      busy: 2,
      idle: 1,
      starting: 0,
      draining: 0,
      dead: 0,
    });
  });

  it('says what the pod of a failed start is doing', () => {
    const seen = runner({ status: 'UNREGISTERED' });
    const trouble = { reason: 'ImagePullBackOff', message: 'no such image' };
    const pod = { name: 'p', phase: 'Pending', restarts: 0, isProtected: true, trouble } as const;
    const [entry] = classify(groupObservation({ runners: [seen], jobs: [jobOf(seen, { pod })] }), NOON);
    expect(entry?.class === 'dead' && entry.cause.text).toBe(
      'not online 59m after registration (startTimeout 10m; pod: Pending, ImagePullBackOff)',
    );
  });

  it('says that the pod of a failed start runs, where nothing is wrong with it', () => {
    const seen = runner({ status: 'UNREGISTERED' });
    const pod = { name: 'p', phase: 'Running', restarts: 0, isProtected: true } as const;
    const [entry] = classify(groupObservation({ runners: [seen], jobs: [jobOf(seen, { pod })] }), NOON);
    expect(entry?.class === 'dead' && entry.cause.text).toContain('; pod: Running)');
  });

  it('goes with the Job behind a runner, and only where there is one', () => {
    const runners = [runner(), runner()];
    const jobs = runners.slice(0, 1).map((entry) => jobOf(entry));
    const [first, second] = classify(groupObservation({ runners, jobs }), NOON);
    expect(first?.job).toBe(jobs[0]);
    expect(second).not.toHaveProperty('job');
  });
});
