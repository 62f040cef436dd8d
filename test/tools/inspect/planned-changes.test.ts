/** Which bounds hold next: over all groups, in the order of time. */
import { describe, expect, it } from 'vitest';
import type { Schedule } from '#core/model/configuration.ts';
import { group } from '#kit/fleet.ts';
import { plannedChanges } from '#tools/inspect/planned-changes.ts';

const window = (name: string, over: Partial<Schedule>): Schedule => ({
  name,
  days: ['mon'],
  from: 8 * 60,
  to: 18 * 60,
  timezone: 'Europe/Berlin',
  min: 4,
  max: 8,
  ...over,
});

const builds = group({ name: 'builds', min: 1, max: 3, schedules: [window('day', {})] });
const tests = group({
  name: 'tests',
  min: 0,
  max: 2,
  schedules: [
    window('first', { from: 9 * 60, to: 12 * 60, timezone: 'UTC' }),
    window('next', { from: 12 * 60, to: 15 * 60, max: 9 }),
  ],
});

/** A Monday in winter, an hour before anything opens. */
const MORNING = Date.parse('2026-11-23T06:00Z');

const changesOf = (count: number, groups = [builds, tests]) =>
  plannedChanges(groups, MORNING, count).map(({ at, ...change }) => ({
    at: new Date(at).toISOString().slice(0, 16),
    ...change,
  }));

describe('the changes to come', () => {
  it('a window opens: from the group’s own bounds to its own, by its clock', () => {
    expect(changesOf(1)).toEqual([
      {
        at: '2026-11-23T07:00',
        group: 'builds',
        timezone: 'Europe/Berlin',
        before: { min: 1, max: 3 },
        after: { window: 'day', min: 4, max: 8 },
      },
    ]);
  });

  it('a window closes: the other way round, by the clock of the window that closes', () => {
    expect(changesOf(5).at(-1)).toEqual({
      at: '2026-11-23T17:00',
      group: 'builds',
      timezone: 'Europe/Berlin',
      before: { window: 'day', min: 4, max: 8 },
      after: { min: 1, max: 3 },
    });
  });

  it('one window takes over from another: by the clock of the one that opens', () => {
    expect(changesOf(3).at(-1)).toEqual({
      at: '2026-11-23T11:00',
      group: 'tests',
      timezone: 'Europe/Berlin',
      before: { window: 'first', min: 4, max: 8 },
      after: { window: 'next', min: 4, max: 9 },
    });
  });

  it.each([
    [
      'in the order of time, whatever the order of the groups',
      4,
      [tests, builds],
      ['builds 07:00', 'tests 09:00', 'tests 11:00', 'tests 14:00'],
    ],
    [
      'at the same moment in the order of the groups',
      2,
      [builds, { ...builds, name: 'also' }],
      ['builds 07:00', 'also 07:00'],
    ],
    ['as many as are asked for', 1, [tests, builds], ['builds 07:00']],
    ['none, where no group has a window', 9, [group()], []],
  ])('%s', (_, count, groups, expected) => {
    expect(changesOf(count, groups).map(({ at, group: name }) => `${name} ${at.slice(11)}`)).toEqual(expected);
  });
});
