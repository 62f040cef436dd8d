import { describe, expect, it } from 'vitest';
import { ServiceError } from '#core/errors.ts';
import type { Action, Outcome } from '#core/model/decision.ts';
import type { Runner } from '#core/model/observation.ts';
import type { JobApi, StepInLog } from '#core/ports.ts';
import { runner } from '#kit/fleet.ts';
import type { Script } from '../reconcile/ports.ts';
import { carryOut, carryOutOne, disable, groupPlan, planOf, REASON, remove, removeJob } from './carry-out.ts';

const IDLE = runner({ uuid: '{a}' });
const DRAINED = runner({ uuid: '{a}', status: 'DISABLED' });
const WEB = { cluster: 'main', namespace: 'web' };
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

describe('taking out of service asks nobody first: it interrupts nothing', () => {
  it.each<Row>([
    { name: 'done', script: {}, trace: ['disable {a}'], status: 'done' },
    {
      name: 'refused',
      script: { runners: { disable: refused } },
      trace: ['disable {a}'],
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
    expect(trace).toEqual(['disable {a}']);
    expect(outcome).toEqual({ action: 'disable', runner: '{a}', status: 'done' });
  });
});

describe('putting back into service', () => {
  const unknown = async () => {
    throw new ServiceError('The service did not answer.', { service: 'bitbucket', outcome: 'unknown' });
  };

  it.each<Row>([
    { name: 'done', script: {}, trace: ['enable {a}'], status: 'done' },
    {
      name: 'a refusal means that it is replaced, and is no failure',
      script: { runners: { enable: refused } },
      trace: ['enable {a}'],
      status: 'skipped',
      error: 'it cannot be put back into service and will be replaced: The service said no.',
    },
    {
      name: 'no answer is a failure',
      script: { runners: { enable: unknown } },
      trace: ['enable {a}'],
      status: 'failed',
      error: 'The service did not answer.',
    },
    {
      name: 'an error of ours is one',
      script: { runners: { enable: () => Promise.reject(new Error('No route.')) } },
      trace: ['enable {a}'],
      status: 'failed',
      error: 'No route.',
    },
  ])('$name', async ({ script, trace: calls, status, error }) => {
    const { outcome, trace } = await carryOutOne({ action: 'enable', runner: DRAINED, reason: REASON }, script);
    expect(trace).toEqual(calls);
    expect(outcome).toEqual({ action: 'enable', runner: '{a}', status, ...(error === undefined ? {} : { error }) });
  });
});

describe('a look that suffices spares the reading', () => {
  const suffices: Action = { ...remove(DRAINED, 'runner-a'), lookSuffices: true };
  const WITHOUT_GET = ['remove {a}', DELETE_JOB];

  it.each([
    { name: 'a young one', action: suffices, lookAgeMs: 14_999, trace: WITHOUT_GET },
    { name: 'not an old one', action: suffices, lookAgeMs: 15_000, trace: [GET, ...WITHOUT_GET] },
    { name: 'not one whose age nobody knows', action: suffices, trace: [GET, ...WITHOUT_GET] },
    {
      name: 'not for a runner of which it says too little',
      action: remove(DRAINED, 'runner-a'),
      lookAgeMs: 0,
      trace: [GET, ...WITHOUT_GET],
    },
  ])('$name', async ({ action, lookAgeMs, trace }) => {
    const done = await carryOutOne(
      action,
      nowIs(DRAINED),
      lookAgeMs === undefined ? {} : { lookAgeMs: () => lookAgeMs },
    );
    expect(done.trace).toEqual(trace);
    expect(done.outcome).toEqual({ action: 'remove', runner: '{a}', status: 'done' });
  });
});

describe('a Job in another namespace than its group’s', () => {
  const log = { pod: 'pod-a', mustBeAnswered: true, mustBeRead: true };
  const removal: Action = { ...remove(DRAINED, 'runner-a'), lookSuffices: true, log, away: WEB };
  const asks = (answer: StepInLog): Script => ({ jobs: { stepInLog: async () => answer } });

  it.each([
    { name: 'is asked and deleted there', answer: 'none-seen', after: ['remove {a}', 'deleteJob runner-a in web'] },
    { name: 'is kept while its log shows a step', answer: 'running', after: [] },
  ] as const)('$name', async ({ answer, after }) => {
    const { trace } = await carryOutOne(removal, asks(answer), { lookAgeMs: () => 0 });
    expect(trace).toEqual(['stepInLog pod-a in web', ...after]);
  });

  it('is deleted there without a registration', async () => {
    const { trace } = await carryOutOne({ ...removeJob('a'), away: WEB } as Action, nowIs(undefined));
    expect(trace).toEqual([GET, 'deleteJob runner-a in web']);
  });

  it('is named where the right to read its log is missing', async () => {
    const { applied } = await carryOut(planOf(groupPlan([removal])), asks('not-allowed'));
    expect(applied.notes).toEqual([expect.stringMatching(/^In namespace web of cluster main /)]);
  });
});

describe("the runner's own log may have something against deleting it", () => {
  const LOG = 'stepInLog pod-a in runners';
  const unreadable = { service: 'kubernetes', outcome: 'refused' } as const;
  const asked = (mustBeRead: boolean, onlyProof?: true, mustBeAnswered = mustBeRead): Action => ({
    ...remove(DRAINED),
    lookSuffices: true,
    log: { pod: 'pod-a', container: 'runner', mustBeAnswered, mustBeRead, ...(onlyProof && { onlyProof }) },
  });
  const says = (answer: StepInLog): Script => ({ jobs: { stepInLog: async () => answer } });
  const fails: Script = {
    jobs: { stepInLog: () => Promise.reject(new ServiceError('The kubelet is away.', unreadable)) },
  };

  type LogRow = {
    readonly name: string;
    readonly script: Script;
    readonly mustBeRead?: boolean;
    readonly mustBeAnswered?: boolean;
    readonly onlyProof?: true;
    readonly error?: string;
    readonly note?: string;
  };

  it.each<LogRow>([
    { name: 'no step in it', script: says('none-seen') },
    { name: 'no step in it, and nothing else could tell', script: says('none-seen'), onlyProof: true },
    { name: 'a step in it', script: says('running'), error: 'its log shows a step that began and did not end' },
    {
      name: 'a step in it, for as long as any may take',
      script: says('running'),
      mustBeRead: false,
      mustBeAnswered: true,
      error: 'its log shows a step that began and did not end',
    },
    { name: 'a step in it that Bitbucket must have ended long ago', script: says('running'), mustBeRead: false },
    {
      name: 'it tells nothing',
      script: says('unreadable'),
      error: 'the end of its log does not tell whether it has a step',
    },
    { name: 'it has told nothing for long', script: says('unreadable'), mustBeRead: false },
    { name: 'it cannot be read', script: fails, error: 'its log cannot be read: The kubelet is away.' },
    {
      name: 'it cannot be read, and a step could still run',
      script: fails,
      mustBeRead: false,
      mustBeAnswered: true,
      error: 'its log cannot be read: The kubelet is away.',
    },
    { name: 'it cannot be read, and no step can run any more', script: fails, mustBeRead: false },
    {
      name: 'we have no right to read it',
      script: says('not-allowed'),
      note: "In namespace runners of cluster main only Bitbucket says whether a runner is at work, since the right to get pods/log is missing; apply the component pods-log of infra/kubernetes to have the runners' logs asked too.",
    },
    {
      name: 'we have no right to read it, and nothing else can tell',
      script: says('not-allowed'),
      onlyProof: true,
      error: 'only its log could tell whether it has a step',
      note: "In namespace runners of cluster main only Bitbucket says whether a runner is at work, since the right to get pods/log is missing; apply the component pods-log of infra/kubernetes to have the runners' logs asked too.",
    },
  ])('$name', async ({ script, mustBeRead = true, mustBeAnswered, onlyProof, error, note }) => {
    const removal = asked(mustBeRead, onlyProof, mustBeAnswered);
    const { applied, trace } = await carryOut(planOf(groupPlan([removal, removal])), script, {
      lookAgeMs: () => 0,
    });
    expect(trace.toSorted()).toEqual(
      [LOG, LOG, ...(error === undefined ? ['remove {a}', 'remove {a}'] : [])].toSorted(),
    );
    const status = error === undefined ? 'done' : 'skipped';
    expect(applied.outcomes.get('builds')?.[0]).toEqual({
      action: 'remove',
      runner: '{a}',
      status,
      ...(error !== undefined && { error }),
    });
    expect(applied.notes).toEqual(note === undefined ? [] : [note]);
  });

  it("is asked in the runner's container", async () => {
    const seen: unknown[] = [];
    const stepInLog: JobApi['stepInLog'] = async (_namespace, pod, container) => {
      seen.push(pod, container);
      return 'none-seen';
    };
    await carryOutOne(asked(true), { jobs: { stepInLog } });
    expect(seen).toEqual(['pod-a', 'runner']);
  });
});

it('a step that showed before, and that nothing runs any more, keeps nobody', async () => {
  const lost = runner({ uuid: '{a}', status: 'OFFLINE', hasStep: true });
  const { outcome, trace } = await carryOutOne(remove(lost), nowIs(lost));
  expect(trace).toEqual([GET, 'remove {a}']);
  expect(outcome?.status).toBe('done');
});

describe('deleting after a look that does not suffice reads again first, then the registration goes, then the Job', () => {
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
