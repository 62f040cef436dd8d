/** The loads that our rules are held to under field conditions, each with a configuration that anybody could write. */
import type { ScenarioInput } from '#tools/laboratory/scenario.ts';

/** One line of the table: a load, a configuration, and how often it is looked at. */
export type Row = {
  readonly key: string;
  readonly scenario: ScenarioInput;
  /** The groups of the configuration, as YAML. */
  readonly config: string;
  readonly everyMs: number;
};

const MINUTE_MS = 60_000;
const OWNER = { workspace: 'acme', repository: 'shop', labels: ['self.hosted', 'linux', 'builds'] };
const PODS = {
  fast: { kind: 'lognormal', median: '45s', p95: '108s' },
  slow: { kind: 'lognormal', median: '180s', p95: '432s' },
} as const;

/** What a group may say besides its strategy, as lines of YAML. */
type Written = {
  readonly max?: number;
  readonly keys?: readonly string[];
  readonly parameters?: readonly string[];
};

/** One group, looked at each minute. */
function group(strategy: string, { max = 40, keys = [], parameters = [] }: Written = {}): string {
  const lines = ['min: 1', `max: ${max}`, ...parameters].map((line) => `      ${line}\n`).join('');
  const source = strategy === 'queueAware' ? '    repositories: [shop]\n' : '';
  return `  - name: builds
    workspace: acme
    labels: [builds]
    namespace: runners
    strategy: ${strategy}
${source}${keys.map((line) => `    ${line}\n`).join('')}    parameters:
${lines}`;
}

/** A group for each of 30 repositories. */
const THIRTY_GROUPS = Array.from(
  { length: 30 },
  (_, index) => `  - name: app-${index}
    workspace: acme
    repository: app-${index}
    labels: [builds]
    namespace: runners
    strategy: queueAware
    parameters: { min: 1, max: 10 }
`,
).join('');

const RISING: ScenarioInput = {
  span: '2h',
  warmUp: '10m',
  loads: [
    { kind: 'ramp', from: 40, to: 800, over: '2h', duration: { kind: 'uniform', from: '2m', to: '4m' }, ...OWNER },
  ],
};
const BURSTS: ScenarioInput = {
  span: '8h',
  warmUp: '1h',
  startup: '45s',
  loads: [{ kind: 'burst', at: '10m7s', every: '20m3s', steps: 40, duration: '3m', ...OWNER }],
};
const WORKING_DAY: ScenarioInput = {
  span: '5d',
  loads: [{ kind: 'workingWeek', peakPerHour: 75, duration: { kind: 'exponential', mean: '5m' }, ...OWNER }],
};
const NIGHTLY: ScenarioInput = {
  span: '7d',
  warmUp: '7d',
  loads: [{ kind: 'nightly', at: '2h', steps: 60, over: '20m', duration: '10m', ...OWNER }],
};
const RANDOM_BURSTS: ScenarioInput = {
  span: '2d',
  loads: [{ kind: 'batches', perHour: 1.5, steps: { median: 15, p95: 40 }, duration: '3m', ...OWNER }],
};
/** In a workspace whose paid users have raised Bitbucket's limit for where queues are counted. */
const ONE_STEP_EACH: ScenarioInput = { ...RANDOM_BURSTS, events: '3s', queueCallsPerHour: 3_000 };
const ONE_STEP = group('queueAware', {
  max: 80,
  keys: ['recycle: { afterSteps: 1 }', 'coolDown: 1m', 'drainGrace: 60s', 'stabilisationWindow: 0s'],
  parameters: ['idleCount: 1', 'scaleFactor: 0'],
});
const REPOSITORIES: ScenarioInput = {
  span: '2d',
  loads: Array.from({ length: 30 }, (_, index) => ({
    kind: 'workingWeek' as const,
    peakPerHour: 5,
    duration: { kind: 'exponential' as const, mean: '5m' },
    workspace: 'acme',
    repository: `app-${index}`,
    labels: ['self.hosted', 'linux', 'builds'],
  })),
};

/** The shapes of real histories, with their maxima. */
const SHAPES: Readonly<Record<string, { readonly max: number; readonly load: ScenarioInput }>> = {
  matrix: {
    max: 100,
    load: {
      span: '2d',
      loads: [
        {
          kind: 'batches',
          perHour: 20,
          weekend: 0.1,
          steps: { median: 3, p95: 45 },
          duration: { kind: 'lognormal', median: '218s', p95: '1386s' },
          ...OWNER,
        },
      ],
    },
  },
  hosted: {
    max: 60,
    load: {
      span: '2d',
      loads: [
        { kind: 'poisson', perHour: 51, duration: { kind: 'lognormal', median: '278s', p95: '2946s' }, ...OWNER },
      ],
    },
  },
  long: {
    max: 20,
    load: {
      span: '7d',
      loads: [
        { kind: 'poisson', perHour: 0.5, duration: { kind: 'lognormal', median: '5305s', p95: '13525s' }, ...OWNER },
      ],
    },
  },
  nightly: {
    max: 100,
    load: {
      span: '7d',
      loads: [
        {
          kind: 'nightly',
          at: '20h',
          steps: 180,
          over: '1m',
          duration: { kind: 'lognormal', median: '57s', p95: '574s' },
          ...OWNER,
        },
        { kind: 'batches', perHour: 0.4, steps: { median: 3, p95: 8 }, duration: '1m', ...OWNER },
      ],
    },
  },
};

/** The pods of the histories' rows. */
const SPEEDS = ['fast', 'slow'] as const;

const row = (key: string, scenario: ScenarioInput, config: string, everyMs = MINUTE_MS): Row => ({
  key,
  scenario,
  config,
  everyMs,
});

/** The rows of the goals' table, but for the histories'. */
export const GOAL_ROWS: readonly Row[] = [
  ...['queueAware', 'idleBuffer'].flatMap((strategy) => [
    row(`rising/${strategy}`, RISING, group(strategy, { max: 100 })),
    row(`rising, marks at once/${strategy}`, { ...RISING, marksLate: '0s' }, group(strategy, { max: 100 })),
  ]),
  row('bursts/queueAware', BURSTS, group('queueAware')),
  row('bursts, every 10 s/queueAware', BURSTS, group('queueAware'), 10_000),
  row('working day/queueAware', WORKING_DAY, group('queueAware')),
  row(
    'working day, fixed buffer/queueAware',
    WORKING_DAY,
    group('queueAware', { parameters: ['scaleFactor: 0'], keys: ['coolDown: 2m', 'stabilisationWindow: 2m'] }),
  ),
  row('working day/idleBuffer', WORKING_DAY, group('idleBuffer')),
  row('nightly batch/queueAware', NIGHTLY, group('queueAware', { max: 70 })),
  row('random bursts/queueAware', RANDOM_BURSTS, group('queueAware')),
  row('random bursts, events/queueAware', { ...RANDOM_BURSTS, events: '3s' }, group('queueAware')),
  row('random bursts, events, one step each/queueAware', ONE_STEP_EACH, ONE_STEP),
  row('30 repositories/queueAware', REPOSITORIES, THIRTY_GROUPS),
];

/** The histories' shapes with the defaults of both strategies. */
export const SHAPE_ROWS: readonly Row[] = Object.entries(SHAPES).flatMap(([shape, { max, load }]) =>
  SPEEDS.flatMap((speed) =>
    ['queueAware', 'idleBuffer'].map((strategy) =>
      row(`${shape}, ${speed} pods/${strategy}`, { ...load, startup: PODS[speed] }, group(strategy, { max })),
    ),
  ),
);
