/**
 * What CloudWatch is told: a pure function from a report to metrics, and their emission as EMF on stdout. A dry run
 * counts as such and as nothing else, so that looking never changes what alarms see.
 */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { FAILED_STARTS } from '#core/decide/quarantine.ts';
import type { GroupReport, Mode, Report } from '#core/model/report.ts';
import { hasFailed, wasSeen } from '#core/report.ts';
import type { DoorOutcome } from '../wake/door.ts';
import { SERVICE } from './log.ts';

export const NAMESPACE = 'BitbucketRunnerAutoscaler';

/** One number under one name; the names are listed in docs/operate.md. */
type Metric = {
  readonly name: string;
  readonly unit: 'Count' | 'Milliseconds' | 'Percent' | 'Seconds';
  readonly value: number;
};

/** Metrics that share their dimensions: those of one group, of one shard, or, without either, of the whole tick. */
export type MetricSet = {
  readonly group?: string;
  /** Its index. */
  readonly shard?: number;
  readonly metrics: readonly Metric[];
};

/**
 * The metrics of a report: the tick's, which sum up those of its groups; before it, with `perGroup`, one set per group,
 * which CloudWatch bills one by one.
 */
export function metricsOf(report: Report, { perGroup }: { readonly perGroup: boolean }): readonly MetricSet[] {
  const { mode, skipped, durationMs, calls } = report.tick;
  if (mode === 'plan') return [{ metrics: [count('DryRuns', 1)] }];
  if (skipped !== undefined) return [{ metrics: [count('TicksSkipped', 1)] }];
  const failed = hasFailed(report);
  return [
    ...(perGroup ? report.groups : []).map((group) => ({
      group: group.name,
      metrics: [...(wasSeen(group) ? amounts(group) : []), ...events(group), ...longestWait([group])],
    })),
    {
      metrics: [
        count('TicksSucceeded', failed ? 0 : 1),
        count('TicksFailed', failed ? 1 : 0),
        { name: 'TickDuration', unit: 'Milliseconds', value: durationMs },
        count('BitbucketCalls', calls.bitbucket),
        count('KubernetesCalls', calls.kubernetes),
        count('AwsCalls', calls.aws),
        ...budgetMetrics(report),
        ...(report.groups.every(wasSeen) ? sumOf(report.groups.map(amounts)) : []),
        ...sumOf(report.groups.map(events)),
        ...longestWait(report.groups),
        count('GroupsInQuarantine', report.groups.filter(({ bounds }) => bounds.some(isQuarantine)).length),
        count('PlacesOutOfReach', (report.leftovers ?? []).filter(({ problems }) => problems.length > 0).length),
        count('ConfigurationRefused', report.configuration === undefined ? 0 : 1),
        ...(report.credential === undefined ? [] : [count('CredentialDaysLeft', report.credential.daysLeft)]),
      ],
    },
  ];
}

/** The metrics of a tick that came to no report at all. */
export function metricsOfFailure(mode: Mode): readonly MetricSet[] {
  if (mode === 'plan') return [{ metrics: [count('DryRuns', 1)] }];
  return [{ metrics: [count('TicksSucceeded', 0), count('TicksFailed', 1)] }];
}

/**
 * What an invocation came to, over all its ticks that acted: each counts once, and for its shard (an index) if it has one,
 * so that a shard that is silent is missed although the others are not.
 */
export function metricsOfInvocation(reports: readonly Report[], shard?: number): readonly MetricSet[] {
  const acted = reports.filter(({ tick }) => tick.mode === 'apply' && tick.skipped === undefined);
  if (acted.length === 0) return [];
  const succeeded = acted.some((report) => !hasFailed(report));
  const metrics = [count('InvocationsSucceeded', succeeded ? 1 : 0)];
  return [shard === undefined ? { metrics } : { shard, metrics }];
}

/** What became of a request for runners, or of an event of Bitbucket. */
export function metricsOfWake(outcome: DoorOutcome): readonly MetricSet[] {
  return [{ metrics: [count(WAKES[outcome], 1)] }];
}

