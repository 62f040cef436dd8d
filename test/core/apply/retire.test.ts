import { describe, expect, it } from 'vitest';
import { ServiceError } from '#core/errors.ts';
import type { Outcome } from '#core/model/decision.ts';
import type { Runner } from '#core/model/observation.ts';
import { runner } from '#kit/fleet.ts';
import type { Script } from '../reconcile/ports.ts';
import { carryOutOne, disable, remove, removeJob } from './carry-out.ts';

const IDLE = runner({ uuid: '{a}' });
const DRAINED = runner({ uuid: '{a}', status: 'DISABLED' });
const GET = 'get {a}';
const DELETE_JOB = 'deleteJob runner-a in runners';

/** What the runner has become since the plan was made. */
const nowIs = (now: Runner | undefined): Script => ({ runners: { get: async () => now } });

const refused = async () => {
  throw new ServiceError('The service said no.', { service: 'bitbucket', outcome: 'refused', status: 403 });
};

type Row = {
  readonly name: string;
  readonly script: Script;
  readonly trace: readonly string[];
  readonly status: Outcome['status'];
  readonly error?: string;
};

describe('taking out of service looks again first', () => {
  it.each<Row>([
    { name: 'still idle', script: nowIs(IDLE), trace: [GET, 'disable {a}'], status: 'done' },
    { name: 'gone', script: nowIs(undefined), trace: [GET], status: 'skipped', error: 'its registration is gone' },
    {
      name: 'took a step',
      script: nowIs({ ...IDLE, hasStep: true }),
      trace: [GET],
      status: 'skipped',
      error: 'it has taken a step since',
    },
    {
      name: 'was disabled by somebody',
      script: nowIs(DRAINED),
      trace: [GET],
      status: 'skipped',
      error: 'it is out of service already',
    },
    {
      name: 'was cordoned by somebody',
      script: nowIs({ ...IDLE, cordoned: true }),
      trace: [GET],
      status: 'skipped',
      error: 'it is out of service already',
    },
    {
      name: 'the look fails: nothing is done to it',
      script: { runners: { get: refused } },
      trace: [GET],
      status: 'failed',
      error: 'The service said no.',
    },
    {
      name: 'disabling fails',
      script: { runners: { get: async () => IDLE, disable: refused } },
      trace: [GET, 'disable {a}'],
      status: 'failed',
      error: 'The service said no.',
    },
  ])('$name', async ({ script, trace: calls, status, error }) => {
    const { outcome, trace } = await carryOutOne(disable(IDLE), script);
    expect(trace).toEqual(calls);
    expect(outcome).toEqual({ action: 'disable', runner: '{a}', status, ...(error === undefined ? {} : { error }) });
  });

  it.each([true, false])('one that was busy when it was chosen goes, busy now or not: %s', async (hasStep) => {
    const { outcome, trace } = await carryOutOne(disable({ ...IDLE, hasStep: true }), nowIs({ ...IDLE, hasStep }));
    expect(trace).toEqual([GET, 'disable {a}']);
    expect(outcome).toEqual({ action: 'disable', runner: '{a}', status: 'done' });
  });
});

describe('deleting looks again first, then the registration goes, then the Job', () => {
  const ALL = [GET, 'remove {a}', DELETE_JOB];

  it.each<Row>([
    { name: 'unchanged', script: nowIs(DRAINED), trace: ALL, status: 'done' },
    { name: 'gone already: its Job is still to go', script: nowIs(undefined), trace: ALL, status: 'done' },
    {
      name: 'took a step',
      script: nowIs({ ...DRAINED, hasStep: true }),
      trace: [GET],
      status: 'skipped',
      error: 'it has taken a step since',
    },
    {
      name: 'is back in service',
      script: nowIs(IDLE),
      trace: [GET],
      status: 'skipped',
      error: 'it is ONLINE by now',
    },
    {
      name: 'has a status that nobody knows',
      script: nowIs({ ...DRAINED, status: 'UNKNOWN', statusText: 'HIBERNATING' }),
      trace: [GET],
      status: 'skipped',
      error: 'it is HIBERNATING by now',
    },
    {
      name: 'its cordon changed',
      script: nowIs({ ...DRAINED, cordoned: true }),
      trace: [GET],
      status: 'skipped',
      error: 'it is DISABLED by now',
    },
    {
      name: 'the look fails: nothing is done to it',
      script: { runners: { get: refused } },
      trace: [GET],
      status: 'failed',
      error: 'The service said no.',
    },
    {
      name: 'the registration stays: so does its Job',
      script: { runners: { get: async () => DRAINED, remove: refused } },
      trace: [GET, 'remove {a}'],
      status: 'failed',
      error: 'The service said no.',
    },
    {
      name: 'the Job stays: an orphan for a later tick',
      script: { ...nowIs(DRAINED), jobs: { deleteJob: refused } },
      trace: ALL,
      status: 'failed',
      error: 'The service said no.',
    },
  ])('$name', async ({ script, trace: calls, status, error }) => {
    const { outcome, trace } = await carryOutOne(remove(DRAINED, 'runner-a'), script);
    expect(trace).toEqual(calls);
    expect(outcome).toEqual({ action: 'remove', runner: '{a}', status, ...(error === undefined ? {} : { error }) });
  });

  it('without a Job only the registration goes', async () => {
    const { outcome, trace } = await carryOutOne(remove(DRAINED), nowIs(DRAINED));
    expect(trace).toEqual([GET, 'remove {a}']);
    expect(outcome?.status).toBe('done');
  });
});

describe('a Job goes only when its registration is confirmed to be gone', () => {
  it.each<Row>([
    { name: 'gone', script: nowIs(undefined), trace: [GET, DELETE_JOB], status: 'done' },
    {
      name: 'there after all: the list had missed it',
      script: nowIs(IDLE),
      trace: [GET],
      status: 'skipped',
      error: 'its registration is there after all',
    },
    {
      name: 'the look fails: the Job stays',
      script: { runners: { get: refused } },
      trace: [GET],
      status: 'failed',
      error: 'The service said no.',
    },
    {
      name: 'deleting fails',
      script: { jobs: { deleteJob: refused } },
      trace: [GET, DELETE_JOB],
      status: 'failed',
      error: 'The service said no.',
    },
  ])('$name', async ({ script, trace: calls, status, error }) => {
    const { outcome, trace } = await carryOutOne(removeJob('a'), script);
    expect(trace).toEqual(calls);
    expect(outcome).toEqual({ action: 'remove-job', runner: '{a}', status, ...(error === undefined ? {} : { error }) });
  });
});
