import { describe, expect, it } from 'vitest';
import { classify, classifyGroup, countClasses } from '#core/decide/classify.ts';
import type { Runner, RunnerJob } from '#core/model/observation.ts';
import { groupObservation, jobOf, NOON, runner } from '#kit/fleet.ts';
import { CLASS_ROWS } from '#spec/classes.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOTHING = { idleSince: {}, drainingSince: {} };

describe('classify', () => {
  it.each(CLASS_ROWS)('$name → $class', (row) => {
    const seen = runner(row.runner);
    const jobs = typeof row.job === 'string' ? [] : [jobOf(seen, row.job)];
    const had = row.job === 'gone' ? { runners: { [seen.uuid]: 0 } } : {};
    const { seenOutFor } = row;
    const finishing = seenOutFor === undefined ? {} : { [seen.uuid]: NOON - seenOutFor * 60_000 };
    const memory = { idleSince: {}, drainingSince: {}, finishing, ...had };
    const [entry] = classify(groupObservation({ runners: [seen], jobs, memory }), NOON);
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

  it.each<{
    readonly name: string;
    readonly seen: Partial<Runner>;
    readonly job: Partial<RunnerJob> | 'none' | 'gone';
    readonly values: object;
  }>([
    {
      name: 'offline in the middle of a step, without a Job: no pod',
      seen: { status: 'OFFLINE', hasStep: true },
      job: 'none',
      values: { offlineMs: 59 * MINUTE, pod: 'none' },
    },
    {
      name: 'enabled again, its Job failed',
      seen: { status: 'ENABLED' },
      job: { status: 'failed' },
      values: { jobStatus: 'failed' },
    },
    {
      name: 'offline, its Job is complete',
      seen: { status: 'OFFLINE' },
      job: { status: 'complete' },
      values: { jobStatus: 'complete' },
    },
    {
      name: 'offline, its Job is gone',
      seen: { status: 'OFFLINE' },
      job: 'gone',
      values: { jobStatus: 'gone' },
    },
  ])('says why a runner is dead: $name', ({ seen: over, job, values }) => {
    const seen = runner(over);
    const memory = { ...NOTHING, ...(job === 'gone' && { runners: { [seen.uuid]: 0 } }) };
    const jobs = typeof job === 'string' ? [] : [jobOf(seen, job)];
    const [entry] = classify(groupObservation({ runners: [seen], jobs, memory }), NOON);
    expect(entry?.class === 'dead' && entry.cause.values).toEqual(values);
  });

  it.each<{
    readonly name: string;
    readonly seen?: Partial<Runner>;
    readonly cause?: string;
    readonly contested?: true;
  }>([
    { name: 'it is online', contested: true },
    { name: 'it may recover', seen: { status: 'UNHEALTHY' }, contested: true },
    { name: 'it was taken out for that', seen: { status: 'DISABLED' }, cause: 'job-unlisted', contested: true },
    { name: 'it was taken out for something else', seen: { status: 'DISABLED' }, cause: 'surplus' },
    { name: 'it was taken out for that, and is offline since', seen: { status: 'OFFLINE' }, cause: 'job-unlisted' },
    { name: 'it never connected', seen: { status: 'UNREGISTERED' } },
  ])(
    'a runner whose Job is not listed any more may be at work: $name: $contested',
    ({ seen: over, cause, contested }) => {
      const seen = runner(over);
      const drains = cause === undefined ? {} : { [seen.uuid]: { cause, at: NOON - MINUTE } };
      const memory = { ...NOTHING, runners: { [seen.uuid]: 0 }, drains };
      const [entry] = classify(groupObservation({ runners: [seen], jobs: [], memory }), NOON);
      expect([entry?.ended, entry?.contested]).toEqual([true, contested]);
    },
  );

  it.each<{
    readonly name: string;
    readonly seen: Partial<Runner>;
    readonly finishingMs?: number;
    readonly busy: number;
  }>([
    { name: 'out of service, it is', seen: { status: 'DISABLED' }, busy: 1 },
    { name: 'in service still, it counts once', seen: {}, busy: 1 },
    { name: 'for longer than any step takes, it is not', seen: { status: 'DISABLED' }, finishingMs: DAY, busy: 0 },
    { name: 'without the step, it is not', seen: { status: 'DISABLED', hasStep: false }, busy: 0 },
  ])('a runner that finishes its only step is at work for a wish: $name', ({ seen: over, finishingMs = 0, busy }) => {
    const seen = runner({ hasStep: true, ...over });
    const drains = { [seen.uuid]: { cause: 'first-step', at: NOON - MINUTE } };
    const memory = { ...NOTHING, drains, finishing: { [seen.uuid]: NOON - finishingMs } };
    expect(classifyGroup(groupObservation({ runners: [seen], memory }), NOON).expected.busy).toBe(busy);
  });

  it.each<{ readonly name: string; readonly job: Partial<RunnerJob>; readonly starting: number }>([
    { name: 'it may start', job: {}, starting: 1 },
    { name: 'it has ended', job: { status: 'complete' }, starting: 0 },
    { name: 'its pod is being taken away', job: { takenAway: { why: 'X' } }, starting: 0 },
  ])('a Job whose registration no list shows counts as starting: $name', ({ job, starting }) => {
    const { counts } = classifyGroup(groupObservation({ orphanJobs: [jobOf(runner(), job)] }), NOON);
    expect(counts.starting).toBe(starting);
  });

  it('goes with the Job behind a runner, and only where there is one', () => {
    const runners = [runner(), runner()];
    const jobs = runners.slice(0, 1).map((entry) => jobOf(entry));
    const [first, second] = classify(groupObservation({ runners, jobs }), NOON);
    expect(first?.job).toBe(jobs[0]);
    expect(second).not.toHaveProperty('job');
  });
});
