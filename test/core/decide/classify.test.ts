import { describe, expect, it } from 'vitest';
import { classify, countClasses } from '#core/decide/classify.ts';
import { groupObservation, jobOf, NOON, runner } from '#kit/fleet.ts';
import { CLASS_ROWS } from '#spec/classes.ts';

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

  it('goes with the Job behind a runner, and only where there is one', () => {
    const runners = [runner(), runner()];
    const jobs = runners.slice(0, 1).map((entry) => jobOf(entry));
    const [first, second] = classify(groupObservation({ runners, jobs }), NOON);
    expect(first?.job).toBe(jobs[0]);
    expect(second).not.toHaveProperty('job');
  });
});