const WAKES: Readonly<Record<DoorOutcome, string>> = {
  taken: 'WakesTaken',
  refused: 'WakesRefused',
  stray: 'WakesStray',
  forged: 'WakesForged',
  failed: 'WakesFailed',
};

/** Left is a share, since budgets differ: of the credential that is worst off. */
function budgetMetrics({ budgets = [] }: Report): readonly Metric[] {
  if (budgets.length === 0) return [];
  const left = Math.min(...budgets.map((budget) => (100 * budget.left) / budget.limit));
  const throttled = budgets.reduce((sum, budget) => sum + budget.throttled, 0);
  return [{ name: 'BitbucketBudgetLeft', unit: 'Percent', value: left }, count('BitbucketThrottled', throttled)];
}

const isQuarantine = ({ code }: GroupReport['bounds'][number]) => code === 'quarantine';

function amounts({ counts: { busy, idle, starting, draining, dead } }: GroupReport): readonly Metric[] {
  return [
    count('RunnersBusy', busy),
    count('RunnersIdle', idle),
    count('RunnersStarting', starting),
    count('RunnersDraining', draining),
    count('RunnersDead', dead),
  ];
}

function events(group: GroupReport): readonly Metric[] {
  const { from, to } = group.decision;
  const failures = group.problems.length + group.outcomes.filter(({ status }) => status === 'failed').length;
  return [
    count('ScaledUpBy', Math.max(0, to - from)),
    count('ScaledDownBy', Math.max(0, from - to)),
    count('RunnersWithheld', withheld(group)),
    count('StartFailures', failedStarts(group)),
    count('Failures', failures),
  ];
}

/** Of the groups whose queue was ever counted; nothing is known of the others. */
function longestWait(groups: readonly GroupReport[]): readonly Metric[] {
  const known = groups.flatMap(({ waiting }) => waiting ?? []);
  if (known.length === 0) return [];
  return [{ name: 'LongestWait', unit: 'Seconds', value: Math.max(...known.map(({ longestMs }) => longestMs)) / 1000 }];
}

/** Each failed start counts once, with the tick that removes it: one whose removal fails is planned again. */
function failedStarts({ plan, outcomes }: GroupReport): number {
  const isDone = (index: number) => outcomes[index] === undefined || outcomes[index].status === 'done';
  return plan.filter(({ reason }, index) => FAILED_STARTS.includes(reason.code) && isDone(index)).length;
}

/** Metric by metric, over all the groups. A fleet without groups has none of them. */
function sumOf(groups: readonly (readonly Metric[])[]): readonly Metric[] {
  const [first = []] = groups;
  return first.map((metric, index) => ({
    ...metric,
    value: groups.reduce((sum, metrics) => sum + (metrics[index]?.value ?? 0), 0),
  }));
}

/** Runners that are wanted and that `max` or a cap of the workspace does not allow: work is waiting, and will wait. */
function withheld({ bounds }: GroupReport): number {
  let sum = 0;
  for (const { code, values } of bounds) {
    if (code === 'max' || code === 'workspace-cap' || code === 'peak-cap' || code === 'concurrency-limit') {
      sum += values.withheld;
    }
  }
  return sum;
}

function count(name: string, value: number): Metric {
  return { name, unit: 'Count', value };
}

/** The sink for metrics; `POWERTOOLS_METRICS_DISABLED=true` silences it. */
export function createMetrics(serviceName = SERVICE): Metrics {
  return new Metrics({ namespace: NAMESPACE, serviceName });
}

/** Emits each set as its own line, at once: dimensions apply to a whole line, and an invocation can end early. */
export function emit(sink: Metrics, sets: readonly MetricSet[]): void {
  for (const { group, shard, metrics } of sets) {
    if (group !== undefined) sink.addDimension('group', group);
    if (shard !== undefined) sink.addDimension('shard', String(shard));
    for (const { name, unit, value } of metrics) sink.addMetric(name, MetricUnit[unit], value);
    sink.publishStoredMetrics();
  }
}
