/** What comes again and again at a time of day, as windows. */
import { describe, expect, it } from 'vitest';
import { Diary, renderWindow } from '#tools/tune/repeats.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** A Monday. */
const START = Date.UTC(2026, 10, 9);
const EVERY_DAY = { from: START, everyMs: Number.POSITIVE_INFINITY };

type Load = { readonly days: readonly number[]; readonly at: number; readonly steps: number };

/** What is proposed after so many days with these loads; `at`: minutes after midnight. */
function repeats(loads: readonly Load[], { days = 14, turns = EVERY_DAY, start = START } = {}) {
  const diary = new Diary(turns, { start, span: days * DAY });
  for (const load of loads) {
    for (const day of load.days)
      for (let step = 0; step < load.steps; step += 1) diary.note(START + day * DAY + load.at * MINUTE);
  }
  return diary.repeats().map((window) => renderWindow(window, 50));
}

const WORKDAYS = [0, 1, 2, 3, 4, 7, 8, 9, 10, 11];
const ALL = Array.from({ length: 14 }, (_, day) => day);
const window = (name: string, days: string, from: string, to: string, min: number) =>
  `{ name: ${name}, days: [${days}], from: "${from}", to: "${to}", timezone: UTC, min: ${min}, max: 50 }`;

describe('windows for what repeats', () => {
  it.each<readonly [string, readonly Load[], readonly string[]]>([
    ['nothing', [], []],
    [
      'a batch on every working day, a quarter of an hour ahead',
      [{ days: WORKDAYS, at: 125, steps: 30 }],
      [window('mon-fri-0145', 'mon-fri', '01:45', '02:15', 30)],
    ],
    [
      'on four of five days',
      [{ days: WORKDAYS.slice(0, 8), at: 125, steps: 30 }],
      [window('mon-fri-0145', 'mon-fri', '01:45', '02:15', 30)],
    ],
    ['on fewer', [{ days: WORKDAYS.slice(0, 7), at: 125, steps: 30 }], []],
    ['fewer steps than a window is worth', [{ days: WORKDAYS, at: 125, steps: 3 }], []],
    ['at midnight', [{ days: WORKDAYS, at: 5, steps: 9 }], [window('mon-fri-0000', 'mon-fri', '00:00', '00:15', 9)]],
    [
      'for longer than a quarter of an hour, as many as at its height',
      [120, 135, 150].map((at, index) => ({ days: WORKDAYS, at, steps: 10 + index })),
      [window('mon-fri-0145', 'mon-fri', '01:45', '02:45', 12)],
    ],
    [
      'more than the group may have',
      [{ days: WORKDAYS, at: 120, steps: 70 }],
      [window('mon-fri-0145', 'mon-fri', '01:45', '02:15', 50)],
    ],
    [
      'all day long, at which nothing stands out',
      Array.from({ length: 96 }, (_, slot) => ({ days: ALL, at: slot * 15, steps: 5 })),
      [],
    ],
    [
      'on weekends',
      [{ days: [5, 6, 12, 13], at: 600, steps: 9 }],
      [window('sat-sun-0945', 'sat-sun', '09:45', '10:15', 9)],
    ],
    [
      'the three with most steps',
      [60, 240, 420, 600].map((at, index) => ({ days: WORKDAYS, at, steps: 10 + index })),
      [
        window('mon-fri-0945', 'mon-fri', '09:45', '10:15', 13),
        window('mon-fri-0645', 'mon-fri', '06:45', '07:15', 12),
        window('mon-fri-0345', 'mon-fri', '03:45', '04:15', 11),
      ],
    ],
  ])('%s', (_, loads, expected) => {
    expect(repeats(loads)).toEqual(expected);
  });

  it('of one day of the week needs three of these days', () => {
    const tuesdays = [{ days: [1, 8, 15], at: 600, steps: 20 }];
    expect(repeats(tuesdays, { days: 21 })).toEqual([window('tue-0945', 'tue', '09:45', '10:15', 20)]);
    expect(repeats(tuesdays, { days: 14 })).toEqual([]);
  });

  it('goes by the days that are searched in', () => {
    const turns = { from: START, everyMs: DAY };
    const load = { at: 600, steps: 20 };
    expect(repeats([{ ...load, days: [0, 2, 4, 8, 10] }], { turns })).toHaveLength(1);
    expect(repeats([{ ...load, days: [1, 3, 7, 9, 11] }], { turns })).toEqual([]);
  });

  it('counts whole days alone', () => {
    const load = [{ days: [0, 1, 2], at: 600, steps: 20 }];
    expect(repeats(load, { days: 3 })).toHaveLength(1);
    expect(repeats(load, { days: 2.9 })).toEqual([]);
  });
});
