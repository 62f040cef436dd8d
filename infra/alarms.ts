/**
 * The alarms. Their metrics are those of the whole fleet or of a shard, since a template does not know the groups; what to
 * do about each alarm is in docs/operate.md.
 */

import { WARNING_DAYS } from '#adapters/credential-expiry.ts';
import { NAMESPACE } from '#adapters/telemetry/metrics.ts';
import { nameOf, type Resource, type Resources } from './cloudformation.ts';
import type { Parameters } from './parameters.ts';

type Alarm = {
  readonly name: string;
  readonly description: string;
  readonly metric: string;
  /** Of one shard, by its index; absent: of the whole fleet. */
  readonly shard?: number;
  readonly statistic: 'Sum' | 'Maximum' | 'Minimum';
  readonly periodMinutes: number;
  /** How many of the latest periods are looked at, and how many of them have to be bad. */
  readonly of: number;
  readonly bad: number;
  readonly threshold: number;
  readonly comparison: 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold';
  readonly missing: 'breaching' | 'notBreaching';
};

/** Looking leaves a quarter of the calls to what is more important; below this share creates have taken of it, too. */
const CALLS_LEFT_PERCENT = 20;

/** Ticks that last longer get in the way of the next minute's. */
const SLOW_TICK_SECONDS = 45;

/** A tenth of what Bitbucket lets a step wait before it fails. */
const LONG_WAIT_SECONDS = 900;

/** The alarms. Without a topic they are still seen in the console and on the dashboard. */
export function alarmResources(parameters: Parameters): Resources {
  return Object.fromEntries(
    alarmsOf(parameters).map((alarm) => [`${pascalCase(alarm.name)}Alarm`, alarmResource(parameters, alarm)]),
  );
}

function alarmsOf(parameters: Parameters): readonly Alarm[] {
  const perTick: PerTick = {
    periodMinutes: parameters.everyMinutes,
    comparison: 'GreaterThanOrEqualToThreshold',
    missing: 'notBreaching',
  };
  return [
    ...tickAlarms(parameters, perTick),
    ...groupAlarms(perTick),
    ...surroundingAlarms(perTick),
    ...(parameters.wake ? wakeAlarms : []),
  ];
}

/** What alarms have in common that look at single ticks. */
type PerTick = Pick<Alarm, 'periodMinutes' | 'comparison' | 'missing'>;

/** Whether ticks run. */
function tickAlarms({ everyMinutes, shards }: Parameters, perTick: PerTick): readonly Alarm[] {
  const silentMinutes = Math.max(5, 3 * everyMinutes);
  const silent = {
    name: 'no-successful-tick',
    description: `No tick has succeeded for ${silentMinutes} minutes: nothing scales.`,
    metric: 'InvocationsSucceeded',
    statistic: 'Sum',
    periodMinutes: silentMinutes,
    of: 1,
    bad: 1,
    threshold: 1,
    comparison: 'LessThanThreshold',
    missing: 'breaching',
  } as const satisfies Alarm;
  const silentShard = (shard: number): Alarm => ({
    ...silent,
    name: `${silent.name}-${shard}`,
    description: `No tick of shard ${shard} has succeeded for ${silentMinutes} minutes: nothing of its part scales.`,
    shard,
  });
  return [
    ...(shards === 1 ? [silent] : Array.from({ length: shards }, (_, shard) => silentShard(shard))),
    {
      ...perTick,
      name: 'failed-ticks',
      description: 'Ticks fail again and again: some group, workspace or cluster is not scaled.',
      metric: 'TicksFailed',
      statistic: 'Sum',
      of: 5,
      bad: 3,
      threshold: 1,
    },
    {
      ...perTick,
      name: 'slow-ticks',
      description: `Ticks take more than ${SLOW_TICK_SECONDS} s of the minute that they have.`,
      metric: 'TickDuration',
      statistic: 'Maximum',
      of: 5,
      bad: 3,
      threshold: SLOW_TICK_SECONDS * 1_000,
    },
  ];
}

/** Whether groups get what they need. */
function groupAlarms(perTick: PerTick): readonly Alarm[] {
  return [
    {
      ...perTick,
      name: 'work-is-waiting',
      description:
        'Groups want more runners than max or the cap of the workspace allows, or runners lost with their nodes take the places.',
      metric: 'RunnersWithheld',
      statistic: 'Maximum',
      of: 15,
      bad: 15,
      threshold: 1,
    },
    {
      ...perTick,
      name: 'steps-wait-long',
      description: `Steps of some group have waited for more than ${LONG_WAIT_SECONDS / 60} minutes; after 150 they fail.`,
      metric: 'LongestWait',
      statistic: 'Maximum',
      of: 5,
      bad: 3,
      threshold: LONG_WAIT_SECONDS,
    },
    {
      ...perTick,
      name: 'starts-fail',
      description: 'Runners of some group do not come online, so that the group is in quarantine.',
      metric: 'GroupsInQuarantine',
      statistic: 'Maximum',
      of: 15,
      bad: 3,
      threshold: 1,
    },
  ];
}

