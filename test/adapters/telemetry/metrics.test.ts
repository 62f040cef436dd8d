import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createMetrics,
  emit,
  type MetricSet,
  metricsOf,
  metricsOfFailure,
  metricsOfInvocation,
} from '#adapters/telemetry/metrics.ts';
import type { Report } from '#core/model/report.ts';
import { reason } from '#core/reasons.ts';
import { budget, group, growing, partial, report, shrinking } from '../../doors/reports.ts';

const flat = (sets: readonly MetricSet[]) =>
  sets.map(({ group: name = 'tick', metrics }) => [
    name,
    Object.fromEntries(metrics.map((metric) => [metric.name, metric.value])),
  ]);

const TICK = { TickDuration: 420, BitbucketCalls: 5, KubernetesCalls: 8, AwsCalls: 2 };
const NO_EVENTS = { ScaledUpBy: 0, ScaledDownBy: 0, RunnersWithheld: 0, StartFailures: 0, Failures: 0 };
const NOTHING = {
  RunnersBusy: 0,
  RunnersIdle: 0,
  RunnersStarting: 0,
  RunnersDraining: 0,
  RunnersDead: 0,
  ...NO_EVENTS,
};
const FLEET = { GroupsInQuarantine: 0, PlacesOutOfReach: 0, ConfigurationRefused: 0 };
const succeeded = (groups: object) => ['tick', { TicksSucceeded: 1, TicksFailed: 0, ...TICK, ...groups, ...FLEET }];
const failed = (groups: object) => ['tick', { TicksSucceeded: 0, TicksFailed: 1, ...TICK, ...groups, ...FLEET }];
const failing = () => report({ problems: ['x'] });
const skipped = () => report({ tick: { skipped: 'lease' } });
const QUIET = { ...NOTHING, RunnersBusy: 4, RunnersIdle: 3 };
const GROWING = { ...NOTHING, RunnersBusy: 5, RunnersIdle: 1, ScaledUpBy: 4, RunnersWithheld: 2, Failures: 1 };
const SHRINKING = { ...NOTHING, RunnersBusy: 1, RunnersIdle: 9, RunnersDraining: 1, ScaledDownBy: 2 };
const PARTIAL = { ...NO_EVENTS, Failures: 1 };

function heldBack() {
  const values = { credential: 'ci', why: 'short', used: 900, limit: 1000, waitMs: 60_000 } as const;
  return group({
    name: 'labs',
    counts: { busy: 0, idle: 0, starting: 0, draining: 0, dead: 0 },
    decision: { action: 'hold', from: 0, to: 0, reason: reason('look-held-back', values) },
  });
}

