/** `schedules` and `weight`: what is read from them, and everything that is refused, with its place. */
import { describe, expect, it } from 'vitest';
import { loadFleet } from '#config/load.ts';
import { readConfig } from '#config/read.ts';
import { problemsOf, warningsOf, withGroup, withGroups } from './samples.ts';

const OFFICE = {
  name: 'office',
  days: ['mon-fri'],
  from: '07:00',
  to: '19:00',
  timezone: 'Europe/Berlin',
  min: 5,
  max: 40,
};

const withWindows = (...windows: readonly object[]) =>
  withGroup({ schedules: windows.map((window, index) => ({ ...OFFICE, name: `w${index}`, ...window })) });

async function windowOf(changes: object) {
  const { fleet } = await loadFleet('runners.yaml', { readText: async () => withWindows(changes) });
  return fleet.groups[0]?.schedules[0];
}

describe('a window', () => {
  it('is read as minutes and days', async () => {
    expect(await windowOf({})).toEqual({
      name: 'w0',
      days: ['mon', 'tue', 'wed', 'thu', 'fri'],
      from: 420,
      to: 1140,
      timezone: 'Europe/Berlin',
      min: 5,
      max: 40,
    });
  });

  it.each([
    [['mon'], ['mon']],
    [undefined, ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']],
    [['fri-mon'], ['mon', 'fri', 'sat', 'sun']],
    [
      ['sat', 'mon-tue', 'sat'],
      ['mon', 'tue', 'sat'],
    ],
    [['wed-wed'], ['wed']],
    [['tue-mon'], ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']],
  ])('days %j are %j', async (days, expected) => {
    expect((await windowOf({ days }))?.days).toEqual(expected);
  });

  it.each([
    ['00:00', '24:00', 0, 1440],
    ['22:00', '06:00', 1320, 360],
    ['7:30', '23:59', 450, 1439],
    ['18:00', '00:00', 1080, 0],
  ])('from %s to %s', async (from, to, fromMinutes, toMinutes) => {
    expect(await windowOf({ from, to })).toMatchObject({ from: fromMinutes, to: toMinutes });
  });

  it('needs no quotes around its times in the YAML that we read', async () => {
    const text = withWindows({}).replace('"07:00"', '07:00').replace('"19:00"', '19:00');
    const { fleet } = await loadFleet('runners.yaml', { readText: async () => text });
    expect(fleet.groups[0]?.schedules[0]).toMatchObject({ from: 420, to: 1140 });
  });
});

describe('a window is refused', () => {
  const NO_DAY = 'is no day and no range of days; write them as mon, tue, wed, thu, fri, sat, sun, mon-fri or fri-mon';
  const NO_ZONE = 'give a name such as Europe/Berlin or UTC';

  it.each([
    ['no days', { days: [] }, 'days: is an empty list; write at least one entry'],
    ['a day in full', { days: ['monday'] }, `days[0]: "monday" ${NO_DAY}`],
    ['a half range', { days: ['mon-'] }, `days[0]: "mon-" ${NO_DAY}`],
    ['days without a list', { days: 'mon-fri' }, 'days: expected a list (- item), got the text "mon-fri"'],
    [
      'a time in words',
      { from: '7am' },
      'from: "7am" is no time of a day; write it as "07:00", between "00:00" and "23:59"',
    ],
    [
      'an opening at the end of the day',
      { from: '24:00' },
      'from: "24:00" is no time of a day; write it as "07:00", between "00:00" and "23:59"',
    ],
    [
      'a minute too late',
      { to: '24:01' },
      'to: "24:01" is no time of a day; write it as "19:00", between "00:00" and "24:00"',
    ],
    [
      'minutes that are none',
      { to: '19:60' },
      'to: "19:60" is no time of a day; write it as "19:00", between "00:00" and "24:00"',
    ],
    [
      'a time that YAML 1.1 read as a number',
      { from: 420 },
      'from: expected text, got the number 420; put it in quotes',
    ],
    [
      'nothing between from and to',
      { from: '07:00', to: '7:00' },
      'to: is the same as "from", so the window never opens; a whole day is from "00:00" to "24:00"',
    ],
    ['min above max', { min: 41 }, 'min: is 41, which is more than max (40); lower min or raise max'],
    [
      'a zone with a typing error',
      { timezone: 'Europe/Berln' },
      `timezone: "Europe/Berln" is no time zone that is known here (did you mean "Europe/Berlin"?); ${NO_ZONE}`,
    ],
    [
      'a city',
      { timezone: 'Berlin' },
      `timezone: "Berlin" is no time zone that is known here (did you mean "Europe/Berlin"?); ${NO_ZONE}`,
    ],
    [
      'an offset, which knows no daylight saving',
      { timezone: '+01:00' },
      `timezone: "+01:00" is no time zone that is known here; ${NO_ZONE}`,
    ],
    ['no zone', { timezone: undefined }, 'timezone: is missing'],
    ['no bounds', { min: undefined }, 'min: is missing'],
    ['an unknown key', { untill: '07:00' }, 'untill: unknown key'],
  ])('%s', (_, changes, expected) => {
    expect(problemsOf(withWindows(changes))).toEqual([`groups[0].schedules[0].${expected}`]);
  });

  it('at the line where it stands, beside everything else that is wrong', () => {
    const text = [
      'groups:',
      '  - name: builds',
      '    workspace: acme',
      '    labels: [builds]',
      '    namespace: runners',
      '    strategy: percentageRunnersIdle',
      '    parameters: { min: 1, max: 10, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 }',
      '    weight: 0',
      '    schedules:',
      '      - { name: office, days: [mon-fri], from: 07:00, to: 19:00, timezone: Europe/Berln, min: 5, max: 4 }',
      '      - { name: office, from: 09:00, to: 09:00, timezone: UTC, min: 1, max: 4 }',
    ].join('\n');
    const { problems } = readConfig(text, 'runners.yaml');
    expect(problems.map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual([
      '8:13 groups[0].weight',
      '10:76 groups[0].schedules[0].timezone',
      '10:95 groups[0].schedules[0].min',
      '11:17 groups[0].schedules[1].name',
      '11:42 groups[0].schedules[1].to',
    ]);
  });
});

describe('windows that are never in force', () => {
  const HIDDEN =
    'is never in force: windows further down are open whenever it is, and the last one that is open holds; move it behind them, or remove it';

  it.each([
    ['the same window twice', [{}, {}], [0]],
    ['within a longer one', [{ from: '09:00', to: '10:00' }, {}], [0]],
    ['a minute longer', [{ to: '19:01' }, {}], []],
    ['a minute earlier', [{ from: '06:59' }, {}], []],
    ['a day more', [{ days: ['mon-sat'] }, {}], []],
    ['covered by two together', [{}, { days: ['mon-wed'] }, { days: ['wed-fri'] }], [0]],
    ['covered by halves of the day', [{}, { to: '12:00' }, { from: '12:00' }], [0]],
    ['a longer one after it hides nothing before', [{ from: '06:00', to: '20:00' }, {}], []],
    [
      'across midnight',
      [
        { days: ['tue'], from: '00:00', to: '05:00' },
        { days: ['mon'], from: '22:00', to: '05:00' },
      ],
      [0],
    ],
    [
      'across Sunday',
      [
        { days: ['mon'], from: '00:00', to: '05:00' },
        { days: ['sun'], from: '22:00', to: '05:00' },
      ],
      [0],
    ],
    ['another zone is another clock', [{}, { timezone: 'Europe/Paris' }], []],
    [
      'in any zone, behind one that is always open',
      [{}, { days: ['mon-sun'], from: '00:00', to: '24:00', timezone: 'UTC' }],
      [0],
    ],
    ['several at once', [{}, {}, {}], [0, 1]],
    ['always, but before the others', [{ days: ['mon-sun'], from: '00:00', to: '24:00' }, {}], []],
  ])('%s', (_, windows, hidden) => {
    expect(problemsOf(withWindows(...windows))).toEqual(
      hidden.map((index) => `groups[0].schedules[${index}]: ${HIDDEN}`),
    );
  });
});

describe('warnings', () => {
  it('of a window without a floor', () => {
    expect(warningsOf(withWindows({ min: 0 }))).toEqual([
      'groups[0].schedules[0].min: with 0 the last runner goes while the window is open, and a step that finds no online runner fails at once; use at least 1',
    ]);
    expect(warningsOf(withWindows({ min: 1 }))).toEqual([]);
  });

  it("of maxima that are more than the workspace's cap, those of windows included", () => {
    const groups = [
      { schedules: [{ ...OFFICE, max: 60 }] },
      {
        schedules: [
          { ...OFFICE, max: 41 },
          { ...OFFICE, name: 'b', days: ['sat'], max: 4 },
        ],
      },
    ];
    expect(warningsOf(withGroups(groups))[0]).toMatch(
      /^groups\[1\]\.parameters\.max: makes 101 runners for all groups/,
    );
    expect(warningsOf(withGroups(groups.toSpliced(0, 1, { schedules: [{ ...OFFICE, max: 59 }] })))).toEqual([]);
  });
});

describe('weight', () => {
  it.each([
    ['0', 0, 'expected a number above 0, got 0'],
    ['negative', -1, 'expected a number above 0, got -1'],
    ['in quotes', '2', 'expected a number, got the text "2"; remove the quotes'],
  ])('%s is refused', (_, weight, message) => {
    expect(problemsOf(withGroup({ weight }))).toEqual([`groups[0].weight: ${message}`]);
  });

  it('is 1, or what the group says', async () => {
    const { fleet } = await loadFleet('runners.yaml', { readText: async () => withGroups([{}, { weight: 0.5 }]) });
    expect(fleet.groups.map(({ weight }) => weight)).toEqual([1, 0.5]);
  });
});

describe('build slots of a workspace', () => {
  const withWorkspace = (settings: object) => withGroup({}, { workspaces: { acme: settings } });

  it('have a cap and a price where the file says so', async () => {
    const text = withWorkspace({ maxConcurrentRunners: 12, pricePerSlot: 0 });
    const { fleet } = await loadFleet('runners.yaml', { readText: async () => text });
    expect(fleet.workspaces.acme).toMatchObject({ maxConcurrentRunners: 12, pricePerSlot: 0 });
  });

  it.each([
    ['a cap of 0', { maxConcurrentRunners: 0 }, 'maxConcurrentRunners: expected a number of at least 1, got 0'],
    [
      'half a runner',
      { maxConcurrentRunners: 1.5 },
      'maxConcurrentRunners: expected a whole number, got the number 1.5',
    ],
    ['a price below 0', { pricePerSlot: -1 }, 'pricePerSlot: expected a number of at least 0, got -1'],
  ])('%s is refused', (_, settings, message) => {
    expect(problemsOf(withWorkspace(settings))).toEqual([`workspaces.acme.${message}`]);
  });
});
