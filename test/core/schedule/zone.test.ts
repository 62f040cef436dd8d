import { describe, expect, it } from 'vitest';
import { describeWallTime, formatWallTime, instantOf, isZone, wallTimeAt } from '#core/schedule/zone.ts';

const at = (text: string) => Date.parse(text);

describe('times that do not exist, or exist twice', () => {
  it.each([
    ['skipped: the moment of the change', 'Europe/Berlin', '2026-03-29T02:30Z', '2026-03-29T01:00Z'],
    ['the first skipped minute', 'Europe/Berlin', '2026-03-29T02:00Z', '2026-03-29T01:00Z'],
    ['the first minute after', 'Europe/Berlin', '2026-03-29T03:00Z', '2026-03-29T01:00Z'],
    ['the last minute before', 'Europe/Berlin', '2026-03-29T01:59Z', '2026-03-29T00:59Z'],
    ['twice: the first', 'Europe/Berlin', '2026-10-25T02:30Z', '2026-10-25T00:30Z'],
    ['the first minute that comes twice', 'Europe/Berlin', '2026-10-25T02:00Z', '2026-10-25T00:00Z'],
    ['the first minute that comes once again', 'Europe/Berlin', '2026-10-25T03:00Z', '2026-10-25T02:00Z'],
    ['half an hour, skipped', 'Australia/Lord_Howe', '2026-10-04T02:15Z', '2026-10-03T15:30Z'],
    ['half an hour, twice', 'Australia/Lord_Howe', '2026-04-05T01:45Z', '2026-04-04T14:45Z'],
    ['a whole day, skipped', 'Pacific/Apia', '2011-12-30T12:00Z', '2011-12-30T10:00Z'],
    ['midnight, skipped', 'Africa/Cairo', '2026-04-24T00:30Z', '2026-04-23T22:00Z'],
    ['put back at midnight, which then comes later', 'America/Havana', '2026-11-01T00:30Z', '2026-11-01T04:30Z'],
    ['the full hour before midnight, twice', 'Asia/Beirut', '2026-10-24T23:30Z', '2026-10-24T20:30Z'],
    ['midnight after it', 'Asia/Beirut', '2026-10-25T00:00Z', '2026-10-24T22:00Z'],
    ['no change anywhere near', 'Asia/Kolkata', '2026-11-23T07:00Z', '2026-11-23T01:30Z'],
    ['before the epoch', 'America/New_York', '1960-06-01T12:00Z', '1960-06-01T16:00Z'],
  ])('%s (%s)', (_, zone, wall, instant) => {
    expect(new Date(instantOf(zone, at(wall))).toISOString()).toBe(new Date(at(instant)).toISOString());
  });
});

it.each([
  ['Europe/Berlin', true],
  ['europe/berlin', true],
  ['UTC', true],
  ['Etc/GMT+5', true],
  ['+01:00', false],
  ['-0300', false],
  ['Berlin', false],
  ['Mars/Olympus', false],
  ['', false],
])('zone %j: %s', (name, expected) => {
  expect(isZone(name)).toBe(expected);
});

it.each([
  ['Europe/Berlin', '2026-11-23T18:00Z', '2026-11-23T19:00+01:00'],
  ['America/New_York', '2026-07-01T03:05Z', '2026-06-30T23:05-04:00'],
  ['Australia/Lord_Howe', '2026-04-04T15:00Z', '2026-04-05T01:30+10:30'],
  ['UTC', '2026-01-02T00:00Z', '2026-01-02T00:00+00:00'],
])('the clock of %s at %s shows %s', (zone, instant, shown) => {
  expect(formatWallTime(zone, at(instant))).toBe(shown);
});

it.each([
  ['east of Greenwich', 'Europe/Berlin', '2026-11-23T18:00Z', '2026-11-23T19:00Z'],
  ['west of it', 'America/New_York', '2026-07-01T03:05Z', '2026-06-30T23:05Z'],
  ['before time zones, by the sun', 'America/New_York', '1880-01-01T12:00:00Z', '1880-01-01T07:03:58Z'],
])('wall time %s', (_, zone, instant, wall) => {
  expect(new Date(wallTimeAt(zone, at(instant))).toISOString()).toBe(new Date(at(wall)).toISOString());
});

it.each([
  ['Europe/Berlin', '2026-11-23T18:00Z', 'Mon 2026-11-23 19:00'],
  ['America/New_York', '2026-07-01T03:05Z', 'Tue 2026-06-30 23:05'],
])('for people the clock of %s at %s shows %s', (zone, instant, shown) => {
  expect(describeWallTime(zone, at(instant))).toBe(shown);
});