describe('metrics of a report', () => {
  it.each([
    ['a quiet tick', report({ groups: [group()] }), [['linux-large', QUIET], succeeded(QUIET)]],
    [
      'growth that max limits and a create that fails',
      report({ groups: [growing('apply')] }),
      [['linux-small', GROWING], failed(GROWING)],
    ],
    [
      'retirement, its cool-down being no shortage',
      report({ groups: [shrinking('apply')] }),
      [['arm', SHRINKING], succeeded(SHRINKING)],
    ],
    [
      'a group that was not looked at: no amounts, also not in the sum, and no failure',
      report({ groups: [group(), heldBack()] }),
      [['linux-large', QUIET], ['labs', NO_EVENTS], succeeded(NO_EVENTS)],
    ],
    ['a group that could not be read', report({ groups: [partial()] }), [['beta-builds', PARTIAL], failed(PARTIAL)]],
    [
      'two groups, summed up',
      report({ groups: [group(), growing('apply')] }),
      [['linux-large', QUIET], ['linux-small', GROWING], failed({ ...GROWING, RunnersBusy: 9, RunnersIdle: 4 })],
    ],
    ['a problem of the tick', report({ problems: ['x'] }), [failed({})]],
    ['a tick that the lease kept out', report({ tick: { skipped: 'lease' } }), [['tick', { TicksSkipped: 1 }]]],
    ['a dry run', report({ tick: { mode: 'plan' }, groups: [partial()] }), [['tick', { DryRuns: 1 }]]],
  ])('%s', (_, value, expected) => {
    expect(flat(metricsOf(value, { perGroup: true }))).toEqual(expected);
  });

  it('has none per group unless asked', () => {
    expect(flat(metricsOf(report({ groups: [group()] }), { perGroup: false }))).toEqual([succeeded(QUIET)]);
  });

  it.each([
    ['max', reason('max', { max: 3, registrations: 3, withheld: 2 })],
    ['the cap of a workspace', reason('workspace-cap', { cap: 3, registrations: 3, withheld: 2 })],
    ['the cap on runners in use', reason('peak-cap', { cap: 3, committed: 3, peak: 3, withheld: 2 })],
    ['the limit on steps', reason('concurrency-limit', { limit: 3, running: 3, coming: 0, withheld: 2 })],
  ])('counts what %s withholds', (_, bound) => {
    const [[, metrics] = []] = flat(metricsOf(report({ groups: [group({ bounds: [bound] })] }), { perGroup: false }));
    expect(metrics).toMatchObject({ RunnersWithheld: 2 });
  });

  it('tells the longest wait, of each group and of all, where queues were counted', () => {
    const waiting = (longestMs: number) => ({ steps: 2, p50Ms: 1, p95Ms: 2, longestMs, still: 1 });
    const groups = [group({ waiting: waiting(90_000) }), group({ waiting: waiting(61_500) }), group()];
    const sets = flat(metricsOf(report({ groups }), { perGroup: true }));
    const longest = sets.map(([, metrics]) => (metrics as Record<string, number>).LongestWait);
    expect(longest).toEqual([90, 61.5, undefined, 90]);
  });

  it('counts what never came online, and the groups that wait because of it', () => {
    const late = reason('never-online', { ageMs: 700_000, startTimeoutMs: 600_000, pod: 'Pending' });
    const broken = reason('start-hopeless', { kind: 'image', message: 'InvalidImageName' });
    const surplus = reason('surplus', { idleMs: 1 });
    const waiting = group({
      bounds: [reason('quarantine', { failures: 2, waitMs: 60_000, withheld: 3 })],
      plan: [late, broken, surplus].map((why) => ({ action: 'remove', runner: '{1}', reason: why })),
    });
    const [[, metrics] = []] = flat(metricsOf(report({ groups: [waiting, group()] }), { perGroup: false }));
    expect(metrics).toMatchObject({ StartFailures: 2, GroupsInQuarantine: 1 });
  });

  it('counts what never came online once, however often its removal fails', () => {
    const late = reason('never-online', { ageMs: 700_000, startTimeoutMs: 600_000, pod: 'Pending' });
    const plan = ['{1}', '{2}', '{3}'].map((uuid) => ({ action: 'remove', runner: uuid, reason: late }) as const);
    const outcomes = (['failed', 'done', 'skipped'] as const).map((status) => ({ action: 'remove', status }) as const);
    const [[, metrics] = []] = flat(metricsOf(report({ groups: [group({ plan, outcomes })] }), { perGroup: false }));
    expect(metrics).toMatchObject({ StartFailures: 1 });
  });

  it('counts the places that groups have left and that cannot be read', () => {
    const left = { counts: QUIET, plan: [], outcomes: [] };
    const leftovers = [{ problems: [] }, { problems: ['x', 'y'] }, { problems: ['z'] }].map((entry) => ({
      ...left,
      ...entry,
    }));
    const value = { ...report({}), leftovers } as unknown as Report;
    const [[, metrics] = []] = flat(metricsOf(value, { perGroup: false }));
    expect(metrics).toMatchObject({ PlacesOutOfReach: 2 });
  });

  it('tells that the last good configuration is in force, of a tick that succeeds', () => {
    const configuration = { inForceSince: '2026-11-20T08:00:00.000Z', refusal: 'is refused (x)' };
    const [[, metrics] = []] = flat(metricsOf(report({ configuration }), { perGroup: false }));
    expect(metrics).toMatchObject({ ConfigurationRefused: 1, TicksSucceeded: 1, TicksFailed: 0 });
  });

  it('tells of the budget that is worst off, and of every call that Bitbucket turned away', () => {
    const budgets = [budget({ left: 400 }), budget({ limit: 60, left: 15, throttled: 2 }), budget({ throttled: 3 })];
    const [{ metrics } = { metrics: [] }] = metricsOf(report({ budgets }), { perGroup: false });
    expect(metrics.slice(6, 8)).toEqual([
      { name: 'BitbucketBudgetLeft', unit: 'Percent', value: 25 },
      { name: 'BitbucketThrottled', unit: 'Count', value: 5 },
    ]);
  });

  it('tells how long the credential that ends first still holds, where that is known', () => {
    const [[, metrics] = []] = flat(
      metricsOf(report({ credential: { expiresAt: '2026-11-26T08:00:00.000Z', daysLeft: 3 } }), { perGroup: false }),
    );
    expect(metrics).toMatchObject({ CredentialDaysLeft: 3 });
  });

  it.each([
    ['one tick that succeeded', [report()], [['tick', { InvocationsSucceeded: 1 }]]],
    ['one of several that succeeded', [failing(), report(), failing()], [['tick', { InvocationsSucceeded: 1 }]]],
    ['only failures', [failing(), failing()], [['tick', { InvocationsSucceeded: 0 }]]],
    ['a success before the lease was lost', [report(), skipped()], [['tick', { InvocationsSucceeded: 1 }]]],
    ['a failure before the lease was lost', [failing(), skipped()], [['tick', { InvocationsSucceeded: 0 }]]],
    ['no lease at all', [skipped()], []],
    ['a dry run', [report({ tick: { mode: 'plan' } })], []],
    ['no report at all', [], []],
  ])('counts an invocation once: %s', (_, reports, expected) => {
    expect(flat(metricsOfInvocation(reports))).toEqual(expected);
  });

  it('counts the invocation of a shard for that shard alone', () => {
    const [only, ...others] = metricsOfInvocation([report()], 0);
    expect(only).toEqual({ shard: 0, metrics: [{ name: 'InvocationsSucceeded', unit: 'Count', value: 1 }] });
    expect(others).toEqual([]);
  });

  it('counts a tick without a report as failed, a dry run without one as a dry run', () => {
    expect(flat(metricsOfFailure('apply'))).toEqual([['tick', { TicksSucceeded: 0, TicksFailed: 1 }]]);
    expect(flat(metricsOfFailure('plan'))).toEqual([['tick', { DryRuns: 1 }]]);
  });
});

