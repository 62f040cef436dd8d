/** Node's zones against rules that were written down by hand: every change of ten years, and the times around it. */
import { describe, expect, it } from 'vitest';
import { formatWallTime, instantOf, isZone, offsetAt } from '../../lib/schedule/zone.ts';
import { daysTo, offsetByRules, ZONE_RULES, type ZoneRules } from './rules.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FROM = daysTo(2020, 1) * DAY;
const TO = daysTo(2031, 1) * DAY;

describe.each(ZONE_RULES)('$zone', (rules) => {
  const { zone, changes } = rules;

  it('changes at the very millisecond of each rule', () => {
    for (const { at, offsetMs } of changes) {
      expect([at, offsetAt(zone, at - 1), offsetAt(zone, at)]).toEqual([at, offsetByRules(rules, at - 1), offsetMs]);
    }
  });

  it('changes at no other time: every six hours of 2020 to 2030', () => {
    const wrong: number[] = [];
    for (let at = FROM; at < TO; at += 6 * HOUR) {
      if (offsetAt(zone, at) !== offsetByRules(rules, at)) wrong.push(at);
    }
    expect(wrong).toEqual([]);
  });

  it('finds the first instant of every quarter of an hour around each change, and of every noon and midnight', () => {
    const walls = [
      ...changes.flatMap(({ at }) => quarters(at + rules.initialMs)),
      ...Array.from({ length: (TO - FROM) / (12 * HOUR) }, (_, index) => FROM + index * 12 * HOUR),
    ];
    const wrong = walls.filter((wall) => instantOf(zone, wall) !== firstInstantByRules(rules, wall));
    expect(wrong).toEqual([]);
  });
});

/** Every 15 minutes of the six hours around a time that is a multiple of them. */
function quarters(around: number): readonly number[] {
  return Array.from({ length: 25 }, (_, index) => around + (index - 12) * 15 * MINUTE);
}

/** Goes through the minutes of two days, and takes the first that shows this time or a later one. */
function firstInstantByRules(rules: ZoneRules, wall: number): number {
  let at = wall - 15 * HOUR;
  while (at + offsetByRules(rules, at) < wall) at += 15 * MINUTE;
  return at;
}

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
