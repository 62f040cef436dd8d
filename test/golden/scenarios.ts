/** The simulated worlds whose ticks are recorded: every strategy, limit and kind of trouble at least once. */
import { createRandom } from '#tools/simulator/random.ts';
import { callText, type Scenario, type StepAt } from './play.ts';

const GUIDE = {
  scale_up_threshold: 0.5,
  scale_down_threshold: 0.2,
  scale_up_multiplier: 1.5,
  scale_down_multiplier: 0.5,
};

const BUFFER = { idleCount: 1, scaleFactor: 0.5, scaleFactorLimit: 3 };

function percentage(name: string, bounds: { min: number; max: number }, more: object = {}): object {
  return of(name, 'percentageRunnersIdle', { ...bounds, ...GUIDE }, more);
}

function idleBuffer(name: string, bounds: { min: number; max: number }, more: object = {}): object {
  return of(name, 'idleBuffer', { ...bounds, ...BUFFER }, more);
}

function queueAware(name: string, bounds: { min: number; max: number }, more: object = {}): object {
  return of(name, 'queueAware', { ...bounds, ...BUFFER }, more);
}

function of(name: string, strategy: string, parameters: object, more: object): object {
  return {
    name,
    workspace: 'acme',
    labels: [name],
    namespace: 'runners',
    strategy,
    parameters,
    coolDown: '3m',
    ...more,
  };
}

/** Bursts of steps for a label, at random minutes; the same for the same seed. */
function bursts(
  seed: number,
  label: string,
  { until = 40, repository = 'shop', workspace = 'acme', most = 6 } = {},
): StepAt[] {
  const random = createRandom(seed);
  const steps: StepAt[] = [];
  for (let minute = random.between(1, 6); minute < until; minute += random.between(2, 11)) {
    const count = random.between(1, most);
    for (let step = 0; step < count; step += 1) {
      steps.push({ minute, workspace, repository, labels: [label], minutes: random.between(1, 9) });
    }
  }
  return steps;
}

/** Pods take longer or shorter by the minute in which they start, and not by whose turn it is. */
function uneven(minute: () => number): () => number {
  return () => 20_000 + ((minute() * 7_919) % 101) * 900;
}

/** A call by its beginning, the minutes in which it fails, and whether it does so after it has happened. */
type Failing = readonly [call: string, when: (minute: number) => boolean, outcome?: 'unknown'];

function fail(rows: readonly Failing[], status = 403): Scenario['disturb'] {
  return (call, minute) => {
    const text = callText(call);
    const row = rows.find(([start, when]) => text.startsWith(start) && when(minute));
    if (row === undefined) return undefined;
    const happens = row[2] === 'unknown';
    const message = `${call.port}.${call.method} ${happens ? 'got no answer' : `was answered with ${status}`}.`;
    return happens ? { message, happens } : { message, status };
  };
}