describe('EMF', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('gives the invocation of a shard a dimension of its own', () => {
    const lines: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
    const sink = createMetrics();
    emit(sink, [...metricsOfInvocation([report()], 2), ...metricsOf(report(), { perGroup: false })]);
    vi.restoreAllMocks();
    const [shard, tick] = lines.map((line) => JSON.parse(line));
    expect([shard.shard, shard._aws.CloudWatchMetrics[0].Dimensions]).toEqual(['2', [['service', 'shard']]]);
    expect([tick.shard, tick._aws.CloudWatchMetrics[0].Dimensions]).toEqual([undefined, [['service']]]);
  });

  it('is one line per group with its dimension, and one for the tick without', () => {
    const lines: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
    const sink = createMetrics();
    emit(sink, metricsOf(report({ groups: [group(), growing('apply')] }), { perGroup: true }));
    vi.restoreAllMocks();

    const documents = lines.map((line) => JSON.parse(line));
    expect(
      documents.map(({ _aws, ...rest }) => [
        _aws.CloudWatchMetrics[0].Namespace,
        _aws.CloudWatchMetrics[0].Dimensions,
        rest.group,
      ]),
    ).toEqual([
      ['BitbucketRunnerAutoscaler', [['service', 'group']], 'linux-large'],
      ['BitbucketRunnerAutoscaler', [['service', 'group']], 'linux-small'],
      ['BitbucketRunnerAutoscaler', [['service']], undefined],
    ]);
    expect(documents[0]).toMatchObject({ RunnersBusy: 4, service: 'bitbucket-runner-autoscaler' });
    expect(documents[2]).toMatchObject({ TicksFailed: 1, TickDuration: 420 });
    expect(documents[2]).toMatchObject({ RunnersBusy: 9, service: 'bitbucket-runner-autoscaler' });
  });
});
