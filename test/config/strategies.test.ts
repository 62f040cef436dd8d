/** What each strategy takes as parameters, what it makes of them, and what it refuses because it is another one's. */
import { describe, expect, it } from 'vitest';
import { loadFleet } from '#config/load.ts';
import type { Strategy } from '#core/model/configuration.ts';
import { PARAMETERS, problemsOf, warningsOf, withGroup } from './samples.ts';

const BOUNDS = { min: 1, max: 10 };
const WINDOW = {
  name: 'day',
  days: ['mon-fri'],
  from: '07:00',
  to: '19:00',
  timezone: 'Europe/Berlin',
  min: 5,
  max: 40,
};

async function groupOf(changes: Record<string, unknown>, file: Record<string, unknown> = {}) {
  const { fleet } = await loadFleet('test', { readText: async () => withGroup(changes, file) });
  return fleet.groups[0];
}

describe('what a group becomes', () => {
  type Row = { readonly name: string; readonly changes: Record<string, unknown>; readonly strategy: Strategy };
  const buffer = { idleCount: 1, scaleFactor: 0, scaleFactorLimit: 10, learned: true } as const;
  const all = { idleCount: 2, scaleFactor: 0.5, scaleFactorLimit: 8 };
  const rows: readonly Row[] = [
    {
      name: 'idleBuffer with its bounds only: one idle runner, whatever the load',
      changes: { strategy: 'idleBuffer', parameters: BOUNDS },
      strategy: { kind: 'idleBuffer', ...buffer },
    },
    {
      name: 'idleBuffer with all parameters',
      changes: { strategy: 'idleBuffer', parameters: { ...BOUNDS, ...all } },
      strategy: { kind: 'idleBuffer', ...all },
    },
    {
      name: 'a buffer that may be empty',
      changes: { strategy: 'idleBuffer', parameters: { ...BOUNDS, idleCount: 0, scaleFactor: 0.5 } },
      strategy: { kind: 'idleBuffer', idleCount: 0, scaleFactor: 0.5, scaleFactorLimit: 10 },
    },
    {
      name: 'a window with a higher max: the buffer may fill it',
      changes: { strategy: 'idleBuffer', parameters: BOUNDS, schedules: [WINDOW] },
      strategy: { kind: 'idleBuffer', ...buffer, scaleFactorLimit: 40 },
    },
    {
      name: 'queueAware: all repositories of the workspace',
      changes: { strategy: 'queueAware', parameters: { ...BOUNDS, ...all } },
      strategy: { kind: 'queueAware', ...all, repositories: { kind: 'query' } },
    },
    {
      name: 'queueAware: repositories by name, in their canonical form',
      changes: { strategy: 'queueAware', parameters: BOUNDS, repositories: ['Web', 'api'] },
      strategy: { kind: 'queueAware', ...buffer, repositories: { kind: 'named', names: ['web', 'api'] } },
    },
    {
      name: 'queueAware: repositories by a query',
      changes: { strategy: 'queueAware', parameters: BOUNDS, repositoryQuery: 'project.key="CI"' },
      strategy: { kind: 'queueAware', ...buffer, repositories: { kind: 'query', query: 'project.key="CI"' } },
    },
    {
      name: 'queueAware of a repository: that one',
      changes: { strategy: 'queueAware', parameters: BOUNDS, repository: 'site' },
      strategy: { kind: 'queueAware', ...buffer, repositories: { kind: 'named', names: ['site'] } },
    },
  ];

  it.each(rows)('$name', async ({ changes, strategy }) => {
    expect(problemsOf(withGroup(changes))).toEqual([]);
    expect(warningsOf(withGroup(changes))).toEqual([]);
    expect((await groupOf(changes))?.strategy).toEqual(strategy);
  });

  it.each([
    ['percentageRunnersIdle', PARAMETERS, undefined, 0],
    ['idleBuffer', BOUNDS, undefined, 120_000],
    ['queueAware', BOUNDS, undefined, 120_000],
    ['idleBuffer', { ...BOUNDS, scaleFactor: 0 }, undefined, 300_000],
    ['queueAware', { ...BOUNDS, scaleFactor: 0.5 }, undefined, 300_000],
    ['percentageRunnersIdle', PARAMETERS, '10m', 600_000],
    ['idleBuffer', BOUNDS, 0, 0],
  ])('stabilisationWindow of %s (%o): %o is %d ms', async (strategy, parameters, stabilisationWindow, ms) => {
    expect((await groupOf({ strategy, parameters, stabilisationWindow }))?.stabilisationWindowMs).toBe(ms);
  });

  it.each([
    ['percentageRunnersIdle', PARAMETERS, {}, 300_000],
    ['idleBuffer', BOUNDS, {}, 120_000],
    ['queueAware', { ...BOUNDS, scaleFactor: 0 }, {}, 300_000],
    ['idleBuffer', BOUNDS, { constants: { runner_cool_down_period: 300 } }, 300_000],
    ['idleBuffer', BOUNDS, { constants: {} }, 120_000],
  ])('coolDown of %s (%o) in a file with %o is %d ms', async (strategy, parameters, file, ms) => {
    expect((await groupOf({ strategy, parameters }, file))?.coolDownMs).toBe(ms);
  });
});

