import { describe, expect, it } from 'vitest';
import type { Schedule } from '#core/model/configuration.ts';
import { isOpen, nextBoundary, openWindow, WEEKDAYS } from '#core/schedule/windows.ts';

/** Office hours in Berlin, unless said otherwise; hours count from midnight. */
function window(over: Partial<Schedule> = {}): Schedule {
  const office = { name: 'office', days: WEEKDAYS.slice(0, 5), from: 7 * 60, to: 19 * 60 };
  return { ...office, timezone: 'Europe/Berlin', min: 5, max: 40, ...over };
}

const at = (text: string) => Date.parse(text);

type Row = readonly [name: string, over: Partial<Schedule>, instant: string, open: boolean];

const NIGHT: Partial<Schedule> = { days: ['fri'], from: 22 * 60, to: 6 * 60 };
const GAP: Partial<Schedule> = { days: ['sun'], from: 135, to: 165 };

/** In St John's clocks were put back at a minute past midnight, into the day before. */
const ACROSS: Partial<Schedule> = { days: ['sun'], from: 0, to: 60, timezone: 'America/St_Johns' };

const ROWS: readonly Row[] = [
  ['a minute before it opens', {}, '2026-11-23T05:59:59.999Z', false],
  ['as it opens', {}, '2026-11-23T06:00Z', true],
  ['the last moment', {}, '2026-11-23T17:59:59.999Z', true],
  ['as it closes', {}, '2026-11-23T18:00Z', false],
  ['every day of its week has its name', { days: ['thu'] }, '2026-11-26T12:00Z', true],
  ['and no other', { days: ['thu'] }, '2026-11-25T12:00Z', false],
  ['before the epoch', { days: ['wed'] }, '1969-12-31T12:00Z', true],
  ['before the epoch, on another day', { days: ['tue'] }, '1969-12-31T12:00Z', false],
  ['to the same time is the next day', { days: ['wed'], to: 420 }, '2026-11-26T05:59Z', true],
  ['on another day', {}, '2026-11-22T12:00Z', false],
  ['in summer it opens an hour earlier', {}, '2026-07-01T05:00Z', true],
  ['and closes so', {}, '2026-07-01T17:00Z', false],
  ['across midnight: in the evening', NIGHT, '2026-11-27T21:00Z', true],
  ['across midnight: in the morning of the day after', NIGHT, '2026-11-28T04:59Z', true],
  ['across midnight: closed again', NIGHT, '2026-11-28T05:00Z', false],
  ['across midnight: the morning of its own day belongs to the day before', NIGHT, '2026-11-27T04:00Z', false],
  ['until the end of the day', { from: 0, to: 1440 }, '2026-11-27T22:59Z', true],
  ['until the end of the day, and no longer', { from: 0, to: 1440 }, '2026-11-27T23:00Z', false],
  ['to midnight is the end of the day', { to: 0 }, '2026-11-27T22:59Z', true],
  ['swallowed by daylight saving: it does not open', GAP, '2026-03-29T01:00Z', false],
  ['half swallowed: from the change', { days: ['sun'], from: 150, to: 210 }, '2026-03-29T01:00Z', true],
  ['half swallowed: not before', { days: ['sun'], from: 150, to: 210 }, '2026-03-29T00:59Z', false],
  ['a time that comes twice: the first time', GAP, '2026-10-25T00:15Z', true],
  ['a time that comes twice: closed in between', GAP, '2026-10-25T00:45Z', false],
  ['a time that comes twice: not the second time', GAP, '2026-10-25T01:15Z', false],
  ['open over the hour that comes twice', { days: ['sun'], from: 60, to: 180 }, '2026-10-25T01:59Z', true],
  ['midnight comes twice, and has come once', ACROSS, '2010-11-07T02:45Z', true],
  ['midnight comes twice, and has not come', ACROSS, '2010-11-07T02:29Z', false],
  ['midnight comes twice: closed at last', ACROSS, '2010-11-07T04:30Z', false],
];

describe('a window', () => {
  it.each(ROWS)('%s', (_, over, instant, open) => {
    expect(isOpen(window(over), at(instant))).toBe(open);
  });

  it.each([
    ['before it opens', {}, '2026-11-23T05:00Z', '2026-11-23T06:00Z'],
    ['as it opens: its end', {}, '2026-11-23T06:00Z', '2026-11-23T18:00Z'],
    ['as it closes: the next day', {}, '2026-11-23T18:00Z', '2026-11-24T06:00Z'],
    ['over the weekend', {}, '2026-11-27T18:00Z', '2026-11-30T06:00Z'],
    ['past midnight: its end', NIGHT, '2026-11-28T00:00Z', '2026-11-28T05:00Z'],
    ['swallowed this week: the next', GAP, '2026-03-28T00:00Z', '2026-04-05T00:15Z'],
    ['swallowed, and asked for right after last week’s', GAP, '2026-03-22T01:45Z', '2026-04-05T00:15Z'],
  ])('next opens or closes, %s', (_, over, instant, expected) => {
    const boundary = nextBoundary(window(over), at(instant));
    expect(boundary === undefined ? undefined : new Date(boundary).toISOString()).toBe(
      new Date(at(expected)).toISOString(),
    );
  });

  it('without a day never opens', () => {
    expect(nextBoundary(window({ days: [] }), at('2026-11-23T05:00Z'))).toBeUndefined();
  });
});

describe('of several windows', () => {
  const office = window();
  const freeze = window({ name: 'freeze', days: ['wed'], from: 12 * 60, to: 14 * 60, min: 0, max: 5 });

  it.each([
    ['none is open', [office, freeze], '2026-11-25T03:00Z', undefined],
    ['one is open', [office, freeze], '2026-11-25T08:00Z', 'office'],
    ['the last one holds', [office, freeze], '2026-11-25T11:30Z', 'freeze'],
    ['the last one holds, whichever it is', [freeze, office], '2026-11-25T11:30Z', 'office'],
  ])('%s', (_, schedules, instant, name) => {
    expect(openWindow(schedules, at(instant))?.name).toBe(name);
  });
});