const NEVER = 24 * 60 * 60_000;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'strategies',
    config: {
      workspaces: { acme: { maxRunners: 22 } },
      groups: [
        percentage('guide', { min: 1, max: 10 }),
        idleBuffer('buffer', { min: 2, max: 9 }, { weight: 2, stabilisationWindow: '4m' }),
        queueAware('queue', { min: 1, max: 12 }, { repositories: ['shop', 'api'], maxCreatesPerTick: 3 }),
        percentage('site', { min: 0, max: 3 }, { repository: 'site', labels: ['own'], coolDown: '0s' }),
      ],
    },
    world: (minute) => ({ startupMs: uneven(minute) }),
    ticks: 22,
    steps: [
      ...bursts(1, 'guide'),
      ...bursts(2, 'buffer', { most: 5 }),
      ...bursts(3, 'queue', { repository: 'api', most: 9 }),
      ...bursts(4, 'queue', { repository: 'shop', until: 20 }),
      ...bursts(5, 'own', { repository: 'site', most: 3 }),
    ],
  },
  {
    name: 'schedules',
    config: {
      groups: [
        percentage(
          'office',
          { min: 1, max: 4 },
          {
            schedules: [
              { name: 'day', days: ['mon-fri'], from: '07:00', to: '19:00', timezone: 'Europe/Berlin', min: 4, max: 8 },
              { name: 'lunch', from: '12:00', to: '13:00', timezone: 'Europe/Berlin', min: 0, max: 2 },
            ],
          },
        ),
        idleBuffer(
          'always',
          { min: 0, max: 5 },
          {
            schedules: [{ name: 'on', from: '00:00', to: '24:00', timezone: 'UTC', min: 1, max: 6 }],
          },
        ),
        queueAware(
          'night',
          { min: 0, max: 2 },
          {
            repositories: ['shop'],
            schedules: [{ name: 'night', from: '22:00', to: '06:30', timezone: 'America/New_York', min: 1, max: 9 }],
          },
        ),
      ],
    },
    // 25 minutes a tick, over a day on which clocks are put back in Berlin the day before.
    world: () => ({ start: Date.parse('2026-10-26T04:30Z') }),
    ticks: 24,
    everySeconds: 1500,
    steps: [
      ...bursts(11, 'office', { until: 560, most: 9 }).filter(({ minute }) => minute % 3 === 0),
      ...bursts(12, 'night', { until: 300, most: 4 }).filter(({ minute }) => minute % 2 === 0),
    ],
  },
  {
    name: 'budget of calls',
    config: {
      groups: [
        percentage('many', { min: 30, max: 40 }),
        queueAware('site', { min: 1, max: 6 }, { repository: 'site', labels: ['own'] }),
        percentage('labs', { min: 20, max: 30 }, { workspace: 'labs' }),
      ],
    },
    world: (minute) => ({ callsPerHour: 60, startupMs: uneven(minute) }),
    ticks: 36,
    everySeconds: 120,
    steps: [...bursts(21, 'many', { until: 60 }), ...bursts(22, 'own', { repository: 'site', until: 60, most: 9 })],
  },
  {
    name: 'turned away by Bitbucket',
    config: { groups: [percentage('builds', { min: 1, max: 8 }), queueAware('queue', { min: 1, max: 6 })] },
    world: () => ({ callsPerHour: 1000 }),
    ticks: 26,
    steps: [...bursts(31, 'builds'), ...bursts(32, 'queue')],
    disturb: fail(
      [
        ['runners.list', (minute) => [9, 10, 13, 22].includes(minute)],
        ['pipelines.', (minute) => minute > 15 && minute < 20],
      ],
      429,
    ),
  },
  {
    name: 'queues',
    config: {
      groups: [
        queueAware('named', { min: 1, max: 9 }, { repositories: ['shop', 'api'] }),
        queueAware('asked', { min: 1, max: 9 }, { repositoryQuery: 'a' }),
        queueAware('all', { min: 0, max: 6 }, { stabilisationWindow: '0s' }),
        queueAware('site', { min: 1, max: 6 }, { repository: 'site', labels: ['own'] }),
      ],
    },
    ticks: 18,
    steps: [
      ...bursts(41, 'named', { most: 9 }),
      ...bursts(42, 'named', { repository: 'api' }),
      ...bursts(43, 'asked', { repository: 'apps', most: 12 }),
      ...bursts(44, 'asked', { repository: 'other' }),
      ...bursts(45, 'all', { repository: 'docs' }),
      ...bursts(46, 'own', { repository: 'site', most: 9 }),
    ],
    disturb: fail([
      ['pipelines.openPipelines acme/shop', (minute) => minute % 6 === 5],
      ['pipelines.recentRepositories', (minute) => minute % 8 === 6],
      ['pipelines.waitingSteps acme/site', (minute) => minute % 7 === 3],
    ]),
  },
  {
    name: 'reads and writes that fail',
    config: {
      groups: [
        percentage('builds', { min: 2, max: 8 }),
        idleBuffer('site', { min: 1, max: 4 }, { repository: 'site', labels: ['own'] }),
        percentage('else', { min: 1, max: 4 }, { namespace: 'elsewhere' }),
        percentage('labs', { min: 1, max: 3 }, { workspace: 'labs' }),
      ],
    },
    ticks: 32,
    steps: [...bursts(51, 'builds'), ...bursts(52, 'own', { repository: 'site', most: 3 })],
    disturb: fail([
      ['runners.list acme/site', (minute) => minute % 8 === 4],
      ['runners.identify', (minute) => minute < 3],
      ['runners.get', (minute) => minute % 4 === 3],
      ['jobs.list main/elsewhere', (minute) => minute % 9 === 5],
      ['state.load', (minute) => minute % 12 === 7],
      ['state.save', (minute) => minute === 8, 'unknown'],
      ['state.save', (minute) => minute === 18],
      ['state.appendTick', (minute) => minute % 15 === 9],
      ['state.acquireLease', (minute) => minute === 21],
      ['state.releaseLease', (minute) => minute === 22],
    ]),
  },
  {
    name: 'actions that fail',
    config: {
      groups: [
        percentage('builds', { min: 3, max: 9 }),
        idleBuffer('tests', { min: 2, max: 8 }, { startTimeout: '4m' }),
      ],
    },
    ticks: 26,
    steps: [...bursts(61, 'builds', { until: 50 }), ...bursts(62, 'tests', { until: 45 })],
    disturb: fail([
      ['runners.register', (minute) => minute === 0],
      ['runners.register', (minute) => minute === 2, 'unknown'],
      ['runners.remove', (minute) => minute % 9 === 5, 'unknown'],
      ['runners.remove', (minute) => minute % 9 === 7],
      ['runners.disable', (minute) => minute % 6 === 1],
      ['jobs.createJob', (minute) => minute === 4],
      ['jobs.createJob', (minute) => minute === 9, 'unknown'],
      ['jobs.createSecret', (minute) => minute === 13],
      ['jobs.createSecret', (minute) => minute === 18, 'unknown'],
      ['jobs.deleteJob', (minute) => minute % 14 === 13],
      ['jobs.protectPod', (minute) => minute % 5 === 2],
    ]),
  },
  {
    name: 'starts that fail',
    config: {
      groups: [
        percentage('late', { min: 2, max: 6 }, { startTimeout: '3m' }),
        idleBuffer('crashing', { min: 1, max: 5 }, { startTimeout: '5m' }),
        percentage('homeless', { min: 2, max: 5 }, { startTimeout: '3m' }),
      ],
    },
    world: (minute) => ({ startupMs: () => (minute() < 16 ? NEVER : 40_000) }),
    ticks: 28,
    meddle: ({ bitbucket, cluster }, minute) => {
      for (const { name, uuid } of bitbucket.list({ workspace: 'acme' })) {
        if (name === 'homeless' && minute % 3 === 1)
          cluster.refuse(uuid, '0/3 nodes are available: 3 Insufficient cpu.');
        if (name === 'crashing' && minute % 4 === 2) cluster.crash(uuid, minute % 8 === 2);
      }
    },
  },
  {
    name: 'the public surface',
    config: (minute) => ({
      workspaces: { acme: { maxRunners: 12, api: 'public' }, labs: { api: 'public' } },
      groups: [
        percentage('builds', { min: 2, max: 7 }, { drainGrace: '30s', coolDown: '2m' }),
        idleBuffer('quiet', { min: minute < 10 ? 3 : 1, max: 4 }, { workspace: 'labs' }),
      ],
    }),
    world: () => ({ stepLagMs: 40_000, bitbucketSkewMs: 20_000, clusterSkewMs: -30_000 }),
    ticks: 30,
    steps: bursts(81, 'builds', { most: 5 }),
    meddle: (world, minute) => {
      const { bitbucket } = world;
      if (minute === 7) {
        const mark = ['autoscaler.created', 'linux', 'old', 'self.hosted'];
        bitbucket.register({ workspace: 'acme' }, { name: 'stranger', labels: mark });
        bitbucket.register({ workspace: 'acme' }, { name: 'by-hand', labels: ['linux', 'self.hosted'] });
      }
      const [first, second] = bitbucket.list({ workspace: 'acme' }).filter(({ status }) => status === 'ONLINE');
      if (minute === 12 && first !== undefined) bitbucket.setStatus(first.uuid, 'UNKNOWN', 'HIBERNATING');
      if (minute === 16 && second !== undefined) bitbucket.setStatus(second.uuid, 'UNHEALTHY');
      if (minute === 18 && first !== undefined) bitbucket.setStatus(first.uuid, 'OFFLINE');
      if (minute === 27 && first !== undefined) bitbucket.setStatus(first.uuid, 'DISABLED');
    },
  },
  {
    name: 'slots of a plan',
    config: {
      workspaces: { acme: { maxRunners: 30, maxConcurrentRunners: 7, pricePerSlot: 12.5 } },
      groups: [percentage('builds', { min: 2, max: 9 }), queueAware('queue', { min: 1, max: 9 }, { weight: 3 })],
    },
    // Over the end of a month.
    world: (minute) => ({ start: Date.parse('2026-11-30T23:45Z'), startupMs: uneven(minute) }),
    ticks: 26,
    steps: [...bursts(91, 'builds'), ...bursts(92, 'queue', { most: 8 })],
  },
  {
    name: 'a fleet that changes',
    config: (minute) => ({
      constants: { runner_cool_down_period: minute < 20 ? 120 : 240 },
      groups: [
        percentage('builds', minute < 15 ? { min: 3, max: 9 } : { min: 1, max: 4 }, { coolDown: undefined }),
        ...(minute < 25 || minute >= 34 ? [idleBuffer('tests', { min: 2, max: 5 })] : []),
        percentage('labs', { min: 1, max: 3 }, { workspace: 'labs', labels: minute < 30 ? ['labs'] : ['labs', 'new'] }),
      ],
    }),
    ticks: 40,
    steps: [...bursts(101, 'builds', { most: 9 }), ...bursts(102, 'tests', { until: 50 })],
    meddle: ({ bitbucket }, minute) => {
      // Somebody deletes a registration by hand: its Job is left.
      const [first] = bitbucket.list({ workspace: 'acme' });
      if (minute === 18 && first !== undefined) bitbucket.remove({ workspace: 'acme' }, first.uuid);
    },
    request: (minute) => ({
      ...(minute % 6 === 5 && { mode: 'plan' }),
      ...(minute % 10 === 3 && { workspaces: ['labs'] }),
      ...(minute % 10 === 7 && minute < 20 && { groups: ['tests'] }),
      ...(minute === 39 && { groups: ['nobody'] }),
      ...(minute === 28 && { hasTime: () => false }),
      ...(minute % 12 === 9 && { circumstances: () => ({ notes: [`a note of minute ${minute}`] }) }),
    }),
  },
];
