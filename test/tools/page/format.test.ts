import { describe, expect, it } from 'vitest';
import type { Unit } from '#tools/page/data.ts';
import {
  formatCount,
  formatDate,
  formatLevel,
  formatNumber,
  formatRange,
  formatShare,
  formatStretch,
  formatTick,
  formatTime,
  formatValue,
} from '#tools/page/script/format.js';

const AT = Date.UTC(2026, 10, 23, 9, 30, 45);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Numbers and their units never part; here they are written with ordinary spaces. */
function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}

describe('numbers', () => {
  it.each([
    { value: 0, digits: 0, text: '0' },
    { value: 999, digits: 0, text: '999' },
    { value: 1000, digits: 0, text: '1,000' },
    { value: 1234567.891, digits: 2, text: '1,234,567.89' },
    { value: 1234.5, digits: 4, text: '1,234.5000' },
    { value: -1234.5, digits: 1, text: '−1,234.5' },
    { value: -0.04, digits: 1, text: '0.0' },
  ])('$value with $digits digits is $text', ({ value, digits, text }) => {
    expect(formatNumber(value, digits)).toBe(text);
  });

  it.each([
    { value: 4, text: '4' },
    { value: 4.25, text: '4.3' },
    { value: 0, text: '0' },
  ])('the level $value is $text', ({ value, text }) => {
    expect(formatLevel(value)).toBe(text);
  });

  it.each([
    { share: 0, text: '0 %' },
    { share: 0.004, text: '0.4 %' },
    { share: 0.0994, text: '9.9 %' },
    { share: 0.1, text: '10 %' },
    { share: -0.38, text: '−38 %' },
    { share: 1, text: '100 %' },
  ])('the share $share is $text', ({ share, text }) => {
    expect(plain(formatShare(share))).toBe(text);
  });

  it.each([
    { amount: 0, text: '0 steps' },
    { amount: 1, text: '1 step' },
    { amount: 1200, text: '1,200 steps' },
  ])('$amount of them are $text', ({ amount, text }) => {
    expect(formatCount(amount, 'step')).toBe(text);
  });

  it.each<{ unit: Unit; text: string }>([
    { unit: 'ms', text: '1.2 s' },
    { unit: 'count', text: '1,234' },
    { unit: 'hours', text: '1,234.0' },
    { unit: 'money', text: '1,234.00' },
  ])('1234 as $unit is $text', ({ unit, text }) => {
    expect(plain(formatValue(1234, unit))).toBe(text);
  });
});

describe('stretches of time', () => {
  it.each([
    { ms: 0, text: '0 s' },
    { ms: 400, text: '0.4 s' },
    { ms: 4200, text: '4.2 s' },
    { ms: 4000, text: '4 s' },
    { ms: 10_400, text: '10 s' },
    { ms: 59_499, text: '59 s' },
    { ms: 59_500, text: '1 min' },
    { ms: 63_000, text: '1 min 3 s' },
    { ms: HOUR - 1, text: '1 h' },
    { ms: HOUR, text: '1 h' },
    { ms: HOUR + 5 * MINUTE, text: '1 h 5 min' },
    { ms: DAY - MINUTE, text: '23 h 59 min' },
    { ms: DAY, text: '1 d' },
    { ms: 2 * DAY + 3 * HOUR, text: '2 d 3 h' },
  ])('$ms ms are $text', ({ ms, text }) => {
    expect(plain(formatStretch(ms))).toBe(text);
  });

  it.each([
    { ms: 30_000, text: '30 s' },
    { ms: 90_000, text: '1.5 min' },
    { ms: HOUR, text: '1 h' },
    { ms: 47 * HOUR, text: '47 h' },
    { ms: 2 * DAY, text: '2 d' },
  ])('on an axis, $ms ms are $text', ({ ms, text }) => {
    expect(plain(formatTick(ms))).toBe(text);
  });
});

describe('points in time', () => {
  it('are UTC, in English, whatever the machine speaks', () => {
    expect([formatTime(AT), formatDate(AT)]).toEqual(['Mon 23 Nov 09:30', '2026-11-23 09:30 UTC']);
  });

  it.each([
    { name: 'a day is named once', to: AT + HOUR, text: 'Mon 23 Nov 09:30–10:30' },
    { name: 'a second day is named too', to: AT + DAY, text: 'Mon 23 Nov 09:30 – Tue 24 Nov 09:30' },
    { name: 'less than two minutes have seconds', to: AT + 119_000, text: 'Mon 23 Nov 09:30:45–09:32:44' },
    { name: 'two minutes have none', to: AT + 120_000, text: 'Mon 23 Nov 09:30–09:32' },
  ])('$name', ({ to, text }) => {
    expect(formatRange(AT, to)).toBe(text);
  });
});