describe('refused', () => {
  const idleBuffer = (parameters: Record<string, unknown>) => ({
    strategy: 'idleBuffer',
    parameters: { ...BOUNDS, ...parameters },
  });
  const queueAware = { strategy: 'queueAware', parameters: BOUNDS };

  it.each([
    [
      'a parameter of the other strategies',
      { parameters: { ...PARAMETERS, idleCount: 2 } },
      [
        'parameters.idleCount: belongs to idleBuffer and queueAware, and this group has percentageRunnersIdle; remove it, or change the strategy',
      ],
    ],
    [
      "parameters of Atlassian's rule, in either spelling",
      idleBuffer({ scale_up_threshold: 0.5, scaleDownMultiplier: 0.5 }),
      [
        'parameters.scale_up_threshold: belongs to percentageRunnersIdle, and this group has idleBuffer; remove it, or change the strategy',
        'parameters.scaleDownMultiplier: belongs to percentageRunnersIdle, and this group has idleBuffer; remove it, or change the strategy',
      ],
    ],
    [
      'a bound is missing',
      { strategy: 'queueAware', parameters: { idleCount: 1 } },
      ['parameters.min: is missing', 'parameters.max: is missing'],
    ],
    [
      'min above max',
      idleBuffer({ min: 11 }),
      ['parameters.min: is 11, which is more than max (10); lower min or raise max'],
    ],
    [
      'of a strategy that nobody knows, only the bounds are judged',
      { strategy: 'idle', parameters: { min: 11, max: 10, idleCount: 1 } },
      [
        'strategy: expected one of percentageRunnersIdle, idleBuffer, queueAware, got the text "idle"',
        'parameters.min: is 11, which is more than max (10); lower min or raise max',
      ],
    ],
    [
      'idleCount below 0',
      idleBuffer({ idleCount: -1 }),
      ['parameters.idleCount: expected a number of at least 0, got -1'],
    ],
    [
      'idleCount with a fraction',
      idleBuffer({ idleCount: 1.5 }),
      ['parameters.idleCount: expected a whole number, got the number 1.5'],
    ],
    [
      'scaleFactor below 0',
      idleBuffer({ scaleFactor: -0.1 }),
      ['parameters.scaleFactor: expected a number of at least 0, got -0.1'],
    ],
    [
      'a limit below the count',
      idleBuffer({ idleCount: 3, scaleFactor: 1, scaleFactorLimit: 2 }),
      ['parameters.scaleFactorLimit: is 2, which is less than idleCount (3); raise it, or lower idleCount'],
    ],
    [
      'a limit below the count that holds unless one is given',
      idleBuffer({ scaleFactorLimit: 0 }),
      ['parameters.scaleFactorLimit: is 0, which is less than idleCount (1); raise it, or lower idleCount'],
    ],
    [
      'a spelling that nobody has',
      idleBuffer({ scale_factor: 1 }),
      ['parameters.scale_factor: unknown key (did you mean "scaleFactor"?)'],
    ],
    [
      'repositories of another strategy',
      { ...idleBuffer({}), repositories: ['web'] },
      [
        'repositories: belongs to strategy queueAware, and this group has idleBuffer; remove the key, or change the strategy',
      ],
    ],
    [
      'a query of another strategy',
      { repositoryQuery: 'x' },
      [
        'repositoryQuery: belongs to strategy queueAware, and this group has percentageRunnersIdle; remove the key, or change the strategy',
      ],
    ],
    [
      "repositories of a repository's group",
      { ...queueAware, repository: 'site', repositories: ['web'] },
      ['repositories: belongs to groups of a workspace; this one looks at its own repository, "site": remove the key'],
    ],
    [
      'repositories and a query',
      { ...queueAware, repositories: ['web'], repositoryQuery: 'x' },
      ['repositoryQuery: excludes repositories; keep one of them'],
    ],
    [
      'a repository twice, in two spellings',
      { ...queueAware, repositories: ['web', 'api', 'Web'] },
      ['repositories[2]: "web" is in the list already; remove one of them'],
    ],
    [
      'no repository at all',
      { ...queueAware, repositories: [] },
      ['repositories: is an empty list; write at least one entry'],
    ],
    [
      'a repository with its workspace',
      { ...queueAware, repositories: ['acme/web'] },
      ['repositories[0]: "acme/web" has a slash; give workspace and repository under their own keys'],
    ],
    ['an empty query', { ...queueAware, repositoryQuery: ' ' }, ['repositoryQuery: is empty']],
    [
      'a window that is no duration',
      { stabilisationWindow: '5 minutes' },
      ['stabilisationWindow: expected a duration such as 90s, 10m or 2h, or a number of seconds'],
    ],
  ])('%s', (_, changes, expected) => {
    expect(problemsOf(withGroup(changes)).toSorted()).toEqual(expected.map((entry) => `groups[0].${entry}`).toSorted());
  });
});