/** Whether what the autoscaler rests on holds: its configuration, Bitbucket, and its credentials there. */
function surroundingAlarms(perTick: PerTick): readonly Alarm[] {
  return [
    {
      ...perTick,
      name: 'places-out-of-reach',
      description:
        'A place that a group has left, where runners may still be, cannot be read: its access went with it.',
      metric: 'PlacesOutOfReach',
      statistic: 'Maximum',
      of: 15,
      bad: 15,
      threshold: 1,
    },
    {
      ...perTick,
      name: 'configuration-refused',
      description: 'The configuration cannot be used; the last good one is in force.',
      metric: 'ConfigurationRefused',
      statistic: 'Maximum',
      of: 5,
      bad: 3,
      threshold: 1,
    },
    {
      name: 'credential-expires',
      description: `A credential of Bitbucket ends in less than ${WARNING_DAYS} days, as its secret says.`,
      metric: 'CredentialDaysLeft',
      statistic: 'Minimum',
      periodMinutes: 60,
      of: 1,
      bad: 1,
      threshold: WARNING_DAYS,
      comparison: 'LessThanThreshold',
      missing: 'notBreaching',
    },
    {
      ...perTick,
      name: 'bitbucket-limit',
      description: `Of the hourly calls of a credential less than ${CALLS_LEFT_PERCENT} % are left: only removals and creates go on.`,
      metric: 'BitbucketBudgetLeft',
      statistic: 'Minimum',
      of: 15,
      bad: 5,
      threshold: CALLS_LEFT_PERCENT,
      comparison: 'LessThanThreshold',
    },
    {
      ...perTick,
      name: 'bitbucket-throttled',
      description: 'Bitbucket turns calls away (429), so that groups are not looked at.',
      metric: 'BitbucketThrottled',
      statistic: 'Maximum',
      of: 5,
      bad: 3,
      threshold: 1,
    },
  ];
}

const perMinute = {
  statistic: 'Sum',
  periodMinutes: 1,
  comparison: 'GreaterThanOrEqualToThreshold',
  missing: 'notBreaching',
} as const;

/** Whether pipelines get what they ask for, and whether somebody tries to pass for one. */
const wakeAlarms: readonly Alarm[] = [
  {
    ...perMinute,
    name: 'wakes-refused',
    description: 'Pipelines ask for runners that they may not have: their steps fail, or run without a wake.',
    metric: 'WakesRefused',
    of: 15,
    bad: 3,
    threshold: 1,
  },
  {
    ...perMinute,
    name: 'wakes-forged',
    description: 'Somebody sends requests or events that nobody has signed.',
    metric: 'WakesForged',
    of: 5,
    bad: 3,
    threshold: 10,
  },
  {
    ...perMinute,
    name: 'wakes-fail',
    description: 'Requests of pipelines cannot be answered: the table, the configuration or the keys are out of reach.',
    metric: 'WakesFailed',
    of: 5,
    bad: 3,
    threshold: 1,
  },
];

function alarmResource(parameters: Parameters, alarm: Alarm): Resource {
  const actions = parameters.alarmTopic === undefined ? [] : [parameters.alarmTopic];
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${nameOf(parameters)}-${alarm.name}`,
      AlarmDescription: `${alarm.description} See docs/operate.md.`,
      Namespace: NAMESPACE,
      MetricName: alarm.metric,
      Dimensions: [
        { Name: 'service', Value: nameOf(parameters) },
        ...(alarm.shard === undefined ? [] : [{ Name: 'shard', Value: String(alarm.shard) }]),
      ],
      Statistic: alarm.statistic,
      Period: alarm.periodMinutes * 60,
      EvaluationPeriods: alarm.of,
      DatapointsToAlarm: alarm.bad,
      Threshold: alarm.threshold,
      ComparisonOperator: alarm.comparison,
      TreatMissingData: alarm.missing,
      // Silence is what was asked for.
      ActionsEnabled: parameters.enabled,
      ...(actions.length === 0 ? {} : { AlarmActions: actions, OKActions: actions }),
    },
  };
}

function pascalCase(name: string): string {
  return name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
