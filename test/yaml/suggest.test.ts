import { expect, it } from 'vitest';
import { suggest } from '#yaml/suggest.ts';

it('suggests nothing for words that nobody mistypes', () => {
  const zone = 'Europe/Berlin';
  expect([suggest('europe/berlin', [zone]), suggest('Europe/Berlni', [zone])]).toEqual([zone, zone]);
  const long = 'x'.repeat(60);
  expect([suggest(long, [`${long}y`]), suggest(`${long}x`, [`${long}y`])]).toEqual([`${long}y`, undefined]);
});

it('keeps to the first of those that are equally near', () => {
  expect(suggest('node-selektor', ['nodeSelectar', 'node-selector', 'nodeSelector'])).toBe('node-selector');
  expect([suggest('abc', ['abd']), suggest('abc', ['axy']), suggest('abcd', ['abd'])]).toEqual([
    'abd',
    undefined,
    'abd',
  ]);
});

it('takes a moment for a word of 40,000 characters, and for hundreds that are near nothing', () => {
  const zones = Intl.supportedValuesOf('timeZone');
  const before = process.cpuUsage();
  expect(suggest('x'.repeat(40_000), zones)).toBeUndefined();
  for (let index = 0; index < 100; index += 1) {
    expect(suggest(`${'x'.repeat(50)}${String(index).padStart(9, '0')}`, zones)).toBeUndefined();
  }
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(2_000);
});
