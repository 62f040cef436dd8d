/** Scenarios that have a name, for a first look at a configuration: each of its groups gets the load. */
import type { ScenarioInput } from './scenario.ts';

const FIVE_MINUTES = { kind: 'lognormal', median: '4m', p95: '12m' } as const;

export const NAMED_SCENARIOS: Readonly<Record<string, ScenarioInput>> = {
  burst: { span: '1d', loads: [{ kind: 'burst', at: '10m7s', steps: 30, every: '2h13m7s', duration: '5m' }] },
  'working-week': {
    span: '7d',
    loads: [{ kind: 'workingWeek', peakPerHour: 40, weekend: 0.05, duration: FIVE_MINUTES }],
  },
  nightly: { span: '3d', loads: [{ kind: 'nightly', at: '2h', steps: 60, over: '20m', duration: '10m' }] },
  trickle: { span: '1d', loads: [{ kind: 'trickle', every: '3m11s', duration: '5m' }] },
  flapping: { span: '1d', loads: [{ kind: 'flapping', on: '5m', off: '10m13s', steps: 10, duration: '4m' }] },
  poisson: { span: '1d', loads: [{ kind: 'poisson', perHour: 20, duration: FIVE_MINUTES }] },
};
