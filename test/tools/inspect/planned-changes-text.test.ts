import { describe, expect, it } from 'vitest';
import type { Schedule } from '#core/model/configuration.ts';
import { group } from '#kit/fleet.ts';
import { plannedChanges } from '#tools/inspect/planned-changes.ts';
import { renderChanges } from '#tools/inspect/planned-changes-text.ts';

const office: Schedule = {
  name: 'office',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  from: 420,
  to: 1140,
  timezone: 'Europe/Berlin',
  min: 5,
  max: 40,
};
const builds = group({ name: 'builds', schedules: [office, { ...office, name: 'lunch', from: 720, to: 780, max: 4 }] });
const tests = group({
  name: 'tests',
  min: 2,
  schedules: [{ ...office, name: 'night', timezone: 'America/New_York', from: 0, to: 360 }],
});
const WEDNESDAY = Date.parse('2026-11-25T00:00Z');

describe('the changes to come', () => {
  it('of all groups, in the order of time, with the bounds before and after', () => {
    expect(plannedChanges([builds, tests], WEDNESDAY, 3)).toEqual([
      {
        at: Date.parse('2026-11-25T05:00Z'),
        group: 'tests',
        timezone: 'America/New_York',
        before: { min: 2, max: 10 },
        after: { window: 'night', min: 5, max: 40 },
      },
      {
        at: Date.parse('2026-11-25T06:00Z'),
        group: 'builds',
        timezone: 'Europe/Berlin',
        before: { min: 1, max: 10 },
        after: { window: 'office', min: 5, max: 40 },
      },
      {
        at: Date.parse('2026-11-25T11:00Z'),
        group: 'builds',
        timezone: 'Europe/Berlin',
        before: { window: 'office', min: 5, max: 40 },
        after: { window: 'lunch', min: 5, max: 4 },
      },
    ]);
  });

  it('of one moment stay in the order of the groups', () => {
    const names = plannedChanges([builds, group({ name: 'also', schedules: [office] })], WEDNESDAY, 2);
    expect(names.map((change) => change.group)).toEqual(['builds', 'also']);
  });

  it('are none without schedules', () => {
    expect(plannedChanges([group()], WEDNESDAY, 5)).toEqual([]);
  });
});

it('are a table for people: the day of the week, both clocks, and what becomes of the bounds', () => {
  expect(renderChanges(plannedChanges([builds, tests], WEDNESDAY, 6), { width: 140 })).toEqual([
    'UTC                   LOCAL TIME                             GROUP   WINDOW                MIN      MAX',
    'Wed 2026-11-25 05:00  Wed 2026-11-25 00:00 America/New_York  tests   night opens         2 → 5  10 → 40',
    'Wed 2026-11-25 06:00  Wed 2026-11-25 07:00 Europe/Berlin     builds  office opens        1 → 5  10 → 40',
    'Wed 2026-11-25 11:00  Wed 2026-11-25 12:00 Europe/Berlin     builds  lunch after office  5 → 5   40 → 4',
    'Wed 2026-11-25 11:00  Wed 2026-11-25 06:00 America/New_York  tests   night closes        5 → 2  40 → 10',
    'Wed 2026-11-25 12:00  Wed 2026-11-25 13:00 Europe/Berlin     builds  office after lunch  5 → 5   4 → 40',
    'Wed 2026-11-25 18:00  Wed 2026-11-25 19:00 Europe/Berlin     builds  office closes       5 → 1  40 → 10',
  ]);
});
