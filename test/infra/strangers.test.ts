/** What strangers at the door cost: the numbers of docs/from-zero.md follow from the prices, the settings and what tests measure. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { STRANGER } from '#kit/stranger.ts';
import { functionsOf } from '../../infra/functions.ts';

import { PRICES } from '../../infra/prices.ts';
import { parametersOf, SMALL } from './deployments.ts';

const MINUTES_A_DAY = 24 * 60;
const { wake } = functionsOf(parametersOf({ ...SMALL, wake: 'true' }));
const { memorySize = 0, reservedConcurrency = 0 } = wake ?? {};
const text = (await readFile('docs/from-zero.md', 'utf8')).replace(/\s+/g, ' ');

/** Dollars a day for so many requests a minute. */
function costOf(perMinute: number) {
  const requests = perMinute * MINUTES_A_DAY;
  const gigabyteSeconds = (requests * STRANGER.billedMs * memorySize) / 1024 / 1000;
  return {
    requests: requests * PRICES.lambdaRequest,
    time: gigabyteSeconds * PRICES.lambdaGigabyteSecond,
    logs: (requests * STRANGER.logBytes * PRICES.logGigabyte) / 1e9,
  };
}

const sum = (costs: object) => Object.values(costs).reduce((total, cost) => total + cost, 0);

it('10,000 a minute cost what the document says', () => {
  const { requests, time, logs } = costOf(10_000);
  expect(text).toContain('10,000 strangers a minute cost at most 1 US cent a minute');
  expect(sum({ requests, time, logs }) / MINUTES_A_DAY).toBeLessThan(0.01);
  expect(text).toContain('(14.4 million requests a day: $2.90 for requests, $0.50 for time, $9 for logs)');
  expect([requests.toFixed(1), time.toFixed(1), logs.toFixed(0)]).toEqual(['2.9', '0.5', '9']);
});

/** The part of requests that finds all of these places taken, where they come at random and do not wait: Erlang's loss formula. */
function partRefused(places: number, busyPlaces: number): number {
  let part = 1;
  for (let place = 1; place <= places; place += 1) part = (busyPlaces * part) / (place + busyPlaces * part);
  return part;
}

it('refuse few real steps, and none for long', () => {
  expect(text).toContain('Five requests are answered at a time');
  expect(reservedConcurrency).toBe(5);
  // What test/functions/wake-crowd.test.ts shows of executions among strangers, and Lambda's 429 where all are busy.
  expect(text).toContain('one real step of 700 finds all five busy');
  const busy = ((10_000 / 60) * STRANGER.billedMs) / 1000;
  expect(Math.round(1 / partRefused(reservedConcurrency, busy) / 100)).toBe(7);
  expect(text).toContain('keep the five busy for at most 10 seconds');
  expect((10_000 * STRANGER.billedMs) / 1000 / reservedConcurrency).toBe(10);
});

it('more than the five answer cost no more than the document says', () => {
  const most = (reservedConcurrency * 60_000) / STRANGER.billedMs;
  expect(text).toContain('(some 60,000 a minute) costs at most $75 a day');
  expect(most).toBe(60_000);
  expect(sum(costOf(most))).toBeLessThanOrEqual(75);
});
