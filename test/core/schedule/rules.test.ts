/**
 * Node's zones, and windows on their clocks, against rules that were written down by hand: every change of ten years, and
 * the times around it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule, Weekday } from '#core/model/configuration.ts';
import { isOpen, WEEKDAYS } from '#core/schedule/windows.ts';
import { instantOf, offsetAt } from '#core/schedule/zone.ts';
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

const BOUNDS = { name: 'window', min: 0, max: 1 };

describe('in every zone, on any day of ten years', () => {
  const zones = fc.constantFrom(...ZONE_RULES);
  const minutes = fc.nat(1439);
  const weekdays = fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 });

  it('is open exactly if the clock has reached its beginning, and not yet its end', () => {
    const days = fc.integer({ min: daysTo(2020, 1), max: daysTo(2031, 1) });
    fc.assert(
      fc.property(zones, weekdays, minutes, minutes, days, minutes, (rules, on, from, to, day, minute) => {
        fc.pre(from !== to);
        const instant = day * DAY + minute * MINUTE;
        const schedule = { ...BOUNDS, days: on, from, to, timezone: rules.zone };
        expect(isOpen(schedule, instant)).toBe(isOpenByRules(schedule, rules, instant));
      }),
      { numRuns: 3000 },
    );
  });

  it('is open exactly so in the three days around every change, too', () => {
    const nearChanges = zones.chain((rules) =>
      fc.record({
        rules: fc.constant(rules),
        instant: fc
          .tuple(fc.constantFrom(...rules.changes.map((change) => change.at), daysTo(2026, 3) * DAY), fc.integer())
          .map(([change, shift]) => change + (shift % (36 * 60)) * MINUTE),
      }),
    );
    // Hours in which clocks are put forward or back.
    const early = fc.integer({ min: 0, max: 240 });
    fc.assert(
      fc.property(nearChanges, early, early, ({ rules, instant }, from, to) => {
        fc.pre(from !== to);
        const schedule = { ...BOUNDS, days: WEEKDAYS, from, to, timezone: rules.zone };
        expect(isOpen(schedule, instant)).toBe(isOpenByRules(schedule, rules, instant));
      }),
      { numRuns: 3000 },
    );
  });
});

/**
 * Reads the definition aloud: for each day, when did the clock first show the beginning, or something later, and when
 * the end?
 */
function isOpenByRules(schedule: Schedule, rules: (typeof ZONE_RULES)[number], instant: number): boolean {
  const reached = (wall: number) => {
    let minute = wall - 15 * HOUR;
    while (minute + offsetByRules(rules, minute) < wall) minute += MINUTE;
    return minute <= instant;
  };
  const today = Math.floor((instant + offsetByRules(rules, instant)) / DAY);
  return [today - 1, today].some((day) => {
    const name = (['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'] as const)[day % 7] as Weekday;
    const end = schedule.to <= schedule.from ? day + 1 : day;
    return (
      schedule.days.includes(name) &&
      reached(day * DAY + schedule.from * MINUTE) &&
      !reached(end * DAY + schedule.to * MINUTE)
    );
  });
}
