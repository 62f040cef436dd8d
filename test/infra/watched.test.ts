/** Alarms and dashboard only look at what the code emits. */
import { describe, expect, it, vi } from 'vitest';
import {
  createMetrics,
  emit,
  type MetricSet,
  metricsOf,
  metricsOfFailure,
  metricsOfInvocation,
  metricsOfWake,
  NAMESPACE,
} from '#adapters/telemetry/metrics.ts';
import { budget, group, report } from '../doors/reports.ts';
import { LARGE, ofType, resourcesOf, SMALL } from './deployments.ts';

const SERVICE = 'bitbucket-runner-autoscaler-prod';

type Emitted = { readonly namespace: string; readonly name: string; readonly dimensions: readonly string[] };

/** What really leaves the function, from every kind of tick. */
function emitted(perGroup: boolean): readonly Emitted[] {
  const sets: (readonly MetricSet[])[] = [
    metricsOf(
      report({
        groups: [group({ waiting: { steps: 1, p50Ms: 0, p95Ms: 0, longestMs: 0, still: 1 } })],
        budgets: [budget()],
        credential: { expiresAt: '2026-11-26T08:00:00.000Z', daysLeft: 3 },
      }),
      { perGroup },
    ),
    metricsOfInvocation([report()]),
    ...[0, 1, 2].map((shard) => metricsOfInvocation([report()], shard)),
    metricsOf(report({ tick: { skipped: 'lease' } }), { perGroup }),
    metricsOf(report({ tick: { mode: 'plan' } }), { perGroup }),
    metricsOfFailure('apply'),
    ...(['taken', 'refused', 'forged', 'failed'] as const).map(metricsOfWake),
  ];
  const documents: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => documents.push(String(chunk)) > 0);
  for (const set of sets) {
    emit(createMetrics(SERVICE), set);
  }
  spy.mockRestore();
  return documents.flatMap((text) => {
    const { _aws, ...values } = JSON.parse(text);
    return _aws.CloudWatchMetrics.flatMap(
      (directive: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }) =>
        directive.Metrics.map(({ Name }) => ({
          namespace: directive.Namespace,
          name: Name,
          dimensions:
            directive.Dimensions[0]?.map((name) => (name === 'group' ? name : `${name}=${values[name]}`)) ?? [],
        })),
    );
  });
}

function watched(values: Readonly<Record<string, string>>): readonly Emitted[] {
  const resources = resourcesOf(values);
  const alarms = Object.values(ofType(resources, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => ({
    namespace: String(Properties.Namespace),
    name: String(Properties.MetricName),
    dimensions: (Properties.Dimensions as { Name: string; Value: string }[]).map(
      ({ Name, Value }) => `${Name}=${Value}`,
    ),
  }));
  return [...alarms, ...widgetsOf(values).flatMap(({ metrics = [] }) => metrics.flatMap(readSeries))];
}

type Properties = { readonly metrics?: readonly (readonly unknown[])[]; readonly query?: string };

function widgetsOf(values: Readonly<Record<string, string>>): readonly Properties[] {
  const [dashboard] = Object.values(ofType(resourcesOf(values), 'AWS::CloudWatch::Dashboard'));
  const body = dashboard?.Properties.DashboardBody as { 'Fn::Sub': string };
  return JSON.parse(body['Fn::Sub']).widgets.map(({ properties }: { properties: Properties }) => properties);
}

function readSeries(series: readonly unknown[]): readonly Emitted[] {
  const [first, name, ...rest] = series;
  if (typeof first === 'string')
    return [{ namespace: first, name: String(name), dimensions: [`${rest[0]}=${rest[1]}`] }];
  const { expression } = first as { expression: string };
  const [, namespace = '', dimensions = '', metric = '', service = ''] =
    /\{(\w+),([\w,]+)\} MetricName="(\w+)" service="([\w-]+)"/.exec(expression) ?? [];
  // Arithmetic refers to series that are listed themselves.
  if (namespace === '') return [];
  return [
    {
      namespace,
      name: metric,
      dimensions: dimensions.split(',').map((one) => (one === 'service' ? `service=${service}` : one)),
    },
  ];
}

describe.each([
  ['the least', SMALL, false],
  ['everything', LARGE, true],
])('a deployment that says %s', (_, values, perGroup) => {
  it('watches only metrics that are emitted, with their dimensions', () => {
    const looked = watched(values);
    expect(looked.length).toBeGreaterThan(15);
    expect(looked.every(({ namespace }) => namespace === NAMESPACE)).toBe(true);
    const known = emitted(perGroup).map((one) => JSON.stringify(one));
    expect(looked.filter((one) => !known.includes(JSON.stringify(one)))).toEqual([]);
  });

  it('has alarms with a threshold that makes sense and that ask for action', () => {
    const alarms = Object.values(ofType(resourcesOf(values), 'AWS::CloudWatch::Alarm')).map(({ Properties: p }) =>
      [
        p.AlarmName,
        p.MetricName,
        p.Statistic,
        p.Period,
        `${p.DatapointsToAlarm}/${p.EvaluationPeriods}`,
        p.ComparisonOperator,
        p.Threshold,
        p.TreatMissingData,
        p.AlarmActions ?? 'nobody',
      ].join(' '),
    );
    expect(alarms).toMatchSnapshot();
  });
});

it('reads the groups from the log of scale', () => {
  const queries = widgetsOf(SMALL).flatMap(({ query }) => (query === undefined ? [] : [query]));
  expect(queries).toEqual([expect.stringContaining(`SOURCE '/aws/lambda/${SERVICE}-scale'`)]);
});
