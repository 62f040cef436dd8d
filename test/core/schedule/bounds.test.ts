import { describe, expect, it } from 'vitest';
import type { Schedule } from '#core/model/configuration.ts';
import { groupsAt, highestMax, nextChange } from '#core/schedule/bounds.ts';
import { WEEKDAYS } from '#core/schedule/windows.ts';
import { group } from '#kit/fleet.ts';
import { nextChanges } from '#tools/inspect/planned-changes.ts';

const office: Schedule = {
  name: 'office',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  from: 420,
  to: 1140,
  timezone: 'Europe/Berlin',
  min: 5,
  max: 40,
};
const lunch: Schedule = { ...office, name: 'lunch', from: 720, to: 780, min: 2, max: 20 };
const always: Schedule = { ...office, name: 'always', days: WEEKDAYS, from: 0, to: 1440 };
const at = (text: string) => Date.parse(text);

describe('the bounds in force', () => {
  it.each([
    ['outside of all windows: its own', '2026-11-23T05:59Z', { min: 1, max: 10 }, undefined],
    ['in a window', '2026-11-23T06:00Z', { min: 5, max: 40 }, { name: 'office', until: '2026-11-23T12:00+01:00' }],
    ['in the last one', '2026-11-23T11:30Z', { min: 2, max: 20 }, { name: 'lunch', until: '2026-11-23T13:00+01:00' }],
    [
      'in the first one again',
      '2026-11-23T12:00Z',
      { min: 5, max: 40 },
      { name: 'office', until: '2026-11-23T19:00+01:00' },
    ],
  ])('%s', (_, instant, bounds, window) => {
    const [now] = groupsAt([group({ schedules: [office, lunch] })], at(instant));
    expect(now).toMatchObject(bounds);
    expect(now?.window).toEqual(window);
  });

  it('of a window that never closes have no end', () => {
    const [now] = groupsAt([group({ schedules: [always] })], at('2026-11-23T12:00Z'));
    expect(now?.window).toEqual({ name: 'always' });
  });

  it('leave groups without schedules, and the schedules themselves, as they are', () => {
    const plain = group();
    const scheduled = group({ name: 'scheduled', schedules: [office] });
    const now = groupsAt([plain, scheduled], at('2026-11-23T12:00Z'));
    expect(now[0]).toBe(plain);
    expect(now[1]?.schedules).toEqual([office]);
  });
});

it.each([
  ['its own', [lunch], 30, 30],
  ['that of a window', [lunch, office], 30, 40],
  ['without windows', [], 10, 10],
])('the highest max: %s', (_, schedules, max, expected) => {
  expect(highestMax({ max, schedules })).toBe(expected);
});

describe('changes', () => {
  const lines = (schedules: readonly Schedule[], from: string, count: number) =>
    nextChanges(schedules, at(from), count).map(
      (change) => `${new Date(change.at).toISOString().slice(0, 16)} ${change.before?.name} → ${change.after?.name}`,
    );

  it('come one after the other, with what held before and holds after', () => {
    expect(lines([office, lunch], '2026-11-27T00:00Z', 5)).toEqual([
      '2026-11-27T06:00 undefined → office',
      '2026-11-27T11:00 office → lunch',
      '2026-11-27T12:00 lunch → office',
      '2026-11-27T18:00 office → undefined',
      '2026-11-30T06:00 undefined → office',
    ]);
  });

  it('are none where a window opens beneath another, or closes beneath it', () => {
    expect(lines([lunch, office], '2026-11-27T00:00Z', 2)).toEqual([
      '2026-11-27T06:00 undefined → office',
      '2026-11-27T18:00 office → undefined',
    ]);
  });

  it('are none at midnight between two days of one window', () => {
    const weekend: Schedule = { ...always, name: 'weekend', days: ['sat', 'sun'] };
    expect(lines([weekend], '2026-11-27T00:00Z', 2)).toEqual([
      '2026-11-27T23:00 undefined → weekend',
      '2026-11-29T23:00 weekend → undefined',
    ]);
  });

  it('one that happens now is over', () => {
    expect(nextChange([office], at('2026-11-27T06:00Z'))?.at).toBe(at('2026-11-27T18:00Z'));
    expect(nextChange([office], at('2026-11-27T06:00Z') - 1)?.at).toBe(at('2026-11-27T06:00Z'));
  });

  it('keep to the clock on the wall when the clocks change', () => {
    const sundays: Schedule = { ...office, days: ['sun'], from: 150, to: 1140 };
    expect(lines([sundays], '2026-03-28T00:00Z', 2)).toEqual([
      '2026-03-29T01:00 undefined → office',
      '2026-03-29T17:00 office → undefined',
    ]);
  });

  it('of a window that daylight saving swallows come a week later', () => {
    const swallowed: Schedule = { ...office, days: ['sun'], from: 130, to: 170 };
    expect(lines([swallowed], '2026-03-22T02:00Z', 1)).toEqual(['2026-04-05T00:10 undefined → office']);
  });

  it('are none without windows, and with one that is always open', () => {
    expect([nextChanges([], 0, 3), nextChanges([always], 0, 3)]).toEqual([[], []]);
  });
});
