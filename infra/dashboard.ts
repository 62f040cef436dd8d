/**
 * The dashboard: the fleet in numbers, from metrics; the groups from the log, which costs nothing per group. With
 * metrics per group there is a graph of those, too.
 */
import { NAMESPACE } from '#adapters/telemetry/metrics.ts';
import { nameOf, type Resources } from './cloudformation.ts';
import { TIMEOUT_SECONDS } from './functions.ts';
import type { Parameters } from './parameters.ts';

type Widget = { readonly type: 'metric' | 'log'; readonly properties: Readonly<Record<string, unknown>> };

const WIDTH = 12;
const HEIGHT = 6;
const REGION = `\${AWS::Region}`;

/** The dashboard of the deployment. */
export function dashboardResources(parameters: Parameters): Resources {
  const widgets = widgetsOf(parameters).map((widget, index) => ({
    ...widget,
    x: (index % 2) * WIDTH,
    y: Math.floor(index / 2) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
  }));
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        DashboardName: nameOf(parameters),
        DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets }) },
      },
    },
  };
}

function widgetsOf(parameters: Parameters): readonly Widget[] {
  const graph = (title: string, metrics: readonly unknown[], more: object = {}): Widget => ({
    type: 'metric',
    properties: { title, region: REGION, view: 'timeSeries', period: parameters.everyMinutes * 60, metrics, ...more },
  });
  const sums = (...names: readonly string[]) => names.map((name) => series(parameters, name, { stat: 'Sum' }));
  return [
    graph('Runners by state', levels(parameters, ['Busy', 'Idle', 'Starting', 'Draining', 'Dead']), { stacked: true }),
    graph('Decisions: runners', sums('ScaledUpBy', 'ScaledDownBy', 'RunnersWithheld')),
    graph('Ticks', sums('TicksSucceeded', 'TicksFailed', 'TicksSkipped', 'ConfigurationRefused')),
    graph(
      'Tick time',
      [
        series(parameters, 'TickDuration', { stat: 'Average' }),
        series(parameters, 'TickDuration', { stat: 'Maximum' }),
      ],
      { annotations: { horizontal: [{ label: 'time-out', value: TIMEOUT_SECONDS * 1_000 }] } },
    ),
    graph('Calls', sums('BitbucketCalls', 'KubernetesCalls', 'AwsCalls', 'BitbucketThrottled')),
    graph('Hourly calls to Bitbucket: % left', [series(parameters, 'BitbucketBudgetLeft', { stat: 'Minimum' })]),
    graph('Starts that fail', sums('StartFailures', 'GroupsInQuarantine')),
    ...(parameters.wake
      ? [graph('Requests for runners, and events', sums('WakesTaken', 'WakesRefused', 'WakesForged', 'WakesFailed'))]
      : []),
    groupTable(parameters),
    ...(parameters.groupMetrics ? [groupGraph(parameters)] : []),
  ];
}

function series(parameters: Parameters, name: string, options: object): readonly unknown[] {
  return [NAMESPACE, name, 'service', nameOf(parameters), options];
}

/** Each shard counts its own part of the runners once per tick: their mean, times the shards, is the fleet. */
function levels(parameters: Parameters, states: readonly string[]): readonly unknown[] {
  const { shards } = parameters;
  return states.flatMap((state) => {
    const id = state.toLowerCase();
    const metric = (options: object) => series(parameters, `Runners${state}`, { stat: 'Average', ...options });
    if (shards === 1) return [metric({ label: id })];
    return [metric({ id, visible: false }), [{ expression: `${id} * ${shards}`, label: id, id: `${id}InAll` }]];
  });
}

function groupTable(parameters: Parameters): Widget {
  const query = [
    `SOURCE '/aws/lambda/${nameOf(parameters)}-scale'`,
    'filter ispresent(group.name)',
    'stats latest(group.counts.busy) as busy, latest(group.counts.idle) as idle, latest(group.counts.starting) as starting, ' +
      'latest(group.decision.to) as wanted, latest(group.decision.reason.text) as why by group.name',
    'sort busy desc',
  ];
  return {
    type: 'log',
    properties: {
      title: 'Groups, as the latest tick saw them',
      region: REGION,
      view: 'table',
      query: query.join(' | '),
    },
  };
}

function groupGraph(parameters: Parameters): Widget {
  const search = `SEARCH('{${NAMESPACE},service,group} MetricName="RunnersBusy" service="${nameOf(parameters)}"', 'Average', 60)`;
  return {
    type: 'metric',
    properties: {
      title: 'Busy runners by group',
      region: REGION,
      view: 'timeSeries',
      metrics: [[{ expression: search, id: 'groups' }]],
    },
  };
}