describe('worth a warning', () => {
  it.each([
    [
      'nothing keeps the group awake',
      { min: 0, idleCount: 0, scaleFactor: 0.5 },
      [
        'min: with 0, and idleCount 0, the group never starts by itself: a step that finds no online runner fails at once; use at least 1 for one of them',
      ],
    ],
    ['min 0, but a runner is kept idle', { min: 0 }, []],
    ['no buffer, but min keeps a runner', { idleCount: 0, scaleFactor: 0.5 }, []],
    [
      'a buffer that is never full',
      { idleCount: 11 },
      ['idleCount: is 11, which is more than max (10), so the group always has 10; lower it, or raise max'],
    ],
    ['a buffer as large as max', { idleCount: 10 }, []],
    [
      'a limit of nothing',
      { scaleFactor: 0, scaleFactorLimit: 5 },
      ['scaleFactorLimit: has no effect with scaleFactor 0; raise or remove that, or remove this'],
    ],
    [
      'a limit that max comes before',
      { scaleFactor: 1, scaleFactorLimit: 11 },
      ['scaleFactorLimit: is 11, which is more than max (10), so it limits nothing; lower it, or raise max'],
    ],
    ['a limit of a learned buffer', { scaleFactorLimit: 5 }, []],
    ['a limit as high as max', { scaleFactor: 1, scaleFactorLimit: 10 }, []],
    ['a limit as low as the count', { idleCount: 2, scaleFactor: 1, scaleFactorLimit: 2 }, []],
  ])('%s', (_, changes, expected) => {
    for (const strategy of ['idleBuffer', 'queueAware']) {
      const text = withGroup({ strategy, parameters: { ...BOUNDS, ...changes } });
      expect(problemsOf(text)).toEqual([]);
      expect(warningsOf(text)).toEqual(expected.map((entry) => `groups[0].parameters.${entry}`));
    }
  });

  it.each([
    [50, []],
    [
      51,
      [
        'groups[0].repositories: names 51 repositories, but a tick looks at 50 at most, of all groups together, so what waits in the others stays unknown; name those that matter, or use repositoryQuery',
      ],
    ],
  ])('%i repositories by name', (count, expected) => {
    const names = Array.from({ length: count }, (_, index) => `app${index}`);
    const text = withGroup({ strategy: 'queueAware', parameters: BOUNDS, repositories: names });
    expect(problemsOf(text)).toEqual([]);
    expect(warningsOf(text)).toEqual(expected);
  });

  it('what max a window has counts, too', () => {
    const parameters = { ...BOUNDS, idleCount: 40, scaleFactor: 1, scaleFactorLimit: 40 };
    expect(warningsOf(withGroup({ strategy: 'idleBuffer', parameters, schedules: [WINDOW] }))).toEqual([]);
  });

  it('a window with a max of 0 lets the last runner go, whatever the buffer', () => {
    const text = withGroup({ strategy: 'idleBuffer', parameters: BOUNDS, schedules: [{ ...WINDOW, min: 0, max: 0 }] });
    expect(warningsOf(text)).toEqual([
      'groups[0].schedules[0].min: with 0 the last runner goes while the window is open, and a step that finds no online runner fails at once; use at least 1',
    ]);
  });

  it.each([
    ['idleBuffer', BOUNDS, 0],
    ['idleBuffer', { ...BOUNDS, idleCount: 0, scaleFactor: 0.5 }, 1],
    ['percentageRunnersIdle', PARAMETERS, 1],
  ])('a window of %s (%o) with a min of 0: %d', (strategy, parameters, count) => {
    const text = withGroup({ strategy, parameters, schedules: [{ ...WINDOW, min: 0 }] });
    expect(warningsOf(text)).toHaveLength(count);
  });
});
