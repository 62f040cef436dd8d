/** Some nights of `npm run test:worlds -- --nights N`. */
import { expect, it } from 'vitest';
import { playNight } from './nights.ts';

it.each([
  ['quiet', false],
  ['troubled', true],
])('in %s nights no step of a pipeline that woke its group is lost, and no runner stays', async (_, troubled) => {
  // Each way to let idle runners go, and the nights in which steps were lost once.
  const nights = await Promise.all(
    [1, 2, 3, 4, 10, 12, 16, 67, 141, 214, 388].map((seed) => playNight({ seed, troubled })),
  );
  expect(nights.flatMap(({ violations }) => violations)).toEqual([]);
  expect(nights.every(({ steps }) => steps > 0)).toBe(true);
  const gaveUp = nights.reduce((sum, night) => sum + night.gaveUp, 0);
  if (!troubled) expect(gaveUp).toBe(0);
});
