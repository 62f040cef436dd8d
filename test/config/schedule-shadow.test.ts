import { describe, expect, it } from 'vitest';
import { shadowed } from '#config/schedule-shadow.ts';
import type { Schedule } from '#core/model/configuration.ts';
import { WEEKDAYS } from '#core/schedule/windows.ts';

type Window = Pick<Schedule, 'name' | 'days' | 'from' | 'to' | 'timezone'>;

const office: Window = { name: 'a', days: ['mon', 'tue'], from: 420, to: 1140, timezone: 'Europe/Berlin' };
const always: Window = { ...office, days: WEEKDAYS, from: 0, to: 1440 };

describe('windows that are never in force', () => {
  it.each<readonly [string, readonly Window[], readonly string[]]>([
    ['none', [], []],
    ['alone', [office], []],
    ['the same twice: the first', [office, { ...office, name: 'b' }], ['a']],
    [
      'a minute more at the end',
      [
        { ...office, to: 1141 },
        { ...office, name: 'b' },
      ],
      [],
    ],
    [
      'a minute more at the beginning',
      [
        { ...office, from: 419 },
        { ...office, name: 'b' },
      ],
      [],
    ],
    [
      'a minute less on both sides',
      [
        { ...office, from: 421, to: 1139 },
        { ...office, name: 'b' },
      ],
      ['a'],
    ],
    [
      'another day',
      [
        { ...office, days: ['wed'] },
        { ...office, name: 'b' },
      ],
      [],
    ],
    [
      'covered by parts of several',
      [office, { ...office, name: 'b', to: 700 }, { ...office, name: 'c', from: 700 }],
      ['a'],
    ],
    [
      'with a minute between the parts',
      [office, { ...office, name: 'b', to: 699 }, { ...office, name: 'c', from: 700 }],
      [],
    ],
    [
      'the morning after, covered by the night before',
      [
        { ...office, days: ['tue'], from: 0, to: 300 },
        { ...office, name: 'b', days: ['mon'], from: 1320, to: 300 },
      ],
      ['a'],
    ],
    [
      'Monday morning, covered by Sunday night',
      [
        { ...office, days: ['mon'], from: 0, to: 300 },
        { ...office, name: 'b', days: ['sun'], from: 1320, to: 300 },
      ],
      ['a'],
    ],
    ['to the same time is a whole day', [office, { ...office, name: 'b', to: 420 }], ['a']],
    [
      'the noon after a night',
      [
        { ...office, days: ['tue'], from: 720, to: 780 },
        { ...office, name: 'b', days: ['mon'], from: 1320, to: 300 },
      ],
      [],
    ],
    ['on other clocks: not told', [office, { ...office, name: 'b', timezone: 'UTC' }], []],
    ['on other clocks, but always open', [office, { ...always, name: 'b', timezone: 'UTC' }], ['a']],
    [
      'behind parts that are always open together',
      [
        { ...office, timezone: 'UTC' },
        { ...always, name: 'b', to: 720 },
        { ...always, name: 'c', from: 720 },
      ],
      ['a'],
    ],
    [
      'almost always open',
      [
        { ...office, timezone: 'UTC' },
        { ...always, name: 'b', to: 1439 },
      ],
      [],
    ],
    ['all but the last, which is first told', [office, { ...office, name: 'b' }, { ...office, name: 'c' }], ['b', 'a']],
    [
      'a hidden one hides others still',
      [office, { ...office, name: 'b', from: 300 }, { ...always, name: 'c' }],
      ['b', 'a'],
    ],
  ])('%s', (_, windows, hidden) => {
    expect(shadowed(windows).map(({ name }) => name)).toEqual(hidden);
  });
});
