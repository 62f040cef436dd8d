import { expect, it } from 'vitest';
import { suggest } from '#yaml/suggest.ts';

it('suggests nothing for words that nobody mistypes', () => {
  const zone = 'Europe/Berlin';
  expect([suggest('europe/berlin', [zone]), suggest('Europe/Berlni', [zone])]).toEqual([zone, zone]);
  const long = 'x'.repeat(60);
  expect([suggest(long, [`${long}y`]), suggest(`${long}x`, [`${long}y`])]).toEqual([`${long}y`, undefined]);
});
